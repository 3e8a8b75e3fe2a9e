#pragma once
// AWQ's clip search: how far the largest weight of each group is pulled in before rounding.
#include "core/quant/quantizer.h"
#include "core/stats/site_moment.h"

#include <span>
#include <string_view>
#include <vector>

namespace ql {

struct AwqClipSearch {
  std::int64_t grid = 20;
  double shrink = 0.5;
  int steps() const { return static_cast<int>(shrink * static_cast<double>(grid)); }
};

/// Largest magnitudes of W s by row and group.
struct AwqBounds {
  std::size_t group = 0, groups = 0;  // columns a group, groups a row
  std::vector<float> bounds;          // [out, groups]
  std::int64_t clipped = 0;           // bounds below the group's own largest magnitude

  /// w to within the bound of its place.
  float clamped(std::size_t row, std::size_t column, float w) const;
};

/// For each row and group, m = max|w| (1 - i / grid), i = 0 .. int(shrink grid) - 1: the m whose clamped and
/// rounded weights change the group's part of the output least, d M_gg d^T; the first of equals. M_gg is of
/// the input divided by s: all tokens count, the original takes about 512. `s` [in] are the factors that W
/// comes multiplied with. Cost: steps times (rounding + out in group). Source: llm-awq auto_clip.py,
/// auto_clip_layer.
AwqBounds searchAwqClip(const WeightScheme& inner, const RowQuantizer& quantizer, const QuantizerInput& input,
                        const SiteMoment& site, std::span<const float> s, const AwqClipSearch& search);

/// False for the linears that the original leaves out, because clipping q and k hurts the product of the two:
/// names with q_, k_, query, key or Wqkv. Only the linear's own name counts ("block_sparse_moe" has a k_).
bool isClippedByAwq(std::string_view tensor);

/// What a user should know of the evidence: only a diagonal, dead channels.
std::vector<Fallback> awqFallbacks(const SiteMoment& site);

/// Throws Error(Unsupported) for a partition that the search is not defined for: groups of a row, or rows.
void requireAwqClippable(const WeightScheme& scheme, std::string_view remedy);

/// Q(clamp(W s)) / s with the clamp and the scale that were found; either may be missing.
class AwqRowQuantizer : public RowQuantizer {
 public:
  /// `s` [in]; `bounds` may be without groups: no clamp.
  AwqRowQuantizer(std::unique_ptr<RowQuantizer> inner, std::vector<float> s, AwqBounds bounds,
                  std::vector<Fallback> fallbacks);
  std::int64_t rowUnit() const override { return m_inner->rowUnit(); }
  std::int64_t rowsAtOnce() const override { return m_inner->rowsAtOnce(); }
  std::vector<Fallback> fallbacks() const override { return m_fallbacks; }
  std::optional<double> bitsPerWeight() const override { return m_inner->bitsPerWeight(); }
  void apply(std::int64_t rowBegin, std::int64_t rowCount, std::span<const float> rows,
             std::span<float> quantized, std::span<std::uint8_t> isZeroCode) const override;

 private:
  std::unique_ptr<RowQuantizer> m_inner;
  std::vector<float> m_s;
  AwqBounds m_bounds;
  std::vector<Fallback> m_fallbacks;
};

}  // namespace ql
