// BERT with its masked-token head against the reference in double precision.
#include "core/base/error.h"
#include "tests/core/calib/reference_bert.h"
#include "tests/core/calib/reference_compare.h"
#include "tests/support/compare.h"

#include <QTest>

using namespace ql;
using namespace ql::test;

class TstForwardBert : public QObject {
  Q_OBJECT
 private slots:
  void maskedTokens();
  void threeBlocksAndTanhGelu();
  void normsCalledGammaAndBeta();
  void decoderOfItsOwn();
  void baseModelHasStatesButNoPredictions();
  void windowBeyondTheLastPositionIsRefused();
};

void TstForwardBert::maskedTokens() {
  QL_AGREES(TinyBert{});
  const OpenedModel opened(makeCheckpoint(TinyBert{}));
  QVERIFY(!opened.forward->isCausal());
}

void TstForwardBert::threeBlocksAndTanhGelu() {
  TinyBert m;
  m.blocks = 3;
  m.activation = geluNew;
  m.keys["hidden_act"] = "gelu_new";
  m.eps = 0.05;  // large enough to be seen
  QL_AGREES(m);
}

void TstForwardBert::normsCalledGammaAndBeta() {
  // Checkpoints converted from TensorFlow, among them the one most people download.
  TinyBert m;
  m.gain = ".gamma";
  m.bias = ".beta";
  QL_AGREES(m);
}

void TstForwardBert::decoderOfItsOwn() {
  // Its bias is stored twice; it is added once.
  TinyBert m;
  m.hasDecoderTensors = true;
  QL_AGREES(m);
}

void TstForwardBert::baseModelHasStatesButNoPredictions() {
  TinyBert m;
  m.prefix = "";
  m.hasHead = false;
  QL_AGREES(m);
  const OpenedModel opened(makeCheckpoint(m));
  HiddenBatch batch = makeBatch(tinyWindows(50, {3}), 0);
  JobContext job(1);
  opened.forward->embed(batch, nullptr, job);
  std::vector<float> logits(3 * 50);
  QL_THROWS(opened.forward->logits(batch, 0, 3, logits, job), "masked-token head");
}

void TstForwardBert::windowBeyondTheLastPositionIsRefused() {
  const OpenedModel opened(makeCheckpoint(TinyBert{}));
  HiddenBatch batch = makeBatch(tinyWindows(50, {33}), 0);
  JobContext job(1);
  QL_THROWS(opened.forward->embed(batch, nullptr, job), "32");
}

QTEST_APPLESS_MAIN(TstForwardBert)
#include "tst_forward_bert.moc"
