#include "core/stats/channel_stats.h"

#include "core/base/error.h"

#include <algorithm>

namespace ql {
namespace {

template <class T>
void addEach(std::vector<T>& to, const std::vector<T>& from) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i];
}

// A channel has a finite value when it has a zero or a square above zero (no float's square underflows in
// double).
bool hasFinite(const ChannelStats& stats, std::size_t i) {
  return stats.zeros[i] != 0 || stats.sumSq[i] > 0;
}

}  // namespace

void ChannelStats::resize(std::size_t channels) {
  for (auto* values : {&absmax, &min, &max}) values->assign(channels, 0.0f);
  for (auto* values : {&sum, &sumSq, &sumQuad}) values->assign(channels, 0.0);
  for (auto* values : {&zeros, &nans, &posInfs, &negInfs}) values->assign(channels, 0);
}

void ChannelStats::merge(const ChannelStats& other) {
  QL_ASSERT(size() == other.size());
  for (std::size_t i = 0; i < size(); ++i) {
    if (!hasFinite(other, i)) continue;
    const bool isFirst = !hasFinite(*this, i);
    min[i] = isFirst ? other.min[i] : std::min(min[i], other.min[i]);
    max[i] = isFirst ? other.max[i] : std::max(max[i], other.max[i]);
    absmax[i] = std::max(absmax[i], other.absmax[i]);
  }
  addEach(sum, other.sum);
  addEach(sumSq, other.sumSq);
  addEach(sumQuad, other.sumQuad);
  addEach(zeros, other.zeros);
  addEach(nans, other.nans);
  addEach(posInfs, other.posInfs);
  addEach(negInfs, other.negInfs);
}

}  // namespace ql
