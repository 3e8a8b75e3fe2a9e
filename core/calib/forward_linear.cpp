#include "core/calib/forward_linear.h"

#include "core/linalg/linear.h"

#include <sys/mman.h>
#include <unistd.h>

namespace ql {

void readAhead(const WeightSource& weights, const LinearPart& part) {
  const std::optional<RawRows> raw = weights.rawRows(part.matrix, 0, part.matrix.out);
  if (!raw) return;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t before = reinterpret_cast<std::uintptr_t>(raw->data) % page;
  const std::size_t bytes = raw->rowBytes * static_cast<std::size_t>(part.matrix.out);
  ::posix_madvise(const_cast<std::byte*>(raw->data) - before, bytes + before, POSIX_MADV_WILLNEED);
}

void LinearRunner::announce(std::initializer_list<const LinearPart*> parts, const TokenRows& rows,
                            std::span<const float> x) {
  if (m_hook == nullptr || rows.count() == 0) return;
  std::vector<std::size_t> seen;
  for (const LinearPart* part : parts) {
    if (!part->isPresent() || !part->site) continue;
    if (std::find(seen.begin(), seen.end(), *part->site) != seen.end()) continue;
    seen.push_back(*part->site);
    m_hook->site(*part->site, rows, x, m_job);
  }
}

std::span<const float> LinearRunner::input(const LinearPart& part, std::span<const float> x) {
  if (m_hook == nullptr) return x;
  if (m_changed.size() < x.size()) m_changed = FloatBuffer(1, static_cast<std::int64_t>(x.size()));
  const std::span<float> changed = m_changed.span().first(x.size());
  return m_hook->linearInput(part.id, x, changed, m_job) ? std::span<const float>(changed) : x;
}

void LinearRunner::run(const LinearPart& part, std::int64_t tokens, std::span<const float> x,
                       std::span<float> y) {
  std::vector<float> bias;
  if (!part.bias.empty()) bias = m_weights.readVector(part.bias);
  applyLinear(m_weights, part.matrix, bias, tokens, input(part, x), y, m_job);
  if (m_units != nullptr) m_units->add(part.multiplyAdds() * static_cast<std::uint64_t>(tokens));
}

}  // namespace ql
