// "Apply to ...": other sets of linears than the selection.
#include "widgets/bridge/number_format.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/inspector_panel.h"

#include <QCheckBox>
#include <QDialog>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QGridLayout>
#include <QSpinBox>

namespace ql {

namespace {

/// Asks for blocks from-to and the roles; empty when cancelled.
class BlockRangeDialog : public QDialog {
 public:
  BlockRangeDialog(const Model& model, const Linear& current, QWidget* parent) : QDialog(parent) {
    setWindowTitle(InspectorPanel::tr("Apply to a range of blocks"));
    auto* form = new QFormLayout(this);
    const int last = std::max(0, model.blockCount - 1);
    for (QSpinBox** box : {&m_first, &m_last}) {
      *box = new QSpinBox(this);
      (*box)->setRange(0, last);
    }
    m_first->setValue(current.block.value_or(0));
    m_last->setValue(current.block.value_or(last));
    form->addRow(InspectorPanel::tr("&First block"), m_first);
    form->addRow(InspectorPanel::tr("&Last block"), m_last);
    auto* roles = new QWidget(this);
    auto* grid = new QGridLayout(roles);
    grid->setContentsMargins(0, 0, 0, 0);
    int at = 0;
    for (const TensorRole role : model.rolesPresent) {
      const std::string_view name = roleName(role);
      auto* box = new QCheckBox(QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size())), roles);
      box->setChecked(role == current.role);
      grid->addWidget(box, at / 4, at % 4);
      m_roles.emplace_back(role, box);
      ++at;
    }
    form->addRow(InspectorPanel::tr("Roles"), roles);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel, this);
    buttons->button(QDialogButtonBox::Ok)->setText(InspectorPanel::tr("Apply"));
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    form->addRow(buttons);
  }

  LinearFilter filter() const {
    LinearFilter filter;
    filter.blocks.push_back(
        {std::min(m_first->value(), m_last->value()), std::max(m_first->value(), m_last->value())});
    for (const auto& [role, box] : m_roles)
      if (box->isChecked()) filter.roles.push_back(role);
    return filter;
  }

 private:
  QSpinBox *m_first = nullptr, *m_last = nullptr;
  std::vector<std::pair<TensorRole, QCheckBox*>> m_roles;
};

}  // namespace

void InspectorPanel::applyToBlocks() {
  const std::optional<LinearId> current = m_session->selection()->current();
  if (!current) return;
  const Model& model = *m_session->model();
  BlockRangeDialog dialog(model, model.linears[*current], this);
  if (dialog.exec() == QDialog::Accepted) applyTo(selectLinears(model, dialog.filter()));
}

void InspectorPanel::applyToRole() {
  const std::optional<LinearId> current = m_session->selection()->current();
  if (!current) return;
  LinearFilter filter;
  filter.roles.push_back(m_session->model()->linears[*current].role);
  applyTo(selectLinears(*m_session->model(), filter));
}

void InspectorPanel::applyToSameDiagnosis() {
  const std::optional<LinearId> current = m_session->selection()->current();
  if (!current) return;
  const std::vector<Finding>& findings = m_session->findings(*current);
  if (findings.empty()) {
    emit m_session->message(tr("This linear has no finding, so there are no others like it."), false);
    return;
  }
  const std::string code = findings.front().code;
  std::vector<LinearId> ids;
  for (LinearId id = 0; id < m_session->model()->linears.size(); ++id)
    if (m_session->isFlagged(id) && m_session->findings(id).front().code == code) ids.push_back(id);
  applyTo(ids);
}

void InspectorPanel::applyToAll() {
  applyTo(selectLinears(*m_session->model(), LinearFilter{}));
}

void InspectorPanel::applyToSiblings() {
  applyTo(siblingsOfTargets());
}

}  // namespace ql
