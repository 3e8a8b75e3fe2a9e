// Configurations of the Llama kind that contradict themselves or the tensors: one clear sentence each.
#include "tests/core/calib/bad_models.h"
#include "tests/core/calib/reference_bert.h"
#include "tests/core/calib/reference_llama.h"
#include "tests/support/compare.h"

#include <QTest>

#include <limits>

using namespace ql;
using namespace ql::test;
using Json = nlohmann::json;

namespace {

std::vector<BadModel> badSizes() {
  BadModels bad("llama", makeCheckpoint(TinyLlama{}));
  for (const char* key :
       {"hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size", "intermediate_size"}) {
    const std::string quoted = "'" + std::string(key) + "'";
    bad.missingKey(key);
    bad.value(key, "32", {quoted, "32", "whole number"});
    bad.value(key, 0, {quoted, "0", "whole number"});
    bad.value(key, -4, {quoted, "-4", "whole number"});
    bad.value(key, 4.5, {quoted, "4.5", "whole number"});
    bad.value(key, 1e30, {quoted, "whole number"});
    bad.value(key, std::uint64_t{18446744073709551615u}, {quoted, "18446744073709551615", "whole number"});
    bad.value(key, Json::array({32}), {quoted, "a list", "whole number"});
  }
  bad.value("hidden_size", 40, {"'hidden_size'", "40"});
  bad.value("num_attention_heads", 3, {"'num_attention_heads'", "3"});
  bad.value("num_attention_heads", 64, {"'num_attention_heads'", "64", "divides"});
  bad.value("num_key_value_heads", 3, {"'num_key_value_heads'", "3"});
  bad.value("num_key_value_heads", 0, {"'num_key_value_heads'", "0"});
  bad.value("head_dim", 16, {"'head_dim'", "16", "q_proj"});
  bad.value("num_hidden_layers", 3, {"'num_hidden_layers'", "3", "2"});
  bad.value("vocab_size", 51, {"'vocab_size'", "51", "50"});
  bad.value("intermediate_size", 47, {"'intermediate_size'", "47", "48"});
  bad.value("max_position_embeddings", 0, {"'max_position_embeddings'", "0"});
  bad.value("rms_norm_eps", "tiny", {"'rms_norm_eps'", "tiny", "number"});
  bad.value("rms_norm_eps", -1e-5, {"'rms_norm_eps'", "number"});
  bad.value("hidden_act", "mish", {"'hidden_act'", "mish"}, ErrorCode::Unsupported);
  bad.value("hidden_act", 7, {"'hidden_act'", "7", "text"});
  bad.value("tie_word_embeddings", "yes", {"'tie_word_embeddings'", "yes", "true or false"});
  bad.value("attention_bias", true, {"'attention_bias'", "has no bias"});
  bad.value("mlp_bias", true, {"'mlp_bias'", "has no bias"});
  bad.value("text_config", 5, {"'text_config'", "object"});
  return bad.take();
}

std::vector<BadModel> badRope() {
  BadModels bad("llama", makeCheckpoint(TinyLlama{}));
  const auto scaling = [&](const Json& value, std::vector<std::string> parts,
                           ErrorCode code = ErrorCode::Format) {
    bad.value("rope_scaling", value, std::move(parts), code);
  };
  bad.value("rope_theta", 0, {"'rope_theta'", "0"});
  bad.value("rope_theta", "big", {"'rope_theta'", "big"});
  scaling(Json::array(), {"'rope_scaling'", "a list", "an object"});
  scaling({{"type", "spiral"}, {"factor", 2}}, {"rope_scaling.type", "spiral"}, ErrorCode::Unsupported);
  scaling({{"type", "linear"}}, {"rope_scaling.factor", "missing"});
  scaling({{"type", "linear"}, {"factor", 0}}, {"rope_scaling.factor", "0"});
  scaling({{"type", "linear"}, {"factor", -2}}, {"rope_scaling.factor", "-2"});
  scaling({{"rope_type", 3}, {"factor", 2}}, {"rope_scaling.rope_type", "3"});
  scaling({{"rope_type", "llama3"}, {"factor", 8}}, {"rope_scaling.original_max_position_embeddings"});
  scaling({{"rope_type", "llama3"},
           {"factor", 8},
           {"original_max_position_embeddings", 32},
           {"low_freq_factor", 4},
           {"high_freq_factor", 4}},
          {"rope_scaling.high_freq_factor", "low_freq_factor"});
  scaling({{"rope_type", "longrope"}, {"short_factor", {1, 1}}, {"long_factor", {1, 1, 1, 1}}},
          {"rope_scaling.short_factor", "4"});
  scaling({{"rope_type", "longrope"}, {"short_factor", {1, 1, 1, 1}}},
          {"rope_scaling.long_factor", "missing"});
  scaling({{"rope_type", "longrope"}, {"short_factor", {1, 1, 1, 0}}, {"long_factor", {1, 1, 1, 1}}},
          {"rope_scaling.short_factor", "positive"});
  bad.value("partial_rotary_factor", 0.1, {"'partial_rotary_factor'"});
  bad.value("partial_rotary_factor", 2, {"'partial_rotary_factor'", "2"});
  return bad.take();
}

std::vector<BadModel> badTensors() {
  BadModels bad("llama", makeCheckpoint(TinyLlama{}));
  bad.missingTensor("model.embed_tokens.weight", {"embedding"});
  bad.missingTensor("model.norm.weight", {"norm"});
  bad.missingTensor("model.layers.1.self_attn.q_proj.weight", {"block 1", "q"});
  bad.missingTensor("model.layers.1.self_attn.o_proj.weight", {"block 1", "matrix o"});
  bad.missingTensor("model.layers.0.mlp.up_proj.weight", {"block 0"});
  bad.missingTensor("model.layers.0.mlp.down_proj.weight", {"block 0"});
  bad.missingTensor("model.layers.1.input_layernorm.weight", {"model.layers.1.input_layernorm"});
  bad.missingTensor("lm_head.weight", {"lm_head"}, ErrorCode::Unsupported);
  bad.shape("model.layers.1.input_layernorm.weight", {31}, {"model.layers.1.input_layernorm", "31", "32"});
  bad.shape("model.norm.weight", {33}, {"model.norm", "33", "32"});
  bad.shape("model.layers.0.self_attn.k_proj.weight", {12, 32}, {"k_proj", "12", "16"});
  bad.shape("model.layers.0.self_attn.v_proj.weight", {16, 30}, {"v_proj", "30", "32"});
  bad.shape("model.layers.1.mlp.down_proj.weight", {32, 40}, {"down_proj", "40", "48"});
  bad.shape("lm_head.weight", {49, 32}, {"lm_head", "49", "50"});
  return bad.take();
}

std::vector<BadModel> badSlidingWindows() {
  TinyLlama m;
  m.type = "mistral";
  m.architecture = "MistralForCausalLM";
  BadModels bad("mistral", makeCheckpoint(m));
  bad.value("sliding_window", 0, {"'sliding_window'", "0"});
  bad.value("sliding_window", "wide", {"'sliding_window'", "wide"});
  m.type = "qwen2";
  m.architecture = "Qwen2ForCausalLM";
  BadModels noBias("qwen2", makeCheckpoint(m));
  noBias.value("use_sliding_window", false, {"q_proj", "has no bias"});
  m.hasQkvBias = true;
  m.keys = {{"use_sliding_window", true}, {"sliding_window", 5}, {"max_window_layers", 0}};
  BadModels qwen("qwen2", makeCheckpoint(m));
  qwen.value("max_window_layers", -1, {"'max_window_layers'", "-1"});
  qwen.value("layer_types", {"full_attention"}, {"'layer_types'", "2"});
  qwen.value("layer_types", {"full_attention", "spiral"}, {"'layer_types'", "spiral"},
             ErrorCode::Unsupported);
  qwen.value("layer_types", {1, 2}, {"'layer_types'", "names"});
  qwen.value("use_sliding_window", 1, {"'use_sliding_window'", "1"});
  std::vector<BadModel> all = bad.take();
  for (BadModels* more : {&noBias, &qwen}) {
    for (BadModel& model : more->take()) all.push_back(std::move(model));
  }
  return all;
}

std::vector<BadModel> badHeads() {
  TinyLlama m;
  m.type = "qwen3";
  m.architecture = "Qwen3ForCausalLM";
  m.headWidth = 16;
  m.hasHeadNorms = true;
  m.keys = {{"head_dim", 16}};
  BadModels bad("qwen3", makeCheckpoint(m));
  bad.value("head_dim", 12, {"'head_dim'", "12", "q_proj"});
  bad.value("head_dim", 0, {"'head_dim'", "0"});
  bad.value("attention_bias", true, {"'attention_bias'", "has no bias"});
  bad.missingTensor("model.layers.1.self_attn.q_norm.weight", {"model.layers.1.self_attn.q_norm"});
  bad.shape("model.layers.0.self_attn.k_norm.weight", {8}, {"k_norm", "8", "16"});
  return bad.take();
}

std::vector<BadModel> badExperts() {
  TinyLlama m;
  m.type = "mixtral";
  m.architecture = "MixtralForCausalLM";
  m.experts.count = 4;
  m.experts.width = m.mlpWidth;
  m.experts.names = ExpertNames::Mixtral;
  m.keys = {{"num_local_experts", 4}, {"num_experts_per_tok", 2}};
  BadModels bad("mixtral", makeCheckpoint(m));
  const std::string moe = "model.layers.1.block_sparse_moe.";
  bad.value("num_local_experts", 5, {"block 0", "expert 4"});
  bad.value("num_local_experts", 3, {"'num_local_experts'", "3"});
  bad.value("num_experts_per_tok", 5, {"5", "4"});
  bad.value("num_experts_per_tok", 0, {"'num_experts_per_tok'", "0"});
  bad.value("intermediate_size", 24, {"'intermediate_size'", "24", "48"});
  bad.missingTensor(moe + "gate.weight", {"block 1", "router"});
  bad.missingTensor(moe + "experts.2.w2.weight", {"block 1", "expert 2"});
  bad.missingTensor(moe + "experts.3.w1.weight", {"block 1", "expert 3"});
  bad.shape(moe + "experts.0.w3.weight", {40, 32}, {"w3", "40", "48"});
  bad.shape(moe + "gate.weight", {3, 32}, {"gate", "3", "4"});
  return bad.take();
}

std::vector<BadModel> badQwenExperts() {
  TinyLlama m;
  m.type = "qwen2_moe";
  m.architecture = "Qwen2MoeForCausalLM";
  m.hasQkvBias = true;
  m.experts.count = 3;
  m.experts.sharedWidth = 40;
  m.keys = {{"num_experts", 3}, {"num_experts_per_tok", 2}, {"moe_intermediate_size", 24}};
  BadModels bad("qwen2_moe", makeCheckpoint(m));
  bad.missingKey("num_experts");
  bad.missingKey("moe_intermediate_size");
  bad.value("moe_intermediate_size", 25, {"'moe_intermediate_size'", "25", "24"});
  bad.value("mlp_only_layers", {1}, {"'mlp_only_layers'", "layer 1"});
  bad.value("mlp_only_layers", {-1}, {"'mlp_only_layers'"});
  bad.value("mlp_only_layers", 1, {"'mlp_only_layers'", "a list"});
  bad.value("decoder_sparse_step", 0, {"'decoder_sparse_step'", "0"});
  bad.value("decoder_sparse_step", 2, {"'decoder_sparse_step'", "layer 0"});
  bad.value("norm_topk_prob", 1, {"'norm_topk_prob'", "1", "true or false"});
  bad.missingTensor("model.layers.0.mlp.shared_expert.down_proj.weight", {"block 0", "shared expert"});
  bad.missingTensor("model.layers.0.mlp.shared_expert_gate.weight", {"block 0", "shared expert"});
  bad.shape("model.layers.0.mlp.shared_expert_gate.weight", {2, 32}, {"shared_expert_gate", "2"});
  return bad.take();
}

std::vector<BadModel> everyBadModel() {
  std::vector<BadModel> all;
  for (const auto& table :
       {badSizes(), badRope(), badTensors(), badSlidingWindows(), badHeads(), badExperts(), badQwenExperts()})
    all.insert(all.end(), table.begin(), table.end());
  return all;
}

ForwardModel* makeWith(const OpenedModel& opened, std::string_view config) {
  static std::unique_ptr<ForwardModel> kept;
  kept = ForwardModel::make(opened.model, config, std::make_shared<CheckpointSource>(opened.checkpoint));
  return kept.get();
}

}  // namespace

