#pragma once
// llama.cpp's names of weights ("blk.3.ffn_gate_exps.weight") as linears of the model. Internal to calib/.
// Source: llama.cpp, gguf-py/gguf/tensor_mapping.py and constants.py.
#include "core/model/model.h"

#include <map>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace ql {

class LlamaNames {
 public:
  explicit LlamaNames(const Model& model);

  /// The linears behind a name: one for a dense weight, one an expert (in order) for a stack of experts.
  struct Target {
    bool isStack = false;
    std::vector<LinearId> linears;
  };
  /// Nothing for names that stand for no linear of this model.
  std::optional<Target> find(std::string_view name) const;

 private:
  std::optional<LinearId> linear(int block, const std::vector<TensorRole>& roles, int expert) const;

  std::map<std::tuple<int, TensorRole, int>, LinearId> m_byPlace;  // block, role, expert; -1 = none
};

}  // namespace ql
