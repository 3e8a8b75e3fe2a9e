// measurePerplexity() against torch on the demo model, against slow sums over the logits, and by hand.
#include "core/base/error.h"
#include "core/calib/logit_scores.h"
#include "core/calib/memory_plan.h"
#include "core/calib/score_items.h"
#include "tests/core/calib/calib_reference.h"
#include "tests/core/calib/reference_bert.h"
#include "tests/core/calib/reference_compare.h"
#include "tests/support/compare.h"

#include <QTest>

#include <cmath>
#include <limits>
#include <random>

using namespace ql;
using namespace ql::test;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

/// Shifts the input of one linear, as an activation scheme would.
class ShiftingHook : public ForwardHook {
 public:
  explicit ShiftingHook(LinearId linear) : m_linear(linear) {}
  bool linearInput(LinearId id, std::span<const float> x, std::span<float> out, JobContext&) override {
    if (id != m_linear) return false;
    for (std::size_t i = 0; i < x.size(); ++i) out[i] = x[i] * 1.25f;
    return true;
  }

 private:
  LinearId m_linear;
};

/// Gives NaN behind one block.
class BreakingHook : public ForwardHook {
 public:
  explicit BreakingHook(int block, std::int32_t window) : m_block(block), m_window(window) {}
  void point(PointId point, const TokenRows& rows, std::span<float> x, JobContext&) override {
    if (point.block != m_block || point.kind != PointKind::ResidualAfterMlp) return;
    const std::size_t width = x.size() / rows.ids.size();
    for (std::size_t row = 0; row < rows.ids.size(); ++row)
      if (rows.windows[row] == m_window) x[row * width] = std::numeric_limits<float>::quiet_NaN();
  }

 private:
  int m_block;
  std::int32_t m_window;
};

double logSumExp(std::span<const float> logits) {
  long double largest = -kInf, sum = 0;
  for (const float x : logits) largest = std::max<long double>(largest, x);
  for (const float x : logits) sum += std::exp(x - largest);
  return static_cast<double>(largest + std::log(sum));
}

double slowKl(std::span<const float> p, std::span<const float> q) {
  const long double lp = logSumExp(p), lq = logSumExp(q);
  long double kl = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const long double a = p[i] - lp, b = q[i] - lq;
    if (std::exp(a) > 0) kl += std::exp(a) * (a - b);
  }
  return static_cast<double>(kl);
}

/// Logits of every row of one window alone.
std::vector<float> logitsOf(const ForwardModel& model, const std::vector<std::int32_t>& ids,
                            ForwardHook* hook) {
  JobContext job(2);
  return allLogits(model, runAll(model, {ids}, hook, job), job);
}

PerplexityPair measure(const ForwardModel& model, const TokenWindows& windows, int threads = 2) {
  JobContext job(threads);
  return measurePerplexity({&model, nullptr}, std::nullopt, windows, {}, job);
}

}  // namespace

class TstPerplexity : public QObject {
  Q_OBJECT
 private slots:
  void windowsMatchTorch();
  void threadsLeaveNoTrace();
  void llamaCppProtocolMatchesSlowSums();
  void divergenceMatchesSlowSums();
  void sameModelDoesNotDiverge();
  void standardErrorIsThatOfLlamaCpp();
  void windowsComeInOrder();
  void progressAddsUp();
  void smallBudgetGivesTheSameFigures();
  void tooLittleMemorySaysWhatWouldFit();
  void nanIsTracedToItsBlock();
  void brokenReferenceIsNamed();
  void encodersMaskEachToken();
  void encodersNeedAMask();
  void foreignTokensAreRefused();
  void itemsFillBatches();
  void logitScoresMatchSlowSums();
  void extremeLogits();

 private:
  DemoForward m_demo;
  CalibReference m_reference;
};

