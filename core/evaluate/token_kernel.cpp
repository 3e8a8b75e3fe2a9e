#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/evaluate/token_kernel.cpp"  // found by -I of the root
#include "hwy/foreach_target.h"
// After foreach_target.h, which this file is included by once a target.
#include "core/evaluate/token_kernel.h"

#include <algorithm>
#include <cmath>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ql {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// single lanes for the remainder: the same operations, so the same bits
using Wide = hn::ScalableTag<float>;
using Single = hn::CappedTag<float, 1>;

template <class D, class Body>
HWY_INLINE std::size_t forVectors(D d, std::size_t begin, std::size_t end, const Body& body) {
  const std::size_t lanes = hn::Lanes(d);
  std::size_t c = begin;
  for (; c + lanes <= end; c += lanes) body(d, c);
  return c;
}

void divideRowsTarget(const float* x, const float* s, std::size_t rows, std::size_t columns, float* values) {
  for (std::size_t o = 0; o < rows * columns; o += columns) {
    const auto body = [&](auto d, std::size_t c) HWY_ATTR {
      hn::StoreU(hn::Div(hn::LoadU(d, x + o + c), hn::LoadU(d, s + c)), d, values + o + c);
    };
    forVectors(Single(), forVectors(Wide(), 0, columns, body), columns, body);
  }
}

void subtractScaledRowsTarget(const float* w, const float* s, std::size_t rows, std::size_t columns,
                              float* quantized) {
  for (std::size_t o = 0; o < rows * columns; o += columns) {
    const auto body = [&](auto d, std::size_t c) HWY_ATTR {
      const auto exact = hn::Mul(hn::LoadU(d, w + o + c), hn::LoadU(d, s + c));
      hn::StoreU(hn::Sub(hn::LoadU(d, quantized + o + c), exact), d, quantized + o + c);
    };
    forVectors(Single(), forVectors(Wide(), 0, columns, body), columns, body);
  }
}

void scaledChangesTarget(const float* rounded, const float* exact, const float* s, std::size_t rows,
                         std::size_t columns, float* changes) {
  for (std::size_t o = 0; o < rows * columns; o += columns) {
    const auto body = [&](auto d, std::size_t c) HWY_ATTR {
      const auto change = hn::Sub(hn::LoadU(d, rounded + o + c), hn::LoadU(d, exact + o + c));
      hn::StoreU(hn::Mul(change, hn::LoadU(d, s + c)), d, changes + o + c);
    };
    forVectors(Single(), forVectors(Wide(), 0, columns, body), columns, body);
  }
}

float largestProductTarget(const float* w, const float* f, std::size_t count) {
  float largest = 0;
  const auto scan = [&](auto d, std::size_t begin) HWY_ATTR {
    auto high = hn::Set(d, largest);
    const std::size_t next = forVectors(d, begin, count, [&](auto tag, std::size_t c) HWY_ATTR {
      const auto value = hn::Abs(hn::Mul(hn::LoadU(tag, w + c), hn::LoadU(tag, f + c)));
      high = hn::IfThenElse(hn::Gt(value, high), value, high);  // false for NaN
    });
    largest = hn::GetLane(hn::MaxOfLanes(d, high));
    return next;
  };
  scan(Single(), scan(Wide(), 0));
  return largest;
}

void addSquaresTarget(const float* y, const float* other, std::size_t tokens, std::size_t rows,
                      std::size_t stride, double* sums) {
  const hn::ScalableTag<double> dd;
  const hn::Rebind<float, hn::ScalableTag<double>> df;
  const std::size_t lanes = hn::Lanes(dd), whole = rows / lanes * lanes;
  for (std::size_t t = 0; t < tokens; ++t) {
    const float* row = y + t * stride;
    const float* added = other ? other + t * stride : nullptr;
    for (std::size_t r = 0; r < whole; r += lanes) {
      auto error = hn::PromoteTo(dd, hn::LoadU(df, row + r));
      if (added) error = hn::Add(error, hn::PromoteTo(dd, hn::LoadU(df, added + r)));
      hn::StoreU(hn::MulAdd(error, error, hn::LoadU(dd, sums + r)), dd, sums + r);
    }
    for (std::size_t r = whole; r < rows; ++r) {
      const double error = static_cast<double>(row[r]) + (added ? static_cast<double>(added[r]) : 0.0);
      sums[r] += error * error;
    }
  }
}

