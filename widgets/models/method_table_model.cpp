#include "widgets/models/method_table_model.h"

#include "widgets/bridge/metric_info.h"
#include "widgets/bridge/number_format.h"

#include <algorithm>

namespace ql {

namespace {

/// Weights and activations, for tooltips.
QString choiceWords(const Choice& choice) {
  QString text = QString::fromStdString(weightSchemeText(choice));
  if (choice.activation) text += QStringLiteral(" / ") + QString::fromStdString(actSchemeText(choice));
  return text;
}

/// What tells a choice from another: the weights, and the activations where they differ.
QString shortWords(const Choice& choice, const Choice& other) {
  const bool isOfWeights = choice.activation == other.activation || !choice.activation;
  return isOfWeights ? QString::fromStdString(weightSchemeText(choice)) : choiceWords(choice);
}

QString figureName(const std::string& key) {
  if (key == "weight_rel_fro") return MethodTableModel::tr("weights");
  if (key == "norm_weighted_rel") return MethodTableModel::tr("norm-weighted");
  if (key == "output_rel_w") return MethodTableModel::tr("output, W");
  if (key == "output_rel_wa") return MethodTableModel::tr("output, W + A");
  if (key == "block_output_rel") return MethodTableModel::tr("output of the block");
  return QString(kDash);
}

}  // namespace

void MethodTableModel::setReport(AutoReport report, const Model& model) {
  beginResetModel();
  m_report = std::move(report);
  m_hasReport = true;
  m_rows.clear();
  m_checked.clear();
  m_names.clear();
  m_fused.clear();
  for (std::size_t i = 0; i < m_report.decisions.size(); ++i) {
    const AutoDecision& decision = m_report.decisions[i];
    // layers that are fine under their scheme are counted, not listed
    if (isPair() || decision.outcome != AutoOutcome::Kept || decision.isFlagged) m_rows.push_back(i);
    m_checked.push_back(isChange(decision) ? 1 : 0);
    m_names.push_back(QString::fromStdString(model.linears.at(decision.id).name));
    m_fused.push_back(model.linears[decision.id].fusedGroup);
  }
  endResetModel();
  emit checksChanged();
}

void MethodTableModel::clear(AutoMethod method) {
  beginResetModel();
  m_report = {};
  m_report.request.method = method;
  m_rows.clear();
  m_checked.clear();
  m_hasReport = false;
  endResetModel();
  emit checksChanged();
}

std::vector<AutoDecision> MethodTableModel::checkedDecisions() const {
  std::vector<AutoDecision> decisions;
  for (std::size_t i = 0; i < m_checked.size(); ++i)
    if (m_checked[i] != 0) decisions.push_back(m_report.decisions[i]);
  return decisions;
}

std::size_t MethodTableModel::checkedCount() const {
  return static_cast<std::size_t>(std::count(m_checked.begin(), m_checked.end(), 1));
}

void MethodTableModel::setAllChecked(bool isChecked) {
  for (std::size_t i = 0; i < m_checked.size(); ++i)
    m_checked[i] = isChecked && isChange(m_report.decisions[i]) ? 1 : 0;
  if (!m_rows.empty()) emit dataChanged(index(0, 0), index(rowCount() - 1, 0), {Qt::CheckStateRole});
  emit checksChanged();
}

int MethodTableModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int MethodTableModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : kColumnCount;
}

std::optional<double> MethodTableModel::number(const AutoDecision& decision, int column) const {
  const auto& candidates = decision.candidates;
  const bool hasPair = isPair() && candidates.size() == 2;
  switch (column) {
    case First:
      return isPair() ? (hasPair ? candidates[0].error : std::nullopt) : decision.error;
    case Second:
      if (isPair()) return hasPair ? candidates[1].error : std::nullopt;
      return decision.verdict ? candidates[*decision.verdict].error : std::nullopt;
    case Ratio: {
      const std::optional<double> first = number(decision, First), second = number(decision, Second);
      if (!first || !second || !(*first > 0)) return std::nullopt;
      return *second / *first;
    }
    default:
      return std::nullopt;
  }
}

QString MethodTableModel::outcomeText(const AutoDecision& decision) const {
  switch (decision.outcome) {
    case AutoOutcome::Changed:
      return {};
    case AutoOutcome::Kept:
      return decision.isFlagged ? tr("few columns set its scales, yet under the target") : QString();
    case AutoOutcome::WithSibling:
      return tr("with its fused siblings");
    case AutoOutcome::OutOfReach:
      return tr("no group size is enough; try smoothing");
    case AutoOutcome::Locked:
      return tr("locked, or fused with a locked one");
    case AutoOutcome::NotMeasured:
      return tr("not decided");
  }
  return {};
}

QString MethodTableModel::text(int row, int column) const {
  const AutoDecision& decision = decisionAt(row);
  switch (column) {
    case Layer:
      return m_names[m_rows[static_cast<std::size_t>(row)]];
    case Now:
      return shortWords(decision.before, decision.after);
    case Figure:
      return figureName(decision.figure);
    case First:
    case Second: {
      const std::optional<double> error = number(decision, column);
      return error ? percentText(*error) : QString(kDash);
    }
    case Ratio: {
      const std::optional<double> ratio = number(decision, column);
      return ratio ? fixedText(*ratio, 3) : QString(kDash);
    }
    case Verdict:
      if (isChange(decision)) return shortWords(decision.after, decision.before);
      return decision.outcome == AutoOutcome::Kept ? tr("as now") : QString(kDash);
    default:
      return outcomeText(decision);
  }
}