void TstPerplexity::windowsMatchTorch() {
  const auto forward = m_demo.shipped();
  const auto nll = m_reference.floats("nll_per_window.heldout");  // means over the window's targets
  TokenWindows windows = m_reference.windows("heldout");
  QCOMPARE(windows.windows.size(), std::size_t{192});
  // Sixteen from all over the text, and the short last one.
  TokenWindows some = windows;
  some.windows.clear();
  std::vector<float> expected;
  for (std::size_t w = 0; w < 192; w += 12)
    some.windows.push_back(windows.windows[w]), expected.push_back(nll[w]);
  some.windows.push_back(windows.windows.back()), expected.push_back(nll.back());
  const PerplexityResult result = measure(*forward, some).result;
  double sum = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const std::int64_t targets = i + 1 < expected.size() ? 255 : 163;
    QCOMPARE(result.windows[i].targets, targets);
    QL_NEAR(result.windows[i].nll / static_cast<double>(targets), expected[i], 1e-4);
    sum += double{expected[i]} * static_cast<double>(targets);
  }
  QCOMPARE(result.targets, std::int64_t{16 * 255 + 163});
  QL_NEAR(result.perplexity, std::exp(sum / (16 * 255 + 163)), 1e-4);
}

void TstPerplexity::threadsLeaveNoTrace() {
  const auto forward = m_demo.shipped();
  const TokenWindows windows = m_reference.windows("heldout", 60, 600);
  const PerplexityResult one = measure(*forward, windows, 1).result;
  for (const int threads : {2, 3}) {
    const PerplexityResult other = measure(*forward, windows, threads).result;
    QCOMPARE(other.nll, one.nll);
    QCOMPARE(other.standardError, one.standardError);
  }
}

void TstPerplexity::llamaCppProtocolMatchesSlowSums() {
  const auto forward = m_demo.shipped();
  WindowOptions options;
  options.context = 64, options.protocol = WindowProtocol::LlamaCpp, options.maxTokens = 64 * 3;
  const TokenWindows windows = cutWindows(m_reference.ids("heldout"), {0}, {}, 2048, options);
  QCOMPARE(windows.windows.size(), std::size_t{3});
  const PerplexityResult result = measure(*forward, windows).result;
  QCOMPARE(result.targets, std::int64_t{3 * 31});  // 64 - 64 / 2 - 1
  for (std::size_t w = 0; w < 3; ++w) {
    const auto& ids = windows.windows[w].ids;
    QCOMPARE(ids.front(), 0);
    const auto logits = logitsOf(*forward, ids, nullptr);
    double nll = 0;
    for (std::size_t i = 33; i < 64; ++i) {
      const auto row = std::span(logits).subspan((i - 1) * 2048, 2048);
      nll += logSumExp(row) - double{row[static_cast<std::size_t>(ids[i])]};
    }
    QL_NEAR(result.windows[w].nll, nll, 1e-9);
  }
}

void TstPerplexity::divergenceMatchesSlowSums() {
  const auto forward = m_demo.shipped();
  ShiftingHook hook(m_demo.model.find("model.layers.4.mlp.down_proj").value());
  const TokenWindows windows = m_reference.windows("heldout", 40, 80);
  JobContext job(2);
  const PerplexityPair pair =
      measurePerplexity({forward.get(), &hook}, PerplexityRun{forward.get(), nullptr}, windows, {}, job);
  double kl = 0, top = 0, nll = 0, referenceNll = 0;
  for (const TokenWindow& window : windows.windows) {
    const auto own = logitsOf(*forward, window.ids, &hook), other = logitsOf(*forward, window.ids, nullptr);
    for (std::size_t i = 1; i < window.ids.size(); ++i) {
      const auto q = std::span(own).subspan((i - 1) * 2048, 2048);
      const auto p = std::span(other).subspan((i - 1) * 2048, 2048);
      kl += slowKl(p, q);
      top += std::max_element(p.begin(), p.end()) - p.begin() ==
             std::max_element(q.begin(), q.end()) - q.begin();
      nll += logSumExp(q) - double{q[static_cast<std::size_t>(window.ids[i])]};
      referenceNll += logSumExp(p) - double{p[static_cast<std::size_t>(window.ids[i])]};
    }
  }
  const double targets = static_cast<double>(windows.targetCount());
  QL_NEAR(pair.result.meanKl, kl / targets, 1e-9);
  QVERIFY(pair.result.meanKl > 1e-4);
  QCOMPARE(pair.result.topAgreement, top / targets);
  QL_NEAR(pair.result.nll, nll / targets, 1e-12);
  QVERIFY(pair.reference.has_value());
  QL_NEAR(pair.reference->nll, referenceNll / targets, 1e-12);
  QCOMPARE(pair.reference->meanKl, 0.0);
}

