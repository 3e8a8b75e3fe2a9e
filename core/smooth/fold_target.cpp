// Which module takes 1/S of a smoothing group, and why some cannot.
#include "core/base/message_text.h"
#include "core/smooth/smoothing.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace ql {
namespace {

using Json = nlohmann::json;

/// config.json, or nothing; keys of a nested language model first.
class FoldConfig {
 public:
  explicit FoldConfig(std::string_view text)
      : m_top(Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false)) {}

  std::int64_t number(std::initializer_list<const char*> keys) const {
    for (const char* key : keys) {
      const Json* value = find(key);
      if (value && value->is_number_unsigned() && value->get<std::uint64_t>() <= 1u << 24)
        return value->get<std::int64_t>();
    }
    return 0;
  }
  std::string text(std::initializer_list<const char*> keys) const {
    for (const char* key : keys) {
      const Json* value = find(key);
      if (value && value->is_string()) return value->get<std::string>();
    }
    return {};
  }
  bool isFalse(const char* key) const {
    const Json* value = find(key);
    return value && value->is_boolean() && !value->get<bool>();
  }

 private:
  const Json* find(const char* key) const {
    if (!m_top.is_object()) return nullptr;
    const auto nested = m_top.find("text_config");
    if (nested != m_top.end() && nested->is_object() && nested->contains(key)) return &(*nested)[key];
    const auto found = m_top.find(key);
    return found == m_top.end() ? nullptr : &*found;
  }

  Json m_top;
};

FoldTarget notFoldable(FoldTarget target, std::string reason) {
  target.isFoldable = false;
  target.reason = std::move(reason);
  return target;
}

class Folder {
 public:
  Folder(const Model& model, const SmoothingGroup& group, std::string_view configJson)
      : m_model(model), m_group(group), m_config(configJson) {}

  FoldTarget target() const {
    FoldTarget target;
    target.producer = m_group.producer;
    if (m_group.consumers.empty()) return notFoldable(target, "nothing reads its output");
    target.channels = firstReader().in();
    for (const LinearId id : m_group.consumers) {
      const Linear& reader = m_model.linears[id];
      if (reader.in() != target.channels)
        return notFoldable(target, "its readers have different numbers of input channels");
      if (reader.role == TensorRole::LmHead && m_model.hasTiedEmbeddings)
        return notFoldable(target, "the head shares its matrix with the embedding; untie them first");
    }
    const auto producer = m_model.find(m_group.producer);
    return producer ? linearTarget(std::move(target), m_model.linears[*producer])
                    : normTarget(std::move(target));
  }

 private:
  const Linear& firstReader() const { return m_model.linears[m_group.consumers.front()]; }

  FoldTarget normTarget(FoldTarget target) const {
    const std::string weight = m_group.producer + ".weight";
    if (m_config.isFalse("do_layer_norm_before"))
      return notFoldable(target,
                         "the norm stands behind the residual sum, and its output is also the residual");
    for (const LinearId id : m_group.consumers) {
      if (m_model.linears[id].norm != weight)
        return notFoldable(target, "its readers do not all read the norm " + quotedText(m_group.producer));
    }
    for (LinearId id = 0; id < m_model.linears.size(); ++id) {
      const bool isReader =
          std::find(m_group.consumers.begin(), m_group.consumers.end(), id) != m_group.consumers.end();
      if (m_model.linears[id].norm == weight && !isReader)
        return notFoldable(
            target, quotedText(m_model.linears[id].name) + " reads the norm as well and is not in the group");
    }
    target.kind = FoldKind::Norm;
    target.producer = weight;
    target.bias = m_group.producer + ".bias";
    target.normOffset = firstReader().normOffset;
    target.isFoldable = true;
    return target;
  }

  FoldTarget linearTarget(FoldTarget target, const Linear& producer) const {
    target.kind = FoldKind::LinearRows;
    target.bias = producer.bias.value_or("");
    const TensorRole reader = firstReader().role;
    switch (producer.role) {
      case TensorRole::V:
        return reader == TensorRole::O ? attentionTarget(target, producer.out(), 0) : unknown(target);
      case TensorRole::Qkv:
        return reader == TensorRole::O ? fusedAttentionTarget(target, producer) : unknown(target);
      case TensorRole::Up:
        return reader == TensorRole::Down ? rowTarget(target, producer, 0) : unknown(target);
      case TensorRole::GateUp:
        // Phi-3 chunks [gate; up]; other fused layouts interleave
        if (m_model.family != "phi3") return notFoldable(target, "the order of its rows is not known");
        return reader == TensorRole::Down ? rowTarget(target, producer, producer.out() / 2) : unknown(target);
      case TensorRole::Fc1:
        return reader == TensorRole::Fc2 ? activatedTarget(target, producer) : unknown(target);
      case TensorRole::Q:
      case TensorRole::K:
        return notFoldable(target, "positions or head norms act on queries and keys in between");
      default:
        return unknown(target);
    }
  }

