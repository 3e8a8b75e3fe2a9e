// OPT against the reference in double precision: positions from row 2, norms before or behind.
#include "core/base/error.h"
#include "tests/core/calib/reference_compare.h"
#include "tests/core/calib/reference_opt.h"
#include "tests/support/compare.h"

#include <QTest>

using namespace ql;
using namespace ql::test;

class TstForwardOpt : public QObject {
  Q_OBJECT
 private slots:
  void normsBefore();
  void namesOfTheBaseModel();
  void normsBehindAndProjections();
  void projectionsWithNormsBefore();
  void normsBehindWithoutProjections();
  void withoutFinalNorm();
  void withoutBiases();
  void windowUpToTheLastPosition();
  void windowBeyondTheLastPositionIsRefused();
};

void TstForwardOpt::normsBefore() {
  QL_AGREES(TinyOpt{});
}

void TstForwardOpt::namesOfTheBaseModel() {
  TinyOpt m;
  m.prefix = "";
  QL_AGREES(m);
}

void TstForwardOpt::normsBehindAndProjections() {
  // As the 350m model.
  TinyOpt m;
  m.isNormBefore = false;
  m.embedding = 20;
  QL_AGREES(m);
}

void TstForwardOpt::projectionsWithNormsBefore() {
  TinyOpt m;
  m.embedding = 20;
  QL_AGREES(m);
}

void TstForwardOpt::normsBehindWithoutProjections() {
  TinyOpt m;
  m.isNormBefore = false;
  m.blocks = 3;
  QL_AGREES(m);
}

void TstForwardOpt::withoutFinalNorm() {
  TinyOpt m;
  m.keys["_remove_final_layer_norm"] = true;
  QL_AGREES(m);
}

void TstForwardOpt::withoutBiases() {
  // Relatives of OPT for code and science: no biases, gelu.
  TinyOpt m;
  m.hasBias = false;
  m.activation = gelu;
  m.keys["enable_bias"] = false;
  m.keys["activation_function"] = "gelu";
  QL_AGREES(m);
}

void TstForwardOpt::windowUpToTheLastPosition() {
  QL_AGREES(TinyOpt{}, tinyWindows(50, {32}));
}

void TstForwardOpt::windowBeyondTheLastPositionIsRefused() {
  const OpenedModel opened(makeCheckpoint(TinyOpt{}));
  HiddenBatch batch = makeBatch(tinyWindows(50, {33}), 0);
  JobContext job(1);
  QL_THROWS(opened.forward->embed(batch, nullptr, job), "32");
}

QTEST_APPLESS_MAIN(TstForwardOpt)
#include "tst_forward_opt.moc"
