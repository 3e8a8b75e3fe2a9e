#include "core/calib/forward_parts.h"

#include "core/base/dtype.h"
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/model/names.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ql {
namespace {

[[noreturn]] void throwMissing(const std::string& where, const std::string& what) {
  throw Error(ErrorCode::Format, "The forward pass needs " + what + " of " + where +
                                     ", which the checkpoint does not hold; a shard may be missing.");
}

LinearPart partOf(const Model& model, LinearId id) {
  const Linear& linear = model.linears[id];
  const DTypeInfo& dtype = dtypeInfo(linear.dtype);
  if (!dtype.isFloat || !dtype.isConvertible) {
    throw Error(ErrorCode::Unsupported, "tensor " + quotedText(linear.matrix.tensor) + " is of type " +
                                            std::string(dtype.name) +
                                            ", which the forward pass cannot take for weights: open the "
                                            "original model instead of a quantized one.");
  }
  return {id, linear.name, linear.matrix, linear.bias.value_or(""), linear.site, dtype.bits};
}

/// Tensors by their names without wrappers' prefixes.
class TensorNames {
 public:
  explicit TensorNames(const Model& model) {
    for (const OtherTensor& tensor : model.others) m_names.emplace(stripWrappers(tensor.name), tensor.name);
    for (const Linear& linear : model.linears)
      m_names.emplace(stripWrappers(linear.matrix.tensor), linear.matrix.tensor);
  }

  /// Full name of the first ending that is there; empty when none is.
  std::string find(const std::string& module, std::initializer_list<const char*> endings) const {
    for (const char* ending : endings) {
      const auto found = m_names.find(module + ending);
      if (found != m_names.end()) return std::string(found->second);
    }
    return {};
  }

  NormPart norm(const std::string& module, std::int64_t width, NormKind kind) const {
    NormPart part;
    part.width = width;
    part.weight = find(module, {".weight", ".gamma"});  // gamma and beta: BERT as it was first saved
    if (part.weight.empty()) throwMissing(quotedText(module), "the weight");
    if (kind == NormKind::Layer) part.bias = find(module, {".bias", ".beta"});
    if (kind == NormKind::Layer && part.bias.empty()) throwMissing(quotedText(module), "the bias");
    return part;
  }

 private:
  std::unordered_map<std::string, std::string_view> m_names;
};

/// Where a linear of this role belongs in an MLP; null for other roles.
LinearPart* mlpPlace(MlpParts& mlp, TensorRole role) {
  switch (role) {
    case TensorRole::Gate:
      return &mlp.gate;
    case TensorRole::Up:
      return &mlp.up;
    case TensorRole::GateUp:
      return &mlp.gateUp;
    case TensorRole::Fc1:
      return &mlp.fc1;
    case TensorRole::Down:
    case TensorRole::Fc2:
      return &mlp.down;
    default:
      return nullptr;
  }
}

LinearPart* attentionPlace(BlockParts& block, TensorRole role) {
  switch (role) {
    case TensorRole::Q:
      return &block.q;
    case TensorRole::K:
      return &block.k;
    case TensorRole::V:
      return &block.v;
    case TensorRole::Qkv:
      return &block.qkv;
    case TensorRole::O:
      return &block.o;
    case TensorRole::Router:
      return &block.router;
    default:
      return nullptr;
  }
}

class PartFinder {
 public:
  PartFinder(const DecoderSpec& spec, const Model& model) : m_spec(spec), m_model(model), m_names(model) {}

  ModelParts run() {
    m_parts.blocks.resize(static_cast<std::size_t>(m_model.blockCount));
    for (LinearId id = 0; id < m_model.linears.size(); ++id) {
      if (m_model.linears[id].block) {
        placeInBlock(id);
      } else {
        placeGlobal(id);
      }
    }
    for (int b = 0; b < m_model.blockCount; ++b) finishBlock(b);
    finishGlobals();
    return std::move(m_parts);
  }

 private:
  void placeInBlock(LinearId id) {
    const Linear& linear = m_model.linears[id];
    BlockParts& block = m_parts.blocks[static_cast<std::size_t>(*linear.block)];
    LinearPart* place = nullptr;
    if (linear.expert) {
      const auto index = static_cast<std::size_t>(*linear.expert);
      if (*linear.expert >= m_spec.experts.count) {
        throw Error(ErrorCode::Format, "config.json: '" + m_spec.keys.experts + "' is " +
                                           std::to_string(m_spec.experts.count) + ", but there is " +
                                           quotedText(linear.name) +
                                           "; config.json and weights belong to different models.");
      }
      block.experts.resize(static_cast<std::size_t>(m_spec.experts.count));
      place = mlpPlace(block.experts[index], linear.role);
    } else if (linear.role == TensorRole::Router && isSharedGate(linear)) {
      place = &block.sharedGate;
    } else {
      place = attentionPlace(block, linear.role);
      if (place == nullptr) place = mlpPlace(block.mlp, linear.role);
    }
    if (place == nullptr || place->isPresent()) {
      throw Error(ErrorCode::Unsupported,
                  "There is no forward pass with " + quotedText(linear.name) + " (" +
                      std::string(roleName(linear.role)) +
                      ") in a block of this family yet; the weights can be analysed.");
    }
    *place = partOf(m_model, id);
    if (place->bias.empty() && !m_names.find(linear.name, {".bias"}).empty()) {
      throw Error(ErrorCode::Format, "The bias of " + quotedText(linear.name) + " does not have its " +
                                         std::to_string(linear.out()) + " outputs; copy the model again.");
    }
  }

  bool isSharedGate(const Linear& linear) const {
    return !m_spec.experts.sharedGate.empty() && linear.name.ends_with("." + m_spec.experts.sharedGate);
  }

  void placeGlobal(LinearId id) {
    const Linear& linear = m_model.linears[id];
    const std::array<std::pair<const std::string*, LinearPart*>, 4> named = {
        {{&m_spec.tokenTypeEmbedding, &m_parts.tokenType},
         {&m_spec.projectIn, &m_parts.projectIn},
         {&m_spec.projectOut, &m_parts.projectOut},
         {&m_spec.headTransform, &m_parts.headTransform}}};
    for (const auto& entry : named) {
      if (!entry.first->empty() && *entry.first == linear.name) {
        *entry.second = partOf(m_model, id);
        return;
      }
    }
    if (linear.role == TensorRole::Embedding) m_parts.embedding = partOf(m_model, id);
    if (linear.role == TensorRole::Position) m_parts.position = partOf(m_model, id);
    if (linear.role == TensorRole::LmHead) m_parts.head = partOf(m_model, id);
  }

  void finishBlock(int b) {
    BlockParts& block = m_parts.blocks[static_cast<std::size_t>(b)];
    const std::string where = "block " + std::to_string(b), prefix = blockPrefix(m_model, b);
    const bool hasQkv =
        block.qkv.isPresent() || (block.q.isPresent() && block.k.isPresent() && block.v.isPresent());
    if (!hasQkv) throwMissing(where, "the matrices q, k and v");
    if (!block.o.isPresent()) throwMissing(where, "the matrix o");
    finishMlps(block, where);
    const BlockNorms& names = m_spec.norms;
    const auto norm = [&](const std::string& path, std::int64_t width) {
      return path.empty() ? NormPart() : m_names.norm(prefix + path, width, m_spec.norm);
    };
    block.attentionIn = norm(names.attentionIn, m_spec.hidden);
    block.mlpIn = norm(names.mlpIn, m_spec.hidden);
    block.queryNorm = norm(names.queryNorm, m_spec.headDim);
    block.keyNorm = norm(names.keyNorm, m_spec.headDim);
    block.attentionPost = norm(names.attentionPost, m_spec.hidden);
    block.mlpPost = norm(names.mlpPost, m_spec.hidden);
  }

  void finishMlps(const BlockParts& block, const std::string& where) const {
    if (!block.router.isPresent() && !block.experts.empty()) throwMissing(where, "the router");
    if (!block.router.isPresent()) return checkMlp(block.mlp, where);
    for (std::int64_t e = 0; e < m_spec.experts.count; ++e) {
      const auto index = static_cast<std::size_t>(e);
      const std::string expert = "expert " + std::to_string(e) + " in " + where;
      if (index >= block.experts.size()) throwMissing(expert, "the matrices");
      checkMlp(block.experts[index], expert);
    }
    if (block.mlp.isPresent()) checkMlp(block.mlp, where + "'s shared expert");
    if (block.sharedGate.isPresent() && !block.mlp.isPresent()) throwMissing(where, "the shared expert");
    if (!m_spec.experts.sharedGate.empty() && block.mlp.isPresent() && !block.sharedGate.isPresent())
      throwMissing(where, "the gate of the shared expert");
  }

  static void checkMlp(const MlpParts& mlp, const std::string& where) {
    const bool hasInputs =
        mlp.gateUp.isPresent() || mlp.fc1.isPresent() || (mlp.gate.isPresent() && mlp.up.isPresent());
    if (!hasInputs) throwMissing(where, "the matrices that read the MLP's input");
    if (!mlp.down.isPresent()) throwMissing(where, "the matrix that writes the MLP's output");
  }

  void finishGlobals() {
    const auto need = [](const LinearPart& part, const std::string& name) {
      if (!name.empty() && !part.isPresent()) throwMissing("the model", "the matrix " + quotedText(name));
    };
    if (!m_parts.embedding.isPresent()) throwMissing("the model", "the token embedding");
    if (m_spec.rope.kind == RopeSpec::Kind::None && !m_parts.position.isPresent())
      throwMissing("the model", "the position embedding");
    need(m_parts.tokenType, m_spec.tokenTypeEmbedding);
    need(m_parts.projectIn, m_spec.projectIn);
    need(m_parts.projectOut, m_spec.projectOut);
    need(m_parts.headTransform, m_spec.headTransform);
    const auto norm = [&](const std::string& path, std::int64_t width) {
      return path.empty() ? NormPart() : m_names.norm(path, width, m_spec.norm);
    };
    m_parts.finalNorm = norm(m_spec.finalNorm, m_spec.hidden);
    m_parts.embeddingNorm = norm(m_spec.embeddingNorm, m_spec.hidden);
    m_parts.headTransformNorm = norm(m_spec.headTransformNorm, m_parts.headTransform.matrix.out);
    m_parts.headSite = m_parts.head.site;
    if (!m_parts.head.isPresent() && m_spec.tiesEmbeddings) m_parts.head = m_parts.embedding;
    if (!m_spec.headBias.empty()) {
      m_parts.headBias = m_names.find(m_spec.headBias, {""});
      if (m_parts.headBias.empty()) throwMissing("the model", "the tensor " + quotedText(m_spec.headBias));
    }
  }

  const DecoderSpec& m_spec;
  const Model& m_model;
  TensorNames m_names;
  ModelParts m_parts;
};

}  // namespace

std::vector<const LinearPart*> BlockParts::linears() const {
  std::vector<const LinearPart*> all;
  const auto add = [&](const LinearPart& part) {
    if (part.isPresent()) all.push_back(&part);
  };
  const auto addMlp = [&](const MlpParts& parts) {
    for (const LinearPart* part : {&parts.gate, &parts.up, &parts.gateUp, &parts.fc1, &parts.down})
      add(*part);
  };
  for (const LinearPart* part : {&q, &k, &v, &qkv, &o, &router, &sharedGate}) add(*part);
  addMlp(mlp);
  for (const MlpParts& expert : experts) addMlp(expert);
  return all;
}

std::string blockPrefix(const Model& model, int block) {
  const std::string number = std::to_string(block);
  for (const Linear& linear : model.linears) {
    if (linear.block != block) continue;
    const std::string dotted = "." + linear.name;
    const std::size_t at = dotted.find("." + number + ".");
    if (at != std::string::npos) return dotted.substr(1, at + number.size() + 1);
  }
  return "block " + number + " ";
}

ModelParts findParts(const DecoderSpec& spec, const Model& model) {
  if (model.blockCount < 1) throwMissing("the model", "the matrices of at least one block");
  if (spec.blocks > 0 && spec.blocks != model.blockCount) {
    throw Error(ErrorCode::Format, "config.json: '" + spec.keys.blocks + "' is " +
                                       std::to_string(spec.blocks) + ", but the tensors make " +
                                       std::to_string(model.blockCount) +
                                       " blocks; a shard may be missing, or config.json is another model's.");
  }
  ModelParts parts = PartFinder(spec, model).run();
  checkParts(spec, parts);
  return parts;
}

}  // namespace ql
