#include "app/gui/options.h"

#include "core/base/version.h"
#include "widgets/bridge/language.h"
#include "widgets/panels/method_panel.h"

#include <QCommandLineParser>
#include <QRegularExpression>

namespace ql {

namespace {

const QStringList kViews{QStringLiteral("overview"), QStringLiteral("matrix"),  QStringLiteral("activations"),
                         QStringLiteral("channels"), QStringLiteral("surface"), QStringLiteral("smoothing"),
                         QStringLiteral("main"),     QStringLiteral("start")};

/// With the views of the Methods page.
QStringList viewNames() {
  QStringList names = kViews;
  for (const std::string& name : MethodPanel::viewNames()) names << QString::fromStdString(name);
  return names;
}

ParsedOptions bad(const QString& text) {
  return {{}, 2, QStringLiteral("quantloupe: %1\nTry quantloupe --help.\n").arg(text)};
}

void addOptions(QCommandLineParser& parser) {
  parser.setApplicationDescription(
      QStringLiteral("QuantLoupe: find out what quantization does to each layer of a model.\n\n"
                     "With --render it makes a picture without a window (and without a display):\n"
                     "  quantloupe MODEL --render overview -o overview.png\n"
                     "Exit codes: 0 ok, 2 bad input or usage."));
  parser.addPositionalArgument(QStringLiteral("MODEL"),
                               QStringLiteral("Model folder, weight file, statistics file or plan."),
                               QStringLiteral("[MODEL]"));
  const auto add = [&parser](const char* name, const char* text, const char* value) {
    parser.addOption({QString::fromLatin1(name), QString::fromLatin1(text), QString::fromLatin1(value)});
  };
  add("plan", "Open this plan, too.", "PLAN");
  parser.addOption(
      {QStringLiteral("render"),
       QStringLiteral("Make a picture of a view: %1.").arg(viewNames().join(QStringLiteral(", "))),
       QStringLiteral("VIEW")});
  add("layer", "The linear shown in views of one linear.", "NAME");
  add("title", "A line above the picture of one view.", "TEXT");
  add("size", "Size of the picture in pixels.", "WxH");
  add("theme", "light or dark.", "THEME");
  add("language", "Language of the window: en or de; otherwise as set in the View menu.", "NAME");
  add("renderer", "How canvases are drawn: auto, gl or raster.", "NAME");
  parser.addOption({{QStringLiteral("o"), QStringLiteral("output")},
                    QStringLiteral("The picture to write: .png, or .svg or .pdf for one view."),
                    QStringLiteral("FILE")});
  parser.addOption({{QStringLiteral("h"), QStringLiteral("help")}, QStringLiteral("Show this help.")});
  parser.addOption({{QStringLiteral("v"), QStringLiteral("version")}, QStringLiteral("Show the version.")});
}

/// The rest of the checks: words and numbers. Empty = all right.
QString readValues(const QCommandLineParser& parser, GuiOptions& options) {
  const auto value = [&parser](const char* name) { return parser.value(QString::fromLatin1(name)); };
  if (!options.render.isEmpty() && !viewNames().contains(options.render))
    return QStringLiteral("--render %1 is not a view; there are %2.")
        .arg(options.render, viewNames().join(QStringLiteral(", ")));
  if (!options.render.isEmpty() && options.output.isEmpty())
    return QStringLiteral("--render needs a file to write: add -o picture.png.");
  if (!options.render.isEmpty() && options.render != QLatin1String("start") && options.model.isEmpty())
    return QStringLiteral("--render %1 needs a MODEL.").arg(options.render);
  if (const QString size = value("size"); !size.isEmpty()) {
    static const QRegularExpression kSize(QStringLiteral("^(\\d{2,5})x(\\d{2,5})$"));
    const QRegularExpressionMatch match = kSize.match(size);
    if (!match.hasMatch())
      return QStringLiteral("--size %1: write WIDTHxHEIGHT, for example 1600x1000.").arg(size);
    options.size = QSize(match.captured(1).toInt(), match.captured(2).toInt());
    if (options.size.width() > 16384 || options.size.height() > 16384 || options.size.width() < 64 ||
        options.size.height() < 64)
      return QStringLiteral("--size %1: both sides must be between 64 and 16384.").arg(size);
  }
  if (const QString theme = value("theme"); theme == QLatin1String("light"))
    options.theme = ThemeMode::Light;
  else if (theme == QLatin1String("dark"))
    options.theme = ThemeMode::Dark;
  else if (!theme.isEmpty())
    return QStringLiteral("--theme %1: write light or dark.").arg(theme);
  if (const QString language = value("language"); !language.isEmpty()) {
    if (effectiveLanguage(language) != language)
      return QStringLiteral("--language %1: write en or de.").arg(language);
    options.language = language;
  }
  if (const QString name = value("renderer"); !name.isEmpty()) {
    const std::optional<Renderer> renderer = rendererFromName(name);
    if (!renderer) return QStringLiteral("--renderer %1: write auto, gl or raster.").arg(name);
    options.renderer = *renderer;
  }
  return {};
}

}  // namespace

ParsedOptions parseGuiOptions(const QStringList& arguments) {
  QCommandLineParser parser;
  addOptions(parser);
  if (!parser.parse(arguments)) return bad(parser.errorText());
  if (parser.isSet(QStringLiteral("help"))) return {{}, 0, parser.helpText()};
  if (parser.isSet(QStringLiteral("version")))
    return {
        {}, 0, QString::fromUtf8(kToolId.data(), static_cast<qsizetype>(kToolId.size())) + QLatin1Char('\n')};
  if (parser.positionalArguments().size() > 1) return bad(QStringLiteral("one MODEL at a time, please."));
  ParsedOptions parsed;
  GuiOptions& options = parsed.options;
  options.model = parser.positionalArguments().value(0);
  options.plan = parser.value(QStringLiteral("plan"));
  options.render = parser.value(QStringLiteral("render"));
  options.layer = parser.value(QStringLiteral("layer"));
  options.output = parser.value(QStringLiteral("output"));
  options.title = parser.value(QStringLiteral("title")).simplified();
  const QString problem = readValues(parser, options);
  return problem.isEmpty() ? parsed : bad(problem);
}

}  // namespace ql
