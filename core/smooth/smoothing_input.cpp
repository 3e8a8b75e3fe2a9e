// Largest and median |w| of each input channel over the rows of all readers of a group.
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/jobs/parallel_for.h"
#include "core/quant/awq_scale.h"
#include "core/smooth/column_median.h"
#include "core/smooth/smoothing.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace ql {
namespace {

constexpr std::int64_t kTileRows = 128, kChunkRows = 16;
constexpr std::uint64_t kUnits = 2;  // a weight and pass

/// One pass over the rows of all readers.
class ReaderPass {
 public:
  ReaderPass(const WeightSource& source, const std::vector<const MatrixRef*>& readers, JobContext& job)
      : m_source(source), m_readers(readers), m_job(job) {}

  void run(const std::function<void(std::span<const float>)>& sink) {
    for (const MatrixRef* matrix : m_readers) {
      m_job.expect(unitsOf(matrix->out, matrix->in));
      for (std::int64_t row = 0; row < matrix->out; row += kTileRows) {
        const std::int64_t end = std::min(matrix->out, row + kTileRows);
        read(*matrix, row, end);
        sink(m_rows);
        m_source.release(*matrix, row, end);
        m_job.step(unitsOf(end - row, matrix->in));
      }
      m_source.check(*matrix);
    }
  }

 private:
  static std::uint64_t unitsOf(std::int64_t rows, std::int64_t in) {
    return static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(in) * kUnits;
  }

  void read(const MatrixRef& matrix, std::int64_t begin, std::int64_t end) {
    const std::size_t in = static_cast<std::size_t>(matrix.in);
    m_rows.resize(static_cast<std::size_t>(end - begin) * in);
    parallelFor(m_job, (end - begin + kChunkRows - 1) / kChunkRows, [&](std::int64_t chunk) {
      const std::int64_t first = begin + chunk * kChunkRows, last = std::min(end, first + kChunkRows);
      const auto offset = static_cast<std::size_t>(first - begin) * in;
      const auto size = static_cast<std::size_t>(last - first) * in;
      m_source.readRows(matrix, first, last, std::span(m_rows).subspan(offset, size));
    });
  }

  const WeightSource& m_source;
  const std::vector<const MatrixRef*>& m_readers;
  JobContext& m_job;
  std::vector<float> m_rows;
};

void addAbsmax(std::span<const float> rows, std::vector<float>& absmax) {
  for (std::size_t begin = 0; begin < rows.size(); begin += absmax.size()) {
    for (std::size_t j = 0; j < absmax.size(); ++j) {
      const float w = std::abs(rows[begin + j]);
      if (w > absmax[j] && std::isfinite(w)) absmax[j] = w;
    }
  }
}

void requireWidth(std::int64_t actual, std::int64_t expected, const SmoothingGroup& group, const char* what) {
  if (actual == expected) return;
  throw Error(ErrorCode::Shape, std::string(what) + " of the smoothing group of " +
                                    quotedText(group.producer) + " has " + std::to_string(actual) +
                                    " channels where " + std::to_string(expected) +
                                    " belong; calibrate this model again.");
}

}  // namespace

SmoothingInput smoothingInput(const WeightSource& source, const Model& model, std::size_t smoothingGroup,
                              const ActivationStats* activations, std::span<const float> gain,
                              bool withMedian, JobContext& job) {
  const SmoothingGroup& group = model.smoothingGroups.at(smoothingGroup);
  std::vector<const MatrixRef*> readers;
  for (const LinearId id : group.consumers) readers.push_back(&model.linears[id].matrix);
  QL_ASSERT(!readers.empty());
  const std::int64_t width = readers.front()->in;
  for (const MatrixRef* matrix : readers) requireWidth(matrix->in, width, group, "A reader");
  if (activations) requireWidth(activations->width, width, group, "The input");
  if (!gain.empty()) requireWidth(static_cast<std::int64_t>(gain.size()), width, group, "The norm");

  SmoothingInput input;
  input.gain.assign(gain.begin(), gain.end());
  input.weightAbsmax.assign(static_cast<std::size_t>(width), 0.0f);
  std::optional<ColumnMedian> median;
  if (withMedian) median.emplace(static_cast<std::size_t>(width));
  ReaderPass pass(source, readers, job);
  pass.run([&](std::span<const float> rows) {
    addAbsmax(rows, input.weightAbsmax);
    if (median) median->add(rows, job);
  });
  if (median) {
    median->endPass();
    for (; median->needsPass(); median->endPass())
      pass.run([&](std::span<const float> rows) { median->add(rows, job); });
    input.weightMedian = median->medians();
  }
  if (!activations) return input;
  input.actAbsmax = activations->all.absmax;
  input.actMin = activations->all.min;
  input.actMax = activations->all.max;
  input.actMedian = activations->medianAbs;
  if (!activations->all.sumAbs.empty() || activations->hasSample())
    input.actMeanAbs = awqMeanAbs(*activations);
  return input;
}

}  // namespace ql
