#pragma once
// Models with one thing wrong, and what the refusal must say: for the tests of errors.
#include "core/base/error.h"
#include "tests/core/calib/reference_compare.h"

namespace ql::test {

/// A model that must be refused, and what the sentence must hold.
struct BadModel {
  std::string name;
  TinyCheckpoint checkpoint;
  std::vector<std::string> parts;
  ErrorCode code = ErrorCode::Format;
};

class BadModels {
 public:
  explicit BadModels(std::string family, TinyCheckpoint good)
      : m_family(std::move(family)), m_good(std::move(good)) {}

  /// `key` gets another value.
  void value(const std::string& key, const nlohmann::json& value, std::vector<std::string> parts,
             ErrorCode code = ErrorCode::Format) {
    TinyCheckpoint bad = m_good;
    bad.config[key] = value;
    add(key + " = " + value.dump(), std::move(bad), std::move(parts), code);
  }
  void missingKey(const std::string& key) {
    TinyCheckpoint bad = m_good;
    bad.config.erase(key);
    add("no " + key, std::move(bad), {"'" + key + "'", "missing"}, ErrorCode::Format);
  }
  void missingTensor(const std::string& tensor, std::vector<std::string> parts,
                     ErrorCode code = ErrorCode::Format) {
    TinyCheckpoint bad = m_good;
    bad.tensors.erase(tensor);
    add("no " + tensor, std::move(bad), std::move(parts), code);
  }
  /// The tensor is cut or repeated to another shape.
  void shape(const std::string& tensor, const std::vector<std::int64_t>& shape,
             std::vector<std::string> parts) {
    TinyCheckpoint bad = m_good;
    std::int64_t count = 1;
    for (const std::int64_t side : shape) count *= side;
    bad.tensors[tensor].shape = shape;
    bad.tensors[tensor].values.resize(static_cast<std::size_t>(count), 0.5f);
    add("other shape of " + tensor, std::move(bad), std::move(parts), ErrorCode::Format);
  }
  std::vector<BadModel> take() { return std::move(m_models); }

 private:
  void add(const std::string& what, TinyCheckpoint bad, std::vector<std::string> parts, ErrorCode code) {
    m_models.push_back({m_family + ": " + what, std::move(bad), std::move(parts), code});
  }

  std::string m_family;
  TinyCheckpoint m_good;
  std::vector<BadModel> m_models;
};

/// From the folder to the logits. A fault may show when the model is made or when its part is read.
inline void runWhole(const TinyCheckpoint& checkpoint) {
  const OpenedModel opened(checkpoint);
  HiddenBatch batch = makeBatch(tinyWindows(50, {3, 2}), 0);
  JobContext job(1);
  opened.forward->embed(batch, nullptr, job);
  for (int block = 0; block < opened.forward->blockCount(); ++block)
    opened.forward->runBlock(block, batch, nullptr, job);
  opened.forward->finalNorm(batch, nullptr, job);
  std::vector<float> logits(static_cast<std::size_t>(batch.count() * opened.forward->vocabularySize()));
  opened.forward->logits(batch, 0, batch.count(), logits, job);
}

/// Empty when the model is refused in one sentence as it should be, else what went wrong.
inline std::string faultOfRefusal(const BadModel& bad) {
  try {
    runWhole(bad.checkpoint);
  } catch (const Error& error) {
    const std::string message = error.what();
    for (const std::string& part : bad.parts) {
      if (message.find(part) == std::string::npos) return message + " | lacks: " + part;
    }
    if (error.code() != bad.code) return message + " | has another code";
    const bool isSentence = message.ends_with(".") && message.find('\n') == std::string::npos;
    return isSentence ? std::string() : message + " | is no sentence";
  }
  return "was taken";
}

}  // namespace ql::test
