// calibrate() against torch on the demo model, with any number of threads; what happens with NaN, experts and
// too little memory. Stopping and resuming: tst_calibration_resume.cpp.
#include "core/base/error.h"
#include "core/calib/memory_plan.h"
#include "tests/core/calib/calib_reference.h"
#include "tests/core/calib/reference_compare.h"
#include "tests/core/calib/reference_llama.h"
#include "tests/support/compare.h"

#include <QTest>

#include <algorithm>
#include <limits>
#include <set>

using namespace ql;
using namespace ql::test;

namespace {

/// A source that gives NaN for one row of one matrix, as a damaged download does.
class BrokenRowSource : public WeightSource {
 public:
  BrokenRowSource(std::shared_ptr<const WeightSource> inner, std::string tensor, std::int64_t row)
      : m_inner(std::move(inner)), m_tensor(std::move(tensor)), m_row(row) {}
  void readRows(const MatrixRef& matrix, std::int64_t begin, std::int64_t end,
                std::span<float> out) const override {
    m_inner->readRows(matrix, begin, end, out);
    if (matrix.tensor != m_tensor || m_row < begin || m_row >= end) return;
    const auto width = static_cast<std::size_t>(matrix.in);
    const auto row = out.subspan(static_cast<std::size_t>(m_row - begin) * width, width);
    std::fill(row.begin(), row.end(), std::numeric_limits<float>::quiet_NaN());
  }
  std::vector<float> readVector(const std::string& tensor) const override {
    return m_inner->readVector(tensor);
  }

 private:
  std::shared_ptr<const WeightSource> m_inner;
  std::string m_tensor;
  std::int64_t m_row;
};

TinyLlama tinyMixtral(int perToken = 2) {
  TinyLlama m;
  m.type = "mixtral", m.architecture = "MixtralForCausalLM";
  m.experts.count = 4, m.experts.width = m.mlpWidth, m.experts.names = ExpertNames::Mixtral;
  m.experts.perToken = perToken;
  m.rotation = plainRope(1e6, 8);
  m.keys["num_local_experts"] = 4, m.keys["num_experts_per_tok"] = perToken;
  return m;
}

TokenWindows windowsOf(const std::vector<Ids>& ids) {
  TokenWindows windows;
  for (const Ids& window : ids) {
    windows.windows.push_back({window, 1, static_cast<std::int64_t>(window.size())});
    windows.context = std::max(windows.context, static_cast<std::int64_t>(window.size()));
  }
  return windows;
}

/// The statistics of a linear's input among a run's results.
const ActivationStats* statsOf(const std::vector<BlockActivations>& blocks, const Model& model,
                               const std::string& linear) {
  const std::size_t site = model.linears.at(model.find(linear).value()).site.value();
  for (const BlockActivations& block : blocks)
    for (const auto& [index, stats] : block.sites)
      if (index == site) return &stats;
  return nullptr;
}

std::vector<BlockActivations> resultsOf(const ForwardModel& forward, const Model& model,
                                        const TokenWindows& windows, const CalibrationOptions& options) {
  std::vector<BlockActivations> blocks;
  JobContext job(2);
  calibrate(
      forward, model, windows, options, {}, [&](BlockActivations b) { blocks.push_back(std::move(b)); }, job);
  return blocks;
}

std::string joined(const std::vector<BlockActivations>& blocks) {
  std::string all;
  for (const BlockActivations& block : blocks)
    for (const std::string& warning : block.warnings) all += warning + "\n";
  return all;
}

}  // namespace

class TstCalibration : public QObject {
  Q_OBJECT
 private slots:
  void statisticsMatchTorch();
  void threadsLeaveNoTrace();
  void progressAddsUp();
  void momentsGoWhereTheyFit();
  void tooLittleMemorySaysWhatWouldFit();
  void planGivesUpInOrder();
  void brokenBlockIsNamed();
  void brokenTokensAreWarnedOf();
  void expertsHaveTheirOwnStatistics();
  void unseenExpertsAreWarnedOf();
  void noWindowsAreRefused();

 private:
  DemoForward m_demo;
  CalibReference m_reference;
};

