// Qwen 2 and 2.5 against the reference in double precision: q, k and v have biases.
#include "tests/core/calib/reference_compare.h"
#include "tests/core/calib/reference_llama.h"

#include <QTest>

using namespace ql;
using namespace ql::test;

namespace {

TinyLlama qwen2() {
  TinyLlama m;
  m.type = "qwen2";
  m.architecture = "Qwen2ForCausalLM";
  m.hasQkvBias = true;
  m.eps = 1e-6;
  return m;
}

}  // namespace

class TstForwardQwen2 : public QObject {
  Q_OBJECT
 private slots:
  void biasesOfQkv();
  void tiedHead();
  void upperBlocksSlide();
  void windowThatIsNotUsed();
  void kindsOfLayersByName();
};

void TstForwardQwen2::biasesOfQkv() {
  QL_AGREES(qwen2());
}

void TstForwardQwen2::tiedHead() {
  TinyLlama m = qwen2();
  m.isTied = true;
  QL_AGREES(m);
}

void TstForwardQwen2::upperBlocksSlide() {
  TinyLlama m = qwen2();
  m.blocks = 3;
  m.windows = {0, 5, 5};
  m.keys["use_sliding_window"] = true;
  m.keys["sliding_window"] = 5;
  m.keys["max_window_layers"] = 1;
  QL_AGREES(m);
}

void TstForwardQwen2::windowThatIsNotUsed() {
  TinyLlama m = qwen2();
  m.keys["use_sliding_window"] = false;
  m.keys["sliding_window"] = 5;
  m.keys["max_window_layers"] = 0;
  QL_AGREES(m);
}

void TstForwardQwen2::kindsOfLayersByName() {
  TinyLlama m = qwen2();
  m.windows = {5, 0};
  m.keys["use_sliding_window"] = true;
  m.keys["sliding_window"] = 5;
  m.keys["layer_types"] = {"sliding_attention", "full_attention"};
  QL_AGREES(m);
}

QTEST_APPLESS_MAIN(TstForwardQwen2)
#include "tst_forward_qwen2.moc"
