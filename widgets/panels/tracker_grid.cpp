#include "widgets/panels/tracker_grid.h"

#include "widgets/bridge/number_format.h"

#include <QCoreApplication>
#include <QStringList>

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

QString tr(const char* source) {
  return QCoreApplication::translate("ql::Tracker", source);
}

QString roleText(TensorRole role) {
  const std::string_view name = roleName(role);
  return QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size()));
}

bool isOutside(const ResidualMatrix& matrix) {
  return !matrix.block;
}

/// Roles that hang on a gain or an input, in network order.
QString readersOf(const ResidualStream& stream, std::optional<std::size_t> ResidualMatrix::*member,
                  std::size_t point) {
  QStringList roles;
  for (const ResidualMatrix& matrix : stream.matrices)
    if (matrix.*member == point && !roles.contains(roleText(matrix.role))) roles << roleText(matrix.role);
  return roles.join(QStringLiteral(", "));
}

/// Fills a grid from a stream, row by row.
class GridBuilder {
 public:
  GridBuilder(const ResidualStream& stream, std::int64_t channel)
      : m_stream(stream), m_at(static_cast<std::size_t>(channel)) {
    m_grid.channel = channel;
    m_grid.columns.push_back(tr("emb"));
    for (int block = 0; block < stream.blockCount; ++block) m_grid.columns.push_back(QString::number(block));
    m_grid.columns.push_back(tr("head"));
  }

  TrackerGrid build() {
    for (const ResidualMatrix& matrix : m_stream.matrices) addWeight(matrix);
    const auto outside = std::stable_partition(m_grid.rows.begin(), m_grid.rows.end(),
                                               [](const TrackerRow& row) { return !isOuter(row); });
    std::rotate(m_grid.rows.begin(), outside, m_grid.rows.end());  // embedding and head on top
    addPoints(m_stream.gains, TrackerQuantity::Gain, &ResidualMatrix::gain);
    addPoints(m_stream.inputs, TrackerQuantity::Input, &ResidualMatrix::input);
    for (const ResidualMatrix& matrix : m_stream.matrices)
      if (!matrix.errorShare.empty() && matrix.block) addShare(matrix);
    return std::move(m_grid);
  }

 private:
  static bool isOuter(const TrackerRow& row) { return row.label == tr("embedding, head"); }

  std::size_t column(std::optional<int> block, bool isHead) const {
    if (block) return static_cast<std::size_t>(*block) + 1;
    return isHead ? m_grid.columns.size() - 1 : 0;
  }

  TrackerRow& row(TrackerQuantity quantity, const QString& label) {
    const auto known = std::find_if(m_grid.rows.begin(), m_grid.rows.end(), [&](const TrackerRow& r) {
      return r.quantity == quantity && r.label == label;
    });
    if (known != m_grid.rows.end()) return *known;
    m_grid.rows.push_back({quantity, label, false, std::vector<TrackerCell>(m_grid.columns.size())});
    return m_grid.rows.back();
  }

  void set(TrackerCell& cell, const std::vector<float>& values, double unit) const {
    if (m_at >= values.size()) return;
    cell.value = static_cast<double>(values[m_at]);
    if (unit > 0) cell.ratio = *cell.value / unit;
  }

  void addWeight(const ResidualMatrix& matrix) {
    TrackerRow& at =
        row(TrackerQuantity::Weight, isOutside(matrix) ? tr("embedding, head") : roleText(matrix.role));
    at.isWritten = matrix.side == ResidualSide::Writes && !isOutside(matrix);
    TrackerCell& cell = at.cells[column(matrix.block, matrix.role == TensorRole::LmHead)];
    if (cell.isThere && matrix.role == TensorRole::Position) return;  // the embedding stands for both
    cell.isThere = true;
    cell.id = matrix.linearAt(m_grid.channel);
    cell.isRow = !matrix.isColumn;
    set(cell, matrix.absmax, matrix.median);
  }

  void addPoints(const std::vector<ResidualPoint>& points, TrackerQuantity quantity,
                 std::optional<std::size_t> ResidualMatrix::*member) {
    for (std::size_t i = 0; i < points.size(); ++i) {
      const ResidualPoint& point = points[i];
      // What feeds the head stands in the last row of its kind: a row of its own would be empty otherwise.
      const bool hasRow = !m_grid.rows.empty() && m_grid.rows.back().quantity == quantity;
      TrackerRow& at =
          !point.block && hasRow ? m_grid.rows.back() : row(quantity, readersOf(m_stream, member, i));
      TrackerCell& cell = at.cells[column(point.block, true)];
      cell.isThere = true;
      cell.id = m_stream.matrices[point.matrix].members.front();
      set(cell, point.values, point.median);
    }
  }

