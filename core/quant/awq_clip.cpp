#include "core/quant/awq_clip.h"

#include "core/base/error.h"
#include "core/quant/awq_scale.h"
#include "core/quant/output_loss.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace ql {
namespace {

std::size_t groupOf(const WeightScheme& scheme, std::int64_t in) {
  return static_cast<std::size_t>(scheme.granularity == Granularity::Group ? std::min(*scheme.groupSize, in)
                                                                           : in);
}

/// Bounds of a tile of rows of W s.
class TileSearch {
 public:
  TileSearch(const RowQuantizer& quantizer, const SiteMoment& site, std::span<const float> s,
             AwqBounds& result, JobContext& job)
      : m_quantizer(quantizer),
        m_s(s),
        m_result(result),
        m_job(job),
        m_loss(site, static_cast<std::int64_t>(result.group)) {}

  /// `rows` [n, in] are multiplied with s already.
  void run(std::int64_t rowBegin, std::span<const float> rows, const AwqClipSearch& search) {
    const std::size_t count = rows.size() / m_s.size();
    std::vector<float> peaks(count * m_result.groups, 0.0f);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::size_t part = partOf(i);
      if (std::isfinite(rows[i])) peaks[part] = std::max(peaks[part], std::abs(rows[i]));
    }
    float* const best = m_result.bounds.data() + static_cast<std::size_t>(rowBegin) * m_result.groups;
    std::copy(peaks.begin(), peaks.end(), best);
    std::vector<double> least(peaks.size(), std::numeric_limits<double>::infinity()), loss(peaks.size());
    for (int step = 0; step < search.steps(); ++step) {
      const auto factor =
          static_cast<float>(1 - static_cast<double>(step) / static_cast<double>(search.grid));
      setDifference(rowBegin, rows, peaks, factor);
      m_loss.of(m_difference, static_cast<std::int64_t>(count), loss, m_job);
      for (std::size_t part = 0; part < peaks.size(); ++part) {
        if (!(loss[part] < least[part])) continue;
        least[part] = loss[part];
        best[part] = peaks[part] * factor;
      }
    }
    for (std::size_t part = 0; part < peaks.size(); ++part)
      m_result.clipped += best[part] < peaks[part] ? 1 : 0;
  }

 private:
  /// Row and group of an element of the tile, counted through.
  std::size_t partOf(std::size_t i) const {
    return i / m_s.size() * m_result.groups + i % m_s.size() / m_result.group;
  }

  /// (Q(clamp(W s)) - W s) / s: what meets the input divided by s, seen from the input itself.
  void setDifference(std::int64_t rowBegin, std::span<const float> rows, const std::vector<float>& peaks,
                     float factor) {
    const std::size_t in = m_s.size();
    m_difference.resize(rows.size());
    forRowPieces(static_cast<std::int64_t>(rows.size() / in), m_quantizer.rowUnit(), m_job,
                 [&](std::int64_t first, std::int64_t count) {
                   const std::size_t begin = static_cast<std::size_t>(first) * in;
                   const std::size_t size = static_cast<std::size_t>(count) * in;
                   std::vector<float> clamped(size), quantized(size);
                   for (std::size_t i = 0; i < size; ++i) {
                     const float bound = peaks[partOf(begin + i)] * factor, w = rows[begin + i];
                     clamped[i] = std::isfinite(w) ? std::clamp(w, -bound, bound) : w;
                   }
                   m_quantizer.apply(rowBegin + first, count, clamped, quantized, {});
                   for (std::size_t i = 0; i < size; ++i) {
                     const float w = rows[begin + i];
                     m_difference[begin + i] = std::isfinite(w) ? (quantized[i] - w) / m_s[i % in] : 0.0f;
                   }
                 });
  }

  const RowQuantizer& m_quantizer;
  std::span<const float> m_s;
  AwqBounds& m_result;
  JobContext& m_job;
  GroupLoss m_loss;
  std::vector<float> m_difference;
};

}  // namespace

