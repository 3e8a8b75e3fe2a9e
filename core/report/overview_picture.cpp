// The two pictures of the whole model.
#include "core/report/number_words.h"
#include "core/report/picture.h"
#include "core/report/pictures.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace ql::report {
namespace {

constexpr double kWidth = 960;
constexpr int kMaxColumns = 200;
constexpr std::size_t kMaxDots = 1500;
constexpr int kMaxDecades = 5;  // of errors: what lies deeper is good in any case

/// Smallest and largest error above zero; nothing when there is none.
std::optional<std::pair<double, double>> errorRange(const ReportData& data) {
  std::optional<std::pair<double, double>> range;
  for (const Layer& layer : data.layers) {
    if (!layer.error || !std::isfinite(*layer.error) || *layer.error <= 0) continue;
    if (!range) range = {*layer.error, *layer.error};
    range->first = std::min(range->first, *layer.error);
    range->second = std::max(range->second, *layer.error);
  }
  return range;
}

/// What one cell of the grid stands for.
struct Cell {
  const Layer* worst = nullptr;
  std::size_t linears = 0;
  bool isFlagged = false;
};

bool isWorse(const Layer& a, const Layer* b) {
  return b == nullptr || a.error.value_or(-1) > b->error.value_or(-1);
}

struct Grid {
  int blocksPerColumn = 1, columns = 0;
  std::map<std::pair<std::size_t, int>, Cell> cells;  // by row and column
};

Grid gridOf(const ReportData& data) {
  Grid grid;
  grid.blocksPerColumn = (data.blocks + kMaxColumns - 1) / kMaxColumns;
  grid.blocksPerColumn = std::max(1, grid.blocksPerColumn);
  grid.columns = (data.blocks + grid.blocksPerColumn - 1) / grid.blocksPerColumn;
  for (const Layer& layer : data.layers) {
    const auto row = std::find(data.roles.begin(), data.roles.end(), layer.role);
    if (row == data.roles.end() || !layer.block || *layer.block < 0 || *layer.block >= data.blocks) continue;
    Cell& cell =
        grid.cells[{static_cast<std::size_t>(row - data.roles.begin()), *layer.block / grid.blocksPerColumn}];
    ++cell.linears;
    cell.isFlagged = cell.isFlagged || layer.isFlagged;
    if (isWorse(layer, cell.worst)) cell.worst = &layer;
  }
  return grid;
}

std::string cellTip(const Cell& cell) {
  std::string tip = cell.worst->name + ", " + cell.worst->weights + ": ";
  tip += cell.worst->error ? typeset(percent(*cell.worst->error)) : std::string("not measured");
  if (cell.linears > 1) tip += " (worst of " + thousands(std::uint64_t{cell.linears}) + ")";
  return tip;
}

/// "90.9" of 0.909: the unit stands in the legend.
std::string cellText(double error) {
  std::string text = percent(error);
  return text.substr(0, text.find(' '));
}

constexpr double kGridLeft = 88, kGridTop = 20, kCellHeight = 26;

void drawCell(Picture& picture, const Cell& cell, double x, double y, double width, const LogAxis& scale) {
  const double inner = std::max(width - 1, width * 0.85), high = kCellHeight - 1;
  const std::string tip = cellTip(cell);
  if (!cell.worst->error) return picture.rect(x, y, inner, high, "empty", tip);
  const double t = scale.fraction(*cell.worst->error);
  picture.cell(x, y, inner, high, cividis(t), tip);
  if (cell.isFlagged) {
    const double corner = std::min(7.0, inner);
    picture.triangle({x + inner - corner, y}, {x + inner, y}, {x + inner, y + corner}, "flag");
  }
  if (width >= 40)
    picture.text({x + inner / 2, y + high / 2 + 4}, Anchor::Middle, cellText(*cell.worst->error),
                 textOnCividis(t));
}

void drawGrid(Picture& picture, const ReportData& data, const Grid& grid, double width,
              const LogAxis& scale) {
  for (const auto& [place, cell] : grid.cells)
    drawCell(picture, cell, kGridLeft + place.second * width,
             kGridTop + static_cast<double>(place.first) * kCellHeight, width, scale);
  for (std::size_t row = 0; row < data.roles.size(); ++row)
    picture.text({kGridLeft - 8, kGridTop + static_cast<double>(row) * kCellHeight + 17}, Anchor::End,
                 data.roles[row]);
  const int every = std::max(1, static_cast<int>(std::ceil(28 / width)));
  for (int column = 0; column < grid.columns; column += every)
    picture.text({kGridLeft + (column + 0.5) * width, kGridTop - 6}, Anchor::Middle,
                 std::to_string(column * grid.blocksPerColumn));
  picture.text({kGridLeft - 8, kGridTop - 6}, Anchor::End, "block");
}

/// The bar of the colours along `scale`, with ticks and the target.
void drawLegend(Picture& picture, const ReportData& data, double left, double right, double y,
                const LogAxis& scale) {
  constexpr int kSteps = 64;
  const double step = (right - left) / kSteps;
  for (int i = 0; i < kSteps; ++i)
    picture.cell(left + i * step, y, step + 0.3, 10, cividis((i + 0.5) / kSteps), {});
  double last = -1e9;
  for (const double tick : scale.ticks()) {
    const double x = scale.pixel(tick);
    if (x < last + 44) continue;
    picture.line({x, y + 10}, {x, y + 13}, "axis");
    picture.text({x, y + 25}, Anchor::Middle, percentTick(tick));
    last = x;
  }
  if (data.target > 0) {
    const double x = scale.pixel(data.target);
    picture.line({x, y - 5}, {x, y + 12}, "target");
    picture.text({x, y - 8}, Anchor::Middle, "target " + percentTick(data.target), "bad");
  }
  picture.text({left - 8, y + 9}, Anchor::End, "error, log");
}

/// A dot of the picture by network order: the worst of neighbouring linears.
struct Dot {
  const Layer* worst = nullptr;
  std::size_t first = 0, linears = 0;
};

std::vector<Dot> dotsOf(const ReportData& data) {
  const std::size_t each = (data.layers.size() + kMaxDots - 1) / kMaxDots;
  std::vector<Dot> dots;
  for (std::size_t i = 0; i < data.layers.size(); ++i) {
    if (i % std::max<std::size_t>(1, each) == 0) dots.push_back({nullptr, i, 0});
    ++dots.back().linears;
    if (data.layers[i].error && isWorse(data.layers[i], dots.back().worst))
      dots.back().worst = &data.layers[i];
  }
  return dots;
}

/// Where each block begins, for the ticks below the dots.
std::vector<std::pair<int, std::size_t>> blockStarts(const ReportData& data) {
  std::vector<std::pair<int, std::size_t>> starts;
  for (std::size_t i = 0; i < data.layers.size(); ++i) {
    const std::optional<int> block = data.layers[i].block;
    if (block && (starts.empty() || starts.back().first != *block)) starts.emplace_back(*block, i);
  }
  return starts;
}

}  // namespace

