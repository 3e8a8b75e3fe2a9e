#include "widgets/panels/select_dialog.h"

#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/finding_text.h"
#include "widgets/bridge/metric_info.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/saved_selections.h"
#include "widgets/panels/form_parts.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QInputDialog>
#include <QLineEdit>
#include <QStandardItemModel>
#include <QVBoxLayout>

#include <algorithm>
#include <set>

namespace ql {

namespace {

QString roleText(TensorRole role) {
  const std::string_view name = roleName(role);
  return QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size()));
}

QString findingName(const char* code) {
  Finding finding;
  finding.code = code;
  return findingTitle(finding);
}

}  // namespace

SelectDialog::SelectDialog(Session* session, QWidget* parent)
    : QDialog(parent),
      m_session(session),
      m_blocks(new QLineEdit(this)),
      m_layers(new QLineEdit(this)),
      m_text(new QLineEdit(this)),
      m_roles(new QWidget(this)),
      m_finding(new QComboBox(this)),
      m_metric(new QComboBox(this)),
      m_comparison(new QComboBox(this)),
      m_scheme(new QComboBox(this)),
      m_threshold(new QDoubleSpinBox(this)),
      m_count(new QLabel(this)),
      m_modes(new SegmentedControl(tr("What to do with the linears that fit"), this)) {
  setWindowTitle(tr("Select linears"));
  resize(scaledPx(560), sizeHint().height());
  auto* column = new QVBoxLayout(this);
  column->setSpacing(scaledPx(metrics::kGap));
  auto* form = new QFormLayout;
  form->setLabelAlignment(Qt::AlignRight);
  form->setVerticalSpacing(scaledPx(6));
  form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  column->addLayout(form);
  setupFields(form);
  setupValue(form);
  setupText(form);
  column->addWidget(makeSeparator(Qt::Horizontal, this));
  setupButtons();
  m_later.setSingleShot(true);
  m_later.setInterval(30);
  connect(&m_later, &QTimer::timeout, this, &SelectDialog::count);
  const auto later = [this] { m_later.start(); };
  connect(session, &Session::layersMeasured, this, later);
  connect(session->selection(), &Selection::changed, this, later);
  connect(session->plan(), &PlanDocument::planChanged, this, [this] {
    fillSchemes();
    m_later.start();
  });
  connect(session, &Session::workspaceChanged, this, &QObject::deleteLater);
  fillRoles();
  fillSchemes();
  setQuery({});
}

void SelectDialog::setupFields(QFormLayout* form) {
  m_blocks->setPlaceholderText(tr("all, or 0-2,5"));
  m_blocks->setToolTip(tr("Blocks counted from 0, as --blocks on the command line"));
  form->addRow(tr("&Blocks"), m_blocks);
  auto* rolesLabel = new QLabel(tr("Roles"), this);
  form->addRow(rolesLabel, m_roles);
  auto* row = new QHBoxLayout(m_roles);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(scaledPx(4));
  m_layers->setPlaceholderText(tr("regular expression, for example .*(q|k)_proj"));
  m_layers->setToolTip(
      tr("Matched against the whole name with a free prefix, as --layers on the command line"));
  form->addRow(tr("&Name"), m_layers);
  m_finding->addItem(tr("any or none"), QString());
  m_finding->addItem(tr("with a finding"), QStringLiteral("any"));
  m_finding->addItem(tr("without findings"), QStringLiteral("none"));
  for (const char* code : findingCodes()) m_finding->addItem(findingName(code), QLatin1String(code));
  m_finding->setToolTip(tr("Linears with this diagnosis under the plan's choice"));
  form->addRow(tr("&Finding"), m_finding);
  m_scheme->setToolTip(tr("Linears that the plan gives this choice"));
  form->addRow(tr("&Scheme"), m_scheme);
  for (QLineEdit* edit : {m_blocks, m_layers})
    connect(edit, &QLineEdit::textEdited, this, &SelectDialog::takeFields);
  for (QComboBox* box : {m_finding, m_scheme})
    connect(box, &QComboBox::activated, this, &SelectDialog::takeFields);
}

