// Mixtral against the reference in double precision: two of four experts for each token.
#include "tests/core/calib/reference_compare.h"
#include "tests/core/calib/reference_llama.h"

#include <QTest>

using namespace ql;
using namespace ql::test;

namespace {

TinyLlama mixtral() {
  TinyLlama m;
  m.type = "mixtral";
  m.architecture = "MixtralForCausalLM";
  m.experts.count = 4;
  m.experts.width = m.mlpWidth;
  m.experts.names = ExpertNames::Mixtral;
  m.rotation = plainRope(1e6, 8);  // what an absent rope_theta means in this family
  m.keys["num_local_experts"] = 4;
  m.keys["num_experts_per_tok"] = 2;
  return m;
}

}  // namespace

class TstForwardMixtral : public QObject {
  Q_OBJECT
 private slots:
  void twoOfFourExperts();
  void oneOfFourExperts();
  void allExperts();
  void expertsWithoutTokens();
  void slidingWindow();
};

void TstForwardMixtral::twoOfFourExperts() {
  QL_AGREES(mixtral());
}

void TstForwardMixtral::oneOfFourExperts() {
  TinyLlama m = mixtral();
  m.experts.perToken = 1;
  m.keys["num_experts_per_tok"] = 1;
  QL_AGREES(m);
}

void TstForwardMixtral::allExperts() {
  TinyLlama m = mixtral();
  m.experts.perToken = 4;
  m.keys["num_experts_per_tok"] = 4;
  QL_AGREES(m);
}

void TstForwardMixtral::expertsWithoutTokens() {
  // One token alone leaves two experts empty.
  QL_AGREES(mixtral(), tinyWindows(50, {1}));
}

void TstForwardMixtral::slidingWindow() {
  TinyLlama m = mixtral();
  m.windows = {4, 4};
  m.keys["sliding_window"] = 4;
  QL_AGREES(m);
}

QTEST_APPLESS_MAIN(TstForwardMixtral)
#include "tst_forward_mixtral.moc"
