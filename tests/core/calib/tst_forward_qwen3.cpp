// Qwen 3 against the reference in double precision: norms of q and k by head, wide heads.
#include "tests/core/calib/reference_compare.h"
#include "tests/core/calib/reference_llama.h"

#include <QTest>

using namespace ql;
using namespace ql::test;

namespace {

TinyLlama qwen3() {
  TinyLlama m;
  m.type = "qwen3";
  m.architecture = "Qwen3ForCausalLM";
  m.headWidth = 16;  // 4 heads of 16 read a residual stream of 32
  m.rotation = plainRope(1000000, 16);
  m.hasHeadNorms = true;
  m.keys["head_dim"] = 16;
  m.keys["rope_theta"] = 1000000;
  return m;
}

}  // namespace

class TstForwardQwen3 : public QObject {
  Q_OBJECT
 private slots:
  void normsByHead();
  void tiedHead();
  void attentionBias();
};

void TstForwardQwen3::normsByHead() {
  QL_AGREES(qwen3());
}

void TstForwardQwen3::tiedHead() {
  TinyLlama m = qwen3();
  m.isTied = true;
  m.eps = 0.05;  // large enough to be seen, in the norms by head too
  QL_AGREES(m);
}

void TstForwardQwen3::attentionBias() {
  TinyLlama m = qwen3();
  m.hasQkvBias = m.hasOutputBias = true;
  m.keys["attention_bias"] = true;
  QL_AGREES(m);
}

QTEST_APPLESS_MAIN(TstForwardQwen3)
#include "tst_forward_qwen3.moc"
