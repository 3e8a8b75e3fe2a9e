// Undo that never loses anything: thousands of random edits, back to the first byte and forward to the last,
// in memory that stays small.
#include "core/plan/plan_edit.h"
#include "widgets/bridge/plan_delta.h"
#include "widgets/bridge/plan_document.h"

#include <QTest>

#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <map>
#include <random>

using namespace ql;

namespace {

std::vector<std::string> linearNames(int blocks) {
  std::vector<std::string> names;
  for (int block = 0; block < blocks; ++block)
    for (const char* role : {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
                             "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"})
      names.push_back("model.layers." + std::to_string(block) + "." + role);
  return names;
}

QuantizationPlan planOf(const std::vector<std::string>& names) {
  QuantizationPlan plan;
  plan.model = {"many", "LlamaForCausalLM", "f00d"};
  plan.defaultChoice = parseSpec("w8a8");
  plan.ignore = {"lm_head", names.back()};
  return plan;
}

/// Edits as a person makes them: choices of some or all linears, locks, ignores, smoothing, defaults.
class RandomEdits {
 public:
  RandomEdits(std::vector<std::string> names, unsigned seed) : m_names(std::move(names)), m_random(seed) {}

  EditResult operator()(const QuantizationPlan& plan) {
    switch (pick(12)) {
      case 0:
        return setLocked(plan, some(), pick(3) == 0);
      case 1:
        return setIgnored(plan, some(), pick(3) == 0);
      case 2:
      case 3:
        return setSmoothing(plan, {smoothing()});
      case 4:
        return removeSmoothing(plan, {producer(pick(m_names.size() / 7))});
      case 5: {
        EditResult result{plan, {}, {}, {}};
        result.plan.defaultChoice = choice();
        if (pick(2) == 0) result.plan.kvCache = ActScheme();
        return result;
      }
      default: {
        const Choice wanted = choice();
        return setChoices(plan, some(), [&](const Choice&) { return wanted; });
      }
    }
  }

 private:
  std::size_t pick(std::size_t count) { return m_random() % count; }
  static std::string producer(std::size_t block) {
    return "model.layers." + std::to_string(block) + ".input_layernorm";
  }
  std::vector<std::string> some() {
    if (pick(20) == 0) return m_names;  // all of them
    const std::size_t first = pick(m_names.size());
    const std::size_t count = std::min(m_names.size() - first, 1 + pick(14));
    const auto begin = m_names.begin() + static_cast<std::ptrdiff_t>(first);
    return {begin, begin + static_cast<std::ptrdiff_t>(count)};
  }
  Choice choice() {
    static const char* const kSpecs[] = {"w8a8",           "w4a16:group=128", "w8a8:group=32", "w4a8:asym",
                                         "w3a16:group=64", "w8a16",           "w8a8:tensor"};
    return parseSpec(kSpecs[pick(std::size(kSpecs))]);
  }
  PlanSmoothing smoothing() {
    const std::size_t block = pick(m_names.size() / 7);
    PlanSmoothing entry;
    entry.producer = producer(block);
    entry.consumers = {m_names[block * 7], m_names[block * 7 + 1], m_names[block * 7 + 2]};
    entry.method = pick(2) == 0 ? "smoothquant" : "bismooth";
    entry.statistic = entry.method == "bismooth" ? "median" : "max";
    entry.alpha = static_cast<double>(pick(101)) / 100;
    return entry;
  }

  std::vector<std::string> m_names;
  std::mt19937 m_random;
};

std::size_t heapBytes() {
  return mallinfo2().uordblks;
}

}  // namespace