void TstCalibration::statisticsMatchTorch() {
  const auto forward = m_demo.shipped();
  const auto blocks = resultsOf(*forward, m_demo.model, m_reference.windows("calibration"), {});
  QCOMPARE(blocks.size(), std::size_t{7});  // six blocks and the head
  int compared = 0;
  for (const Site& site : m_demo.model.sites) {
    if (site.name == "lm_head") continue;
    const ActivationStats* stats = statsOf(blocks, m_demo.model, site.name);
    QVERIFY2(stats != nullptr, site.name.c_str());
    QCOMPARE(stats->all.tokens, 34204u);
    QCOMPARE(stats->first.tokens, 134u);
    const auto absmax = m_reference.floats("calib_absmax." + site.name);
    const auto absmean = m_reference.floats("calib_absmean." + site.name);
    const auto sumsq = m_reference.floats("calib_sumsq." + site.name);
    QCOMPARE(absmax.size(), stats->all.absmax.size());
    for (std::size_t c = 0; c < absmax.size(); ++c) {
      QL_NEAR(stats->all.absmax[c], absmax[c], 1e-4);
      QL_NEAR(stats->all.meanAbs(c), absmean[c], 1e-4);
      QL_NEAR(stats->all.sumSq[c], sumsq[c], 1e-4);
      QL_NEAR(stats->secondMoment->sum(static_cast<std::int64_t>(c), static_cast<std::int64_t>(c)), sumsq[c],
              1e-4);
    }
    ++compared;
  }
  QCOMPARE(compared, 24);
  for (const char* name :
       {"model.layers.0.self_attn.q_proj", "model.layers.0.mlp.down_proj", "model.layers.5.mlp.gate_proj"}) {
    const auto gram = m_reference.floats(std::string("calib_gram.") + name + ".every16");
    const SecondMoment& moment = *statsOf(blocks, m_demo.model, name)->secondMoment;
    const std::int64_t n = moment.size();
    QCOMPARE(static_cast<std::int64_t>(gram.size()), n * n / 16);
    for (std::int64_t r = 0; r < n / 16; ++r) {
      for (std::int64_t c = 0; c < n; ++c) {
        // Products of either sign cancel: the bound is relative to what was added up at most
        // (Cauchy-Schwarz).
        const double size = std::sqrt(double{moment.sum(16 * r, 16 * r)} * moment.sum(c, c));
        QVERIFY(std::abs(moment.sum(16 * r, c) - gram[static_cast<std::size_t>(r * n + c)]) <= 1e-4 * size);
      }
    }
  }
}

void TstCalibration::threadsLeaveNoTrace() {
  const auto forward = m_demo.shipped();
  const TokenWindows windows = m_reference.windows("calibration", 100, 500);
  const Digests one = digestsOf(*forward, m_demo.model, windows, {}, 1);
  QCOMPARE(one.size(), std::size_t{7});
  for (const int threads : {2, 3}) QVERIFY(digestsOf(*forward, m_demo.model, windows, {}, threads) == one);
}

void TstCalibration::progressAddsUp() {
  const auto forward = m_demo.shipped();
  JobContext job(2);
  std::set<std::uint64_t> totals;
  std::vector<double> fractions;
  calibrate(
      *forward, m_demo.model, m_reference.windows("calibration", 100, 1000), {}, {},
      [&](const BlockActivations&) {
        totals.insert(job.total());
        fractions.push_back(job.fraction());
      },
      job);
  QCOMPARE(totals.size(), std::size_t{1});  // everything was expected in advance
  QCOMPARE(job.done(), job.total());
  QVERIFY(std::is_sorted(fractions.begin(), fractions.end()));
  QL_NEAR(fractions[2], 0.5, 0.05);
}

void TstCalibration::momentsGoWhereTheyFit() {
  const auto forward = m_demo.shipped();
  const TokenWindows windows = m_reference.windows("calibration", 64, 640);
  const SiteTable table = siteTable(m_demo.model);
  CalibrationOptions options;
  const std::uint64_t narrow = SecondMoment::bytesFor(256), wide = SecondMoment::bytesFor(512);
  QCOMPARE(chooseMoments(m_demo.model, table, 0, options, 3 * narrow + wide).size(), std::size_t{4});
  const auto three = chooseMoments(m_demo.model, table, 0, options, 3 * narrow + wide - 1);
  QCOMPARE(three.size(), std::size_t{3});
  for (const std::size_t site : three) QCOMPARE(m_demo.model.sites[site].width, std::int64_t{256});
  QCOMPARE(chooseMoments(m_demo.model, table, 0, options, narrow - 1).size(), std::size_t{0});
  options.accumulator.withSecondMoment = false;
  QVERIFY(chooseMoments(m_demo.model, table, 0, options, 1u << 30).empty());

  // A budget for the rest and two second moments: the other sites say what they lack.
  options.accumulator.withSecondMoment = true;
  std::uint64_t budget = 1u << 20;
  while (true) {
    try {
      if (planCalibration(*forward, m_demo.model, table, windows, options, budget).momentBytes >= 2 * narrow)
        break;
    } catch (const Error&) {
    }
    budget += 1u << 16;
  }
  options.memoryBytes = residentBytes() + budget + narrow / 2;
  const auto blocks = resultsOf(*forward, m_demo.model, windows, options);
  const ActivationStats* down = statsOf(blocks, m_demo.model, "model.layers.1.mlp.down_proj");
  QVERIFY(down->secondMoment == nullptr && down->hasSketch() && down->hasDiagonal());
  QVERIFY(missingReason(*down, ActivationNeed::OutputErrorW).empty());
  const std::string warnings = joined(blocks);
  QVERIFY2(
      warnings.find("model.layers.1.mlp.down_proj: second moment left out: it needs") != std::string::npos,
      warnings.c_str());
}