QString MethodTableModel::tip(int row, int column) const {
  const AutoDecision& decision = decisionAt(row);
  if (column == Layer) return text(row, column);
  if (column == Now) return choiceWords(decision.before);
  if (column == Why || column == Verdict) {
    QStringList lines;
    if (column == Verdict && isChange(decision)) lines << choiceWords(decision.after);
    if (const QString why = outcomeText(decision); !why.isEmpty()) lines << why;
    for (const AutoCandidate& candidate : decision.candidates)
      lines << QStringLiteral("%1  %2").arg(choiceWords(candidate.choice),
                                            candidate.error ? percentText(*candidate.error) : QString(kDash));
    return lines.join(QLatin1Char('\n'));
  }
  return decision.figure.empty() ? QString() : evidenceText(decision.evidence, {});
}

QVariant MethodTableModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount()) return {};
  const bool isNumber = index.column() >= First && index.column() <= Ratio;
  switch (role) {
    case Qt::DisplayRole:
      return text(index.row(), index.column());
    case Qt::ToolTipRole:
      return tip(index.row(), index.column());
    case Qt::TextAlignmentRole:
      return QVariant(Qt::AlignVCenter | (isNumber ? Qt::AlignRight : Qt::AlignLeft));
    case Qt::CheckStateRole:
      if (index.column() != Layer || !isChange(decisionAt(index.row()))) return {};
      return m_checked[m_rows[static_cast<std::size_t>(index.row())]] != 0 ? Qt::Checked : Qt::Unchecked;
    case Qt::UserRole:
      if (const auto value = number(decisionAt(index.row()), index.column())) return *value;
      return {};
    default:
      return {};
  }
}

/// Linears that a runtime stores as one change together, unless the method was asked to split them.
std::optional<std::size_t> MethodTableModel::siblingsOf(const AutoDecision& decision) const {
  const AutoRequest& request = m_report.request;
  const bool isSplit = request.method == AutoMethod::AdaDim || request.splitFused;
  const auto at = static_cast<std::size_t>(&decision - m_report.decisions.data());
  return isSplit ? std::nullopt : m_fused[at];
}

bool MethodTableModel::setData(const QModelIndex& index, const QVariant& value, int role) {
  if (role != Qt::CheckStateRole || index.column() != Layer) return false;
  const AutoDecision& decision = decisionAt(index.row());
  if (!isChange(decision)) return false;
  const char checked = value.toInt() == Qt::Checked ? 1 : 0;
  const std::optional<std::size_t> group = siblingsOf(decision);
  m_checked[m_rows[static_cast<std::size_t>(index.row())]] = checked;
  for (std::size_t i = 0; group && i < m_checked.size(); ++i)
    if (m_fused[i] == group && isChange(m_report.decisions[i])) m_checked[i] = checked;
  emit dataChanged(this->index(0, Layer), this->index(rowCount() - 1, Layer), {Qt::CheckStateRole});
  emit checksChanged();
  return true;
}

QVariant MethodTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  const bool isMofq = m_report.request.method == AutoMethod::Mofq;
  if (role == Qt::TextAlignmentRole)
    return QVariant(Qt::AlignVCenter |
                    (section >= First && section <= Ratio ? Qt::AlignRight : Qt::AlignLeft));
  if (role != Qt::DisplayRole) return {};
  switch (section) {
    case Layer:
      return tr("Linear");
    case Now:
      return tr("Now");
    case Figure:
      return tr("Error");
    case First:
      return !isPair() ? tr("Now") : isMofq ? tr("Integers") : tr("Output ch.");
    case Second:
      return !isPair() ? tr("Then") : isMofq ? tr("Floats") : tr("Input ch.");
    case Ratio:
      return tr("Ratio");
    case Verdict:
      return tr("Verdict");
    default:
      return tr("Why");
  }
}

Qt::ItemFlags MethodTableModel::flags(const QModelIndex& index) const {
  if (!index.isValid()) return Qt::NoItemFlags;
  Qt::ItemFlags flags = Qt::ItemIsEnabled | Qt::ItemIsSelectable;
  if (index.column() == Layer && isChange(decisionAt(index.row()))) flags |= Qt::ItemIsUserCheckable;
  return flags;
}

QString MethodTableModel::asText() const {
  QStringList lines, header;
  for (int column = 0; column < kColumnCount; ++column)
    header << headerData(column, Qt::Horizontal, Qt::DisplayRole).toString();
  lines << header.join(QLatin1Char('\t'));
  for (int row = 0; row < rowCount(); ++row) {
    QStringList cells;
    for (int column = 0; column < kColumnCount; ++column) {
      const auto value = number(decisionAt(row), column);
      cells << (value ? QString::number(*value, 'g', 9) : text(row, column));
    }
    lines << cells.join(QLatin1Char('\t'));
  }
  return lines.join(QLatin1Char('\n'));
}

}  // namespace ql
