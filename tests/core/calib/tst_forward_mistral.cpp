// Mistral and its sliding window against the reference in double precision.
#include "tests/core/calib/reference_compare.h"
#include "tests/core/calib/reference_llama.h"

#include <QTest>

using namespace ql;
using namespace ql::test;

namespace {

TinyLlama mistral() {
  TinyLlama m;
  m.type = "mistral";
  m.architecture = "MistralForCausalLM";
  return m;
}

}  // namespace

class TstForwardMistral : public QObject {
  Q_OBJECT
 private slots:
  void slidingWindow();
  void windowOfOneSeesItselfOnly();
  void nullMeansFullAttention();
  void headWidthOfItsOwn();
};

void TstForwardMistral::slidingWindow() {
  TinyLlama m = mistral();
  m.windows = {5, 5};
  m.keys["sliding_window"] = 5;
  QL_AGREES(m);
}

void TstForwardMistral::windowOfOneSeesItselfOnly() {
  TinyLlama m = mistral();
  m.windows = {1, 1};
  m.keys["sliding_window"] = 1;
  QL_AGREES(m);
}

void TstForwardMistral::nullMeansFullAttention() {
  TinyLlama m = mistral();
  m.keys["sliding_window"] = nullptr;
  QL_AGREES(m);
}

void TstForwardMistral::headWidthOfItsOwn() {
  // Mistral Nemo: heads x head_dim is not hidden_size.
  TinyLlama m = mistral();
  m.headWidth = 6;
  m.rotation = plainRope(1000000, 6);
  m.keys["head_dim"] = 6;
  m.keys["rope_theta"] = 1e6;
  QL_AGREES(m);
}

QTEST_APPLESS_MAIN(TstForwardMistral)
#include "tst_forward_mistral.moc"
