// Rounding on the grids of rtn_grid.h by vectors, bit for bit as gridCode() and gridValue() do it value by
// value; compiled once a Highway target, hence the unusual guard.
#if defined(QL_CORE_QUANT_GRID_ROUND_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef QL_CORE_QUANT_GRID_ROUND_INL_H
#undef QL_CORE_QUANT_GRID_ROUND_INL_H
#else
#define QL_CORE_QUANT_GRID_ROUND_INL_H
#endif

#include "core/quant/rtn_grid.h"

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ql {
namespace HWY_NAMESPACE {

/// ElementRounding in registers.
template <class D>
struct ElementVectors {
  hwy::HWY_NAMESPACE::Vec<hwy::HWY_NAMESPACE::RebindToSigned<D>> exponentBits, floor, offset;
};

template <class D>
HWY_INLINE ElementVectors<D> elementVectors(D, const ElementRounding& rounding) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::RebindToSigned<D> di;
  return {hn::Set(di, kFloatExponentBits), hn::Set(di, rounding.exponentFloor),
          hn::Set(di, rounding.magicOffset)};
}

/// roundToElement() of each lane.
template <class D, class V>
HWY_INLINE V roundToElements(D d, const ElementVectors<D>& element, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::RebindToSigned<D> di;
  const auto exponent = hn::Max(hn::And(hn::BitCast(di, x), element.exponentBits), element.floor);
  const V magic = hn::BitCast(d, hn::Add(exponent, element.offset));
  return hn::Sub(hn::Add(x, magic), magic);
}

/// What a grid's codes are: integers, integers with the zero point added before rounding (PartGrid::shift),
/// or values of a small float format; with a detour, one of GridDetour's arithmetics leads to them and back.
enum class Codes { Integers, Shifted, Floats, DetourIntegers, DetourFloats };

inline Codes codesOf(const RtnRule& rule) {
  if (rule.hasDetour()) return rule.element ? Codes::DetourFloats : Codes::DetourIntegers;
  if (rule.element) return Codes::Floats;
  return rule.addsZeroFirst() ? Codes::Shifted : Codes::Integers;
}

constexpr bool hasDetour(Codes codes) {
  return codes == Codes::DetourIntegers || codes == Codes::DetourFloats;
}
constexpr bool isOfFloats(Codes codes) {
  return codes == Codes::Floats || codes == Codes::DetourFloats;
}

/// PartGrid in registers; which members count depends on the codes.
template <class D>
struct GridVectors {
  using V = hwy::HWY_NAMESPACE::Vec<D>;
  V scale, shift, lo, hi;
  V base, divide, multiply, divideCode, step, factor, zeroCode;  // of a detour
};

template <class D>
HWY_INLINE GridVectors<D> gridVectors(D d, const PartGrid& grid) {
  namespace hn = hwy::HWY_NAMESPACE;
  const GridDetour& detour = grid.detour;
  return {hn::Set(d, grid.scale),      hn::Set(d, grid.shift),        hn::Set(d, grid.lo),
          hn::Set(d, grid.hi),         hn::Set(d, detour.base),       hn::Set(d, detour.divide),
          hn::Set(d, detour.multiply), hn::Set(d, detour.divideCode), hn::Set(d, detour.step),
          hn::Set(d, detour.factor),   hn::Set(d, grid.zeroCode)};
}

/// c of each lane, less the shift.
template <Codes kCodes, class D, class V>
HWY_INLINE V gridCodes(D d, const GridVectors<D>& grid, const ElementVectors<D>& element, V w) {
  namespace hn = hwy::HWY_NAMESPACE;
  const V magic = hn::Set(d, 12582912.0f);  // 1.5 * 2^23: adding it rounds half to even (rtn_grid.h)
  V t = hasDetour(kCodes) ? hn::Mul(hn::Div(hn::Sub(w, grid.base), grid.divide), grid.multiply)
                          : hn::Div(w, grid.scale);
  if (kCodes == Codes::Shifted) t = hn::Add(t, grid.shift);
  t = hn::Min(hn::Max(t, grid.lo), grid.hi);
  const V code = isOfFloats(kCodes) ? roundToElements(d, element, t) : hn::Sub(hn::Add(t, magic), magic);
  return kCodes == Codes::Shifted ? hn::Sub(code, grid.shift) : code;
}

/// Q(w) of gridCodes().
template <Codes kCodes, class D, class V>
HWY_INLINE V gridValues(D, const GridVectors<D>& grid, V code) {
  namespace hn = hwy::HWY_NAMESPACE;
  if (!hasDetour(kCodes)) return hn::Mul(code, grid.scale);
  return hn::Add(hn::Mul(hn::Mul(hn::Div(code, grid.divideCode), grid.step), grid.factor), grid.base);
}

/// Lanes with the code of 0, of gridCodes().
template <Codes kCodes, class D, class V>
HWY_INLINE hwy::HWY_NAMESPACE::Mask<D> areZeroCodes(D d, const GridVectors<D>& grid, V code) {
  namespace hn = hwy::HWY_NAMESPACE;
  return hn::Eq(code, hasDetour(kCodes) ? grid.zeroCode : hn::Zero(d));
}

}  // namespace HWY_NAMESPACE
}  // namespace ql
HWY_AFTER_NAMESPACE();

#endif
