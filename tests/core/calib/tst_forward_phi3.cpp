// Phi-3 and Phi-4 against the reference in double precision: fused matrices, LongRoPE.
#include "tests/core/calib/reference_compare.h"
#include "tests/core/calib/reference_llama.h"

#include <QTest>

using namespace ql;
using namespace ql::test;

namespace {

TinyLlama phi3() {
  TinyLlama m;
  m.type = "phi3";
  m.architecture = "Phi3ForCausalLM";
  m.isFused = true;
  return m;
}

}  // namespace

class TstForwardPhi3 : public QObject {
  Q_OBJECT
 private slots:
  void fusedMatrices();
  void partOfEachHeadIsRotated();
  void longRopeHasTwoSetsOfFactors();
  void longRopeOfAPartOfEachHead();
  void topLevelContextWinsOverTheOneInside();
  void slidingWindow();
  void tiedHead();
};

void TstForwardPhi3::fusedMatrices() {
  QL_AGREES(phi3());
}

void TstForwardPhi3::partOfEachHeadIsRotated() {
  TinyLlama m = phi3();
  m.headWidth = 16;
  m.keys["head_dim"] = 16;
  m.keys["partial_rotary_factor"] = 0.75;
  m.rotation = plainRope(10000, 12);
  QL_AGREES(m);
}

void TstForwardPhi3::longRopeHasTwoSetsOfFactors() {
  // Up to the trained context of 12 the short factors, beyond it the long ones, window by window.
  TinyLlama m = phi3();
  const std::vector<double> shortFactor = {1, 1.05, 1.1, 1.4}, longFactor = {1.2, 2, 3.5, 8};
  m.rotation = longRope(10000, shortFactor, longFactor, 12, 64);
  m.keys["original_max_position_embeddings"] = 12;
  m.keys["rope_scaling"] = {{"type", "longrope"}, {"short_factor", shortFactor}, {"long_factor", longFactor}};
  QL_AGREES(m, tinyWindows(m.vocabulary, {12, 13, 1, 30}));
}

void TstForwardPhi3::longRopeOfAPartOfEachHead() {
  TinyLlama m = phi3();
  m.headWidth = 8;
  const std::vector<double> shortFactor = {1, 1.2, 1.5}, longFactor = {1, 4, 9};
  m.rotation = longRope(10000, shortFactor, longFactor, 12, 64);
  m.keys["partial_rotary_factor"] = 0.75;
  m.keys["original_max_position_embeddings"] = 12;
  m.keys["rope_scaling"] = {{"type", "su"}, {"short_factor", shortFactor}, {"long_factor", longFactor}};
  QL_AGREES(m);
}

void TstForwardPhi3::topLevelContextWinsOverTheOneInside() {
  TinyLlama m = phi3();
  const std::vector<double> shortFactor = {1, 1.05, 1.1, 1.4}, longFactor = {1.2, 2, 3.5, 8};
  m.rotation = longRope(10000, shortFactor, longFactor, 12, 64);
  m.keys["original_max_position_embeddings"] = 12;
  m.keys["rope_scaling"] = {{"rope_type", "longrope"},
                            {"short_factor", shortFactor},
                            {"long_factor", longFactor},
                            {"original_max_position_embeddings", 40}};
  QL_AGREES(m);
}

void TstForwardPhi3::slidingWindow() {
  TinyLlama m = phi3();
  m.windows = {6, 6};
  m.keys["sliding_window"] = 6;
  QL_AGREES(m);
}

void TstForwardPhi3::tiedHead() {
  TinyLlama m = phi3();
  m.isTied = true;
  QL_AGREES(m);
}

QTEST_APPLESS_MAIN(TstForwardPhi3)
#include "tst_forward_phi3.moc"