void SelectDialog::setupValue(QFormLayout* form) {
  auto* row = new QHBoxLayout;
  row->setSpacing(scaledPx(4));
  m_metric->addItem(tr("any value"), -1);
  for (const std::vector<Metric>& group : metricGroups()) {
    m_metric->insertSeparator(m_metric->count());
    for (const Metric metric : group) m_metric->addItem(metricInfo(metric).name, static_cast<int>(metric));
  }
  m_metric->setMaxVisibleItems(24);
  auto* items = qobject_cast<QStandardItemModel*>(m_metric->model());
  for (const MetricInfo& info : metricInfos())
    if (const QString reason = m_session->calibration()->missing(info.metric); !reason.isEmpty()) {
      const int at = m_metric->findData(static_cast<int>(info.metric));
      items->item(at)->setEnabled(false);
      m_metric->setItemData(at, tr("Not now: %1.").arg(reason), Qt::ToolTipRole);
    }
  m_comparison->addItem(tr("at least"), true);
  m_comparison->addItem(tr("at most"), false);
  m_comparison->setAccessibleName(tr("Comparison with the threshold"));
  m_threshold->setAccessibleName(tr("Threshold"));
  m_threshold->setDecimals(3);
  m_threshold->setRange(-1e9, 1e9);
  row->addWidget(m_metric, 1);
  row->addWidget(m_comparison);
  row->addWidget(m_threshold);
  auto* label = new QLabel(tr("&Value"), this);
  label->setBuddy(m_metric);
  m_metric->setAccessibleName(tr("Value"));
  form->addRow(label, row);
  connect(m_metric, &QComboBox::activated, this, &SelectDialog::metricPicked);
  connect(m_comparison, &QComboBox::activated, this, &SelectDialog::takeFields);
  connect(m_threshold, &QDoubleSpinBox::valueChanged, this, [this] {
    if (!m_isSyncing) takeFields();
  });
}

void SelectDialog::setupText(QFormLayout* form) {
  m_text->setFont(uiFont(FontRole::Mono));
  m_text->setPlaceholderText(QStringLiteral("--blocks 0-2 --roles q,k"));
  m_text->setToolTip(
      tr("The same in words: --blocks, --roles and --layers as on the command line, --finding any|none|CODE, "
         "--where METRIC>=VALUE, --scheme SPEC"));
  form->addRow(tr("As &text"), m_text);
  connect(m_text, &QLineEdit::textEdited, this, &SelectDialog::takeText);
}

void SelectDialog::setupButtons() {
  auto* column = static_cast<QVBoxLayout*>(layout());
  m_modes->addSegment(tr("Replace"), tr("The linears that fit become the selection"));
  m_modes->addSegment(tr("Add"), tr("They join the selection"));
  m_modes->addSegment(tr("Remove"), tr("They leave the selection"));
  m_modes->addSegment(tr("Intersect"), tr("Only those of the selection that fit stay"));
  m_modes->setCurrent(0);
  auto* row = new QHBoxLayout;
  row->addWidget(m_modes);
  row->addSpacing(scaledPx(8));
  row->addWidget(m_count, 1);
  m_count->setWordWrap(true);
  m_count->setAccessibleName(tr("How many linears fit"));
  column->addLayout(row);
  connect(m_modes, &SegmentedControl::picked, this, &SelectDialog::count);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
  m_select = makeAccentButton(tr("Se&lect"), this);
  m_select->setDefault(true);
  buttons->addButton(m_select, QDialogButtonBox::ActionRole);
  m_save = new QPushButton(tr("Sa&ve as…"), this);
  m_save->setToolTip(tr("Keep what would be selected under a name, in Edit > Saved selections"));
  m_save->setAutoDefault(false);
  buttons->addButton(m_save, QDialogButtonBox::ResetRole);
  column->addWidget(buttons);
  connect(m_select, &QPushButton::clicked, this, &SelectDialog::select);
  connect(m_save, &QPushButton::clicked, this, &SelectDialog::saveSelection);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
}

void SelectDialog::fillRoles() {
  const Model* model = m_session->model();
  if (!model) return;
  auto* row = static_cast<QHBoxLayout*>(m_roles->layout());
  for (const TensorRole role : model->rolesPresent) {
    auto* button = new QToolButton(m_roles);
    button->setText(roleText(role));
    button->setCheckable(true);
    button->setProperty("boxed", true);
    button->setProperty("small", true);
    button->setFocusPolicy(Qt::StrongFocus);
    button->setAccessibleName(tr("Role %1").arg(roleText(role)));
    button->setToolTip(tr("Linears of the role %1; none pressed means all roles").arg(roleText(role)));
    connect(button, &QToolButton::clicked, this, &SelectDialog::takeFields);
    row->addWidget(button);
    m_roleButtons.push_back(button);
  }
  row->addStretch(1);
}

void SelectDialog::fillSchemes() {
  const Model* model = m_session->model();
  if (!model) return;
  std::set<std::string> specs;
  for (LinearId id = 0; id < model->linears.size(); ++id)
    if (model->linears[id].isQuantizable) {
      const Choice choice = m_session->choiceOf(id);
      try {
        if (choice.weight || choice.activation) specs.insert(specText(choice));
      } catch (const Error&) {
        // What SPEC cannot express cannot be asked for here.
      }
    }
  const QString shown = m_query.scheme;
  m_scheme->clear();
  m_scheme->addItem(tr("any"), QString());
  for (const std::string& spec : specs)
    m_scheme->addItem(QString::fromStdString(spec), QString::fromStdString(spec));
  m_scheme->setCurrentIndex(std::max(0, m_scheme->findData(shown)));
}

SelectionMode SelectDialog::mode() const {
  return static_cast<SelectionMode>(m_modes->current());
}

QString SelectDialog::countText() const {
  return m_count->text();
}

