// Configurations of Phi-3, GPT-2, OPT and BERT that contradict themselves or the tensors: one clear sentence
// each.
#include "tests/core/calib/bad_models.h"
#include "tests/core/calib/reference_bert.h"
#include "tests/core/calib/reference_gpt2.h"
#include "tests/core/calib/reference_llama.h"
#include "tests/core/calib/reference_opt.h"

#include <QTest>

using namespace ql;
using namespace ql::test;

namespace {

std::vector<BadModel> badPhi3() {
  TinyLlama m;
  m.type = "phi3";
  m.architecture = "Phi3ForCausalLM";
  m.isFused = true;
  BadModels bad("phi3", makeCheckpoint(m));
  for (const char* key : {"hidden_size", "num_hidden_layers", "num_attention_heads"}) bad.missingKey(key);
  bad.value("num_key_value_heads", 4, {"'num_key_value_heads'", "4", "qkv_proj"});
  bad.value("intermediate_size", 40, {"'intermediate_size'", "40", "gate_up_proj"});
  bad.value("partial_rotary_factor", "most", {"'partial_rotary_factor'", "most"});
  bad.value("partial_rotary_factor", 0.9, {"'partial_rotary_factor'", "7"});
  bad.value("sliding_window", -3, {"'sliding_window'", "-3"});
  bad.value("rope_scaling", {{"type", "longrope"}, {"short_factor", {1, 1, 1}}, {"long_factor", {1, 1, 1}}},
            {"rope_scaling.short_factor", "4"});
  bad.missingTensor("model.layers.0.self_attn.qkv_proj.weight", {"block 0", "q, k and v"});
  bad.missingTensor("model.layers.0.mlp.gate_up_proj.weight", {"block 0"});
  bad.shape("model.layers.1.self_attn.qkv_proj.weight", {60, 32}, {"qkv_proj", "60", "64"});
  return bad.take();
}

std::vector<BadModel> badGpt2() {
  BadModels bad("gpt2", makeCheckpoint(TinyGpt2{}));
  for (const char* key : {"n_embd", "n_layer", "n_head", "vocab_size"}) bad.missingKey(key);
  bad.value("n_head", 5, {"'n_head'", "5", "divides 'n_embd'", "32"});
  bad.value("n_head", true, {"'n_head'", "true"});
  bad.value("n_embd", 64, {"'n_embd'", "64", "32"});
  bad.value("n_layer", 1, {"'n_layer'", "1", "2"});
  bad.value("n_inner", 100, {"'n_inner'", "100", "128"});
  bad.value("n_positions", 31, {"'n_positions'", "31", "32"});
  bad.value("layer_norm_epsilon", "x", {"'layer_norm_epsilon'", "x"});
  bad.value("activation_function", "soft", {"'activation_function'", "soft"}, ErrorCode::Unsupported);
  bad.value("scale_attn_weights", "no", {"'scale_attn_weights'", "no"});
  bad.value("scale_attn_by_inverse_layer_idx", true, {"'scale_attn_by_inverse_layer_idx'", "true"},
            ErrorCode::Unsupported);
  bad.value("add_cross_attention", true, {"'add_cross_attention'", "true"}, ErrorCode::Unsupported);
  bad.value("tie_word_embeddings", false, {"lm_head"}, ErrorCode::Unsupported);
  bad.missingTensor("transformer.wte.weight", {"embedding"});
  bad.missingTensor("transformer.wpe.weight", {"position"});
  bad.missingTensor("transformer.ln_f.weight", {"transformer.ln_f"});
  bad.missingTensor("transformer.h.1.ln_2.bias", {"transformer.h.1.ln_2", "bias"});
  bad.missingTensor("transformer.h.0.attn.c_attn.weight", {"block 0", "q, k and v"});
  bad.shape("transformer.h.0.attn.c_attn.weight", {32, 90}, {"c_attn", "90"});
  bad.shape("transformer.h.1.attn.c_attn.bias", {95}, {"c_attn", "96"});
  return bad.take();
}

std::vector<BadModel> badOpt() {
  BadModels bad("opt", makeCheckpoint(TinyOpt{}));
  for (const char* key : {"hidden_size", "num_hidden_layers", "num_attention_heads", "ffn_dim", "vocab_size"})
    bad.missingKey(key);
  bad.value("num_attention_heads", 6, {"'num_attention_heads'", "6", "divides 'hidden_size'", "32"});
  bad.value("ffn_dim", 40, {"'ffn_dim'", "40", "48"});
  bad.value("max_position_embeddings", 34, {"'max_position_embeddings'", "34"});
  bad.value("enable_bias", false, {"'enable_bias'", "has a bias"});
  bad.value("word_embed_proj_dim", 20, {"project_in"});
  bad.value("word_embed_proj_dim", "wide", {"'word_embed_proj_dim'", "wide"});
  bad.value("do_layer_norm_before", 1, {"'do_layer_norm_before'", "1"});
  bad.value("layer_norm_elementwise_affine", false, {"'layer_norm_elementwise_affine'", "false"},
            ErrorCode::Unsupported);
  bad.value("activation_function", "tanh2", {"'activation_function'", "tanh2"}, ErrorCode::Unsupported);
  bad.missingTensor("model.decoder.embed_positions.weight", {"position"});
  bad.missingTensor("model.decoder.final_layer_norm.weight", {"model.decoder.final_layer_norm"});
  bad.missingTensor("model.decoder.layers.1.fc1.bias", {"fc1", "bias"});
  bad.missingTensor("model.decoder.layers.1.final_layer_norm.bias",
                    {"model.decoder.layers.1.final_layer_norm"});
  std::vector<BadModel> all = bad.take();
  TinyOpt narrow;
  narrow.embedding = 20;
  BadModels projected("opt with projections", makeCheckpoint(narrow));
  projected.missingTensor("model.decoder.project_out.weight", {"project_out"});
  projected.value("word_embed_proj_dim", 24, {"24", "20"});
  projected.value("word_embed_proj_dim", 32, {"32", "20"});
  projected.shape("model.decoder.project_out.weight", {24, 32}, {"24", "20"});
  for (BadModel& model : projected.take()) all.push_back(std::move(model));
  return all;
}

std::vector<BadModel> badBert() {
  BadModels bad("bert", makeCheckpoint(TinyBert{}));
  for (const char* key :
       {"hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size"}) {
    bad.missingKey(key);
  }
  bad.value("num_attention_heads", 5, {"'num_attention_heads'", "5", "divides 'hidden_size'", "32"});
  bad.value("intermediate_size", 64, {"'intermediate_size'", "64", "48"});
  bad.value("max_position_embeddings", 30, {"'max_position_embeddings'", "30", "32"});
  bad.value("layer_norm_eps", -1, {"'layer_norm_eps'", "-1"});
  bad.value("hidden_act", "swash", {"'hidden_act'", "swash"}, ErrorCode::Unsupported);
  bad.value("position_embedding_type", "relative_key", {"'position_embedding_type'", "relative_key"},
            ErrorCode::Unsupported);
  bad.value("is_decoder", true, {"'is_decoder'", "true"}, ErrorCode::Unsupported);
  bad.missingTensor("bert.embeddings.token_type_embeddings.weight", {"token_type_embeddings"});
  bad.missingTensor("bert.embeddings.position_embeddings.weight", {"position"});
  bad.missingTensor("bert.embeddings.LayerNorm.bias", {"bert.embeddings.LayerNorm", "bias"});
  bad.missingTensor("bert.encoder.layer.1.attention.self.query.bias", {"query", "has no bias"});
  bad.missingTensor("bert.encoder.layer.0.output.LayerNorm.weight", {"output.LayerNorm"});
  bad.missingTensor("cls.predictions.transform.LayerNorm.weight", {"cls.predictions.transform.LayerNorm"});
  bad.shape("cls.predictions.bias", {49}, {"cls.predictions.bias", "49", "50"});
  bad.shape("cls.predictions.transform.dense.weight", {24, 32}, {"24"});
  return bad.take();
}

std::vector<BadModel> everyBadModel() {
  std::vector<BadModel> all;
  for (const auto& table : {badPhi3(), badGpt2(), badOpt(), badBert()})
    all.insert(all.end(), table.begin(), table.end());
  return all;
}

}  // namespace

class TstForwardErrorsFamilies : public QObject {
  Q_OBJECT
 private slots:
  void goodModelsRun();
  void badModelsAreRefusedInOneSentence_data();
  void badModelsAreRefusedInOneSentence();
};

void TstForwardErrorsFamilies::goodModelsRun() {
  // What the tables change one thing of runs as it is.
  runWhole(makeCheckpoint(TinyGpt2{}));
  runWhole(makeCheckpoint(TinyOpt{}));
  runWhole(makeCheckpoint(TinyBert{}));
}

void TstForwardErrorsFamilies::badModelsAreRefusedInOneSentence_data() {
  QTest::addColumn<std::size_t>("index");
  std::size_t index = 0;
  for (const BadModel& bad : everyBadModel()) QTest::newRow(bad.name.c_str()) << index++;
}

void TstForwardErrorsFamilies::badModelsAreRefusedInOneSentence() {
  static const std::vector<BadModel> models = everyBadModel();
  QFETCH(std::size_t, index);
  const std::string fault = faultOfRefusal(models[index]);
  QVERIFY2(fault.empty(), fault.c_str());
}

QTEST_APPLESS_MAIN(TstForwardErrorsFamilies)
#include "tst_forward_errors_families.moc"
