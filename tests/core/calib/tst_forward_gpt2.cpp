// GPT-2 against the reference in double precision: transposed weights, learned positions.
#include "core/base/error.h"
#include "tests/core/calib/reference_compare.h"
#include "tests/core/calib/reference_gpt2.h"
#include "tests/support/compare.h"

#include <QTest>

using namespace ql;
using namespace ql::test;

class TstForwardGpt2 : public QObject {
  Q_OBJECT
 private slots:
  void causalModel();
  void namesOfTheBaseModel();
  void innerWidthAndThreeBlocks();
  void exactGelu();
  void headOfItsOwn();
  void scoresAreNotScaled();
  void windowUpToTheLastPosition();
  void windowBeyondTheLastPositionIsRefused();
};

void TstForwardGpt2::causalModel() {
  QL_AGREES(TinyGpt2{});
}

void TstForwardGpt2::namesOfTheBaseModel() {
  TinyGpt2 m;
  m.prefix = "";
  QL_AGREES(m);
}

void TstForwardGpt2::innerWidthAndThreeBlocks() {
  TinyGpt2 m;
  m.blocks = 3;
  m.inner = 56;
  m.keys["n_inner"] = 56;
  m.eps = 0.05;  // large enough to be seen
  m.keys["layer_norm_epsilon"] = m.eps;
  QL_AGREES(m);
}

void TstForwardGpt2::exactGelu() {
  TinyGpt2 m;
  m.activation = gelu;
  m.keys["activation_function"] = "gelu";
  QL_AGREES(m);
}

void TstForwardGpt2::headOfItsOwn() {
  TinyGpt2 m;
  m.hasOwnHead = true;
  m.keys["tie_word_embeddings"] = false;
  QL_AGREES(m);
}

void TstForwardGpt2::scoresAreNotScaled() {
  TinyGpt2 m;
  m.scalesAttention = false;
  m.keys["scale_attn_weights"] = false;
  QL_AGREES(m);
}

void TstForwardGpt2::windowUpToTheLastPosition() {
  QL_AGREES(TinyGpt2{}, tinyWindows(50, {32}));
}

void TstForwardGpt2::windowBeyondTheLastPositionIsRefused() {
  const OpenedModel opened(makeCheckpoint(TinyGpt2{}));
  HiddenBatch batch = makeBatch(tinyWindows(50, {33}), 0);
  JobContext job(1);
  QL_THROWS(opened.forward->embed(batch, nullptr, job), "32");
}

QTEST_APPLESS_MAIN(TstForwardGpt2)
#include "tst_forward_gpt2.moc"