  void addShare(const ResidualMatrix& matrix) {
    TrackerCell& cell = row(TrackerQuantity::Share, roleText(matrix.role)).cells[column(matrix.block, false)];
    cell.isThere = true;
    cell.id = matrix.linearAt(m_grid.channel);
    set(cell, matrix.errorShare, 1 / static_cast<double>(m_stream.width));
  }

  const ResidualStream& m_stream;
  std::size_t m_at;
  TrackerGrid m_grid;
};

void widen(std::pair<double, double>& range, const std::vector<float>& values, double median, bool ofRatios) {
  if (values.empty() || !(median > 0)) return;
  const double unit = ofRatios ? median : 1;
  const double high = static_cast<double>(*std::max_element(values.begin(), values.end())) / unit;
  const double low = median / unit;
  if (range.first == 0 || low < range.first) range.first = low;
  range.second = std::max(range.second, high);
}

}  // namespace

TrackerGrid trackerGrid(const Model&, const ResidualStream& stream, std::int64_t channel) {
  return channel < 0 || channel >= stream.width ? TrackerGrid() : GridBuilder(stream, channel).build();
}

TrackerRanges trackerRanges(const ResidualStream& stream, bool ofRatios) {
  TrackerRanges ranges{};
  for (const ResidualMatrix& matrix : stream.matrices) {
    widen(ranges[static_cast<int>(TrackerQuantity::Weight)], matrix.absmax, matrix.median, ofRatios);
    widen(ranges[static_cast<int>(TrackerQuantity::Share)], matrix.errorShare,
          1 / static_cast<double>(stream.width), ofRatios);
  }
  for (const ResidualPoint& point : stream.gains)
    widen(ranges[static_cast<int>(TrackerQuantity::Gain)], point.values, point.median, ofRatios);
  for (const ResidualPoint& point : stream.inputs)
    widen(ranges[static_cast<int>(TrackerQuantity::Input)], point.values, point.median, ofRatios);
  for (auto& [low, high] : ranges) {
    if (!(low > 0)) low = high = 1;
    high = std::max(high, low * 2);
  }
  return ranges;
}

QString quantityName(TrackerQuantity quantity) {
  switch (quantity) {
    case TrackerQuantity::Weight:
      return tr("|W| absmax");
    case TrackerQuantity::Gain:
      return tr("Norm weight |g|");
    case TrackerQuantity::Input:
      return tr("|X| absmax");
    case TrackerQuantity::Share:
      break;
  }
  return tr("Error share");
}

QString quantityShortName(TrackerQuantity quantity) {
  switch (quantity) {
    case TrackerQuantity::Weight:
      return tr("|W|");
    case TrackerQuantity::Gain:
      return tr("|g|");
    case TrackerQuantity::Input:
      return tr("|X|");
    case TrackerQuantity::Share:
      break;
  }
  return tr("error");
}

QString trackerText(TrackerQuantity quantity, const TrackerCell& cell, bool asRatio) {
  if (asRatio) return cell.ratio ? ratioText(*cell.ratio) : QString(kDash);
  if (!cell.value) return QString(kDash);
  return quantity == TrackerQuantity::Share ? percentText(*cell.value) : valueText(*cell.value);
}

QString leadText(const ResidualStream& stream, const ChannelLead& lead) {
  using Quantity = ChannelLead::Quantity;
  const auto at = [](std::optional<int> block, const QString& inBlock, const QString& outside) {
    return block ? inBlock.arg(*block) : outside;
  };
  if (lead.quantity == Quantity::Gain || lead.quantity == Quantity::Input) {
    const bool isGain = lead.quantity == Quantity::Gain;
    const ResidualPoint& point = (isGain ? stream.gains : stream.inputs)[lead.where];
    const QString readers =
        readersOf(stream, isGain ? &ResidualMatrix::gain : &ResidualMatrix::input, lead.where);
    return isGain
               ? at(point.block, tr("|g| before %1, block %2").arg(readers), tr("|g| before %1").arg(readers))
               : at(point.block, tr("|X| into %1, block %2").arg(readers), tr("|X| into %1").arg(readers));
  }
  const ResidualMatrix& matrix = stream.matrices[lead.where];
  return at(matrix.block, tr("|W| of %1, block %2").arg(roleText(matrix.role)),
            tr("|W| of %1").arg(roleText(matrix.role)));
}

}  // namespace ql
