// Real tensor lists of every family: roles, order, sites, groups.
#include "core/base/error.h"
#include "tests/support/compare.h"
#include "tests/support/model_names.h"

#include <QTest>

#include <algorithm>
#include <set>

using namespace ql;
using namespace ql::test;

namespace {

const Linear& linearOf(const Model& model, const std::string& name) {
  const auto id = model.find(name);
  if (!id) qFatal("no linear %s", name.c_str());
  return model.linears[*id];
}

std::vector<std::string> namesOf(const Model& model, const std::vector<LinearId>& ids) {
  std::vector<std::string> names;
  for (const LinearId id : ids) names.push_back(model.linears[id].name);
  return names;
}

}  // namespace

class TstFamilies : public QObject {
  Q_OBJECT
 private slots:
  void llama70bIsWholeAndInOrder();
  void groupedQueryAttentionSmoothsOThroughV();
  void multiHeadAttentionSmoothsOThroughV();
  void qwen2KeepsBiases();
  void qwen3HeadNormsAreNorms();
  void mixtralExpertsAndRouter();
  void qwenMoeSharedExpertReadsTheMlpInput();
  void expertStacksBecomeOneLinearAnExpert();
  void phi3IsFusedAlready();
  void gpt2IsTransposed_data();
  void gpt2IsTransposed();
  void optWithAndWithoutPrefix_data();
  void optWithAndWithoutPrefix();
  void postNormOptHasNoNormBehindItsLinears();
  void bertWithAndWithoutPrefix_data();
  void bertWithAndWithoutPrefix();
  void bertNormsFeedTheResidualToo();
  void bertHeadIsMapped();
  void wrappersAreStripped();
  void languageModelInsideAWrapper();
  void tiedHeadIsAFactAndNoWarning();
};

void TstFamilies::llama70bIsWholeAndInOrder() {
  const Model model = llamaModel().build("Llama-3-70B");
  QCOMPARE(model.family, std::string("llama"));
  QCOMPARE(model.blockCount, 80);
  QCOMPARE(model.linears.size(), std::size_t{80 * 7 + 2});
  QVERIFY(model.warnings.empty());
  QCOMPARE(model.linears.front().name, std::string("model.embed_tokens"));
  QCOMPARE(model.linears[1].name, std::string("model.layers.0.self_attn.q_proj"));
  QCOMPARE(model.linears[8].name, std::string("model.layers.1.self_attn.q_proj"));
  QCOMPARE(model.linears[7 * 10 + 7].name, std::string("model.layers.10.mlp.down_proj"));
  QCOMPARE(model.linears.back().name, std::string("lm_head"));
  QCOMPARE(model.parameterCount, std::uint64_t{70553706496});  // the model card's 70.6 B
  const std::vector<TensorRole> roles = {TensorRole::Q,    TensorRole::K,  TensorRole::V,   TensorRole::O,
                                         TensorRole::Gate, TensorRole::Up, TensorRole::Down};
  QVERIFY(model.rolesPresent == roles);
  const auto quantizable = std::count_if(model.linears.begin(), model.linears.end(),
                                         [](const Linear& linear) { return linear.isQuantizable; });
  QCOMPARE(quantizable, 560);
  const Linear& q = linearOf(model, "model.layers.3.self_attn.q_proj");
  QCOMPARE(*q.norm, std::string("model.layers.3.input_layernorm.weight"));
  const Site& site = model.sites[*q.site];
  QCOMPARE(site.name, q.name);
  QCOMPARE(site.consumers.size(), std::size_t{3});
  QCOMPARE(site.width, std::int64_t{8192});
  QCOMPARE(model.fusedGroups[*q.fusedGroup].name, std::string("model.layers.3.self_attn.qkv_proj"));
  QCOMPARE(*linearOf(model, "lm_head").norm, std::string("model.norm.weight"));
  QVERIFY(!linearOf(model, "model.embed_tokens").site.has_value());
}

