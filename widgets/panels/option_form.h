#pragma once
// A form made from option specs: one row an option, its sentence as the tip. Shows values and says what the
// user made of them.
#include "core/base/option_spec.h"

#include <QWidget>

#include <map>
#include <string>
#include <vector>

class QGridLayout;

namespace ql {

class OptionForm : public QWidget {
  Q_OBJECT
 public:
  explicit OptionForm(QWidget* parent = nullptr);
  /// Shows the options of `owner`; values that are missing show their defaults. The rows are made anew only
  /// when the specs are other ones. No signal.
  void setOptions(const std::string& owner, const std::vector<OptionSpec>& specs, const OptionValues& values);
  /// Complete.
  OptionValues values() const { return m_values; }
  bool isEmpty() const { return m_specs.empty(); }
  /// The editor of an option, for tests and focus; null for an unknown key.
  QWidget* editor(const std::string& key) const;

 signals:
  void edited();  // by the user; values() has it

 private:
  QWidget* makeEditor(const OptionSpec& spec);
  void showValues();
  void take(const std::string& key, OptionValue value);

  std::string m_owner;
  std::vector<OptionSpec> m_specs;
  OptionValues m_values;
  std::map<std::string, QWidget*> m_editors;
  QGridLayout* m_grid;
  bool m_isSetting = false;
};

}  // namespace ql
