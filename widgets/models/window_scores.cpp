#include "widgets/models/window_scores.h"

#include "widgets/bridge/number_format.h"

#include <cmath>

namespace ql {

namespace {

double perTarget(double sum, std::int64_t targets) {
  return targets > 0 ? sum / static_cast<double>(targets) : 0;
}

}  // namespace

void WindowScoresModel::clear() {
  beginResetModel();
  m_windows.clear();
  endResetModel();
}

void WindowScoresModel::append(const std::vector<WindowPair>& windows) {
  if (windows.empty()) return;
  const int first = static_cast<int>(m_windows.size());
  beginInsertRows({}, first, first + static_cast<int>(windows.size()) - 1);
  m_windows.insert(m_windows.end(), windows.begin(), windows.end());
  endInsertRows();
}

ScoreTotals WindowScoresModel::totals() const {
  ScoreTotals totals;
  double before = 0, after = 0, kl = 0, agreement = 0;
  for (const WindowPair& window : m_windows) {
    totals.targets += window.after.targets;
    after += window.after.nll;
    kl += window.after.kl;
    agreement += window.after.topAgreement;
    if (window.before) before += window.before->nll;
    totals.hasReference = window.before.has_value();
  }
  if (totals.targets == 0) return totals;
  totals.perplexityAfter = std::exp(perTarget(after, totals.targets));
  if (!totals.hasReference) return totals;
  totals.perplexityBefore = std::exp(perTarget(before, totals.targets));
  totals.meanKl = perTarget(kl, totals.targets);
  totals.topAgreement = perTarget(agreement, totals.targets);
  return totals;
}

std::optional<double> WindowScoresModel::value(std::size_t window, int column) const {
  const WindowPair& pair = m_windows[window];
  const double after = perTarget(pair.after.nll, pair.after.targets);
  switch (column) {
    case Window:
      return static_cast<double>(window);
    case Targets:
      return static_cast<double>(pair.after.targets);
    case NllAfter:
      return after;
    default:
      break;
  }
  if (!pair.before) return std::nullopt;
  const double before = perTarget(pair.before->nll, pair.before->targets);
  switch (column) {
    case NllBefore:
      return before;
    case Change:
      return after - before;
    case Kl:
      return perTarget(pair.after.kl, pair.after.targets);
    default:
      return perTarget(pair.after.topAgreement, pair.after.targets);
  }
}

int WindowScoresModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(m_windows.size());
}

int WindowScoresModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : ColumnCount;
}

QVariant WindowScoresModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount() || index.column() >= ColumnCount) return {};
  if (role == Qt::TextAlignmentRole) return QVariant(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole && role != kValueRole) return {};
  const std::optional<double> number = value(static_cast<std::size_t>(index.row()), index.column());
  if (role == kValueRole) return number ? QVariant(*number) : QVariant();
  if (!number) return QString(kDash);
  switch (index.column()) {
    case Window:
    case Targets:
      return countText(static_cast<std::int64_t>(*number));
    case Agreement:
      return percentText(*number);
    case Kl:
      return *number < 0.001 ? scientificText(*number) : fixedText(*number, 4);
    case Change:
      return (*number > 0 ? QStringLiteral("+") : QString()) + fixedText(*number, 4);
    default:
      return fixedText(*number, 4);
  }
}

QVariant WindowScoresModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || section < 0 || section >= ColumnCount) return {};
  if (role == Qt::TextAlignmentRole) return QVariant(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole && role != Qt::ToolTipRole) return {};
  const bool isTip = role == Qt::ToolTipRole;
  switch (section) {
    case Window:
      return isTip ? tr("Number of the window of text, from 0") : tr("Window");
    case Targets:
      return isTip ? tr("Predictions that count in this window") : tr("Predictions");
    case NllBefore:
      return isTip ? tr("Mean −ln p a prediction of the model as it is") : tr("nll before");
    case NllAfter:
      return isTip ? tr("Mean −ln p a prediction under the plan") : tr("nll after");
    case Change:
      return isTip ? tr("After minus before") : tr("Change");
    case Kl:
      return isTip ? tr("Mean KL divergence of the logits from the model as it is, in nats") : tr("KL");
    default:
      return isTip ? tr("Predictions whose most likely token stays the same") : tr("Same top token");
  }
}

QString WindowScoresModel::asText() const {
  QStringList lines;
  QStringList cells;
  for (int column = 0; column < ColumnCount; ++column)
    cells << headerData(column, Qt::Horizontal, Qt::DisplayRole).toString();
  lines << cells.join(QLatin1Char('\t'));
  for (std::size_t window = 0; window < m_windows.size(); ++window) {
    cells.clear();
    for (int column = 0; column < ColumnCount; ++column) {
      const std::optional<double> number = value(window, column);
      cells << (number ? QString::number(*number, 'g', 9) : QString());
    }
    lines << cells.join(QLatin1Char('\t'));
  }
  return lines.join(QLatin1Char('\n'));
}

}  // namespace ql