void SelectDialog::setQuery(const LinearQuery& query) {
  m_query = query;
  showQuery(true);
  count();
}

void SelectDialog::takeFields() {
  LinearQuery query;
  query.blocks = m_blocks->text().trimmed();
  query.layers = m_layers->text().trimmed();
  QStringList roles;
  for (const QToolButton* button : m_roleButtons)
    if (button->isChecked()) roles << button->text();
  query.roles = roles.join(QLatin1Char(','));
  query.finding = m_finding->currentData().toString();
  query.scheme = m_scheme->currentData().toString();
  if (m_metric->currentData().toInt() >= 0) {
    query.metric = static_cast<Metric>(m_metric->currentData().toInt());
    query.isAtLeast = m_comparison->currentData().toBool();
    query.threshold = m_threshold->value() / (isFractionMetric(*query.metric) ? 100 : 1);
  }
  m_query = query;
  m_text->setText(queryText(query));
  m_threshold->setEnabled(query.metric.has_value());
  m_comparison->setEnabled(query.metric.has_value());
  m_later.start();
}

void SelectDialog::takeText() {
  try {
    m_query = parseQuery(m_text->text());
    showQuery(false);
    m_later.start();
  } catch (const Error& e) {
    m_later.stop();
    m_found.clear();
    m_select->setEnabled(false);
    m_save->setEnabled(false);
    m_count->setText(QString::fromUtf8(e.what()));
    setStyleProperty(m_count, "bad", true);
  }
}

void SelectDialog::metricPicked() {
  const int picked = m_metric->currentData().toInt();
  m_isSyncing = true;
  if (picked >= 0) {
    const Metric metric = static_cast<Metric>(picked);
    const bool isFraction = isFractionMetric(metric);
    m_threshold->setSuffix(isFraction ? QStringLiteral(" %") : QString());
    m_threshold->setValue(isFraction ? m_session->view().target * 100 : m_threshold->value());
  }
  m_isSyncing = false;
  takeFields();
}

// The line that is being typed in is left alone.
void SelectDialog::showQuery(bool withText) {
  m_isSyncing = true;
  m_blocks->setText(m_query.blocks);
  m_layers->setText(m_query.layers);
  const QStringList roles = m_query.roles.split(QLatin1Char(','), Qt::SkipEmptyParts);
  for (QToolButton* button : m_roleButtons)
    button->setChecked(std::any_of(roles.begin(), roles.end(),
                                   [&](const QString& role) { return role.trimmed() == button->text(); }));
  m_finding->setCurrentIndex(m_finding->findData(m_query.finding));
  if (!m_query.scheme.isEmpty() && m_scheme->findData(m_query.scheme) < 0)
    m_scheme->addItem(m_query.scheme, m_query.scheme);
  m_scheme->setCurrentIndex(m_scheme->findData(m_query.scheme));
  const bool hasMetric = m_query.metric.has_value();
  m_metric->setCurrentIndex(m_metric->findData(hasMetric ? static_cast<int>(*m_query.metric) : -1));
  const bool isFraction = hasMetric && isFractionMetric(*m_query.metric);
  m_threshold->setSuffix(isFraction ? QStringLiteral(" %") : QString());
  m_threshold->setValue(m_query.threshold * (isFraction ? 100 : 1));
  m_comparison->setCurrentIndex(m_query.isAtLeast ? 0 : 1);
  m_threshold->setEnabled(hasMetric);
  m_comparison->setEnabled(hasMetric);
  if (withText) m_text->setText(queryText(m_query));
  m_isSyncing = false;
}

void SelectDialog::count() {
  bool isGood = false;
  try {
    m_found = matchingLinears(*m_session, m_query);
    m_result = combined(m_session->selection()->selected(), m_found, mode());
    const auto number = [](std::size_t n) { return ql::countText(static_cast<std::int64_t>(n)); };
    m_count->setText(tr("%1 fit; %2 selected now, %3 afterwards")
                         .arg(number(m_found.size()), number(m_session->selection()->selected().size()),
                              number(m_result.size())));
    isGood = true;
  } catch (const Error& e) {
    m_count->setText(QString::fromUtf8(e.what()));
  }
  setStyleProperty(m_count, "bad", !isGood);
  m_select->setEnabled(isGood);
  m_save->setEnabled(isGood && !m_result.empty());
}

void SelectDialog::select() {
  count();
  if (!m_select->isEnabled()) return;
  applySelection(*m_session, m_result);
  accept();
}

void SelectDialog::saveSelection() {
  count();
  const auto workspace = m_session->workspace();
  if (!workspace || !m_save->isEnabled()) return;
  bool isOk = false;
  const QString name = QInputDialog::getText(this, tr("Save selection"), tr("&Name"), QLineEdit::Normal,
                                             queryText(m_query), &isOk);
  if (isOk)
    saved_selections::save(name, workspace->model(), QString::fromStdString(workspace->fingerprint()),
                           m_result);
}

}  // namespace ql