void TstPerplexity::sameModelDoesNotDiverge() {
  const auto forward = m_demo.shipped(), plain = m_demo.plain();
  const TokenWindows windows = m_reference.windows("heldout", 50, 200);
  JobContext job(2);
  // The planted model is an exact rescaling of the plain one: logits agree bit for bit.
  const PerplexityPair pair =
      measurePerplexity({forward.get(), nullptr}, PerplexityRun{plain.get(), nullptr}, windows, {}, job);
  QCOMPARE(pair.result.meanKl, 0.0);
  QCOMPARE(pair.result.topAgreement, 1.0);
  QCOMPARE(pair.result.nll, pair.reference->nll);
}

void TstPerplexity::standardErrorIsThatOfLlamaCpp() {
  const auto forward = m_demo.shipped();
  const TokenWindows windows = m_reference.windows("heldout", 33, 33);
  const PerplexityResult result = measure(*forward, windows).result;
  const auto& ids = windows.windows[0].ids;
  const auto logits = logitsOf(*forward, ids, nullptr);
  double sum = 0, squares = 0;
  const double n = static_cast<double>(ids.size() - 1);
  for (std::size_t i = 1; i < ids.size(); ++i) {
    const auto row = std::span(logits).subspan((i - 1) * 2048, 2048);
    const double nll = logSumExp(row) - double{row[static_cast<std::size_t>(ids[i])]};
    sum += nll, squares += nll * nll;
  }
  const double mean = sum / n;
  QL_NEAR(result.perplexity, std::exp(mean), 1e-9);
  QL_NEAR(result.standardError, std::exp(mean) * std::sqrt((squares / n - mean * mean) / (n - 1)), 1e-9);
}

void TstPerplexity::windowsComeInOrder() {
  const auto forward = m_demo.shipped();
  TokenWindows windows = m_reference.windows("heldout", 30, 3000);
  windows.windows[4].targetEnd = windows.windows[4].firstTarget;  // nothing to predict there
  std::vector<std::size_t> order;
  JobContext job(2);
  double sum = 0;
  const PerplexityPair pair = measurePerplexity(
      {forward.get(), nullptr}, std::nullopt, windows, {}, job,
      [&](std::size_t window, const WindowScore& score, const std::optional<WindowScore>& reference) {
        order.push_back(window);
        sum += score.nll;
        QVERIFY(!reference);
        QCOMPARE(score.targets == 0, window == 4);
      });
  QCOMPARE(order.size(), windows.windows.size());
  for (std::size_t i = 0; i < order.size(); ++i) QCOMPARE(order[i], i);
  QL_NEAR(pair.result.nll, sum / static_cast<double>(windows.targetCount()), 1e-14);
}

void TstPerplexity::progressAddsUp() {
  const auto forward = m_demo.shipped();
  JobContext job(2);
  std::vector<double> fractions;
  measurePerplexity({forward.get(), nullptr}, PerplexityRun{forward.get(), nullptr},
                    m_reference.windows("heldout", 256, 5000), {}, job,
                    [&](std::size_t, const WindowScore&, const std::optional<WindowScore>&) {
                      fractions.push_back(job.fraction());
                    });
  QCOMPARE(job.done(), job.total());
  QVERIFY(fractions.front() > 0.3 && fractions.front() < 0.6);  // 2,048 of 5,000 tokens
}

void TstPerplexity::smallBudgetGivesTheSameFigures() {
  const auto forward = m_demo.shipped();
  const TokenWindows windows = m_reference.windows("heldout", 128, 1500);
  PerplexityOptions options;
  JobContext job(2);
  PerplexityResult small;
  for (options.memoryBytes = residentBytes() + (8u << 20);; options.memoryBytes += 1u << 20) {
    try {
      small = measurePerplexity({forward.get(), nullptr}, std::nullopt, windows, options, job).result;
      break;
    } catch (const Error&) {
    }
  }
  QCOMPARE(small.nll, measure(*forward, windows).result.nll);
}