void TstFamilies::groupedQueryAttentionSmoothsOThroughV() {
  const Model model = llamaModel().build();
  const Linear& o = linearOf(model, "model.layers.0.self_attn.o_proj");
  QCOMPARE(model.smoothingGroups[*o.smoothingGroup].producer, std::string("model.layers.0.self_attn.v_proj"));
  const Linear& down = linearOf(model, "model.layers.0.mlp.down_proj");
  QCOMPARE(model.smoothingGroups[*down.smoothingGroup].producer, std::string("model.layers.0.mlp.up_proj"));
}

void TstFamilies::multiHeadAttentionSmoothsOThroughV() {
  const Model model = llamaModel(kLlama2_7b).build();
  const Linear& o = linearOf(model, "model.layers.31.self_attn.o_proj");
  QCOMPARE(model.smoothingGroups[*o.smoothingGroup].producer,
           std::string("model.layers.31.self_attn.v_proj"));
}

void TstFamilies::qwen2KeepsBiases() {
  const Model model = llamaModel(kQwen2_7b, "qwen2", "Qwen2ForCausalLM").build();
  QCOMPARE(model.family, std::string("qwen2"));
  QCOMPARE(*linearOf(model, "model.layers.5.self_attn.k_proj").bias,
           std::string("model.layers.5.self_attn.k_proj.bias"));
  QVERIFY(!linearOf(model, "model.layers.5.self_attn.o_proj").bias.has_value());
  QVERIFY(model.warnings.empty());
}

void TstFamilies::qwen3HeadNormsAreNorms() {
  const Model model = llamaModel(kQwen3_8b, "qwen3", "Qwen3ForCausalLM").build();
  const auto norm = std::find_if(model.others.begin(), model.others.end(), [](const OtherTensor& other) {
    return other.name == "model.layers.35.self_attn.k_norm.weight";
  });
  QVERIFY(norm != model.others.end());
  QVERIFY(norm->role == TensorRole::Norm);
  QCOMPARE(*norm->block, 35);
  QCOMPARE(model.family, std::string("qwen3"));
}

void TstFamilies::mixtralExpertsAndRouter() {
  const Model model = mixtralModel().build();
  QCOMPARE(model.linears.size(), std::size_t{32 * (4 + 1 + 24) + 2});
  const Linear& router = linearOf(model, "model.layers.1.block_sparse_moe.gate");
  QVERIFY(router.role == TensorRole::Router);
  QVERIFY(!router.isQuantizable);
  const Linear& w3 = linearOf(model, "model.layers.1.block_sparse_moe.experts.7.w3");
  QVERIFY(w3.role == TensorRole::Up);
  QCOMPARE(*w3.expert, 7);
  const Linear& w1 = linearOf(model, "model.layers.1.block_sparse_moe.experts.7.w1");
  QVERIFY(w1.site == w3.site);
  QVERIFY(w1.site != router.site);
  QCOMPARE(model.smoothingGroups[*w1.smoothingGroup].consumers.size(),
           std::size_t{17});  // router and 8 x (w1, w3)
  QVERIFY(router.smoothingGroup == w1.smoothingGroup);
  const Linear& w2 = linearOf(model, "model.layers.1.block_sparse_moe.experts.7.w2");
  QCOMPARE(model.smoothingGroups[*w2.smoothingGroup].producer, w3.name);
  QCOMPARE(model.fusedGroups[*w2.fusedGroup].members.size(), std::size_t{24});
  // Expert by expert, each gate, up, down.
  const LinearId first = *model.find("model.layers.0.block_sparse_moe.experts.0.w1");
  const std::vector<std::string> expected = {
      "model.layers.0.block_sparse_moe.experts.0.w1", "model.layers.0.block_sparse_moe.experts.0.w3",
      "model.layers.0.block_sparse_moe.experts.0.w2", "model.layers.0.block_sparse_moe.experts.1.w1"};
  QVERIFY(namesOf(model, {first, first + 1, first + 2, first + 3}) == expected);
}

