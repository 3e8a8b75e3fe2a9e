// Llama in all its variants against the reference in double precision.
#include "tests/core/calib/reference_compare.h"
#include "tests/core/calib/reference_llama.h"

#include <QTest>

using namespace ql;
using namespace ql::test;

class TstForwardLlamaVariants : public QObject {
  Q_OBJECT
 private slots:
  void groupedQueries();
  void oneKeyHeadForEachQueryHead();
  void oneKeyHeadForAll();
  void threeBlocksAndOddSizes();
  void headWidthOfItsOwn();
  void attentionBias();
  void mlpBias();
  void tiedHead();
  void linearlyScaledRope();
  void dynamicRopeChangesBeyondTheTrainedContext();
  void ropeOfLlama31();
  void ropeOfYarn();
  void ropeParametersAreTheNewSpelling();
  void sizesInsideTextConfig();
  void namesInsideWrappers();
  void windowsWithoutTokens();
};

void TstForwardLlamaVariants::groupedQueries() {
  QL_AGREES(TinyLlama{});
}

void TstForwardLlamaVariants::oneKeyHeadForEachQueryHead() {
  TinyLlama m;
  m.kvHeads = m.heads;
  m.keys["num_key_value_heads"] = nullptr;  // null means as many as query heads
  QL_AGREES(m);
}

void TstForwardLlamaVariants::oneKeyHeadForAll() {
  TinyLlama m;
  m.kvHeads = 1;
  QL_AGREES(m);
}

void TstForwardLlamaVariants::threeBlocksAndOddSizes() {
  TinyLlama m;
  m.blocks = 3;
  m.hidden = 42;
  m.heads = m.kvHeads = 3;
  m.headWidth = 14;
  m.mlpWidth = 37;
  m.vocabulary = 53;
  m.eps = 0.05;  // large enough to be seen
  m.rotation = plainRope(500000, 14);
  m.keys["rope_theta"] = 500000;
  QL_AGREES(m);
}

void TstForwardLlamaVariants::headWidthOfItsOwn() {
  TinyLlama m;
  m.headWidth = 12;
  m.rotation = plainRope(10000, 12);
  m.keys["head_dim"] = 12;
  QL_AGREES(m);
}

void TstForwardLlamaVariants::attentionBias() {
  TinyLlama m;
  m.hasQkvBias = m.hasOutputBias = true;
  m.keys["attention_bias"] = true;
  QL_AGREES(m);
}

void TstForwardLlamaVariants::mlpBias() {
  TinyLlama m;
  m.hasMlpBias = true;
  m.keys["mlp_bias"] = true;
  QL_AGREES(m);
}

void TstForwardLlamaVariants::tiedHead() {
  TinyLlama m;
  m.isTied = true;
  QL_AGREES(m);
}

void TstForwardLlamaVariants::linearlyScaledRope() {
  TinyLlama m;
  m.rotation = linearRope(10000, 8, 4);
  m.keys["rope_scaling"] = {{"type", "linear"}, {"factor", 4.0}};
  QL_AGREES(m);
}

void TstForwardLlamaVariants::dynamicRopeChangesBeyondTheTrainedContext() {
  TinyLlama m;
  m.rotation = dynamicRope(10000, 8, 2, 16);
  m.keys["max_position_embeddings"] = 16;
  m.keys["rope_scaling"] = {{"rope_type", "dynamic"}, {"factor", 2.0}};
  // Up to the context, one token beyond it, and far beyond: each window has frequencies of its own.
  QL_AGREES(m, tinyWindows(m.vocabulary, {16, 17, 3, 40}));
}

void TstForwardLlamaVariants::ropeOfLlama31() {
  // Waves of 6.3, 20, 63 and 199 positions: kept, blended, divided, divided.
  TinyLlama m;
  m.rotation = llama3Rope(100, 8, 8, 1, 4, 32);
  m.keys["rope_theta"] = 100.0;
  m.keys["rope_scaling"] = {{"rope_type", "llama3"},
                            {"factor", 8.0},
                            {"low_freq_factor", 1.0},
                            {"high_freq_factor", 4.0},
                            {"original_max_position_embeddings", 32}};
  QL_AGREES(m);
}

void TstForwardLlamaVariants::ropeOfYarn() {
  // The ramp goes from pair 1 to pair 3: pair 2 is half divided.
  TinyLlama m;
  m.rotation = yarnRope(10000, 8, 4, 4096, 32, 1);
  m.keys["max_position_embeddings"] = 16384;
  m.keys["rope_scaling"] = {
      {"rope_type", "yarn"}, {"factor", 4.0}, {"original_max_position_embeddings", 4096}};
  QL_AGREES(m);
}

void TstForwardLlamaVariants::ropeParametersAreTheNewSpelling() {
  TinyLlama m;
  m.rotation = linearRope(500, 8, 2);
  m.keys["rope_parameters"] = {{"rope_theta", 500.0}, {"rope_type", "linear"}, {"factor", 2.0}};
  QL_AGREES(m);
}

void TstForwardLlamaVariants::sizesInsideTextConfig() {
  // Multimodal wrappers nest the language model's keys.
  TinyLlama m;
  TinyCheckpoint checkpoint = makeCheckpoint(m);
  const nlohmann::json inner = checkpoint.config;
  checkpoint.config = {{"model_type", "llava"}, {"architectures", {"LlavaForConditionalGeneration"}}};
  checkpoint.config["text_config"] = inner;
  const OpenedModel opened(checkpoint);
  const std::vector<Ids> windows = tinyWindows(m.vocabulary);
  ForwardComparison comparison(opened, windows,
                               [&](const Ids& ids) { return runReference(m, checkpoint, ids); });
  QCOMPARE(comparison.run(), std::string());
}

void TstForwardLlamaVariants::namesInsideWrappers() {
  const TinyLlama m;
  const TinyCheckpoint plain = makeCheckpoint(m);
  TinyCheckpoint wrapped;
  wrapped.config = plain.config;
  for (const auto& [name, tensor] : plain.tensors) wrapped.tensors["module._orig_mod." + name] = tensor;
  const OpenedModel opened(wrapped);
  const std::vector<Ids> windows = tinyWindows(m.vocabulary);
  ForwardComparison comparison(opened, windows, [&](const Ids& ids) { return runReference(m, plain, ids); });
  QCOMPARE(comparison.run(), std::string());
}

void TstForwardLlamaVariants::windowsWithoutTokens() {
  QL_AGREES(TinyLlama{}, std::vector<Ids>{{3, 4, 5}, {}, {6, 7}, {}});
}

QTEST_APPLESS_MAIN(TstForwardLlamaVariants)
#include "tst_forward_llama_variants.moc"
