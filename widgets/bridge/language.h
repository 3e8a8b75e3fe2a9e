#pragma once
// The language of the window's texts. Numbers keep their point and the field its words in every language, so
// that figures can be copied between people and programs; sentences of the core (errors) are English.
#include <QString>

#include <vector>

namespace ql {

struct Language {
  QString code;  // "en", "de"
  QString name;  // in itself: "Deutsch"
};
const std::vector<Language>& languages();

/// The code that the setting ("" = as the system) asks for; "en" when there is no such translation.
QString effectiveLanguage(const QString& setting);

/// Installs the translations for every text made from now on; call it before the first window. A translation
/// that cannot be loaded leaves English.
void installLanguage(const QString& code);

namespace settings {

QString language();  // "" = as the system
void setLanguage(const QString& code);

}  // namespace settings
}  // namespace ql