void TstCalibration::tooLittleMemorySaysWhatWouldFit() {
  const auto forward = m_demo.shipped();
  const TokenWindows windows = m_reference.windows("calibration");
  const SiteTable table = siteTable(m_demo.model);
  CalibrationOptions options;
  const std::uint64_t budget = 30u << 20;  // hidden states alone are 35 MB
  QL_THROWS(planCalibration(*forward, m_demo.model, table, windows, options, budget), "give at most");
  QL_THROWS(planCalibration(*forward, m_demo.model, table, windows, options, budget), "allow ");
  QL_THROWS(planCalibration(*forward, m_demo.model, table, windows, options, budget), "name an output file");
  options.spillFolder = "/tmp/never-made";
  QVERIFY(planCalibration(*forward, m_demo.model, table, windows, options, budget).isSpilled);
  std::uint64_t small = budget;  // just below what one window of 256 tokens needs
  const auto fits = [&] {
    try {
      planCalibration(*forward, m_demo.model, table, windows, options, small);
      return true;
    } catch (const Error&) {
      return false;
    }
  };
  while (fits()) small -= 1u << 16;
  QL_THROWS(planCalibration(*forward, m_demo.model, table, windows, options, small),
            "choose a context of 128");
  options.memoryBytes = 1;
  JobContext job(1);
  try {
    calibrate(
        *forward, m_demo.model, windows, options, {}, [](const BlockActivations&) {}, job);
    QFAIL("one byte was enough");
  } catch (const Error& error) {
    QCOMPARE(static_cast<int>(error.code()), static_cast<int>(ErrorCode::Usage));
  }
}

void TstCalibration::planGivesUpInOrder() {
  const auto forward = m_demo.shipped();
  const TokenWindows windows = m_reference.windows("calibration");
  const SiteTable table = siteTable(m_demo.model);
  CalibrationOptions options;
  options.spillFolder = "/tmp/never-made";
  std::vector<MemoryPlan> plans;
  for (std::uint64_t budget = 200u << 20;; budget -= 1u << 18) {
    try {
      plans.push_back(planCalibration(*forward, m_demo.model, table, windows, options, budget));
    } catch (const Error&) {
      break;
    }
  }
  QCOMPARE(plans.front().batchTokens, kBatchTokens);
  QVERIFY(!plans.front().isSpilled);
  const std::uint64_t all = plans.front().momentBytes;
  std::int64_t batch = kBatchTokens;
  bool wasSpilled = false, wasShort = false;
  for (const MemoryPlan& plan : plans) {
    QVERIFY(plan.batchTokens <= batch);
    QVERIFY(plan.isSpilled || !wasSpilled);
    QVERIFY(plan.batchTokens == kBatchTokens || plan.isSpilled);
    if (plan.momentBytes < all) QVERIFY(plan.isSpilled && plan.batchTokens <= 512);
    batch = plan.batchTokens, wasSpilled = plan.isSpilled, wasShort = wasShort || plan.momentBytes < all;
  }
  QVERIFY(wasSpilled && wasShort);
  QVERIFY(plans.back().batchTokens < 512);
}

void TstCalibration::brokenBlockIsNamed() {
  const auto inner = std::make_shared<CheckpointSource>(m_demo.checkpoint);
  const auto forward =
      m_demo.over(std::make_shared<BrokenRowSource>(inner, "model.layers.2.mlp.down_proj.weight", 17));
  std::set<int> finished;
  JobContext job(2);
  try {
    calibrate(
        *forward, m_demo.model, m_reference.windows("calibration", 64, 640), {}, {},
        [&](const BlockActivations& block) { finished.insert(block.block); }, job);
    QFAIL("NaN went through");
  } catch (const Error& error) {
    QCOMPARE(static_cast<int>(error.code()), static_cast<int>(ErrorCode::Numeric));
    QVERIFY2(std::string(error.what()).starts_with("Block 2 gives NaN"), error.what());
  }
  QCOMPARE(finished, (std::set<int>{0, 1}));
}