void TstPerplexity::tooLittleMemorySaysWhatWouldFit() {
  const auto forward = m_demo.shipped();
  PerplexityOptions options;
  options.memoryBytes = 1;
  JobContext job(1);
  QL_THROWS(measurePerplexity({forward.get(), nullptr}, std::nullopt, m_reference.windows("heldout", 64, 640),
                              options, job),
            "Perplexity does not fit into the memory allowed: one window of 64 tokens needs");
}

void TstPerplexity::nanIsTracedToItsBlock() {
  const auto forward = m_demo.shipped();
  for (const int block : {0, 3, 5}) {
    BreakingHook hook(block, 7);
    JobContext job(2);
    try {
      measurePerplexity({forward.get(), &hook}, std::nullopt, m_reference.windows("heldout", 20, 400), {},
                        job);
      QFAIL("NaN went through");
    } catch (const Error& error) {
      QCOMPARE(static_cast<int>(error.code()), static_cast<int>(ErrorCode::Numeric));
      const std::string text = error.what();
      QVERIFY2(text.find("the model in window 8") != std::string::npos, text.c_str());
      QVERIFY2(text.find("the output of block " + std::to_string(block)) != std::string::npos, text.c_str());
    }
  }
}

void TstPerplexity::brokenReferenceIsNamed() {
  const auto forward = m_demo.shipped();
  BreakingHook hook(1, 0);
  JobContext job(2);
  const TokenWindows windows = m_reference.windows("heldout", 20, 40);
  QL_THROWS(
      measurePerplexity({forward.get(), nullptr}, PerplexityRun{forward.get(), &hook}, windows, {}, job),
      "The logits of the reference in window 1");
  QL_THROWS(
      measurePerplexity({forward.get(), &hook}, PerplexityRun{forward.get(), nullptr}, windows, {}, job),
      "The logits of the changed model in window 1");
}

void TstPerplexity::encodersMaskEachToken() {
  const OpenedModel opened(makeCheckpoint(TinyBert{}));
  TokenWindows windows;
  for (const Ids& ids : tinyWindows(50, {9, 14}))
    windows.windows.push_back({ids, 1, static_cast<std::int64_t>(ids.size()) - 1});  // [CLS] and [SEP] stay
  windows.context = 14;
  PerplexityOptions options;
  options.maskToken = 4;
  JobContext job(2);
  const PerplexityResult result =
      measurePerplexity({opened.forward.get(), nullptr}, std::nullopt, windows, options, job).result;
  QCOMPARE(result.targets, std::int64_t{7 + 12});
  for (std::size_t w = 0; w < 2; ++w) {
    double nll = 0;
    const Ids& ids = windows.windows[w].ids;
    for (std::size_t i = 1; i + 1 < ids.size(); ++i) {
      Ids masked = ids;
      masked[i] = 4;
      const auto logits = logitsOf(*opened.forward, masked, nullptr);
      const auto row = std::span(logits).subspan(i * 50, 50);
      nll += logSumExp(row) - double{row[static_cast<std::size_t>(ids[i])]};
    }
    QL_NEAR(result.windows[w].nll, nll, 1e-6);
  }
  QCOMPARE(job.done(), job.total());
}

void TstPerplexity::encodersNeedAMask() {
  const OpenedModel opened(makeCheckpoint(TinyBert{}));
  TokenWindows windows;
  windows.windows.push_back({{1, 2, 3}, 1, 2});
  JobContext job(1);
  QL_THROWS(measurePerplexity({opened.forward.get(), nullptr}, std::nullopt, windows, {}, job), "mask token");
}

void TstPerplexity::foreignTokensAreRefused() {
  const auto forward = m_demo.shipped();
  TokenWindows windows = m_reference.windows("heldout", 20, 40);
  windows.windows[1].ids.back() = 2048;
  JobContext job(1);
  QL_THROWS(measurePerplexity({forward.get(), nullptr}, std::nullopt, windows, {}, job),
            "Token id 2048 at position 19 of window 1");
  QL_THROWS(measurePerplexity({forward.get(), nullptr}, std::nullopt, {}, {}, job), "nothing to predict");
}

