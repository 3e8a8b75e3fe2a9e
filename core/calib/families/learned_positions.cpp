#include "core/calib/families/learned_positions.h"

#include "core/model/config.h"

#include <optional>

namespace ql::learned_positions {

DecoderSpec read(const ForwardConfig& config, const SpecKeys& keys, std::int64_t defaultContext,
                 std::int64_t widening) {
  DecoderSpec spec;
  spec.keys = keys;
  spec.blocks = config.count(keys.blocks, std::nullopt, 1, kMaxBlocks);
  spec.hidden = config.count(keys.hidden);
  spec.heads = spec.kvHeads = config.count(keys.heads, std::nullopt, 1, 1 << 16);
  if (spec.hidden % spec.heads != 0) {
    config.fail(keys.heads,
                "a number that divides '" + keys.hidden + "', which is " + std::to_string(spec.hidden));
  }
  spec.headDim = spec.hidden / spec.heads;
  spec.vocabulary = config.count(keys.vocabulary);
  spec.context = config.count(keys.positions, defaultContext);
  const auto width = widening > 0 ? std::optional(widening * spec.hidden) : std::nullopt;
  spec.intermediate = config.count(keys.intermediate, width);
  spec.norm = NormKind::Layer;
  spec.rope.kind = RopeSpec::Kind::None;
  spec.tiesEmbeddings = config.flag("tie_word_embeddings", true);
  return spec;
}

void refuseUnless(const ForwardConfig& config, std::string_view key, bool served) {
  if (config.flag(key, served) != served) config.unsupported(key, served ? "false" : "true");
}

}  // namespace ql::learned_positions
