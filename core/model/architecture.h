#pragma once
// A family of models as data: which names play which role, what feeds what, what a runtime fuses.
// A new family is one file in architectures/ with a table like these and one line in architectures.inc.
#include "core/model/model.h"

#include <string_view>
#include <vector>

namespace ql {

/// One kind of linear. In `pattern`, "{L}" is the block number and "{E}" the expert number.
struct LinearPattern {
  std::string_view pattern;  // module path behind the layer prefix: "self_attn.q_proj"
  TensorRole role;
  std::string_view inputGroup;  // linears of a block with the same name here share one site: "attn_in"
  std::string_view
      producer;  // module (relative to the block) whose output is the input: "input_layernorm"; "" = none
  bool isProducerNorm = false;
  std::string_view fused = "";  // fused module (relative): "self_attn.qkv_proj"; "" = stands alone
  bool isTransposed = false;    // Conv1D
};

struct GlobalPattern {
  std::string_view name;  // module path: "model.embed_tokens"
  TensorRole role;
};

struct ArchitectureTable {
  std::string_view family;                      // "llama"
  std::vector<std::string_view> modelTypes;     // config.json model_type
  std::vector<std::string_view> architectures;  // config.json architectures[0]
  std::vector<std::string_view> layerPrefixes;  // "model.layers.{L}.", tried in order
  std::vector<LinearPattern> linears;           // network order
  std::vector<std::string_view> norms;          // relative: "input_layernorm"
  std::vector<GlobalPattern> globals;
  float normOffset = 0.0f;
};

const std::vector<const ArchitectureTable*>& architectures();

}  // namespace ql
