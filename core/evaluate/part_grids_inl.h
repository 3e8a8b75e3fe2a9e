// Grids of one part of four rows at once, as partGrid() makes them row by row, for the rules that groups are
// usually rounded with: short groups would cost more for their grids than for their weights. Bit for bit the
// same; compiled once a Highway target, hence the unusual guard.
#if defined(QL_CORE_EVALUATE_PART_GRIDS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef QL_CORE_EVALUATE_PART_GRIDS_INL_H
#undef QL_CORE_EVALUATE_PART_GRIDS_INL_H
#else
#define QL_CORE_EVALUATE_PART_GRIDS_INL_H
#endif

#include "core/evaluate/error_columns_inl.h"

#include <limits>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ql {
namespace HWY_NAMESPACE {

/// Rules whose grids are made by vectors; None: row by row.
enum class VectorRule { None, Absmax, Mirrored, Microscale, Nvfp4, Shifted, Moved };

#if HWY_TARGET == HWY_SCALAR || HWY_HAVE_SCALABLE
inline VectorRule vectorRule(const RtnRule&) {
  return VectorRule::None;
}
inline void makeGrids(VectorRule, const RtnRule&, const ErrorStrip&, std::size_t, std::size_t, Grids<4>&) {}
#else

inline VectorRule vectorRule(const RtnRule& rule) {
  using Flavour = RtnRule::Flavour;
  using Rule = BlockScale::Rule;
  switch (rule.block.rule) {
    case Rule::MxFloor:
    case Rule::MxEven:
    case Rule::MxCeil:
    case Rule::MxRceil:
      return VectorRule::Microscale;
    case Rule::Nvfp4:
    case Rule::Nvfp4Torchao:
      return VectorRule::Nvfp4;
    case Rule::None:
      break;
  }
  switch (rule.flavour) {
    case Flavour::CompressedTensors:
      return rule.symmetric ? VectorRule::Absmax : VectorRule::Shifted;
    case Flavour::Gptq:
      return rule.symmetric ? VectorRule::Mirrored : VectorRule::Moved;
    case Flavour::Awq:
    case Flavour::QuaRot:
      return rule.symmetric ? VectorRule::Absmax : VectorRule::Moved;
    case Flavour::SmoothQuant:
      return VectorRule::Absmax;
    default:
      return VectorRule::None;
  }
}

/// Row r's value of `op` over its vector in lane r of every block of four.
template <class Op>
HWY_INLINE VF reduceRows(VF a, VF b, VF c, VF e, Op op) {
  const DF df;
  const hn::Repartition<double, DF> dd;
  const VF ab = op(hn::InterleaveLower(df, a, b), hn::InterleaveUpper(df, a, b));
  const VF ce = op(hn::InterleaveLower(df, c, e), hn::InterleaveUpper(df, c, e));
  const auto x = hn::BitCast(dd, ab), y = hn::BitCast(dd, ce);
  VF all = op(hn::BitCast(df, hn::InterleaveLower(dd, x, y)), hn::BitCast(df, hn::InterleaveUpper(dd, x, y)));
  if (hn::MaxLanes(df) > 4) all = op(all, hn::SwapAdjacentBlocks(all));
  if (hn::MaxLanes(df) > 8) all = op(all, hn::ReverseBlocks(df, all));
  return all;
}

struct RowRanges {
  VF low, high;  // kMagnitude: high alone, of |w|
};

template <bool kMagnitude>
HWY_INLINE RowRanges rowRanges(const ErrorStrip& strip, std::size_t begin, std::size_t end) {
  const DF df;
  const std::size_t lanes = hn::Lanes(df);
  const VF infinity = hn::Set(df, std::numeric_limits<float>::infinity());
  VF low[4] = {infinity, infinity, infinity, infinity}, high[4];
  for (VF& v : high) v = kMagnitude ? hn::Zero(df) : hn::Neg(infinity);
  for (std::size_t c = begin; c < end; c += lanes) {
    const bool isWhole = c + lanes <= end;
    const MF valid = isWhole ? hn::FirstN(df, lanes) : firstLanes(c, end);
    for (std::size_t r = 0; r < 4; ++r) {
      const VF w = hn::LoadU(df, strip.values + r * strip.stride + c);
      const VF value = kMagnitude ? hn::Abs(w) : w;
      high[r] = hn::Max(high[r], hn::IfThenElse(valid, value, high[r]));
      if (!kMagnitude) low[r] = hn::Min(low[r], hn::IfThenElse(valid, value, low[r]));
    }
  }
  const auto larger = [](VF x, VF y) { return hn::Max(x, y); };
  const auto smaller = [](VF x, VF y) { return hn::Min(x, y); };
  return {kMagnitude ? low[0] : reduceRows(low[0], low[1], low[2], low[3], smaller),
          reduceRows(high[0], high[1], high[2], high[3], larger)};
}

HWY_INLINE VF orIfZero(VF value, float other) {
  const DF df;
  return hn::IfThenElse(hn::Eq(value, hn::Zero(df)), hn::Set(df, other), value);
}

/// Lane r of each block of four, in all lanes of row r.
struct RowValues {
  VF row[4];
};
HWY_INLINE RowValues spread(VF values) {
  return {{hn::Broadcast<0>(values), hn::Broadcast<1>(values), hn::Broadcast<2>(values),
           hn::Broadcast<3>(values)}};
}

HWY_INLINE void setScales(VF values, Grids<4>& grids) {
  const RowValues scales = spread(values);
  for (std::size_t r = 0; r < 4; ++r) grids.rows[r].scale = scales.row[r];
}

/// Symmetric scales of absmax; awq and smoothquant take no less than 1e-5 for it, quarot neither but for 0.
HWY_INLINE VF absmaxScales(const RtnRule& rule, VF absmax) {
  const DF df;
  const VF divisor = hn::Set(df, rule.divisor);
  if (rule.flavour == RtnRule::Flavour::CompressedTensors)
    return orIfZero(hn::Div(absmax, divisor), std::numeric_limits<float>::epsilon());
  const VF scale = hn::Div(hn::Max(absmax, hn::Set(df, 1e-5f)), divisor);
  if (rule.flavour != RtnRule::Flavour::QuaRot) return scale;
  return hn::IfThenElse(hn::Eq(absmax, hn::Zero(df)), hn::Set(df, 1.0f), scale);
}

/// gptq, symmetric: ranges with negative weights are mirrored, a part of zeros gets [-1, 1].
HWY_INLINE VF mirroredScales(const RtnRule& rule, RowRanges range) {
  const DF df;
  const VF absmax = hn::Max(hn::Abs(hn::Min(range.low, hn::Zero(df))), range.high);
  const VF span = hn::IfThenElse(hn::Lt(range.low, hn::Zero(df)), hn::Add(absmax, absmax),
                                 hn::Max(range.high, hn::Zero(df)));
  return hn::Div(orIfZero(span, 2.0f), hn::Set(df, rule.divisor));
}

/// microscale() for 0 and magnitudes whose exponents need no clamp (StripWeights).
HWY_INLINE VF microscales(const BlockScale& block, VF absmax) {
  const DF df;
  const hn::RebindToSigned<DF> di;
  constexpr std::int32_t kBelowOne = (1 << 23) - 1;  // added: the exponent rises unless the mantissa is 0
  const bool isOfQuotient = block.rule == BlockScale::Rule::MxRceil;
  const VF value = isOfQuotient ? hn::Div(absmax, hn::Set(df, block.largest)) : absmax;
  const bool isCeil = isOfQuotient || block.rule == BlockScale::Rule::MxCeil;
  const std::int32_t added = isCeil ? kBelowOne : static_cast<std::int32_t>(block.roundUp);
  const std::int32_t emax = isOfQuotient ? 0 : block.elementExponent;
  const auto bits = hn::Add(hn::BitCast(di, value), hn::Set(di, added));
  const auto exponent = hn::Sub(hn::And(bits, hn::Set(di, kFloatExponentBits)), hn::Set(di, emax << 23));
  const VF scale = hn::IfThenElse(hn::Eq(absmax, hn::Zero(df)), hn::Set(df, 1.0f), hn::BitCast(df, exponent));
  return hn::Mul(scale, hn::Set(df, block.step));
}

/// torchao multiplies by the reciprocal scale and has a GridDetour.
HWY_INLINE void makeNvfp4Torchao(const BlockScale& block, VF absmax, Grids<4>& grids) {
  const DF df;
  const VF global = hn::Set(df, block.tensorScale);
  const VF wanted = hn::Div(hn::Div(absmax, hn::Set(df, block.largest)), global);
  const VF clamped = hn::Min(hn::Max(wanted, hn::Set(df, 0x1p-6f)), hn::Set(df, 448.0f));
  const VF scale = roundToElements(df, elementVectors(df, block.scaleRounding), clamped);
  const RowValues multiply = spread(hn::Div(hn::Set(df, 1 / block.tensorScale), scale));
  const RowValues step = spread(hn::Mul(global, scale));
  for (std::size_t r = 0; r < 4; ++r) {
    grids.rows[r].multiply = multiply.row[r];
    grids.rows[r].step = step.row[r];
  }
}

/// nvfp4BlockScale() over the tensor's scale.
HWY_INLINE VF nvfp4Steps(const BlockScale& block, VF absmax) {
  const DF df;
  const VF global = hn::Set(df, block.tensorScale);
  const VF wanted = hn::Mul(global, hn::Div(absmax, hn::Set(df, block.largest)));
  const VF rounded =
      roundToElements(df, elementVectors(df, block.scaleRounding), hn::Min(wanted, hn::Set(df, 448.0f)));
  return hn::Div(orIfZero(rounded, 0.125f), global);
}

HWY_INLINE void makeAsymmetric(VectorRule kind, const RtnRule& rule, RowRanges range, Grids<4>& grids) {
  const DF df;
  const VF zero = hn::Zero(df), divisor = hn::Set(df, rule.divisor);
  const VF codeLo = hn::Set(df, rule.codeLo), codeHi = hn::Set(df, rule.codeHi);
  const bool isAwq = rule.flavour == RtnRule::Flavour::Awq;
  if (!isAwq) {
    range.low = hn::Min(range.low, zero);
    range.high = hn::Max(range.high, zero);
  }
  VF span = hn::Sub(range.high, range.low);
  if (kind == VectorRule::Shifted) {
    const VF scale = orIfZero(hn::Div(span, divisor), std::numeric_limits<float>::epsilon());
    const VF wanted = hn::Sub(codeLo, hn::Div(range.low, scale));
    const RowValues shifts = spread(hn::Round(hn::Min(hn::Max(wanted, codeLo), codeHi)));
    for (std::size_t r = 0; r < 4; ++r) grids.rows[r].shift = shifts.row[r];
    return setScales(scale, grids);
  }
  if (!isAwq) {  // gptq, quarot: a part of zeros gets [-1, 1]
    const MF isEmpty = hn::Eq(span, zero);
    span = hn::IfThenElse(isEmpty, hn::Set(df, 2.0f), span);
    range.low = hn::IfThenElse(isEmpty, hn::Set(df, -1.0f), range.low);
  }
  if (rule.flavour != RtnRule::Flavour::Gptq) span = hn::Max(span, hn::Set(df, 1e-5f));
  const VF scale = hn::Div(span, divisor);
  VF point = hn::Round(hn::Neg(hn::Div(range.low, scale)));
  if (isAwq) point = hn::Min(hn::Max(point, codeLo), codeHi);
  const RowValues lows = spread(hn::Sub(codeLo, point)), highs = spread(hn::Sub(codeHi, point));
  for (std::size_t r = 0; r < 4; ++r) {
    grids.rows[r].lo = lows.row[r];
    grids.rows[r].hi = highs.row[r];
  }
  setScales(scale, grids);
}

/// Of columns [begin, end) of four regular rows. `grids` holds what is the same for all parts already.
HWY_INLINE void makeGrids(VectorRule kind, const RtnRule& rule, const ErrorStrip& strip, std::size_t begin,
                          std::size_t end, Grids<4>& grids) {
  const DF df;
  if (kind == VectorRule::Shifted || kind == VectorRule::Moved)
    return makeAsymmetric(kind, rule, rowRanges<false>(strip, begin, end), grids);
  if (kind == VectorRule::Mirrored)
    return setScales(mirroredScales(rule, rowRanges<false>(strip, begin, end)), grids);
  const VF absmax = rowRanges<true>(strip, begin, end).high;
  if (rule.block.rule == BlockScale::Rule::Nvfp4Torchao) return makeNvfp4Torchao(rule.block, absmax, grids);
  const VF scale = kind == VectorRule::Absmax       ? absmaxScales(rule, absmax)
                   : kind == VectorRule::Microscale ? microscales(rule.block, absmax)
                                                    : nvfp4Steps(rule.block, absmax);
  setScales(scale, grids);
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace ql
HWY_AFTER_NAMESPACE();

#endif