void TstCalibration::brokenTokensAreWarnedOf() {
  const TokenWindows windows = m_reference.windows("calibration", 64, 640);
  // Behind block 0 a NaN may be anywhere from its own place to the whole window (0 times NaN in attention).
  const std::int32_t token = windows.windows[3].ids.back();
  std::uint64_t own = 0, least = 0, most = 0;
  for (const TokenWindow& window : windows.windows) {
    const auto first = std::find(window.ids.begin(), window.ids.end(), token);
    own += static_cast<std::uint64_t>(std::count(first, window.ids.end(), token));
    least += static_cast<std::uint64_t>(window.ids.end() - first);
    most += first == window.ids.end() ? 0 : window.ids.size();
  }
  const auto inner = std::make_shared<CheckpointSource>(m_demo.checkpoint);
  const auto forward =
      m_demo.over(std::make_shared<BrokenRowSource>(inner, "model.embed_tokens.weight", token));
  const auto blocks = resultsOf(*forward, m_demo.model, windows, {});
  const std::string warnings = joined(blocks);
  QVERIFY2(warnings.find("The embedding gives NaN") != std::string::npos, warnings.c_str());
  QVERIFY2(warnings.find("model.layers.0.self_attn.q_proj: ") != std::string::npos, warnings.c_str());
  const ActivationStats* last = statsOf(blocks, m_demo.model, "lm_head");
  const ActivationStats* first = statsOf(blocks, m_demo.model, "model.layers.0.self_attn.q_proj");
  QVERIFY(first != nullptr && last != nullptr && most < 640);
  QCOMPARE(first->summary.skippedTokens, own);
  QCOMPARE(first->summary.nans, own * 256);
  QVERIFY(last->summary.skippedTokens >= least && last->summary.skippedTokens <= most);
  QCOMPARE(last->summary.tokens + last->summary.skippedTokens,
           static_cast<std::uint64_t>(windows.tokenCount()));
  for (const double value : last->all.sumSq) QVERIFY(std::isfinite(value));
}

void TstCalibration::expertsHaveTheirOwnStatistics() {
  const OpenedModel opened(makeCheckpoint(tinyMixtral()));
  const TokenWindows windows = windowsOf(tinyWindows(50));
  const auto blocks = resultsOf(*opened.forward, opened.model, windows, {});
  for (int block = 0; block < 2; ++block) {
    const BlockActivations& result = blocks[static_cast<std::size_t>(block)];
    QCOMPARE(result.expertTokens.size(), std::size_t{4});
    std::uint64_t sum = 0;
    const std::string prefix = "model.layers." + std::to_string(block) + ".block_sparse_moe.";
    const ActivationStats* router = statsOf(blocks, opened.model, prefix + "gate");
    QCOMPARE(router->all.tokens, static_cast<std::uint64_t>(windows.tokenCount()));
    for (std::size_t e = 0; e < 4; ++e) {
      const std::string expert = prefix + "experts." + std::to_string(e) + ".";
      sum += result.expertTokens[e];
      if (result.expertTokens[e] == 0) continue;
      const ActivationStats* gate = statsOf(blocks, opened.model, expert + "w1");
      const ActivationStats* down = statsOf(blocks, opened.model, expert + "w2");
      QCOMPARE(gate->all.tokens, result.expertTokens[e]);
      QCOMPARE(down->all.tokens, result.expertTokens[e]);
      QVERIFY(gate->secondMoment == router->secondMoment && router->secondMoment != nullptr);
      QVERIFY(down->secondMoment != nullptr && down->secondMoment->tokens() == result.expertTokens[e]);
    }
    QCOMPARE(sum, static_cast<std::uint64_t>(2 * windows.tokenCount()));
  }
  CalibrationOptions options;
  options.expertMoments = true;
  const auto own = resultsOf(*opened.forward, opened.model, windows, options);
  for (std::size_t e = 0; e < 4; ++e) {
    const std::string name = "model.layers.0.block_sparse_moe.experts." + std::to_string(e) + ".w1";
    const ActivationStats* gate = statsOf(own, opened.model, name);
    if (gate != nullptr) QCOMPARE(gate->secondMoment->tokens(), gate->all.tokens);
  }
}

void TstCalibration::unseenExpertsAreWarnedOf() {
  const OpenedModel opened(makeCheckpoint(tinyMixtral()));
  const auto blocks = resultsOf(*opened.forward, opened.model, windowsOf(tinyWindows(50, {1})), {});
  QVERIFY2(joined(blocks).find("Block 0: 2 of 4 experts saw no token") != std::string::npos,
           joined(blocks).c_str());
  std::size_t seen = 0;
  for (int e = 0; e < 4; ++e)
    seen += statsOf(blocks, opened.model,
                    "model.layers.0.block_sparse_moe.experts." + std::to_string(e) + ".w2") != nullptr;
  QCOMPARE(seen, std::size_t{2});
}

void TstCalibration::noWindowsAreRefused() {
  const auto forward = m_demo.shipped();
  JobContext job(1);
  QL_THROWS(calibrate(
                *forward, m_demo.model, {}, {}, {}, [](const BlockActivations&) {}, job),
            "no text");
}

QTEST_GUILESS_MAIN(TstCalibration)
#include "tst_calibration.moc"
