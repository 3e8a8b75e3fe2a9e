#include "core/calib/imports/llama_names.h"

#include "core/model/names.h"

#include <algorithm>
#include <array>
#include <string>

namespace ql {
namespace {

/// One of llama.cpp's names and the roles it may have here, the likeliest first: what reads the same input
/// under a fused or a split name counts too.
struct LlamaName {
  std::string_view name;
  std::vector<TensorRole> roles;
};

const std::vector<LlamaName>& llamaNames() {
  using R = TensorRole;
  static const std::vector<LlamaName> names{{"attn_q", {R::Q, R::Qkv}},
                                            {"attn_k", {R::K, R::Qkv}},
                                            {"attn_v", {R::V, R::Qkv}},
                                            {"attn_qkv", {R::Qkv, R::Q}},
                                            {"attn_output", {R::O}},
                                            {"attn_q_a", {R::QA}},
                                            {"attn_q_b", {R::QB}},
                                            {"attn_kv_a_mqa", {R::KvA}},
                                            {"attn_kv_b", {R::KvB}},
                                            {"ffn_gate", {R::Gate, R::GateUp}},
                                            {"ffn_up", {R::Up, R::Fc1, R::GateUp}},
                                            {"ffn_down", {R::Down, R::Fc2}},
                                            {"ffn_gate_up", {R::GateUp, R::Gate}},
                                            {"ffn_gate_inp", {R::Router}},
                                            {"ffn_gate_inp_shexp", {R::Router}}};
  return names;
}

const LlamaName* named(std::string_view name) {
  const auto found = std::ranges::find(llamaNames(), name, &LlamaName::name);
  return found == llamaNames().end() ? nullptr : &*found;
}

bool dropSuffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

}  // namespace

LlamaNames::LlamaNames(const Model& model) {
  for (LinearId id = 0; id < model.linears.size(); ++id) {
    const Linear& linear = model.linears[id];
    m_byPlace.emplace(std::tuple(linear.block.value_or(-1), linear.role, linear.expert.value_or(-1)), id);
  }
}

std::optional<LinearId> LlamaNames::linear(int block, const std::vector<TensorRole>& roles,
                                           int expert) const {
  for (const TensorRole role : roles) {
    const auto found = m_byPlace.find({block, role, expert});
    if (found != m_byPlace.end()) return found->second;
  }
  return std::nullopt;
}

std::optional<LlamaNames::Target> LlamaNames::find(std::string_view name) const {
  dropSuffix(name, ".weight");
  if (name == "output") {
    const auto head = linear(-1, {TensorRole::LmHead}, -1);
    return head ? std::optional<Target>({false, {*head}}) : std::nullopt;
  }
  const std::vector<std::string_view> parts = splitDots(name);  // "blk", "3", "ffn_gate"[, expert]
  if (parts.size() < 3 || parts.size() > 4 || parts[0] != "blk") return std::nullopt;
  const auto block = parseNumber(parts[1]);
  const auto expert = parts.size() == 4 ? parseNumber(parts[3]) : std::nullopt;
  if (!block || (parts.size() == 4 && !expert)) return std::nullopt;
  std::string_view leaf = parts[2];
  const bool isStack = dropSuffix(leaf, "_exps");
  if (named(leaf) == nullptr) dropSuffix(leaf, "_shexp");
  const LlamaName* entry = named(leaf);
  if (entry == nullptr || (isStack && expert)) return std::nullopt;
  Target target{isStack, {}};
  for (int e = isStack ? 0 : expert.value_or(-1);; ++e) {
    const auto found = linear(*block, entry->roles, e);
    if (!found) break;
    target.linears.push_back(*found);
    if (!isStack) break;
  }
  return target.linears.empty() ? std::nullopt : std::optional(std::move(target));
}

}  // namespace ql
