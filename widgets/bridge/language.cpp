#include "widgets/bridge/language.h"

#include <QCoreApplication>
#include <QLibraryInfo>
#include <QLocale>
#include <QSettings>
#include <QTranslator>

#include <algorithm>

namespace ql {

namespace {

const QString kLanguage = QStringLiteral("view/language");

/// All texts stand in one context: free functions and classes alike ask with contexts of their own.
class OneContextTranslator : public QTranslator {
 public:
  using QTranslator::QTranslator;
  QString translate(const char*, const char* source, const char* disambiguation, int n) const override {
    return QTranslator::translate("QuantLoupe", source, disambiguation, n);
  }
};

}  // namespace

const std::vector<Language>& languages() {
  static const std::vector<Language> all = {{QStringLiteral("en"), QStringLiteral("English")},
                                            {QStringLiteral("de"), QStringLiteral("Deutsch")}};
  return all;
}

QString effectiveLanguage(const QString& setting) {
  const QString wanted = setting.isEmpty() ? QLocale::system().name().left(2) : setting;
  const auto known = std::any_of(languages().begin(), languages().end(),
                                 [&](const Language& language) { return language.code == wanted; });
  return known ? wanted : languages().front().code;
}

void installLanguage(const QString& code) {
  if (code == languages().front().code) return;
  QCoreApplication* app = QCoreApplication::instance();
  // Qt's own buttons and key names first: the last one installed is asked first.
  auto* qt = new QTranslator(app);
  if (qt->load(QStringLiteral("qtbase_") + code, QLibraryInfo::path(QLibraryInfo::TranslationsPath)))
    app->installTranslator(qt);
  auto* ours = new OneContextTranslator(app);
  if (ours->load(QStringLiteral(":/translations/quantloupe_%1.qm").arg(code))) app->installTranslator(ours);
}

namespace settings {

QString language() {
  return QSettings().value(kLanguage).toString();
}

void setLanguage(const QString& code) {
  QSettings().setValue(kLanguage, code);
}

}  // namespace settings
}  // namespace ql