class TestUndoMany : public QObject {
  Q_OBJECT
 private slots:
  void thousandsOfEditsComeBack_data() {
    QTest::addColumn<int>("blocks");
    QTest::addColumn<int>("edits");
    QTest::newRow("10,000 edits of a model of 42 linears") << 6 << 10000;
    QTest::newRow("1,000 edits of a model of 560 linears") << 80 << 1000;
  }
  void thousandsOfEditsComeBack() {
    QFETCH(int, blocks);
    QFETCH(int, edits);
    PlanDocument document;
    const std::vector<std::string> names = linearNames(blocks);
    document.reset(planOf(names), {});
    const std::string first = planJson(document.plan());
    RandomEdits random(names, 42);
    const std::size_t before = heapBytes();
    std::map<int, std::string> seen;  // on the way, by number of undo steps
    const int changed = edits;
    for (int i = 0; document.undoStack()->count() < edits; ++i) {  // one that changes nothing is no step
      QVERIFY(i < 10 * edits);
      document.edit(QStringLiteral("edit"), [&](const QuantizationPlan& plan) { return random(plan); });
      if (i % 97 == 0) seen[document.undoStack()->count()] = planJson(document.plan());
    }
    const std::string last = planJson(document.plan());
    std::size_t ours = last.size();
    for (const auto& [step, json] : seen) ours += json.size();
    const double perEdit = static_cast<double>(heapBytes() - before - ours) / changed;
    double slowest = 0;
    while (document.undoStack()->canUndo()) {
      const std::clock_t begin = std::clock();
      document.undoStack()->undo();
      slowest = std::max(slowest, 1e3 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
      const auto known = seen.find(document.undoStack()->index());
      if (known != seen.end()) QCOMPARE(planJson(document.plan()), known->second);
    }
    QCOMPARE(planJson(document.plan()), first);
    while (document.undoStack()->canRedo()) document.undoStack()->redo();
    QCOMPARE(planJson(document.plan()), last);
    std::printf("%d undo steps, %.0f bytes each, slowest undo %.2f ms of processor time\n", changed, perEdit,
                slowest);
    // two snapshots a step, or one that neighbours share, would be this and more; 64 MiB for 10,000 is plenty
    const std::size_t beforeCopy = heapBytes();
    const auto copy = std::make_unique<QuantizationPlan>(document.plan());
    const double snapshot = static_cast<double>(heapBytes() - beforeCopy);
    std::printf("a copy of the plan takes %.0f bytes\n", snapshot);
    QVERIFY2(perEdit < snapshot / 10 && perEdit < 6710, qPrintable(QString::number(perEdit)));
  }

  void sliderDragsMerge() {
    PlanDocument document;
    const std::vector<std::string> names = linearNames(2);
    document.reset(planOf(names), {});
    const auto drag = [&](double alpha, int id) {
      document.edit(
          QStringLiteral("alpha %1").arg(alpha),
          [&](const QuantizationPlan& plan) {
            PlanSmoothing entry;
            entry.producer = "model.layers.0.input_layernorm";
            entry.consumers = {names[0], names[1], names[2]};
            entry.method = "smoothquant";
            entry.alpha = alpha;
            return setSmoothing(plan, {entry});
          },
          id);
    };
    const std::string first = planJson(document.plan());
    for (int i = 1; i <= 200; ++i) drag(static_cast<double>(i) / 200, 7);
    QCOMPARE(document.undoStack()->count(), 1);
    QCOMPARE(document.undoStack()->undoText(), QStringLiteral("alpha 1"));
    const std::string dragged = planJson(document.plan());
    document.undoStack()->undo();
    QCOMPARE(planJson(document.plan()), first);
    document.undoStack()->redo();
    QCOMPARE(planJson(document.plan()), dragged);
    drag(0.25, 8);  // another drag is another step
    QCOMPARE(document.undoStack()->count(), 2);
    drag(1.0, 8);  // and back where it began: nothing is left of it
    QCOMPARE(document.undoStack()->count(), 1);
    QCOMPARE(planJson(document.plan()), dragged);
  }

  /// Everything a plan holds, each by itself.
  void deltasAreExact() {
    const std::vector<std::string> names = linearNames(1);
    const QuantizationPlan plain = planOf(names);
    std::vector<QuantizationPlan> others(9, plain);
    others[0].model.name = "another";
    others[1].points["model.layers.0.residual_after_attn"] = ActScheme();
    others[2].kvCache = ActScheme();
    others[3].rotations = "[{}]";
    others[4].evidence = R"({"a":1})";
    others[5].unknown = R"({"b":2})";
    others[6].unknownInside["/model"] = R"({"c":3})";
    others[7].layers[names[0]] = Choice{};
    others[8].locks.insert(names[1]);
    others[8].ignore.clear();
    others[8].smoothing.resize(2);
    others[8].smoothing[0].producer = "a";
    others[8].smoothing[1].alpha = 0.25;
    const auto pool = std::make_shared<PlanPool>();
    for (const QuantizationPlan& a : others) {
      for (const QuantizationPlan& b : others) {
        const PlanDelta delta(a, b, pool);
        QVERIFY(delta.forward(a) == b);
        QVERIFY(delta.backward(b) == a);
        QCOMPARE(delta.isEmpty(), a == b);
      }
    }
  }
};

QTEST_GUILESS_MAIN(TestUndoMany)
#include "tst_undo_many.moc"
