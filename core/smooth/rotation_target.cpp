#include "core/smooth/rotation_target.h"

#include "core/base/message_text.h"
#include "core/smooth/rotation_config.h"

#include <algorithm>
#include <array>

namespace ql {
namespace {

/// Families whose residual stream is what ResidualTarget says: RMS norms in front of attention and MLP.
constexpr std::array<std::string_view, 8> kPreNorm = {"llama",     "mistral", "mixtral",   "qwen2",
                                                      "qwen2_moe", "qwen3",   "qwen3_moe", "phi3"};

ResidualTarget refused(std::string reason) {
  ResidualTarget target;
  target.reason = std::move(reason);
  return target;
}

class ResidualFinder {
 public:
  ResidualFinder(const Model& model, std::string_view configJson) : m_model(model), m_config(configJson) {}

  ResidualTarget run() {
    std::string reason = familyProblem();
    for (LinearId id = 0; id < m_model.linears.size() && reason.empty(); ++id) reason = place(id);
    if (reason.empty()) reason = wholeProblem();
    if (!reason.empty()) return refused(std::move(reason));
    m_target.isRotatable = true;
    return std::move(m_target);
  }

 private:
  std::string familyProblem() const {
    for (const OtherTensor& tensor : m_model.others)
      if (tensor.role == TensorRole::Norm &&
          (tensor.name.ends_with(".bias") || tensor.name.ends_with(".beta")))
        return "its layer norms (" + quotedText(tensor.name) +
               ") subtract the mean over channels, which a rotation changes, and its architecture has no RMS "
               "norms to take their place";
    if (m_config.isFalse("do_layer_norm_before"))
      return "its norms stand behind the residual sums, so the stream itself is normalised";
    if (std::find(kPreNorm.begin(), kPreNorm.end(), m_model.family) == kPreNorm.end())
      return "what reads and writes the residual stream is not known for the family " +
             quotedText(m_model.family);
    if (m_model.hasTiedEmbeddings && m_config.isTrue("tie_word_embeddings"))
      return "the head shares its matrix with the embedding; untie them first";
    return {};
  }

  std::string place(LinearId id) {
    const Linear& linear = m_model.linears[id];
    switch (linear.role) {
      case TensorRole::Embedding:
      case TensorRole::Position:
        m_target.tables.push_back(id);
        if (linear.role == TensorRole::Embedding) m_target.width = linear.in();
        return {};
      case TensorRole::Q:
      case TensorRole::K:
      case TensorRole::V:
      case TensorRole::Qkv:
      case TensorRole::Gate:
      case TensorRole::Up:
      case TensorRole::GateUp:
      case TensorRole::Fc1:
      case TensorRole::Router:
      case TensorRole::LmHead:
        return consumer(id);
      case TensorRole::O:
      case TensorRole::Down:
      case TensorRole::Fc2:
        m_target.producers.push_back(id);
        return {};
      default:
        return "what " + quotedText(linear.name) + " reads and writes is not known";
    }
  }

  std::string consumer(LinearId id) {
    const Linear& linear = m_model.linears[id];
    if (!linear.norm)
      return quotedText(linear.name) + " reads the residual stream without a norm that can be found";
    m_target.consumers.push_back(id);
    m_target.norms[*linear.norm] = linear.normOffset;
    return {};
  }

  std::string wholeProblem() const {
    if (m_target.width == 0) return "the checkpoint holds no embedding";
    const auto hasHead = std::any_of(m_target.consumers.begin(), m_target.consumers.end(), [&](LinearId id) {
      return m_model.linears[id].role == TensorRole::LmHead;
    });
    if (!hasHead)
      return "the checkpoint has no output head, so its outputs are hidden states, which a rotation changes";
    for (const auto* ids : {&m_target.tables, &m_target.consumers})
      for (const LinearId id : *ids)
        if (m_model.linears[id].in() != m_target.width)
          return widthProblem(id, "inputs", m_model.linears[id].in());
    for (const LinearId id : m_target.producers)
      if (m_model.linears[id].out() != m_target.width)
        return widthProblem(id, "outputs", m_model.linears[id].out());
    return unreadNorm();
  }

  std::string widthProblem(LinearId id, const char* side, std::int64_t count) const {
    return quotedText(m_model.linears[id].name) + " has " + std::to_string(count) + " " + side +
           " where the residual stream has " + std::to_string(m_target.width) + " channels";
  }

  /// A norm that no linear reads stands between a matrix and the residual sum.
  std::string unreadNorm() const {
    for (const OtherTensor& tensor : m_model.others) {
      if (!tensor.block || tensor.name.find("norm") == std::string::npos) continue;
      const bool isOfHeads = tensor.name.ends_with("q_norm.weight") || tensor.name.ends_with("k_norm.weight");
      if (!isOfHeads && !m_target.norms.contains(tensor.name))
        return "the norm " + quotedText(tensor.name) +
               " stands behind a matrix, and its gain does not commute with a rotation";
    }
    return {};
  }

  const Model& m_model;
  RotationConfig m_config;
  ResidualTarget m_target;
};

HeadTarget headTarget(const Model& model, int block, const Linear* values, const Linear* output,
                      std::int64_t queryHeads) {
  HeadTarget target;
  target.block = block;
  const auto refuse = [&](std::string reason) {
    target.reason = std::move(reason);
    return target;
  };
  const std::string where = "block " + std::to_string(block);
  if (!values || !output) return refuse(where + " has no matrices v and o that can be found");
  if (queryHeads <= 0) return refuse("config.json does not say how many heads there are");
  if (output->in() % queryHeads != 0)
    return refuse(quotedText(output->name) + " has " + std::to_string(output->in()) +
                  " inputs, which are not " + std::to_string(queryHeads) + " heads");
  target.headDim = output->in() / queryHeads;
  target.rowCount = values->out();
  if (values->role == TensorRole::Qkv) {
    if (model.family != "phi3" && model.family != "gpt2")  // their rows are [q; k; v]
      return refuse("the rows of queries, keys and values in " + quotedText(values->name) +
                    " are in an unknown order");
    target.rowCount = (values->out() - output->in()) / 2;
    target.rowBegin = values->out() - target.rowCount;
  }
  if (target.rowCount <= 0 || target.rowCount % target.headDim != 0)
    return refuse("the value rows of " + quotedText(values->name) + " are not heads of " +
                  std::to_string(target.headDim) + " channels");
  target.values = *model.find(values->name);
  target.output = *model.find(output->name);
  target.isRotatable = true;
  return target;
}

}  // namespace

ResidualTarget residualTarget(const Model& model, std::string_view configJson) {
  return ResidualFinder(model, configJson).run();
}

std::vector<HeadTarget> headTargets(const Model& model, std::string_view configJson) {
  const RotationConfig config(configJson);
  const std::int64_t heads = config.number({"num_attention_heads", "n_head", "num_heads"});
  const auto count = static_cast<std::size_t>(model.blockCount);
  std::vector<const Linear*> values(count, nullptr), outputs(count, nullptr);
  for (const Linear& linear : model.linears) {
    if (!linear.block || linear.expert || model.family == "generic") continue;
    const auto block = static_cast<std::size_t>(*linear.block);
    if (linear.role == TensorRole::V || linear.role == TensorRole::Qkv) values[block] = &linear;
    if (linear.role == TensorRole::O) outputs[block] = &linear;
  }
  std::vector<HeadTarget> targets;
  for (std::size_t block = 0; block < count; ++block)
    targets.push_back(headTarget(model, static_cast<int>(block), values[block], outputs[block], heads));
  return targets;
}

}  // namespace ql
