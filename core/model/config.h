#pragma once
// The few facts of config.json that give tensor names their meaning. Not the whole configuration of a model.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

struct ModelConfig {
  bool isPresent = false;
  std::string architecture;                // architectures[0]
  std::vector<std::string> modelTypes;     // text_config's first, then the top level's
  std::optional<std::int64_t> layerCount;  // sane values only: 0 .. kMaxBlocks
  std::optional<std::int64_t> hiddenSize;
  std::optional<std::int64_t> expertCount;
  bool tiesEmbeddings = false;
  bool isPostNorm = false;  // do_layer_norm_before false (OPT-350m): norms do not feed the linears
  std::string quantizedBy;  // quantization_config.quant_method; empty for a plain checkpoint
  std::vector<std::string> warnings;
};

/// More blocks than any model has; larger numbers are taken for damage or for something else.
inline constexpr int kMaxBlocks = 10000;

/// Parses config.json. Keys are looked up in text_config first, as multimodal wrappers nest the language
/// model there.
///
/// where  how messages name the file. Wrong types and absurd values become warnings.
/// Throws Error(Format) with byte position and remedy when the text is no JSON object.
ModelConfig parseModelConfig(std::string_view json, const std::string& where);

}  // namespace ql
