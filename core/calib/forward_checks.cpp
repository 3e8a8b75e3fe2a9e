// Numbers of config.json against shapes of tensors.
#include "core/calib/forward_parts.h"

#include "core/base/error.h"
#include "core/base/message_text.h"

namespace ql {
namespace {

std::string keyText(const std::string& key, std::int64_t value) {
  return "'" + key + "' = " + std::to_string(value);
}

/// `what` says which keys make `expected`.
void checkSide(const LinearPart& part, std::int64_t actual, const char* side, std::int64_t expected,
               const std::string& what) {
  if (!part.isPresent() || actual == expected) return;
  throw Error(ErrorCode::Format, "config.json: " + what + " needs " + std::to_string(expected) + " " + side +
                                     ", but " + quotedText(part.name) + " has " + std::to_string(actual) +
                                     "; config.json and weights belong to different models.");
}

void checkIn(const LinearPart& part, std::int64_t expected, const std::string& what) {
  checkSide(part, part.matrix.in, "inputs", expected, what);
}
void checkOut(const LinearPart& part, std::int64_t expected, const std::string& what) {
  checkSide(part, part.matrix.out, "outputs", expected, what);
}

[[noreturn]] void throwSpec(const std::string& sentence) {
  throw Error(ErrorCode::Format,
              "config.json: " + sentence + "; copy config.json from the model's page again.");
}

void checkAttention(const DecoderSpec& spec, const BlockParts& block) {
  const SpecKeys& keys = spec.keys;
  const std::string hidden = keyText(keys.hidden, spec.hidden);
  const std::string heads = keyText(keys.heads, spec.heads) + " x " + keyText(keys.headDim, spec.headDim);
  const std::string kvHeads =
      keyText(keys.kvHeads, spec.kvHeads) + " x " + keyText(keys.headDim, spec.headDim);
  const std::int64_t queries = spec.heads * spec.headDim, values = spec.kvHeads * spec.headDim;
  for (const LinearPart* part : {&block.q, &block.k, &block.v, &block.qkv})
    checkIn(*part, spec.hidden, hidden);
  checkOut(block.q, queries, heads);
  checkOut(block.k, values, kvHeads);
  checkOut(block.v, values, kvHeads);
  checkOut(block.qkv, queries + 2 * values, heads + " and twice " + kvHeads);
  checkIn(block.o, queries, heads);
  checkOut(block.o, spec.hidden, hidden);
}

void checkMlp(const DecoderSpec& spec, const MlpParts& mlp, std::int64_t stated, const std::string& key) {
  if (!mlp.isPresent()) return;
  const std::string hidden = keyText(spec.keys.hidden, spec.hidden);
  const std::int64_t width = stated > 0 ? stated : mlp.width();
  const std::string what = stated > 0 ? keyText(key, stated) : "the width of " + quotedText(mlp.down.name);
  for (const LinearPart* part : {&mlp.gate, &mlp.up, &mlp.fc1}) {
    checkIn(*part, spec.hidden, hidden);
    checkOut(*part, width, what);
  }
  checkIn(mlp.gateUp, spec.hidden, hidden);
  checkOut(mlp.gateUp, 2 * width, "twice " + what);
  checkIn(mlp.down, width, what);
  checkOut(mlp.down, spec.hidden, hidden);
}

void checkExperts(const DecoderSpec& spec, const BlockParts& block) {
  const std::string count = keyText(spec.keys.experts, spec.experts.count);
  checkIn(block.router, spec.hidden, keyText(spec.keys.hidden, spec.hidden));
  checkOut(block.router, spec.experts.count, count);
  checkIn(block.sharedGate, spec.hidden, keyText(spec.keys.hidden, spec.hidden));
  checkOut(block.sharedGate, 1, "the gate of the shared expert");
  for (const MlpParts& expert : block.experts)
    checkMlp(spec, expert, spec.experts.intermediate, spec.keys.expertIntermediate);
}

void checkSpec(const DecoderSpec& spec) {
  const SpecKeys& keys = spec.keys;
  QL_ASSERT(spec.hidden > 0 && spec.heads > 0 && spec.kvHeads > 0 && spec.headDim > 0);
  QL_ASSERT(spec.vocabulary > 0 && spec.context > 0);
  if (spec.heads % spec.kvHeads != 0)
    throwSpec(keyText(keys.kvHeads, spec.kvHeads) + " does not divide " + keyText(keys.heads, spec.heads));
  const ExpertSpec& experts = spec.experts;
  if (experts.count > 0 && (experts.perToken < 1 || experts.perToken > experts.count)) {
    throwSpec("each token goes to " + std::to_string(experts.perToken) + " experts, but " +
              keyText(keys.experts, experts.count));
  }
  const std::int64_t turned = spec.rope.dimensions;
  if (spec.rope.kind != RopeSpec::Kind::None && (turned > spec.headDim || turned % 2 != 0))
    throwSpec("RoPE turns " + std::to_string(turned) + " of " + keyText(keys.headDim, spec.headDim) +
              " channels, which must be an even number of them");
  QL_ASSERT(spec.slidingWindow.empty() || spec.isCausal);
}

void checkEnds(const DecoderSpec& spec, const ModelParts& parts) {
  const SpecKeys& keys = spec.keys;
  const std::string hidden = keyText(keys.hidden, spec.hidden);
  const std::int64_t embedded = parts.projectIn.isPresent() ? parts.projectIn.matrix.in : spec.hidden;
  checkOut(parts.embedding, spec.vocabulary, keyText(keys.vocabulary, spec.vocabulary));
  checkIn(parts.embedding, embedded, parts.projectIn.isPresent() ? quotedText(parts.projectIn.name) : hidden);
  checkOut(parts.projectIn, spec.hidden, hidden);
  checkIn(parts.position, spec.hidden, hidden);
  checkIn(parts.tokenType, spec.hidden, hidden);
  if (spec.rope.kind == RopeSpec::Kind::None && parts.position.isPresent()) {
    checkOut(
        parts.position, spec.context + spec.positionOffset,
        keyText(keys.positions, spec.context) +
            (spec.positionOffset > 0 ? " and " + std::to_string(spec.positionOffset) + " rows before them"
                                     : ""));
  }
  checkIn(parts.projectOut, spec.hidden, hidden);
  checkIn(parts.headTransform, spec.hidden, hidden);
  std::int64_t width = spec.hidden;
  for (const LinearPart* part : {&parts.projectOut, &parts.headTransform}) {
    if (part->isPresent()) width = part->matrix.out;
  }
  checkIn(parts.head, width, width == spec.hidden ? hidden : "what comes before the head");
  checkOut(parts.head, spec.vocabulary, keyText(keys.vocabulary, spec.vocabulary));
}

}  // namespace

void checkParts(const DecoderSpec& spec, const ModelParts& parts) {
  checkSpec(spec);
  checkEnds(spec, parts);
  for (const BlockParts& block : parts.blocks) {
    checkAttention(spec, block);
    checkExperts(spec, block);
    const bool isShared = block.router.isPresent();
    checkMlp(spec, block.mlp, isShared ? 0 : spec.intermediate, spec.keys.intermediate);
  }
  if (!spec.slidingWindow.empty()) QL_ASSERT(spec.slidingWindow.size() == parts.blocks.size());
}

}  // namespace ql
