#include "core/quant/candidate_loss.h"

#include "core/jobs/parallel_for.h"
#include "core/quant/output_loss.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ql {
namespace {

/// Calls visit(rows, differences) for tiles of the matrix in order; differences are 0 where weights are not
/// finite.
template <class Visit>
void forEachDifference(const RowQuantizer& quantizer, const QuantizerInput& input, const Visit& visit) {
  const auto in = static_cast<std::size_t>(input.in);
  const std::int64_t unit = quantizer.rowUnit(), piece = unit * std::max<std::int64_t>(1, 16 / unit);
  const std::int64_t tile = piece * std::max<std::int64_t>(1, 256 / piece);
  std::vector<float> d;
  for (std::int64_t begin = 0; begin < input.out; begin += tile) {
    const std::int64_t end = std::min(input.out, begin + tile);
    d.resize(static_cast<std::size_t>(end - begin) * in);
    parallelFor(*input.job, (end - begin + piece - 1) / piece, [&](std::int64_t index) {
      const std::int64_t first = begin + index * piece, last = std::min(end, first + piece);
      const std::span<float> target = std::span(d).subspan(static_cast<std::size_t>(first - begin) * in,
                                                           static_cast<std::size_t>(last - first) * in);
      std::vector<float> rows(target.size());
      input.source->readRows(input.matrix, first, last, rows);
      quantizer.apply(first, last - first, rows, target, {});
      for (std::size_t i = 0; i < rows.size(); ++i)
        target[i] = std::isfinite(rows[i]) ? target[i] - rows[i] : 0;
      input.job->step();
    });
    visit(end - begin, std::span<const float>(d));
    input.source->release(input.matrix, begin, end);
  }
  input.source->check(input.matrix);
}

}  // namespace

double tensorLoss(const RowQuantizer& quantizer, const QuantizerInput& input) {
  const auto in = static_cast<std::size_t>(input.in);
  double total = 0;
  forEachDifference(quantizer, input, [&](std::int64_t rows, std::span<const float> d) {
    std::vector<double> sums(static_cast<std::size_t>(rows), 0.0);
    parallelFor(*input.job, rows, [&](std::int64_t row) {
      double sum = 0;
      for (const float v : d.subspan(static_cast<std::size_t>(row) * in, in))
        sum += static_cast<double>(v) * static_cast<double>(v);
      sums[static_cast<std::size_t>(row)] = sum;
    });
    total = std::accumulate(sums.begin(), sums.end(), total);
  });
  return total;
}

double outputLoss(const RowQuantizer& quantizer, const QuantizerInput& input, const SiteMoment& site) {
  OutputLoss loss(site);
  double total = 0;
  forEachDifference(quantizer, input, [&](std::int64_t rows, std::span<const float> d) {
    total += loss.of(d, rows, *input.job);
  });
  return total;
}

ChosenRowQuantizer::ChosenRowQuantizer(std::unique_ptr<RowQuantizer> chosen, std::int64_t unit,
                                       std::optional<double> bits, std::vector<Fallback> fallbacks)
    : m_chosen(std::move(chosen)), m_unit(unit), m_bits(bits), m_fallbacks(std::move(fallbacks)) {}

std::vector<Fallback> ChosenRowQuantizer::fallbacks() const {
  std::vector<Fallback> all = m_fallbacks;
  for (const Fallback& fallback : m_chosen->fallbacks()) all.push_back(fallback);
  return all;
}

void ChosenRowQuantizer::apply(std::int64_t rowBegin, std::int64_t rowCount, std::span<const float> rows,
                               std::span<float> quantized, std::span<std::uint8_t> isZeroCode) const {
  m_chosen->apply(rowBegin, rowCount, rows, quantized, isZeroCode);
}

}  // namespace ql