RowError addRowErrorTarget(const float* d, const float* w, const double* columnWeights, double rowWeight,
                           std::size_t columns, double* columnError) {
  const hn::ScalableTag<double> dd;
  const hn::Rebind<float, hn::ScalableTag<double>> df;
  const std::size_t lanes = hn::Lanes(dd), whole = columns / lanes * lanes;
  auto weighted = hn::Zero(dd), energy = weighted, square = weighted, sumAbs = weighted, weightAbs = weighted;
  auto maxAbs = hn::Zero(df);
  const auto factor = hn::Set(dd, rowWeight);
  RowError sums;
  for (std::size_t j = 0; j < whole; j += lanes) {
    const auto error = hn::LoadU(df, d + j), weight = hn::LoadU(df, w + j);
    const auto wide = hn::PromoteTo(dd, error), wideWeight = hn::PromoteTo(dd, weight);
    const auto c = hn::LoadU(dd, columnWeights + j), squared = hn::Mul(wide, wide);
    weighted = hn::MulAdd(c, squared, weighted);
    energy = hn::MulAdd(c, hn::Mul(wideWeight, wideWeight), energy);
    square = hn::Add(square, squared);
    sumAbs = hn::Add(sumAbs, hn::Abs(wide));
    weightAbs = hn::Add(weightAbs, hn::Abs(wideWeight));
    maxAbs = hn::Max(maxAbs, hn::Abs(error));
    hn::StoreU(hn::MulAdd(factor, squared, hn::LoadU(dd, columnError + j)), dd, columnError + j);
    const auto isDead = hn::AndNot(hn::Eq(weight, hn::Zero(df)), hn::Eq(error, hn::Neg(weight)));
    sums.deadCodes += hn::CountTrue(df, isDead);
  }
  sums.weighted = hn::GetLane(hn::SumOfLanes(dd, weighted));
  sums.energy = hn::GetLane(hn::SumOfLanes(dd, energy));
  sums.square = hn::GetLane(hn::SumOfLanes(dd, square));
  sums.sumAbs = hn::GetLane(hn::SumOfLanes(dd, sumAbs));
  sums.weightAbs = hn::GetLane(hn::SumOfLanes(dd, weightAbs));
  sums.maxAbs = hn::GetLane(hn::MaxOfLanes(df, maxAbs));
  for (std::size_t j = whole; j < columns; ++j) {
    const double error = static_cast<double>(d[j]), weight = static_cast<double>(w[j]);
    sums.weighted += columnWeights[j] * error * error;
    sums.energy += columnWeights[j] * weight * weight;
    sums.square += error * error;
    sums.sumAbs += std::abs(error);
    sums.weightAbs += std::abs(weight);
    sums.maxAbs = std::max(sums.maxAbs, std::abs(d[j]));
    columnError[j] += rowWeight * error * error;
    sums.deadCodes += w[j] != 0 && d[j] == -w[j] ? 1 : 0;
  }
  return sums;
}

}  // namespace HWY_NAMESPACE
}  // namespace ql
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ql {

HWY_EXPORT(divideRowsTarget);
HWY_EXPORT(subtractScaledRowsTarget);
HWY_EXPORT(scaledChangesTarget);
HWY_EXPORT(largestProductTarget);
HWY_EXPORT(addSquaresTarget);
HWY_EXPORT(addRowErrorTarget);

void divideRows(const float* x, const float* s, std::size_t rows, std::size_t columns, float* values) {
  HWY_DYNAMIC_DISPATCH(divideRowsTarget)(x, s, rows, columns, values);
}

void subtractScaledRows(const float* w, const float* s, std::size_t rows, std::size_t columns,
                        float* quantized) {
  HWY_DYNAMIC_DISPATCH(subtractScaledRowsTarget)(w, s, rows, columns, quantized);
}

void scaledChanges(const float* rounded, const float* exact, const float* s, std::size_t rows,
                   std::size_t columns, float* changes) {
  HWY_DYNAMIC_DISPATCH(scaledChangesTarget)(rounded, exact, s, rows, columns, changes);
}

float largestProduct(const float* w, const float* f, std::size_t count) {
  return HWY_DYNAMIC_DISPATCH(largestProductTarget)(w, f, count);
}

void addSquares(const float* y, const float* other, std::size_t tokens, std::size_t rows, std::size_t stride,
                double* sums) {
  HWY_DYNAMIC_DISPATCH(addSquaresTarget)(y, other, tokens, rows, stride, sums);
}

RowError addRowError(const float* d, const float* w, const double* columnWeights, double rowWeight,
                     std::size_t columns, double* columnError) {
  return HWY_DYNAMIC_DISPATCH(addRowErrorTarget)(d, w, columnWeights, rowWeight, columns, columnError);
}

}  // namespace ql
#endif
