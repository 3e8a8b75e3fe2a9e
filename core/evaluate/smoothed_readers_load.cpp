// Reading the weights of a smoothing group once, and their outputs.
#include "core/base/error.h"
#include "core/evaluate/smoothed_readers_state.h"
#include "core/jobs/parallel_for.h"
#include "core/linalg/gemm.h"

#include <limits>

namespace ql {
namespace {

constexpr std::int64_t kReadChunkRows = 16;
constexpr std::size_t kStepTokens = 256;  // of a strip's product between two points of cancellation

void extend(MatrixRange& range, std::span<const float> rows) {
  const std::size_t in = range.columnMin.size();
  for (std::size_t row = 0; row < rows.size(); row += in) {
    for (std::size_t j = 0; j < in; ++j) {
      range.columnMin[j] = std::min(range.columnMin[j], rows[row + j]);
      range.columnMax[j] = std::max(range.columnMax[j], rows[row + j]);
    }
  }
}

}  // namespace

std::span<const float> SmoothedReaders::State::rowsOf(const LoadedReader& reader, std::int64_t begin,
                                                      std::int64_t end, GroupScratch& scratch) const {
  const std::size_t offset = static_cast<std::size_t>(begin) * width();
  const std::size_t size = static_cast<std::size_t>(end - begin) * width();
  if (!reader.weights.empty()) return std::span(reader.weights).subspan(offset, size);
  scratch.weights.resize(size);
  source->readRows(reader.matrix, begin, end, scratch.weights);
  source->release(reader.matrix, begin, end);
  setFinite(scratch.weights);
  return scratch.weights;
}

void SmoothedReaders::State::multiply(std::span<const float> x, std::span<const float> w,
                                      std::vector<float>& y, JobContext& job) const {
  const auto in = static_cast<std::int64_t>(width());
  const std::size_t rows = w.size() / width(), tokens = x.size() / width();
  y.resize(tokens * rows);
  const auto breadth = static_cast<std::int64_t>(rows);
  for (std::size_t t = 0; t < tokens; t += kStepTokens) {
    const auto count = static_cast<std::int64_t>(std::min(kStepTokens, tokens - t));
    multiplyTransposedSerial({x.data() + t * width(), count, in, in}, {w.data(), breadth, in, in},
                             {y.data() + t * rows, count, breadth, breadth});
    job.step();
  }
}

void SmoothedReaders::State::loadStrip(LoadedReader& reader, const GroupStrip& strip, MatrixRange& range,
                                       std::vector<double>& energy, JobContext& job) {
  std::unique_ptr<GroupScratch> scratch = pool.take();
  const std::size_t in = width(), first = static_cast<std::size_t>(strip.begin) * in;
  const std::size_t rows = static_cast<std::size_t>(strip.end - strip.begin);
  std::vector<float>& held = reader.weights.empty() ? scratch->weights : reader.weights;
  const std::size_t offset = reader.weights.empty() ? 0 : first;
  if (reader.weights.empty()) held.resize(rows * in);
  const std::span<float> w = std::span(held).subspan(offset, rows * in);
  for (std::int64_t row = strip.begin; row < strip.end; row += kReadChunkRows) {
    const std::int64_t end = std::min(strip.end, row + kReadChunkRows);
    source->readRows(reader.matrix, row, end,
                     w.subspan(static_cast<std::size_t>(row - strip.begin) * in,
                               static_cast<std::size_t>(end - row) * in));
    job.step();
  }
  source->release(reader.matrix, strip.begin, strip.end);
  setFinite(w);
  extend(range, w);
  const std::span<const float> x = inputs.tokens(reader.input);
  multiply(x, w, scratch->outputs, job);
  const std::size_t out = static_cast<std::size_t>(reader.matrix.out);
  for (std::size_t t = 0; t < energy.size(); ++t) {
    const auto y = std::span<const float>(scratch->outputs).subspan(t * rows, rows);
    for (const float value : y) energy[t] += static_cast<double>(value) * static_cast<double>(value);
    if (!reader.outputs.empty())
      std::copy(y.begin(), y.end(),
                reader.outputs.begin() +
                    static_cast<std::ptrdiff_t>(t * out + static_cast<std::size_t>(strip.begin)));
  }
  pool.giveBack(std::move(scratch));
}

void SmoothedReaders::State::load(LoadedReader& reader, bool holdsWeights, bool holdsOutputs,
                                  JobContext& job) {
  const std::size_t out = static_cast<std::size_t>(reader.matrix.out), in = width();
  const std::size_t tokens = inputs.tokenCount(reader.input);
  if (holdsWeights) reader.weights.resize(out * in);
  if (holdsOutputs) reader.outputs.resize(tokens * out);
  heldBytes += (reader.weights.size() + reader.outputs.size()) * sizeof(float);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const MatrixRange empty{std::vector<float>(in, kInfinity), std::vector<float>(in, -kInfinity)};
  reader.range = out > 0 ? empty : MatrixRange{std::vector<float>(in, 0), std::vector<float>(in, 0)};
  reader.energy.assign(tokens, 0.0);
  const std::vector<GroupStrip> strips = stripsOf(0, reader.matrix.out, kGroupStripRows);
  std::vector<MatrixRange> ranges(strips.size());
  std::vector<std::vector<double>> energies(strips.size());
  parallelForOrdered(
      job, static_cast<std::int64_t>(strips.size()),
      [&](std::int64_t i) {
        const std::size_t place = static_cast<std::size_t>(i);
        ranges[place] = empty;
        energies[place].assign(tokens, 0.0);
        loadStrip(reader, strips[place], ranges[place], energies[place], job);
        const auto rows = static_cast<std::uint64_t>(strips[place].end - strips[place].begin);
        job.step(rows * in * (3 + tokens / kGroupUnitTokens));
      },
      [&](std::int64_t i) {
        const MatrixRange range = std::move(ranges[static_cast<std::size_t>(i)]);
        extend(reader.range, range.columnMin);
        extend(reader.range, range.columnMax);
        addTo(reader.energy, energies[static_cast<std::size_t>(i)]);
        energies[static_cast<std::size_t>(i)] = {};
      });
  source->check(reader.matrix);
}

SmoothedReaders::SmoothedReaders(std::shared_ptr<const WeightSource> source, std::vector<GroupReader> readers,
                                 std::uint64_t holdBytes, JobContext& job)
    : m_state(std::make_unique<State>()) {
  QL_ASSERT(source != nullptr && !readers.empty());
  m_state->source = std::move(source);
  for (const GroupReader& reader : readers) {
    LoadedReader& added = m_state->readers.emplace_back();
    added.matrix = reader.matrix;
    added.input = m_state->inputs.add(reader.matrix, reader.input);
  }
  std::uint64_t left = holdBytes;
  for (LoadedReader& reader : m_state->readers) {
    const auto out = static_cast<std::uint64_t>(reader.matrix.out);
    // outputs first: they save a product a measure(), weights only the reading
    const std::uint64_t outputs = out * m_state->inputs.tokenCount(reader.input) * sizeof(float);
    const std::uint64_t weights = out * m_state->width() * sizeof(float);
    const bool holdsOutputs = outputs <= left;
    if (holdsOutputs) left -= outputs;
    const bool holdsWeights = weights <= left;
    if (holdsWeights) left -= weights;
    m_state->load(reader, holdsWeights, holdsOutputs, job);
  }
}

SmoothedReaders::~SmoothedReaders() = default;

}  // namespace ql
