#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/quant/compensation_kernel.cpp"  // found by -I of the root
#include "hwy/foreach_target.h"
// After foreach_target.h, which this file is included by once a target.
#include "core/quant/compensation_kernel.h"
#include "core/quant/grid_round_inl.h"

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ql {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::CappedTag<float, kLaneUnit>;  // divides every count of lanes
using VF = hn::Vec<DF>;

template <bool kIsFloat>
void quantizeAs(std::size_t lanes, const LanePointers& grid, const float* weights, float* codes,
                float* values) {
  const DF d;
  const auto element = elementVectors(d, grid.element);
  const VF magic = hn::Set(d, 12582912.0f);  // 1.5 * 2^23, as roundHalfEven()
  for (std::size_t i = 0; i < lanes; i += hn::Lanes(d)) {
    const VF scale = hn::LoadU(d, grid.scale + i), shift = hn::LoadU(d, grid.shift + i);
    const VF lo = hn::LoadU(d, grid.lo + i), hi = hn::LoadU(d, grid.hi + i);
    const VF t = hn::Add(hn::Div(hn::LoadU(d, weights + i), scale), shift);
    const VF raised = hn::IfThenElse(hn::Lt(t, lo), lo, t);
    const VF clamped = hn::IfThenElse(hn::Gt(raised, hi), hi, raised);
    const VF code = kIsFloat ? roundToElements(d, element, clamped) : hn::Sub(hn::Add(clamped, magic), magic);
    hn::StoreU(code, d, codes + i);
    hn::StoreU(hn::Mul(hn::Sub(code, shift), scale), d, values + i);
  }
}

void quantizeTarget(std::size_t lanes, const LanePointers& grid, const float* weights, float* codes,
                    float* values) {
  if (grid.element.exponentFloor != 0) {
    quantizeAs<true>(lanes, grid, weights, codes, values);
  } else {
    quantizeAs<false>(lanes, grid, weights, codes, values);
  }
}

void subtractTarget(std::size_t lanes, const float* HWY_RESTRICT e, const float* HWY_RESTRICT u,
                    std::size_t count, float* HWY_RESTRICT w) {
  const DF d;
  const std::size_t step = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + 2 * step <= lanes; i += 2 * step) {
    const VF first = hn::LoadU(d, e + i), second = hn::LoadU(d, e + i + step);
    for (std::size_t j = 0; j < count; ++j) {
      const VF factor = hn::Set(d, u[j]);
      float* const target = w + j * lanes + i;
      hn::StoreU(hn::Sub(hn::LoadU(d, target), hn::Mul(first, factor)), d, target);
      hn::StoreU(hn::Sub(hn::LoadU(d, target + step), hn::Mul(second, factor)), d, target + step);
    }
  }
  for (; i < lanes; i += step) {
    const VF error = hn::LoadU(d, e + i);
    for (std::size_t j = 0; j < count; ++j) {
      float* const target = w + j * lanes + i;
      hn::StoreU(hn::Sub(hn::LoadU(d, target), hn::Mul(error, hn::Set(d, u[j]))), d, target);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace ql
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ql {

HWY_EXPORT(quantizeTarget);
HWY_EXPORT(subtractTarget);

LaneGrids::LaneGrids(std::size_t lanes)
    : m_lanes(lanes), m_scale(lanes, 1.0f), m_shift(lanes), m_lo(lanes), m_hi(lanes) {}

void LaneGrids::assign(std::span<const PartGrid> grids, std::size_t first, std::size_t height,
                       std::size_t count) {
  // all grids of a scheme are of one kind
  m_element = grids.front().element;
  m_hasDetours = grids.front().hasDetour;
  m_grids.assign(m_hasDetours ? m_lanes : 0, PartGrid{});
  for (std::size_t lane = 0; lane < m_lanes; ++lane) {
    const PartGrid grid = lane < count ? grids[(first + lane) / height] : PartGrid{};
    m_scale[lane] = grid.scale;
    m_shift[lane] = grid.shift;
    m_lo[lane] = grid.lo;
    m_hi[lane] = grid.hi;
    if (m_hasDetours) m_grids[lane] = grid;
  }
}

void LaneGrids::quantize(const float* weights, float* codes, float* values) const {
  if (m_hasDetours) {
    for (std::size_t lane = 0; lane < m_lanes; ++lane) {
      codes[lane] = gridCode(m_grids[lane], weights[lane]);
      values[lane] = gridValue(m_grids[lane], codes[lane]);
    }
    return;
  }
  const LanePointers grid{m_scale.data(), m_shift.data(), m_lo.data(), m_hi.data(), m_element};
  HWY_DYNAMIC_DISPATCH(quantizeTarget)(m_lanes, grid, weights, codes, values);
}

void subtractScaled(std::size_t lanes, const float* e, const float* u, std::size_t count, float* w) {
  HWY_DYNAMIC_DISPATCH(subtractTarget)(lanes, e, u, count, w);
}

}  // namespace ql
#endif