void TstFamilies::qwenMoeSharedExpertReadsTheMlpInput() {
  const Model shared = qwenMoeModel(true).build();
  QCOMPARE(shared.family, std::string("qwen2_moe"));
  const Linear& gate = linearOf(shared, "model.layers.0.mlp.shared_expert.gate_proj");
  const Linear& router = linearOf(shared, "model.layers.0.mlp.gate");
  const Linear& sharedGate = linearOf(shared, "model.layers.0.mlp.shared_expert_gate");
  QVERIFY(gate.site == router.site && router.site == sharedGate.site);
  QVERIFY(sharedGate.role == TensorRole::Router);
  QVERIFY(!sharedGate.isQuantizable);
  QCOMPARE(shared.fusedGroups[*gate.fusedGroup].members.size(), std::size_t{2});
  const Model plain = qwenMoeModel(false).build();
  QCOMPARE(plain.family, std::string("qwen3_moe"));
  QVERIFY(plain.warnings.empty());
}

void TstFamilies::expertStacksBecomeOneLinearAnExpert() {
  NamedModel named{configOf("qwen3_moe", "Qwen3MoeForCausalLM", 2, 64), {}};
  for (int i = 0; i < 2; ++i) {
    const std::string block = "model.layers." + std::to_string(i) + ".";
    addLlamaAttention(named, block, {2, 64, 32, 64, 64, 100});
    named.add(block + "mlp.experts.gate_up_proj", {4, 96, 64});  // [E, out, in]
    named.add(block + "mlp.experts.down_proj", {4, 48, 64});     // [E, in, out]
  }
  const Model model = named.build();
  const Linear& gateUp = linearOf(model, "model.layers.1.mlp.experts.gate_up_proj[3]");
  QVERIFY(gateUp.role == TensorRole::GateUp);
  QVERIFY(gateUp.matrix == (MatrixRef{"model.layers.1.mlp.experts.gate_up_proj", 96, 64, false, 3}));
  const Linear& down = linearOf(model, "model.layers.1.mlp.experts.down_proj[0]");
  QVERIFY(down.matrix == (MatrixRef{"model.layers.1.mlp.experts.down_proj", 64, 48, true, 0}));
  QCOMPARE(*down.expert, 0);
  QCOMPARE(model.fusedGroups[*down.fusedGroup].members.size(), std::size_t{8});
}

void TstFamilies::phi3IsFusedAlready() {
  const Model model = phi3Model().build();
  QCOMPARE(model.linears.size(), std::size_t{32 * 4 + 2});
  QVERIFY(linearOf(model, "model.layers.2.self_attn.qkv_proj").role == TensorRole::Qkv);
  QVERIFY(model.fusedGroups.empty());
  const auto producerOf = [&](const std::string& name) {
    return model.smoothingGroups[linearOf(model, name).smoothingGroup.value()].producer;
  };
  QCOMPARE(producerOf("model.layers.2.self_attn.o_proj"), std::string("model.layers.2.self_attn.qkv_proj"));
  QCOMPARE(producerOf("model.layers.2.mlp.down_proj"), std::string("model.layers.2.mlp.gate_up_proj"));
  QVERIFY(linearOf(model, "model.layers.2.mlp.gate_up_proj").smoothingGroup.has_value());
}

void TstFamilies::gpt2IsTransposed_data() {
  QTest::addColumn<std::string>("prefix");
  QTest::newRow("causal") << std::string("transformer.");
  QTest::newRow("bare") << std::string();
}

