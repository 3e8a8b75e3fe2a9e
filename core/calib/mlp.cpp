#include "core/calib/mlp.h"

#include "core/calib/activation_kernels.h"
#include "core/calib/forward_buffer.h"

namespace ql {
namespace {

FloatBuffer gated(const MlpParts& mlp, ActivationKind activation, std::int64_t tokens,
                  std::span<const float> x, LinearRunner& linears) {
  const std::int64_t width = mlp.width();
  FloatBuffer gate(tokens, width), up(tokens, width);
  linears.run(mlp.gate, tokens, x, gate.span());
  linears.run(mlp.up, tokens, x, up.span());
  parallelRows(linears.job(), tokens, width, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t at = begin * width;
    activateGatedRow(activation, gate.data() + at, up.data() + at, gate.data() + at,
                     static_cast<std::size_t>((end - begin) * width));
  });
  return gate;
}

/// Each row is gate | up.
FloatBuffer fusedGated(const MlpParts& mlp, ActivationKind activation, std::int64_t tokens,
                       std::span<const float> x, LinearRunner& linears) {
  const std::int64_t width = mlp.width();
  FloatBuffer both(tokens, 2 * width), out(tokens, width);
  linears.run(mlp.gateUp, tokens, x, both.span());
  parallelRows(linears.job(), tokens, width, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const float* const gate = both.data() + 2 * row * width;
      activateGatedRow(activation, gate, gate + width, out.data() + row * width,
                       static_cast<std::size_t>(width));
    }
  });
  return out;
}

FloatBuffer plain(const MlpParts& mlp, ActivationKind activation, std::int64_t tokens,
                  std::span<const float> x, LinearRunner& linears) {
  const std::int64_t width = mlp.width();
  FloatBuffer out(tokens, width);
  linears.run(mlp.fc1, tokens, x, out.span());
  parallelRows(linears.job(), tokens, width, [&](std::int64_t begin, std::int64_t end) {
    activateRow(activation, out.data() + begin * width, static_cast<std::size_t>((end - begin) * width));
  });
  return out;
}

}  // namespace

void runMlp(const MlpParts& mlp, ActivationKind activation, const TokenRows& rows, std::span<const float> x,
            std::span<float> y, bool isAnnounced, LinearRunner& linears) {
  const std::int64_t tokens = rows.count();
  if (!isAnnounced) linears.announce({&mlp.gate, &mlp.up, &mlp.gateUp, &mlp.fc1}, rows, x);
  const auto inner = mlp.gateUp.isPresent() ? fusedGated : mlp.fc1.isPresent() ? plain : gated;
  const FloatBuffer middle = inner(mlp, activation, tokens, x, linears);
  linears.announce({&mlp.down}, rows, middle.span());
  linears.run(mlp.down, tokens, middle.span(), y);
}

std::uint64_t mlpFloats(const MlpParts& mlp) {
  if (!mlp.isPresent()) return 0;
  const auto width = static_cast<std::uint64_t>(mlp.width());
  return mlp.gateUp.isPresent() ? 3 * width : mlp.fc1.isPresent() ? width : 2 * width;
}

}  // namespace ql
