#include "core/quant/gptq_rows.h"

#include "core/base/error.h"
#include "core/jobs/parallel_for.h"
#include "core/quant/matrix_rule.h"

#include <algorithm>
#include <cmath>
#include <variant>

namespace ql {
namespace {

using Grids = GptqSettings::Grids;

constexpr std::int64_t kBatchRows = 128;
constexpr std::int64_t kMostWork =
    kBatchRows * 4096 * 4096;            // rows times columns^2 between two steps of a job
constexpr std::int64_t kLeastRows = 32;  // below this products are slow
constexpr std::int64_t kReadRows = 64;

bool flag(const OptionValues& options, const char* name) {
  return std::get<bool>(options.at(name));
}

double number(const OptionValues& options, const char* name) {
  const OptionValue& value = options.at(name);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  return std::get<double>(value);
}

OptionValues gptqOptionsOf(const WeightScheme& scheme) {
  return completeOptions("gptq", algorithmOptions("gptq"), scheme.algorithm.options);
}

ClipRule gptqClip(const WeightScheme& scheme) {
  if (scheme.clip.name != "none" || !flag(gptqOptionsOf(scheme), "mse")) return clipRule(scheme);
  WeightScheme searched = scheme;
  searched.clip = clipChoice("mse-gptq");
  return clipRule(searched);
}

/// Parts that are whole columns get their grids from the whole matrix.
GptqSettings gptqSettings(const WeightScheme& scheme, const QuantizerInput& input) {
  const OptionValues options = gptqOptionsOf(scheme);
  GptqSettings settings;
  settings.rule = matrixRule(scheme, input);
  settings.clip = gptqClip(scheme);
  settings.blockSize = std::get<std::int64_t>(options.at("block_size"));
  const std::int64_t in = std::max<std::int64_t>(1, input.in), out = std::max<std::int64_t>(1, input.out);
  const Grids parts = flag(options, "static_groups") ? Grids::Static : Grids::Dynamic;
  switch (scheme.granularity) {
    case Granularity::Tensor:
    case Granularity::InputChannel:
      settings.grids = Grids::Given;
      break;
    case Granularity::Group:
      settings.grids = parts;
      settings.width = std::min(*scheme.groupSize, in);
      break;
    case Granularity::Block:
      settings.grids = parts;
      settings.height = std::min((*scheme.block)[0], out);
      settings.width = std::min((*scheme.block)[1], in);
      break;
    case Granularity::GroupInChannel:
      settings.grids = Grids::Column;
      settings.height = std::min(*scheme.groupSize, out);
      break;
    default:
      settings.grids = Grids::Rows;
  }
  return settings;
}

/// Passes over the finite values of the whole matrix, tile by tile.
PartPass matrixPass(const QuantizerInput& input) {
  return [&input](const PieceSums& piece) {
    const std::int64_t tiles = (input.out + kReadRows - 1) / kReadRows;
    std::vector<std::vector<double>> sums(static_cast<std::size_t>(tiles));
    std::vector<double> total;
    const auto sum = [&](std::int64_t tile) {
      const std::int64_t begin = tile * kReadRows, end = std::min(input.out, begin + kReadRows);
      std::vector<float> rows(static_cast<std::size_t>((end - begin) * input.in));
      input.source->readRows(input.matrix, begin, end, rows);
      std::erase_if(rows, [](float w) { return !std::isfinite(w); });
      sums[static_cast<std::size_t>(tile)] = piece({rows, {}});
      input.job->step();
    };
    parallelForOrdered(*input.job, tiles, sum, [&](std::int64_t tile) {
      const std::vector<double> part = std::move(sums[static_cast<std::size_t>(tile)]);
      total.resize(std::max(total.size(), part.size()), 0.0);
      for (std::size_t i = 0; i < part.size(); ++i) total[i] += part[i];
    });
    return total;
  };
}

PartGrid tensorGrid(const GptqSettings& settings, const QuantizerInput& input) {
  const auto [low, unusedHigh] = std::ranges::minmax(input.range->columnMin);
  const auto [unusedLow, high] = std::ranges::minmax(input.range->columnMax);
  static_cast<void>(unusedHigh);
  static_cast<void>(unusedLow);
  if (settings.clip.kind == ClipRule::Kind::None) return partGrid(settings.rule, low, high);
  return searchGridByPasses(settings.rule, settings.clip, low, high, matrixPass(input));
}

}  // namespace

void checkGptq(const WeightScheme& scheme) {
  checkGrids(scheme);
  static_cast<void>(gptqClip(scheme));
}

QuantizerNeeds gptqNeeds(const WeightScheme& scheme) {
  QuantizerNeeds needs = gridNeeds(scheme);
  needs.range = needs.range && scheme.granularity != Granularity::InputChannel;
  needs.matrix = needs.matrix || scheme.granularity == Granularity::InputChannel ||
                 scheme.granularity == Granularity::Tensor;
  needs.activations = true;
  return needs;
}

std::unique_ptr<GptqRows> makeGptqRows(const WeightScheme& scheme, const QuantizerInput& input) {
  const OptionValues options = gptqOptionsOf(scheme);
  const HessianRequest request{number(options, "damp"), flag(options, "act_order")};
  const GptqSettings settings = gptqSettings(scheme, input);
  auto factor = hessianFactor(*input.activations, request, *input.job);
  std::vector<PartGrid> given;
  if (scheme.granularity == Granularity::Tensor) given.push_back(tensorGrid(settings, input));
  if (scheme.granularity == Granularity::InputChannel)
    given = gptqInputChannelGrids(settings, *factor, input);
  return std::make_unique<GptqRows>(settings, std::move(factor), std::move(given));
}

GptqRows::GptqRows(const GptqSettings& settings, std::shared_ptr<const HessianFactor> factor,
                   std::vector<PartGrid> given)
    : m_settings(settings), m_factor(std::move(factor)), m_given(std::move(given)) {}

std::int64_t GptqRows::rowsAtOnce() const {
  const std::int64_t in = std::max<std::int64_t>(1, m_factor->size()), height = m_settings.height;
  const std::int64_t wished =
      std::clamp(kMostWork / (in * in) / kLeastRows * kLeastRows, kLeastRows, kBatchRows);
  return std::max<std::int64_t>(1, wished / height) * height;
}

void GptqRows::apply(std::int64_t rowBegin, std::int64_t rowCount, std::span<const float> rows,
                     std::span<float> quantized, std::span<std::uint8_t> isZeroCode) const {
  applyTo(rowBegin, rowCount, rows, {quantized, isZeroCode, {}});
}

void GptqRows::applyTo(std::int64_t rowBegin, std::int64_t rowCount, std::span<const float> rows,
                       const GptqOutput& output, std::span<const float> results) const {
  const auto in = static_cast<std::size_t>(m_factor->size());
  const std::size_t count = static_cast<std::size_t>(rowCount) * in;
  QL_ASSERT(rowBegin % rowUnit() == 0 && rows.size() == count && output.quantized.size() == count);
  QL_ASSERT(output.isZeroCode.empty() || output.isZeroCode.size() == count);
  QL_ASSERT(output.compensated.empty() || output.compensated.size() == count);
  if (count == 0) return;
  const std::int64_t height = m_settings.height;
  const std::size_t step =
      static_cast<std::size_t>(std::max<std::int64_t>(1, kBatchRows / height) * height) * in;
  GptqBatch batch(m_settings, *m_factor, m_given);
  for (std::size_t begin = 0; begin < count; begin += step) {
    const std::size_t size = std::min(step, count - begin);
    const auto piece = [&](auto whole) { return whole.empty() ? whole : whole.subspan(begin, size); };
    batch.run(rows.subspan(begin, size),
              {piece(output.quantized), piece(output.isZeroCode), piece(output.compensated)}, piece(results));
  }
}

std::vector<PartGrid> gptqInputChannelGrids(const GptqSettings& settings, const HessianFactor& factor,
                                            const QuantizerInput& input) {
  JobContext& job = *input.job;
  const std::int64_t count = (input.out + kBatchRows - 1) / kBatchRows;
  std::vector<GptqBatch> batches;
  for (std::int64_t b = 0; b < count; ++b)
    batches.emplace_back(settings, factor, std::span<const PartGrid>());
  std::vector<std::vector<float>> columns(static_cast<std::size_t>(count));
  parallelFor(job, count, [&](std::int64_t b) {
    const std::int64_t begin = b * kBatchRows, end = std::min(input.out, begin + kBatchRows);
    std::vector<float> rows(static_cast<std::size_t>((end - begin) * input.in));
    input.source->readRows(input.matrix, begin, end, rows);
    input.source->release(input.matrix, begin, end);
    batches[static_cast<std::size_t>(b)].load(rows);
    job.step();
  });
  std::vector<PartGrid> grids;
  std::vector<float> values;
  for (std::int64_t begin = 0; begin < input.in; begin += settings.blockSize) {
    const std::int64_t end = std::min(input.in, begin + settings.blockSize);
    const auto forBatches = [&](auto&& body) {
      parallelFor(job, count, [&](std::int64_t b) {
        job.step();
        body(batches[static_cast<std::size_t>(b)], columns[static_cast<std::size_t>(b)]);
      });
    };
    forBatches([&](GptqBatch& batch, std::vector<float>&) { batch.beginBlock(begin, end); });
    for (std::int64_t place = begin; place < end; ++place) {
      forBatches([&](GptqBatch& batch, std::vector<float>& column) {
        if (place > begin) batch.stepColumn(place - 1, grids.back());
        column.clear();
        batch.appendColumn(place, column);
      });
      values.clear();
      for (const std::vector<float>& column : columns)
        values.insert(values.end(), column.begin(), column.end());
      grids.push_back(gptqGrid(settings, values));
    }
    forBatches([&](GptqBatch& batch, std::vector<float>&) {
      batch.stepColumn(end - 1, grids.back());
      batch.endBlock();
    });
  }
  return grids;
}

}  // namespace ql