void TstFamilies::gpt2IsTransposed() {
  QFETCH(std::string, prefix);
  const Model model = gpt2Model(prefix).build();
  QCOMPARE(model.family, std::string("gpt2"));
  QCOMPARE(model.blockCount, 12);
  const Linear& fc = linearOf(model, prefix + "h.11.mlp.c_fc");
  QVERIFY(fc.matrix.isTransposed);
  QCOMPARE(fc.out(), std::int64_t{3072});
  QCOMPARE(fc.in(), std::int64_t{768});
  QCOMPARE(*fc.norm, prefix + "h.11.ln_2.weight");
  QCOMPARE(*linearOf(model, prefix + "h.0.attn.c_attn").bias, prefix + "h.0.attn.c_attn.bias");
  QVERIFY(linearOf(model, prefix + "wpe").role == TensorRole::Position);
  QVERIFY(!model.find(prefix + "h.0.attn").has_value());
  QVERIFY(model.hasTiedEmbeddings);
  // 124 M parameters; the causal masks do not count.
  std::uint64_t masks = 0;
  for (const OtherTensor& other : model.others) masks += other.name.ends_with(".attn.bias");
  QCOMPARE(masks, std::uint64_t{12});
  QVERIFY(model.parameterCount < 125'000'000u);
}

void TstFamilies::optWithAndWithoutPrefix_data() {
  QTest::addColumn<std::string>("prefix");
  QTest::newRow("causal") << std::string("model.");
  QTest::newRow("bare") << std::string();
}

void TstFamilies::optWithAndWithoutPrefix() {
  QFETCH(std::string, prefix);
  const Model model = optModel(prefix).build();
  QCOMPARE(model.family, std::string("opt"));
  QCOMPARE(model.blockCount, 12);
  const Linear& fc1 = linearOf(model, prefix + "decoder.layers.7.fc1");
  QCOMPARE(*fc1.norm, prefix + "decoder.layers.7.final_layer_norm.weight");
  QVERIFY(linearOf(model, prefix + "decoder.layers.7.self_attn.out_proj").role == TensorRole::O);
  const Linear& fc2 = linearOf(model, prefix + "decoder.layers.7.fc2");
  QCOMPARE(model.smoothingGroups[fc2.smoothingGroup.value()].producer, fc1.name);
}

void TstFamilies::postNormOptHasNoNormBehindItsLinears() {
  NamedModel named = optModel("model.");
  named.config.insert(1, "\"do_layer_norm_before\":false,");
  const Model model = named.build();
  QVERIFY(!linearOf(model, "model.decoder.layers.7.fc1").norm.has_value());
  QVERIFY(!linearOf(model, "model.decoder.layers.7.fc1").smoothingGroup.has_value());
}

void TstFamilies::bertWithAndWithoutPrefix_data() {
  QTest::addColumn<std::string>("prefix");
  QTest::newRow("with a head") << std::string("bert.");
  QTest::newRow("bare") << std::string();
}

void TstFamilies::bertWithAndWithoutPrefix() {
  QFETCH(std::string, prefix);
  const Model model = bertModel(prefix).build();
  QCOMPARE(model.family, std::string("bert"));
  QCOMPARE(model.blockCount, 12);
  QVERIFY(model.warnings.empty());
  const std::vector<TensorRole> roles = {TensorRole::Q, TensorRole::K,   TensorRole::V,
                                         TensorRole::O, TensorRole::Fc1, TensorRole::Fc2};
  QVERIFY(model.rolesPresent == roles);
  QCOMPARE(model.linears[0].name, prefix + "embeddings.word_embeddings");
  QVERIFY(linearOf(model, prefix + "embeddings.position_embeddings").role == TensorRole::Position);
  const Linear& types = linearOf(model, prefix + "embeddings.token_type_embeddings");
  QVERIFY(types.role == TensorRole::Embedding);
  QVERIFY(!types.isQuantizable && !types.site);
  const Linear& q = linearOf(model, prefix + "encoder.layer.7.attention.self.query");
  QCOMPARE(*q.block, 7);
  QCOMPARE(*q.bias, prefix + "encoder.layer.7.attention.self.query.bias");
  QCOMPARE(model.sites[*q.site].consumers.size(), std::size_t{3});
  QCOMPARE(linearOf(model, prefix + "encoder.layer.7.output.dense").in(), std::int64_t{3072});
  QVERIFY(!linearOf(model, prefix + "pooler.dense").isQuantizable);
  const auto norms = std::count_if(model.others.begin(), model.others.end(), [](const OtherTensor& other) {
    return other.role == TensorRole::Norm && other.name.ends_with(".gamma");
  });
  QCOMPARE(norms, prefix.empty() ? 25 : 26);  // two a layer, the embeddings', the head's
}