class TstForwardErrors : public QObject {
  Q_OBJECT
 private slots:
  void goodModelsRun();
  void badModelsAreRefusedInOneSentence_data();
  void badModelsAreRefusedInOneSentence();
  void configThatIsNoObject_data();
  void configThatIsNoObject();
  void unknownFamilyNamesTheOthersAndTheWayOut();
  void idsOutsideTheVocabulary_data();
  void idsOutsideTheVocabulary();
};

void TstForwardErrors::goodModelsRun() {
  // What the tables change one thing of runs as it is.
  runWhole(makeCheckpoint(TinyLlama{}));
}

void TstForwardErrors::configThatIsNoObject_data() {
  QTest::addColumn<std::string>("config");
  QTest::newRow("list") << std::string("[]");
  QTest::newRow("number") << std::string("7");
  QTest::newRow("cut") << std::string("{\"hidden_size\": 3");
  QTest::newRow("nothing") << std::string();
  QTest::newRow("empty object") << std::string("{}");
  QTest::newRow("huge number") << std::string("{\"hidden_size\": 1e999}");
  QTest::newRow("deep") << std::string(100000, '[');
}

void TstForwardErrors::configThatIsNoObject() {
  QFETCH(std::string, config);
  const OpenedModel opened(makeCheckpoint(TinyLlama{}));
  QL_THROWS(makeWith(opened, config), "config.json");
}