std::string overviewPicture(const ReportData& data) {
  const auto range = errorRange(data);
  const Grid grid = gridOf(data);
  if (!range || grid.cells.empty()) return {};
  const double width = std::min(76.0, (kWidth - kGridLeft - 8) / grid.columns);
  const double bottom = kGridTop + static_cast<double>(data.roles.size()) * kCellHeight;
  const double right = kGridLeft + std::clamp(grid.columns * width, 260.0, 420.0);
  Picture picture(kWidth, bottom + 66);
  const LogAxis scale(range->first, range->second, kMaxDecades, kGridLeft, right);
  drawGrid(picture, data, grid, width, scale);
  drawLegend(picture, data, kGridLeft, right, bottom + 32, scale);
  return picture.svg("Error by block and role");
}

std::string errorPicture(const ReportData& data) {
  const auto range = errorRange(data);
  if (!range) return {};
  constexpr double kLeft = 64, kTop = 12, kBottom = 216, kRight = kWidth - 84;
  Picture picture(kWidth, 254);
  const double low = data.target > 0 ? std::min(range->first, data.target) : range->first;
  const LogAxis axis(low, std::max(range->second, data.target), kMaxDecades, kBottom, kTop);
  for (const double tick : axis.ticks()) {
    picture.line({kLeft, axis.pixel(tick)}, {kRight, axis.pixel(tick)}, "grid");
    picture.text({kLeft - 6, axis.pixel(tick) + 4}, Anchor::End, percentTick(tick));
  }
  const double count = static_cast<double>(data.layers.size());
  const auto toX = [&](double index) { return kLeft + (kRight - kLeft) * (index + 0.5) / count; };
  double last = -1e9;
  for (const auto& [block, first] : blockStarts(data)) {
    const double x = toX(static_cast<double>(first));
    if (x < last + 30) continue;
    picture.line({x, kBottom}, {x, kBottom + 4}, "axis");
    picture.text({x, kBottom + 16}, Anchor::Middle, std::to_string(block));
    last = x;
  }
  for (const Dot& dot : dotsOf(data)) {
    if (!dot.worst) continue;
    const double x = toX(static_cast<double>(dot.first) + static_cast<double>(dot.linears - 1) / 2);
    const bool isBad = *dot.worst->error > data.target;
    picture.circle({x, axis.pixel(*dot.worst->error)}, 3.2, isBad ? "dot over" : "dot",
                   dot.worst->name + ", " + dot.worst->weights + ": " + typeset(percent(*dot.worst->error)));
  }
  picture.line({kLeft, axis.pixel(data.target)}, {kRight, axis.pixel(data.target)}, "target");
  picture.text({kRight + 6, axis.pixel(data.target) + 4}, Anchor::Start, "target " + percentTick(data.target),
               "bad");
  picture.text({(kLeft + kRight) / 2, kBottom + 34}, Anchor::Middle, "block, in network order");
  picture.verticalText({12, (kTop + kBottom) / 2}, "error, log");
  return picture.svg("Error of every linear in network order");
}

}  // namespace ql::report