void TstPerplexity::itemsFillBatches() {
  TokenWindows windows;
  for (const std::size_t length : {4, 3, 9, 2, 5}) {
    TokenWindow window{Ids(length), 1, static_cast<std::int64_t>(length)};
    for (std::size_t i = 0; i < length; ++i) window.ids[i] = static_cast<std::int32_t>(10 * length + i);
    windows.windows.push_back(window);
  }
  ScoreItems items(windows, std::nullopt, 8);
  const auto first = items.next();
  QCOMPARE(first->hidden.begins, (std::vector<std::int64_t>{0, 4, 7}));
  QCOMPARE(first->windowsDone, std::size_t{2});
  QCOMPARE(first->targets.size(), std::size_t{5});
  QCOMPARE(first->targets[3].row, std::int64_t{4});
  QCOMPARE(first->targets[3].token, 31);
  QCOMPARE(items.next()->hidden.begins, (std::vector<std::int64_t>{0, 9}));  // longer than a batch: alone
  QCOMPARE(items.next()->hidden.begins, (std::vector<std::int64_t>{0, 2, 7}));
  QVERIFY(!items.next());

  ScoreItems masked(windows, 99, 8);
  const auto copies = masked.next();
  QCOMPARE(copies->hidden.begins, (std::vector<std::int64_t>{0, 4, 8}));
  QCOMPARE(copies->hidden.ids, (Ids{40, 99, 42, 43, 40, 41, 99, 43}));
  QCOMPARE(copies->windowsDone, std::size_t{0});
  QCOMPARE(copies->targets[1].row, std::int64_t{6});
  QCOMPARE(copies->targets[1].token, 42);
}

void TstPerplexity::logitScoresMatchSlowSums() {
  std::mt19937 random(3);
  std::normal_distribution<float> normal(0, 6);
  for (const std::size_t n : {1, 2, 7, 33, 1000, 2051}) {
    std::vector<float> p(n), q(n);
    for (std::size_t i = 0; i < n; ++i) p[i] = normal(random), q[i] = p[i] + 0.3f * normal(random);
    const LogitScore a = scoreLogits(p), b = scoreLogits(q);
    QVERIFY(a.isValid && b.isValid);
    QL_NEAR(a.logSumExp, logSumExp(p), 1e-14);
    QCOMPARE(a.top, static_cast<std::int32_t>(std::max_element(p.begin(), p.end()) - p.begin()));
    QVERIFY(std::abs(klDivergence(p, a, q, b) - slowKl(p, q)) <= 1e-12 * (1 + slowKl(p, q)));
    QCOMPARE(klDivergence(p, a, p, a), 0.0);
  }
}

void TstPerplexity::extremeLogits() {
  constexpr float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> large{3e38f, -3e38f, 0, 0, 0, 0, 0, 0, 0};
  QCOMPARE(scoreLogits(large).logSumExp, double{3e38f});
  const std::vector<float> barred{1, -inf, 1,    -inf, -inf,
                                  1, -inf, -inf, 1};  // as a vocabulary mask leaves them
  QL_NEAR(scoreLogits(barred).logSumExp, 1 + std::log(4.0), 1e-15);
  QCOMPARE(klDivergence(barred, scoreLogits(barred), barred, scoreLogits(barred)), 0.0);
  const std::vector<float> ties{2, 5, 5, 1};
  QCOMPARE(scoreLogits(ties).top, 1);
  for (const float bad : {inf, std::numeric_limits<float>::quiet_NaN()}) {
    for (std::size_t at : {0u, 5u, 8u}) {
      std::vector<float> logits(9, 1.0f);
      logits[at] = bad;
      QVERIFY(!scoreLogits(logits).isValid);
    }
  }
  QVERIFY(!scoreLogits(std::vector<float>(9, -inf)).isValid);
}

QTEST_APPLESS_MAIN(TstPerplexity)
#include "tst_perplexity.moc"