void TstForwardErrors::unknownFamilyNamesTheOthersAndTheWayOut() {
  TinyCheckpoint checkpoint = makeCheckpoint(TinyLlama{});
  checkpoint.config["model_type"] = "mystery";
  checkpoint.config["architectures"] = {"MysteryForCausalLM"};
  for (const char* part : {"mixtral", "bert", "quantloupe_capture.py"})
    QL_THROWS(OpenedModel(checkpoint), part);
}

void TstForwardErrors::idsOutsideTheVocabulary_data() {
  QTest::addColumn<int>("id");
  QTest::newRow("one beyond") << 50;
  QTest::newRow("negative") << -1;
  QTest::newRow("far") << std::numeric_limits<int>::max();
}

void TstForwardErrors::idsOutsideTheVocabulary() {
  QFETCH(int, id);
  const OpenedModel opened(makeCheckpoint(TinyBert{}));
  const std::vector<Ids> windows = {{1, 2}, {3, id}};
  HiddenBatch batch = makeBatch(windows, 0);
  JobContext job(1);
  QL_THROWS(opened.forward->embed(batch, nullptr, job), std::to_string(id));
}

void TstForwardErrors::badModelsAreRefusedInOneSentence_data() {
  QTest::addColumn<std::size_t>("index");
  std::size_t index = 0;
  for (const BadModel& bad : everyBadModel()) QTest::newRow(bad.name.c_str()) << index++;
}

void TstForwardErrors::badModelsAreRefusedInOneSentence() {
  static const std::vector<BadModel> models = everyBadModel();
  QFETCH(std::size_t, index);
  const std::string fault = faultOfRefusal(models[index]);
  QVERIFY2(fault.empty(), fault.c_str());
}

QTEST_APPLESS_MAIN(TstForwardErrors)
#include "tst_forward_errors.moc"
