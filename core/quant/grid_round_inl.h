// Rounding to a small float format by vectors, as rtn_grid.h does it value by value; compiled once a Highway
// target, hence the unusual guard.
#if defined(QL_CORE_QUANT_GRID_ROUND_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef QL_CORE_QUANT_GRID_ROUND_INL_H
#undef QL_CORE_QUANT_GRID_ROUND_INL_H
#else
#define QL_CORE_QUANT_GRID_ROUND_INL_H
#endif

#include "core/quant/element_format.h"

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

}  // namespace HWY_NAMESPACE
}  // namespace ql
HWY_AFTER_NAMESPACE();

#endif
