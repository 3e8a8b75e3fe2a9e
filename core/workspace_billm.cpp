#include "core/workspace_billm.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/evaluate/prepared_quantizer.h"
#include "core/jobs/parallel_for.h"
#include "core/quant/billm_binarize.h"
#include "core/workspace_state.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

namespace ql {
namespace {

constexpr std::int64_t kTileRows = 64;
constexpr std::size_t kParts = 3;

/// The parts of one matrix as numbers.
class PartSource : public WeightSource {
 public:
  PartSource(MatrixRef matrix, std::vector<BillmPart> parts)
      : m_matrix(std::move(matrix)), m_parts(std::move(parts)) {}

  void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override {
    QL_ASSERT(matrix == m_matrix && rowBegin >= 0 && rowEnd <= matrix.out);
    const auto first = static_cast<std::size_t>(rowBegin * matrix.in);
    for (std::size_t i = 0; i < out.size(); ++i) {
      const BillmPart part = m_parts[first + i];
      out[i] = part == BillmPart::None ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(part);
    }
  }

 private:
  MatrixRef m_matrix;
  std::vector<BillmPart> m_parts;
};

/// Sums of some rows.
struct PartSums {
  struct Part {
    std::uint64_t count = 0;
    double energy = 0, error = 0, found = 0;  // found: squares of the weights as each block found them
    std::array<double, 3> residual{};
  };
  std::array<Part, kParts> parts;
  std::uint64_t nonFinite = 0;

  void add(const PartSums& other) {
    nonFinite += other.nonFinite;
    for (std::size_t p = 0; p < kParts; ++p) {
      parts[p].count += other.parts[p].count;
      parts[p].energy += other.parts[p].energy;
      parts[p].error += other.parts[p].error;
      parts[p].found += other.parts[p].found;
      for (std::size_t o = 0; o < 3; ++o) parts[p].residual[o] += other.parts[p].residual[o];
    }
  }
};

double squaredDistance(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double distance = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += distance * distance;
  }
  return sum;
}

/// The residuals of all orders of one part of one row and block.
void addResiduals(std::span<const float> values, PartSums::Part& sums) {
  std::vector<float> binarized;
  for (std::size_t o = 0; o < 3; ++o) {
    binarized.assign(values.begin(), values.end());
    binarize(binarized, static_cast<int>(o) + 1);
    sums.residual[o] += squaredDistance(values, binarized);
  }
}

PartSums sumsOf(const BillmRows& rows, std::span<const float> stored, std::span<const BillmBlock> blocks,
                std::int64_t in) {
  PartSums sums;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    if (rows.parts[i] == BillmPart::None) {
      ++sums.nonFinite;
      continue;
    }
    PartSums::Part& part = sums.parts[static_cast<std::size_t>(rows.parts[i])];
    const double weight = static_cast<double>(stored[i]), found = static_cast<double>(rows.before[i]);
    const double error = static_cast<double>(rows.quantized[i]) - weight;
    ++part.count;
    part.energy += weight * weight;
    part.error += error * error;
    part.found += found * found;
  }
  std::array<std::vector<float>, kParts + 1> values;
  for (std::size_t row = 0; row < stored.size(); row += static_cast<std::size_t>(in)) {
    for (const BillmBlock& block : blocks) {
      for (auto& list : values) list.clear();
      for (std::int64_t j = block.begin; j < block.end; ++j) {
        const std::size_t i = row + static_cast<std::size_t>(j);
        values[static_cast<std::size_t>(rows.parts[i])].push_back(rows.before[i]);
      }
      for (std::size_t p = 0; p < kParts; ++p) addResiduals(values[p], sums.parts[p]);
    }
  }
  return sums;
}

std::string methodText(const BillmQuantizer& quantizer) {
  const std::string text = "BiLLM";
  const HessianFactor* hessian = quantizer.hessian();
  if (!hessian) return text + ", weights alone";
  return text + ", Hessian of " + withThousands(hessian->tokens) + " tokens (" +
         std::string(hessianOriginName(hessian->origin)) + ")";
}

void takeColumns(const BillmQuantizer& quantizer, std::int64_t in, BillmReport& report) {
  report.options = quantizer.options();
  report.blocks = quantizer.blocks();
  report.bits = quantizer.bits();
  report.fallbacks = quantizer.fallbacks();
  report.isSalient.assign(static_cast<std::size_t>(in), 0);
  for (const BillmBlock& block : report.blocks) {
    report.scores.insert(report.scores.end(), block.scores.begin(), block.scores.end());
    for (const std::int64_t column : block.salient) report.isSalient[static_cast<std::size_t>(column)] = 1;
  }
  report.ranking.resize(report.scores.size());
  std::iota(report.ranking.begin(), report.ranking.end(), std::int64_t{0});
  std::ranges::stable_sort(report.ranking, [&](std::int64_t a, std::int64_t b) {
    return report.scores[static_cast<std::size_t>(a)] > report.scores[static_cast<std::size_t>(b)];
  });
}

/// Sums of the whole matrix; the parts of its weights go to `parts`.
PartSums measureParts(const BillmQuantizer& quantizer, const WeightSource& source, const MatrixRef& matrix,
                      std::vector<BillmPart>& parts, JobContext& job) {
  parts.resize(static_cast<std::size_t>(matrix.out * matrix.in));
  const std::int64_t tiles = (matrix.out + kTileRows - 1) / kTileRows;
  std::vector<PartSums> sums(static_cast<std::size_t>(tiles));
  const auto measure = [&](std::int64_t tile) {
    const std::int64_t begin = tile * kTileRows, end = std::min(matrix.out, begin + kTileRows);
    std::vector<float> stored(static_cast<std::size_t>((end - begin) * matrix.in));
    source.readRows(matrix, begin, end, stored);
    const BillmRows rows = quantizer.explain(stored);
    std::ranges::copy(rows.parts, parts.begin() + begin * matrix.in);
    sums[static_cast<std::size_t>(tile)] = sumsOf(rows, stored, quantizer.blocks(), matrix.in);
    job.step(stored.size());
  };
  PartSums total;
  parallelForOrdered(job, tiles, measure,
                     [&](std::int64_t tile) { total.add(sums[static_cast<std::size_t>(tile)]); });
  source.check(matrix);
  return total;
}

}  // namespace