  FoldTarget unknown(FoldTarget target) const {
    return notFoldable(std::move(target), "what happens between " + quotedText(m_group.producer) + " and " +
                                              quotedText(firstReader().name) + " is not known");
  }

  FoldTarget rowTarget(FoldTarget target, const Linear& producer, std::int64_t rowBegin) const {
    if (producer.out() - rowBegin != target.channels)
      return notFoldable(target, "its outputs are not the readers' inputs one for one");
    target.rowBegin = rowBegin;
    target.isFoldable = true;
    return target;
  }

  /// relu(s x) = s relu(x) for s > 0; no other common activation has this.
  FoldTarget activatedTarget(FoldTarget target, const Linear& producer) const {
    const std::string activation = m_config.text({"activation_function", "hidden_act", "hidden_activation"});
    if (activation.empty()) return notFoldable(target, "config.json does not name the activation function");
    if (activation != "relu")
      return notFoldable(target,
                         "a scale does not pass through the activation function " + quotedText(activation));
    return rowTarget(std::move(target), producer, 0);
  }

  FoldTarget fusedAttentionTarget(FoldTarget target, const Linear& producer) const {
    static constexpr std::array<std::string_view, 2> kStacked = {"phi3", "gpt2"};  // rows are [q; k; v]
    if (std::find(kStacked.begin(), kStacked.end(), m_model.family) == kStacked.end())
      return notFoldable(target,
                         "the rows of its queries, keys and values are interleaved or in an unknown order");
    const std::int64_t values = producer.out() - target.channels;
    if (values <= 0 || values % 2 != 0)
      return notFoldable(target, "its outputs are not queries, keys and values of this width");
    return attentionTarget(std::move(target), values / 2, producer.out() - values / 2);
  }

  /// `width` output channels of v from row `rowBegin` on.
  FoldTarget attentionTarget(FoldTarget target, std::int64_t width, std::int64_t rowBegin) const {
    target.rowBegin = rowBegin;
    target.isFoldable = true;
    if (width == target.channels) return target;
    target.kind = FoldKind::LinearRowsGrouped;
    target.queryHeads = m_config.number({"num_attention_heads", "n_head", "num_heads"});
    target.kvHeads = m_config.number({"num_key_value_heads"});
    if (target.queryHeads <= 0 || target.kvHeads <= 0 || target.queryHeads % target.kvHeads != 0)
      return notFoldable(target, "config.json does not say how query heads share key and value heads");
    target.headDim = target.channels / target.queryHeads;
    if (target.headDim * target.queryHeads != target.channels || target.headDim * target.kvHeads != width)
      return notFoldable(target, "the heads of config.json do not fit the widths of v and o");
    return target;
  }

  const Model& m_model;
  const SmoothingGroup& m_group;
  FoldConfig m_config;
};

}  // namespace

FoldTarget foldTarget(const Model& model, std::size_t smoothingGroup, std::string_view configJson) {
  return Folder(model, model.smoothingGroups.at(smoothingGroup), configJson).target();
}

void shareAcrossHeads(const FoldTarget& target, std::span<float> s, bool useMean) {
  if (target.kind != FoldKind::LinearRowsGrouped || !target.isFoldable) return;
  const auto dim = static_cast<std::size_t>(target.headDim);
  const auto heads = static_cast<std::size_t>(target.queryHeads / target.kvHeads);
  for (std::size_t group = 0; group < s.size(); group += heads * dim) {
    for (std::size_t d = 0; d < dim; ++d) {
      double largest = 0, sum = 0;
      for (std::size_t h = 0; h < heads; ++h) {
        const double value = static_cast<double>(s[group + h * dim + d]);
        largest = std::max(largest, value);
        sum += value;
      }
      const float shared = static_cast<float>(useMean ? sum / static_cast<double>(heads) : largest);
      for (std::size_t h = 0; h < heads; ++h) s[group + h * dim + d] = shared;
    }
  }
}

std::optional<std::size_t> smoothingSite(const Model& model, std::size_t smoothingGroup) {
  std::optional<std::size_t> site;
  for (const LinearId id : model.smoothingGroups.at(smoothingGroup).consumers) {
    const Linear& reader = model.linears[id];
    if (reader.site && !reader.expert) return reader.site;
    if (!site) site = reader.site;
  }
  return site;
}

}  // namespace ql
