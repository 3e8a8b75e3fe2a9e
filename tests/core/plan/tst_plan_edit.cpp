// Edits as values, differences, conflicts of fused modules, totals.
#include "core/base/error.h"
#include "core/plan/plan_edit.h"
#include "tests/core/plan/random_plan.h"
#include "tests/support/compare.h"
#include "tests/support/model_names.h"

#include <QTest>

using namespace ql;
using namespace ql::test;

class TstPlanEdit : public QObject {
  Q_OBJECT
 private slots:
  void randomEditsAreUndoneByValue();
  void lockedAndIgnoredArePassedOver();
  void choiceEqualToTheDefaultIsNotStored();
  void contradictoryEditsAreRefused();
  void differencesAreNamed();
  void fusedConflictsSeeSchemesOnly();
  void totalsByHand();
  void namesOfAnotherModelAreFound();
  void smoothingIsSetAndRemoved();
};

void TstPlanEdit::randomEditsAreUndoneByValue() {
  std::mt19937 random(3);
  QuantizationPlan plan = randomPlan(random);
  const QuantizationPlan first = plan;
  std::vector<QuantizationPlan> history;
  for (int i = 0; i < 2000; ++i) {
    history.push_back(plan);
    const std::vector<std::string> names = {randomName(random), randomName(random)};
    const Choice choice = randomChoice(random);
    const auto kind = random() % 4;
    plan = kind == 0   ? setLocked(plan, names, random() % 2 == 0).plan
           : kind == 1 ? setIgnored(plan, names, random() % 2 == 0).plan
                       : setChoices(plan, names, [&](const Choice&) { return choice; }).plan;
    if (i % 100 == 0) QVERIFY(parsePlan(planJson(plan), "edited") == plan);
    QCOMPARE(diffPlans(history.back(), plan).empty(),
             history.back().choiceFor(names[0]) == plan.choiceFor(names[0]) &&
                 history.back().choiceFor(names[1]) == plan.choiceFor(names[1]) &&
                 history.back().ignore == plan.ignore && history.back().locks == plan.locks);
  }
  while (!history.empty()) {
    plan = history.back();
    history.pop_back();
  }
  QVERIFY(plan == first);
  QCOMPARE(planJson(plan), planJson(first));
}

void TstPlanEdit::lockedAndIgnoredArePassedOver() {
  QuantizationPlan plan;
  plan.defaultChoice = parseSpec("w8a8");
  plan.locks = {"b"};
  plan.ignore = {"c"};
  const EditResult result =
      setChoices(plan, {"a", "b", "c"}, [](const Choice& c) { return editChoice(c, "group=32"); });
  QVERIFY(result.changed == std::vector<std::string>{"a"});
  QVERIFY(result.locked == std::vector<std::string>{"b"});
  QVERIFY(result.ignored == std::vector<std::string>{"c"});
  QVERIFY(result.plan.choiceFor("b") == plan.defaultChoice);
  QVERIFY(setIgnored(plan, {"b"}, true).locked == std::vector<std::string>{"b"});
  QVERIFY(setLocked(plan, {"b"}, true).changed.empty());
}

void TstPlanEdit::choiceEqualToTheDefaultIsNotStored() {
  QuantizationPlan plan;
  plan.defaultChoice = parseSpec("w8a8");
  plan = setChoices(plan, {"a"}, [](const Choice&) { return parseSpec("int4"); }).plan;
  QCOMPARE(plan.layers.size(), std::size_t{1});
  plan = setChoices(plan, {"a"}, [](const Choice&) { return parseSpec("w8a8"); }).plan;
  QVERIFY(plan.layers.empty());
}

void TstPlanEdit::contradictoryEditsAreRefused() {
  const QuantizationPlan plan;
  QL_THROWS(setChoices(plan, {"a"},
                       [](const Choice&) {
                         Choice choice = parseSpec("w8a8");
                         choice.weight->granularity = Granularity::Group;
                         return choice;
                       }),
            "group_size");
}

void TstPlanEdit::differencesAreNamed() {
  QuantizationPlan a;
  a.defaultChoice = parseSpec("w8a8");
  a.ignore = {"lm_head"};
  QuantizationPlan b = a;
  b.layers["x"] = parseSpec("w8a8:group=128");
  b.layers["y"] = parseSpec("w8a8:flavour=smoothquant");
  b.layers["same"] = a.defaultChoice;
  b.ignore.clear();
  b.locks = {"x"};
  const std::vector<PlanDifference> differences = diffPlans(a, b);
  QCOMPARE(differences.size(), std::size_t{4});
  QCOMPARE(differences[0].where, std::string("x"));
  QVERIFY(differences[0].before != differences[0].after);
  QVERIFY(differences[1].after.find("smoothquant") != std::string::npos);
  QCOMPARE(differences[2].where, std::string("ignore"));
  QCOMPARE(differences[2].before, std::string("lm_head"));
  QCOMPARE(differences[3].after, std::string("x"));
  QVERIFY(diffPlans(b, b).empty());
}

