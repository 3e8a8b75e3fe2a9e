#include "widgets/panels/compare_ranks.h"

#include "core/evaluate/rank_correlation.h"
#include "widgets/bridge/metric_info.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/theme.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ql {
namespace {

constexpr Metric kWeightMetrics[] = {Metric::NormWeighted, Metric::RelFrobenius, Metric::RelL1,
                                     Metric::DeadCodes, Metric::ColumnPeakRatio};
constexpr Metric kOutputMetrics[] = {Metric::OutputWa, Metric::OutputW, Metric::OutputA};

}  // namespace

std::size_t CompareRanks::spread(std::size_t linear) const {
  std::size_t low = std::numeric_limits<std::size_t>::max(), high = 0;
  for (const std::vector<std::size_t>& column : ranks) {
    if (column[linear] == 0) continue;
    low = std::min(low, column[linear]);
    high = std::max(high, column[linear]);
  }
  return high >= low ? high - low : 0;
}

void completeRanks(CompareRanks& ranks) {
  ranks.ranks.clear();
  ranks.tau.assign(ranks.metrics.size(), std::vector<std::optional<double>>(ranks.metrics.size()));
  for (const std::vector<double>& column : ranks.values) ranks.ranks.push_back(ranksOf(column));
  for (std::size_t i = 0; i < ranks.values.size(); ++i)
    for (std::size_t j = 0; j < ranks.values.size(); ++j)
      ranks.tau[i][j] = kendallTau(ranks.values[i], ranks.values[j]);
}

CompareRanks rankLinears(Session& session, const Choice& choice) {
  CompareRanks result;
  const Model* model = session.model();
  if (!model) return result;
  if (session.workspace()->calibrationRecord()) {
    for (const Metric metric : kOutputMetrics)
      if ((metric != Metric::OutputA && metric != Metric::OutputWa) || choice.activation)
        if (metric == Metric::OutputA || choice.weight) result.metrics.push_back(metric);
  }
  for (const Metric metric : kWeightMetrics)
    if (choice.weight) result.metrics.push_back(metric);
  for (LinearId id = 0; id < model->linears.size(); ++id) {
    if (!model->linears[id].isQuantizable) continue;
    result.linears.push_back(id);
    result.names.push_back(QString::fromStdString(model->linears[id].name));
  }
  for (const Metric metric : result.metrics) {
    std::vector<double> column;
    for (const LinearId id : result.linears) {
      const auto value = session.value(id, metric, choice);
      result.missing += !value && session.isComing(id, metric, choice) ? 1 : 0;
      column.push_back(value.value_or(std::numeric_limits<double>::quiet_NaN()));
    }
    result.values.push_back(std::move(column));
  }
  completeRanks(result);
  return result;
}

void CompareRankTable::setRanks(CompareRanks ranks) {
  const bool isSame = ranks.metrics == m_ranks.metrics && ranks.linears == m_ranks.linears;
  if (isSame) {
    m_ranks = std::move(ranks);
    if (rowCount() > 0) emit dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
    return;
  }
  beginResetModel();
  m_ranks = std::move(ranks);
  endResetModel();
}

int CompareRankTable::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(m_ranks.linears.size());
}

int CompareRankTable::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(m_ranks.metrics.size()) + 2;
}

QString CompareRankTable::text(std::size_t linear, int column) const {
  if (column == 0) {  // as in the plan table, without what all names begin with
    const QString& name = m_ranks.names[linear];
    return name.startsWith(QLatin1String("model.")) ? name.mid(6) : name;
  }
  const auto metric = static_cast<std::size_t>(column - 1);
  if (metric == m_ranks.metrics.size()) return countText(static_cast<std::int64_t>(m_ranks.spread(linear)));
  const std::size_t rank = m_ranks.ranks[metric][linear];
  return rank == 0 ? QString(kDash) : countText(static_cast<std::int64_t>(rank));
}

QVariant CompareRankTable::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const auto linear = static_cast<std::size_t>(index.row());
  const int column = index.column();
  const auto metric = static_cast<std::size_t>(std::max(0, column - 1));
  const bool isMetric = column > 0 && metric < m_ranks.metrics.size();
  switch (role) {
    case Qt::DisplayRole:
      return text(linear, column);
    case kLinearRole:
      return static_cast<qulonglong>(m_ranks.linears[linear]);
    case kSortRole:
      if (column == 0) return static_cast<qulonglong>(m_ranks.linears[linear]);
      if (!isMetric) return static_cast<qulonglong>(m_ranks.spread(linear));
      // what has no rank comes last
      return static_cast<qulonglong>(m_ranks.ranks[metric][linear] == 0 ? m_ranks.linears.size() + 1
                                                                        : m_ranks.ranks[metric][linear]);
    case Qt::ToolTipRole: {
      if (!isMetric) return m_ranks.names[linear];
      const double value = m_ranks.values[metric][linear];
      return QStringLiteral("%1\n%2 %3")
          .arg(m_ranks.names[linear], metricInfo(m_ranks.metrics[metric]).name,
               metricText(m_ranks.metrics[metric], std::isnan(value) ? std::nullopt : std::optional(value)));
    }
    case Qt::TextAlignmentRole:
      return QVariant((column == 0 ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    case Qt::FontRole:
      return uiFont(FontRole::Axis);
    default:
      return {};
  }
}

QVariant CompareRankTable::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  const auto metric = static_cast<std::size_t>(std::max(0, section - 1));
  const bool isMetric = section > 0 && metric < m_ranks.metrics.size();
  if (role == Qt::TextAlignmentRole)
    return QVariant((section == 0 ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
  if (role == Qt::ToolTipRole) {
    if (isMetric) return tr("Rank by %1, 1 = worst.").arg(metricInfo(m_ranks.metrics[metric]).name);
    return section == 0 ? QVariant() : tr("Largest minus smallest rank: where the metrics disagree most.");
  }
  if (role != Qt::DisplayRole) return {};
  if (section == 0) return tr("Linear");
  return isMetric ? metricInfo(m_ranks.metrics[metric]).shortName : tr("Spread");
}

QString CompareRankTable::tabSeparated() const {
  QString result = tr("linear");
  for (const Metric metric : m_ranks.metrics) {
    const QString key = QString::fromLatin1(metricInfo(metric).key);
    result += QLatin1Char('\t') + key + QLatin1Char('\t') + key + QStringLiteral("_rank");
  }
  for (std::size_t i = 0; i < m_ranks.linears.size(); ++i) {
    result += QLatin1Char('\n') + m_ranks.names[i];
    for (std::size_t m = 0; m < m_ranks.metrics.size(); ++m)
      result += QLatin1Char('\t') + plainNumber(static_cast<float>(m_ranks.values[m][i])) +
                QLatin1Char('\t') + QString::number(m_ranks.ranks[m][i]);
  }
  return result;
}

}  // namespace ql