void TstFamilies::bertNormsFeedTheResidualToo() {
  // Dividing a norm behind the sum would change the residual as well: only o can be smoothed, through v.
  const Model model = bertModel("bert.", "weight", "bias").build();
  for (const Linear& linear : model.linears) {
    const bool isSmoothable = linear.role == TensorRole::O;
    QCOMPARE(linear.smoothingGroup.has_value(), isSmoothable);
    QVERIFY(!linear.norm.has_value());
  }
  const Linear& o = linearOf(model, "bert.encoder.layer.0.attention.output.dense");
  QCOMPARE(model.smoothingGroups[*o.smoothingGroup].producer,
           std::string("bert.encoder.layer.0.attention.self.value"));
}

void TstFamilies::bertHeadIsMapped() {
  NamedModel named = bertModel("bert.", "weight", "bias");
  QVERIFY(named.build().hasTiedEmbeddings);
  named.add("cls.predictions.decoder.weight", {30522, 768}, DType::F32);
  const Model model = named.build();
  QVERIFY(!model.hasTiedEmbeddings);
  const Linear& decoder = linearOf(model, "cls.predictions.decoder");
  QVERIFY(decoder.role == TensorRole::LmHead);
  QCOMPARE(*decoder.norm, std::string("cls.predictions.transform.LayerNorm.weight"));
  QVERIFY(!linearOf(model, "cls.predictions.transform.dense").isQuantizable);
}

void TstFamilies::wrappersAreStripped() {
  NamedModel named = llamaModel({2, 64, 128, 64, 64, 100});
  for (TensorInfo& tensor : named.tensors) tensor.name = "module._orig_mod." + tensor.name;
  const Model model = named.build();
  const Linear& q = linearOf(model, "model.layers.1.self_attn.q_proj");
  QCOMPARE(q.matrix.tensor, std::string("module._orig_mod.model.layers.1.self_attn.q_proj.weight"));
  QCOMPARE(*q.norm, std::string("module._orig_mod.model.layers.1.input_layernorm.weight"));
}

void TstFamilies::languageModelInsideAWrapper() {
  NamedModel named = llamaModel({2, 64, 128, 64, 64, 100});
  for (TensorInfo& tensor : named.tensors) tensor.name = "language_model." + tensor.name;
  named.add("vision_tower.blocks.0.fc.weight", {64, 64});
  named.config = R"({"model_type":"llava","architectures":["LlavaForConditionalGeneration"],
    "text_config":{"model_type":"llama","num_hidden_layers":2}})";
  const Model model = named.build();
  QCOMPARE(model.family, std::string("llama"));
  QCOMPARE(model.blockCount, 2);
  QVERIFY(model.warnings.empty());
  QVERIFY(!linearOf(model, "vision_tower.blocks.0.fc").isQuantizable);
}

void TstFamilies::tiedHeadIsAFactAndNoWarning() {
  NamedModel named = llamaModel({2, 64, 128, 64, 64, 100});
  std::erase_if(named.tensors, [](const TensorInfo& tensor) { return tensor.name == "lm_head.weight"; });
  named.config.insert(1, "\"tie_word_embeddings\":true,");
  const Model model = named.build();
  QVERIFY(model.hasTiedEmbeddings);
  QVERIFY(model.warnings.empty());
}

QTEST_APPLESS_MAIN(TstFamilies)
#include "tst_families.moc"
