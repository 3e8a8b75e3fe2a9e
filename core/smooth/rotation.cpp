#include "core/smooth/rotation.h"

#include "core/base/error.h"
#include "core/base/message_text.h"

#include <algorithm>

namespace ql {

#define X(name) const RotationMethod& name##Rotation();
#include "core/smooth/rotations.inc"
#undef X

void Rotation::apply(std::int64_t count, double* rows, std::int64_t stride) const {
  for (std::int64_t block = 0; block < blocks(); ++block)
    applyBlock(block, count, rows + block * m_blockSize, stride);
}

const std::vector<const RotationMethod*>& rotationMethods() {
  static const std::vector<const RotationMethod*> methods = {
#define X(name) &name##Rotation(),
#include "core/smooth/rotations.inc"
#undef X
  };
  return methods;
}

const RotationMethod& rotationMethodFor(std::string_view name) {
  std::string known;
  for (const RotationMethod* method : rotationMethods()) {
    if (method->name == name) return *method;
    known += (known.empty() ? "" : ", ") + std::string(method->name);
  }
  throw Error(ErrorCode::Unsupported,
              "There is no rotation " + quotedText(name) + "; choose from " + known + ".");
}

std::int64_t rotationBlock(const RotationSpec& spec, std::int64_t n) {
  const RotationMethod& method = rotationMethodFor(spec.method);
  const std::int64_t block = spec.blockSize.value_or(method.usualBlock(n));
  std::string problem;
  if (block < 2 || n % block != 0)
    problem = spec.blockSize ? "blocks of " + std::to_string(block) + " do not divide them"
                             : "no power of two divides them; use the method \"random\"";
  else
    problem = method.blockProblem(block);
  if (problem.empty()) return block;
  throw Error(ErrorCode::Unsupported, "A " + spec.method + " rotation of " + std::to_string(n) +
                                          " channels cannot be made: " + problem + ".");
}

std::shared_ptr<const Rotation> makeRotation(const RotationSpec& spec, std::int64_t n, std::uint64_t stream,
                                             JobContext& job) {
  const std::int64_t block = rotationBlock(spec, n);
  return rotationMethodFor(spec.method).make(n, block, spec.seed, stream, job);
}

}  // namespace ql