float AwqBounds::clamped(std::size_t row, std::size_t column, float w) const {
  const float bound = bounds[row * groups + column / group];
  return std::isfinite(w) ? std::clamp(w, -bound, bound) : w;
}

AwqBounds searchAwqClip(const WeightScheme& inner, const RowQuantizer& quantizer, const QuantizerInput& input,
                        const SiteMoment& site, std::span<const float> s, const AwqClipSearch& search) {
  AwqBounds result;
  result.group = groupOf(inner, input.in);
  result.groups = (s.size() + result.group - 1) / result.group;
  result.bounds.resize(static_cast<std::size_t>(input.out) * result.groups);
  TileSearch tiles(quantizer, site, s, result, *input.job);
  const std::int64_t tileRows = awqTileRows(inner, input.matrix);
  std::vector<float> rows;
  for (std::int64_t begin = 0; begin < input.out; begin += tileRows) {
    const std::int64_t end = std::min(input.out, begin + tileRows);
    rows.resize(static_cast<std::size_t>(end - begin) * s.size());
    readTile(input, input.matrix, begin, end, rows);
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] *= s[i % s.size()];
    tiles.run(begin, rows, search);
    input.source->release(input.matrix, begin, end);
  }
  input.source->check(input.matrix);
  return result;
}

bool isClippedByAwq(std::string_view tensor) {
  if (tensor.ends_with(".weight")) tensor.remove_suffix(7);
  const std::string_view name = tensor.substr(tensor.rfind('.') + 1);
  constexpr std::array<std::string_view, 5> kLeftOut{"q_", "k_", "query", "key", "Wqkv"};
  return std::none_of(kLeftOut.begin(), kLeftOut.end(),
                      [&](std::string_view part) { return name.find(part) != std::string_view::npos; });
}

std::vector<Fallback> awqFallbacks(const SiteMoment& site) {
  std::vector<Fallback> fallbacks;
  if (site.origin == HessianOrigin::Diagonal)
    fallbacks.push_back(
        {"there is no second moment or token sample: scales and clips are judged by the mean of "
         "x^2 of each channel alone",
         1});
  if (!site.dead.empty())
    fallbacks.push_back({"channels are always zero in the calibration text: their weights count for nothing",
                         static_cast<std::int64_t>(site.dead.size())});
  return fallbacks;
}

void requireAwqClippable(const WeightScheme& scheme, std::string_view remedy) {
  if (scheme.granularity == Granularity::Group || scheme.granularity == Granularity::OutputChannel) return;
  throw Error(ErrorCode::Unsupported, "AWQ searches its clip for groups of a row, not for granularity " +
                                          std::string(granularityName(scheme.granularity)) + "; " +
                                          std::string(remedy) + ".");
}

AwqRowQuantizer::AwqRowQuantizer(std::unique_ptr<RowQuantizer> inner, std::vector<float> s, AwqBounds bounds,
                                 std::vector<Fallback> fallbacks)
    : m_inner(std::move(inner)),
      m_s(std::move(s)),
      m_bounds(std::move(bounds)),
      m_fallbacks(std::move(fallbacks)) {}

void AwqRowQuantizer::apply(std::int64_t rowBegin, std::int64_t rowCount, std::span<const float> rows,
                            std::span<float> quantized, std::span<std::uint8_t> isZeroCode) const {
  const std::size_t in = m_s.size();
  QL_ASSERT(rows.size() == static_cast<std::size_t>(rowCount) * in && quantized.size() == rows.size());
  std::vector<float> scaled(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const float w = rows[i] * m_s[i % in];
    const std::size_t row = static_cast<std::size_t>(rowBegin) + i / in;
    scaled[i] = m_bounds.groups > 0 ? m_bounds.clamped(row, i % in, w) : w;
  }
  m_inner->apply(rowBegin, rowCount, scaled, quantized, isZeroCode);
  for (std::size_t i = 0; i < rows.size(); ++i)
    quantized[i] = std::isfinite(rows[i]) ? quantized[i] / m_s[i % in] : rows[i];
}

}  // namespace ql
