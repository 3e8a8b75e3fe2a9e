// Qwen 2 and 3 with experts against the reference in double precision.
#include "tests/core/calib/reference_compare.h"
#include "tests/core/calib/reference_llama.h"

#include <QTest>

using namespace ql;
using namespace ql::test;

namespace {

TinyLlama qwen2Moe() {
  TinyLlama m;
  m.type = "qwen2_moe";
  m.architecture = "Qwen2MoeForCausalLM";
  m.hasQkvBias = true;
  m.experts.count = 6;
  m.experts.perToken = 2;
  m.experts.normalizesTopK = false;
  m.experts.sharedWidth = 40;
  m.keys = {{"num_experts", 6},
            {"num_experts_per_tok", 2},
            {"moe_intermediate_size", 24},
            {"shared_expert_intermediate_size", 40},
            {"decoder_sparse_step", 1},
            {"norm_topk_prob", false},
            {"mlp_only_layers", nlohmann::json::array()}};
  return m;
}

TinyLlama qwen3Moe() {
  TinyLlama m;
  m.type = "qwen3_moe";
  m.architecture = "Qwen3MoeForCausalLM";
  m.headWidth = 16;
  m.rotation = plainRope(10000, 16);
  m.hasHeadNorms = true;
  m.experts.count = 5;
  m.experts.perToken = 3;
  m.keys = {{"num_experts", 5},
            {"num_experts_per_tok", 3},
            {"moe_intermediate_size", 24},
            {"norm_topk_prob", true},
            {"head_dim", 16}};
  return m;
}

}  // namespace

class TstForwardQwenMoe : public QObject {
  Q_OBJECT
 private slots:
  void sharedExpert();
  void normalisedWeights();
  void denseBlocksByName();
  void denseBlocksByStep();
  void qwen3();
  void qwen3WeightsAreNotNormalisedUnlessSaid();
  void expertsInOneTensor();
};

void TstForwardQwenMoe::sharedExpert() {
  QL_AGREES(qwen2Moe());
}

void TstForwardQwenMoe::normalisedWeights() {
  TinyLlama m = qwen2Moe();
  m.experts.normalizesTopK = true;
  m.keys["norm_topk_prob"] = true;
  QL_AGREES(m);
}

void TstForwardQwenMoe::denseBlocksByName() {
  TinyLlama m = qwen2Moe();
  m.blocks = 3;
  m.experts.isSparse = {true, false, true};
  m.keys["mlp_only_layers"] = {1};
  QL_AGREES(m);
}

void TstForwardQwenMoe::denseBlocksByStep() {
  // Blocks 1, 3, ... are sparse: (block + 1) % decoder_sparse_step == 0.
  TinyLlama m = qwen2Moe();
  m.blocks = 3;
  m.experts.isSparse = {false, true, false};
  m.keys["decoder_sparse_step"] = 2;
  QL_AGREES(m);
}

void TstForwardQwenMoe::qwen3() {
  QL_AGREES(qwen3Moe());
}

void TstForwardQwenMoe::qwen3WeightsAreNotNormalisedUnlessSaid() {
  TinyLlama m = qwen3Moe();
  m.experts.normalizesTopK = false;
  m.keys.erase("norm_topk_prob");
  QL_AGREES(m);
}

void TstForwardQwenMoe::expertsInOneTensor() {
  TinyLlama m = qwen3Moe();
  m.experts.names = ExpertNames::Stacked;
  QL_AGREES(m);
}

QTEST_APPLESS_MAIN(TstForwardQwenMoe)
#include "tst_forward_qwen_moe.moc"