void TstPlanEdit::fusedConflictsSeeSchemesOnly() {
  const Model model = llamaModel({3, 64, 128, 64, 64, 100}).build();
  QuantizationPlan plan = newPlan(model, "", parseSpec("w8a8"));
  QVERIFY(fusedConflicts(plan, model).empty());
  plan.layers["model.layers.1.self_attn.k_proj"] = parseSpec("w8a8:flavour=gptq,clip=percentile");
  QVERIFY(fusedConflicts(plan, model).empty());
  plan.layers["model.layers.1.self_attn.k_proj"] = parseSpec("w8a8:group=32");
  plan.ignore.insert("model.layers.2.mlp.up_proj");
  const std::vector<FusedConflict> conflicts = fusedConflicts(plan, model);
  QCOMPARE(conflicts.size(), std::size_t{2});
  QCOMPARE(conflicts[0].group, std::string("model.layers.1.self_attn.qkv_proj"));
  QCOMPARE(conflicts[0].members.size(), std::size_t{3});
  QVERIFY(conflicts[0].schemes[0] != conflicts[0].schemes[1]);
}

void TstPlanEdit::totalsByHand() {
  const Model model = llamaModel({1, 64, 128, 64, 64, 100}).build();
  QuantizationPlan plan = newPlan(model, "", parseSpec("w8a8:group=32"));
  plan.ignore.insert("model.layers.0.self_attn.q_proj");
  plan.locks.insert("model.layers.0.self_attn.k_proj");
  plan.layers["model.layers.0.self_attn.v_proj"] = {};
  const PlanTotals totals = planTotals(plan, model, 100000);
  QCOMPARE(totals.linears, std::size_t{7});
  QCOMPARE(totals.ignored, std::size_t{1});
  QCOMPARE(totals.locked, std::size_t{1});
  QCOMPARE(totals.changed, std::size_t{1});
  // 4 x 64 x 64 + 3 x 64 x 128 = 40960 weights of 16 bit; q and v stay, the other 32768 take 8 + 32/32 = 9
  // bits.
  QL_NEAR(totals.storedBytes, 81920, 1e-12);
  QL_NEAR(totals.plannedBytes, 8192 * 2 + 32768 * 9 / 8.0, 1e-12);
  QL_NEAR(totals.averageBits, totals.plannedBytes * 8 / 40960, 1e-12);
  QL_NEAR(totals.otherBytes, 100000 - 81920, 1e-12);
}

void TstPlanEdit::namesOfAnotherModelAreFound() {
  const Model model = llamaModel({2, 64, 128, 64, 64, 100}).build();
  QuantizationPlan plan = newPlan(model, "", parseSpec("w8a8"));
  QVERIFY(unknownLinears(plan, model).empty());
  plan.layers["model.layers.7.mlp.up_proj"] = {};
  plan.locks.insert("h.0.attn.c_attn");
  QCOMPARE(unknownLinears(plan, model).size(), std::size_t{2});
}

void TstPlanEdit::smoothingIsSetAndRemoved() {
  QuantizationPlan plan;
  plan.defaultChoice = parseSpec("w8a8");
  const PlanSmoothing first{"norm0", {"q0", "k0"}, "bismooth", "median", 0.45, std::nullopt, ""};
  const PlanSmoothing second{"norm1", {"q1"}, "smoothquant", "max", 0.5, std::nullopt, ""};
  const EditResult set = setSmoothing(plan, {first, second});
  QVERIFY((set.changed == std::vector<std::string>{"q0", "k0", "q1"}));
  QCOMPARE(set.plan.smoothing.size(), std::size_t{2});
  QVERIFY(*findSmoothing(set.plan, "norm1") == second);
  QVERIFY(!findSmoothing(plan, "norm1"));
  // the same again changes nothing; another alpha takes the place of the entry
  QVERIFY(setSmoothing(set.plan, {first}).changed.empty());
  PlanSmoothing other = first;
  other.alpha = 0.6;
  const EditResult moved = setSmoothing(set.plan, {other});
  QVERIFY((moved.changed == std::vector<std::string>{"q0", "k0"}));
  QVERIFY(moved.plan.smoothing.front() == other);
  QCOMPARE(moved.plan.smoothing.size(), std::size_t{2});
  // a locked reader, or a locked linear that would be divided, keeps its group as it is
  for (const char* locked : {"k0", "norm0"}) {
    QuantizationPlan withLock = set.plan;
    withLock.locks = {locked};
    const EditResult refused = setSmoothing(withLock, {other, second});
    QVERIFY(refused.changed.empty());
    QVERIFY(refused.locked == std::vector<std::string>{locked});
    QVERIFY(refused.plan == withLock);
    const EditResult kept = removeSmoothing(withLock, {"norm0", "norm1"});
    QVERIFY(kept.plan.smoothing == std::vector<PlanSmoothing>{first});
    QVERIFY(kept.locked == std::vector<std::string>{locked});
  }
  const EditResult removed = removeSmoothing(set.plan, {"norm0"});
  QVERIFY(removed.plan.smoothing == std::vector<PlanSmoothing>{second});
  QVERIFY((removed.changed == std::vector<std::string>{"q0", "k0"}));
}

QTEST_APPLESS_MAIN(TstPlanEdit)
#include "tst_plan_edit.moc"
