#pragma once
// How the pixels of a view lie over the elements or texels of a matrix along one axis.
#include <cstdint>
#include <vector>

namespace ql {

inline constexpr double kSliver = 1e-6;  // overlaps below this share of a unit are rounding

/// The units (elements or texels) that one pixel covers along an axis, and its edges in elements.
struct PixelSpan {
  std::int64_t begin = 0, end = 0;  // empty outside the matrix
  double from = 0, to = 0;
};

struct PixelAxis {
  std::vector<PixelSpan> spans;
  std::int64_t begin = 0, end = 0;  // units seen in all
  std::int64_t tile = 1, elements = 0;
  bool isMagnified = false;  // pixels smaller than a unit show the one at their centre
  bool isAligned = true;     // no unit lies in two pixels
};

/// `pixels` pixels over the elements [from, to) of an axis of `elements`, in units of `tile` elements.
PixelAxis makeAxis(double from, double to, int pixels, std::int64_t tile, std::int64_t elements);

/// Elements of unit i under the pixel, the weight of its mean.
double overlap(const PixelAxis& axis, const PixelSpan& span, std::int64_t i);

}  // namespace ql
