// The window's program: options, platform, theme, window.
#include "app/gui/options.h"
#include "app/gui/render.h"
#include "core/base/version.h"
#include "widgets/bridge/app_style.h"
#include "widgets/bridge/icons.h"
#include "widgets/bridge/language.h"
#include "widgets/main_window.h"

#include <QApplication>
#include <QTextStream>

namespace {

/// A picture needs no display; a window does, and says so instead of aborting inside Qt.
bool preparePlatform(const ql::GuiOptions& options) {
  if (qEnvironmentVariableIsSet("QT_QPA_PLATFORM")) return true;
  const bool hasDisplay =
      qEnvironmentVariableIsSet("DISPLAY") || qEnvironmentVariableIsSet("WAYLAND_DISPLAY");
  if (!options.render.isEmpty()) {
    qputenv("QT_QPA_PLATFORM", "offscreen");
    return true;
  }
  return hasDisplay;
}

QStringList argumentList(int argc, char** argv) {
  QStringList arguments;
  for (int i = 0; i < argc; ++i) arguments << QString::fromLocal8Bit(argv[i]);
  return arguments;
}

}  // namespace

int main(int argc, char** argv) {
  const ql::ParsedOptions parsed = ql::parseGuiOptions(argumentList(argc, argv));
  if (parsed.exitCode) {
    QTextStream(*parsed.exitCode == 0 ? stdout : stderr) << parsed.text;
    return *parsed.exitCode;
  }
  const ql::GuiOptions& options = parsed.options;
  if (!preparePlatform(options)) {
    QTextStream(stderr)
        << "quantloupe: there is no display. Make pictures with --render, or use qloupe in the terminal.\n";
    return 2;
  }
  ql::prepareRenderers();
  QApplication app(argc, argv);
  app.setApplicationName(QStringLiteral("quantloupe"));
  app.setOrganizationName(QStringLiteral("quantloupe"));
  app.setApplicationDisplayName(QString());
  app.setApplicationVersion(
      QString::fromUtf8(ql::kToolVersion.data(), static_cast<qsizetype>(ql::kToolVersion.size())));
  app.setDesktopFileName(QStringLiteral("org.quantloupe.QuantLoupe"));
  ql::installLanguage(ql::effectiveLanguage(options.language.value_or(ql::settings::language())));
  ql::setRenderer(options.render.isEmpty() ? options.renderer : ql::Renderer::Raster);
  ql::rememberSystemPalette();
  ql::applyFont();
  ql::applyTheme(options.theme.value_or(ql::settings::themeMode()));
  if (!options.render.isEmpty()) return ql::renderPicture(options);
  ql::MainWindow window;
  window.show();
  if (!options.model.isEmpty())
    window.openPath(options.model, [&window, plan = options.plan] {
      if (!plan.isEmpty()) window.openPath(plan);
    });
  else if (!options.plan.isEmpty())
    window.openPath(options.plan);
  return app.exec();
}