double BillmReport::salientShare() const {
  if (isSalient.empty()) return 0;
  return static_cast<double>(std::ranges::count(isSalient, 1)) / static_cast<double>(isSalient.size());
}

double BillmReport::relativeError() const {
  double energy = 0, error = 0;
  for (const BillmPartFigures& part : parts) {
    energy += part.energy;
    error += part.error;
  }
  return energy > 0 ? std::sqrt(error / energy) : 0.0;
}

BillmReport billmReport(Workspace& workspace, LinearId id, const WeightScheme& scheme, JobContext& job) {
  if (scheme.algorithm.name != "billm")
    throw Error(ErrorCode::Usage, "The scheme's algorithm is " + quotedText(scheme.algorithm.name) +
                                      "; BiLLM's figures need binary:algorithm=billm.");
  WorkspaceAccess::State& state = WorkspaceAccess::state(workspace);
  const WeightSource& source = state.requireWeights("BiLLM");
  const Linear& linear = state.model.linears.at(id);
  const MatrixRef& matrix = linear.matrix;
  job.expect(static_cast<std::uint64_t>(matrix.out) * static_cast<std::uint64_t>(matrix.in));
  job.setStage("Binarizing " + linear.name);
  const auto made = prepareQuantizer(source, state.errorInputFor(id, {&scheme, 1}), scheme, nullptr, job);
  const auto* quantizer = dynamic_cast<const BillmQuantizer*>(made.get());
  if (!quantizer)
    throw Error(ErrorCode::Unsupported,
                "BiLLM's parts are shown of the whole matrix; leave outliers kept apart out of the scheme.");
  BillmReport report;
  report.out = matrix.out;
  report.in = matrix.in;
  takeColumns(*quantizer, matrix.in, report);
  std::vector<BillmPart> parts;
  const PartSums sums = measureParts(*quantizer, source, matrix, parts, job);
  for (std::size_t p = 0; p < kParts; ++p) {
    const PartSums::Part& from = sums.parts[p];
    report.parts[p] = {from.count, from.energy, from.error, {}};
    for (std::size_t o = 0; o < 3; ++o)
      report.parts[p].residual[o] = from.found > 0 ? from.residual[o] / from.found : 0.0;
  }
  report.nonFinite = sums.nonFinite;
  report.mask = std::make_shared<const PartSource>(matrix, std::move(parts));
  report.evidence.method = methodText(*quantizer);
  report.evidence.n = matrix.out * matrix.in;
  if (const HessianFactor* hessian = quantizer->hessian()) {
    report.hessian = hessian->origin;
    report.hessianTokens = hessian->tokens;
  }
  if (quantizer->hessian() && quantizer->hessian()->origin != HessianOrigin::SecondMoment)
    report.evidence.kind = Evidence::Kind::Sampled;
  report.evidence.level = quantizer->hessian() ? "activations" : "weights";
  state.stamp(report.evidence);
  return report;
}

BillmMaskTiles billmMaskTiles(const BillmReport& report, const MatrixRef& matrix, std::int64_t most,
                              JobContext& job) {
  BillmMaskTiles tiles;
  tiles.rows = std::min(matrix.out, most);
  tiles.columns = std::min(matrix.in, most);
  const auto size = static_cast<std::size_t>(tiles.rows * tiles.columns);
  for (auto* shares : {&tiles.salient, &tiles.dense, &tiles.sparse}) shares->resize(size);
  const auto firstOf = [](std::int64_t tile, std::int64_t count, std::int64_t length) {
    return (tile * length + count - 1) / count;
  };
  parallelFor(job, tiles.rows, [&](std::int64_t tileRow) {
    job.step();
    const std::int64_t begin = firstOf(tileRow, tiles.rows, matrix.out);
    const std::int64_t end = firstOf(tileRow + 1, tiles.rows, matrix.out);
    std::vector<float> mask(static_cast<std::size_t>((end - begin) * matrix.in));
    report.mask->readRows(matrix, begin, end, mask);
    for (std::int64_t column = 0; column < tiles.columns; ++column) {
      const std::int64_t first = firstOf(column, tiles.columns, matrix.in);
      const std::int64_t last = firstOf(column + 1, tiles.columns, matrix.in);
      std::array<std::int64_t, kParts> counts{};
      for (std::int64_t row = 0; row < end - begin; ++row)
        for (std::int64_t j = first; j < last; ++j) {
          const float part = mask[static_cast<std::size_t>(row * matrix.in + j)];
          if (!std::isnan(part)) ++counts[static_cast<std::size_t>(part)];
        }
      const std::int64_t all = std::max<std::int64_t>(1, counts[0] + counts[1] + counts[2]);
      const auto at = static_cast<std::size_t>(tileRow * tiles.columns + column);
      tiles.salient[at] = static_cast<std::uint8_t>(counts[0] * 255 / all);
      tiles.dense[at] = static_cast<std::uint8_t>(counts[1] * 255 / all);
      tiles.sparse[at] = static_cast<std::uint8_t>(counts[2] * 255 / all);
    }
  });
  return tiles;
}

}  // namespace ql
