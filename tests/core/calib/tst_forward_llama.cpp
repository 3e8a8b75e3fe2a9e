// The forward pass of the demo model against torch, to 1e-4 absolute: torch's own float32 is within 1.5e-5 of
// its float64 there, and OpenBLAS within 1.6e-5 of oneDNN.
#include "tests/core/calib/demo_forward.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <optional>
#include <set>

using namespace ql;
using namespace ql::test;

namespace {

constexpr double kBound = 1e-4;

/// Largest |a - b|; infinity for different sizes or a NaN.
double distance(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size()) return INFINITY;
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double d = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    if (!(d <= most)) most = std::isnan(d) ? INFINITY : d;
  }
  return most;
}

/// Mean of -ln p of every id of a window behind its first, in double.
double meanLoss(std::span<const float> logits, const std::vector<std::int32_t>& ids) {
  const std::size_t vocabulary = logits.size() / ids.size();
  double loss = 0;
  for (std::size_t row = 0; row + 1 < ids.size(); ++row) {
    const auto scores = logits.subspan(row * vocabulary, vocabulary);
    const double max = static_cast<double>(*std::max_element(scores.begin(), scores.end()));
    double sum = 0;
    for (const float score : scores) sum += std::exp(static_cast<double>(score) - max);
    loss += std::log(sum) + max - static_cast<double>(scores[static_cast<std::size_t>(ids[row + 1])]);
  }
  return loss / static_cast<double>(ids.size() - 1);
}

/// Cancels the job as soon as the second block is reached.
class Canceller : public ForwardHook {
 public:
  void site(std::size_t, const TokenRows&, std::span<const float>, JobContext& job) override {
    if (job.isCancelled()) ++sitesAfter;
    if (++sites == 5) job.cancel();  // q, o, gate and down of block 0 are four
  }
  int sites = 0, sitesAfter = 0;
};

/// Notes whose stored bytes are asked for from the first row on.
class AskedSource : public CheckpointSource {
 public:
  using CheckpointSource::CheckpointSource;
  std::optional<RawRows> rawRows(const MatrixRef& matrix, std::int64_t begin,
                                 std::int64_t end) const override {
    const std::lock_guard lock(m_mutex);
    if (begin == 0) wholeTensors.insert(matrix.tensor);
    return CheckpointSource::rawRows(matrix, begin, end);
  }
  mutable std::set<std::string> wholeTensors;

 private:
  mutable std::mutex m_mutex;  // guards wholeTensors
};

}  // namespace

class TstForwardLlama : public QObject {
  Q_OBJECT
 private slots:
  void sizesComeFromTheConfig();
  void agreesWithTorch();
  void windowLossesAgreeWithTorch();
  void siblingsGiveTheSameBits();
  void sameBitsForAnyThreadCount();
  void sameBitsAloneAndInABatch();
  void countsItsWork();
  void workMemoryIsNotTheSquareOfTheWindow();
  void nextBlockIsReadAhead();
  void cancellationStopsBeforeTheNextSite();
  void idOutsideTheVocabularyIsNamed();
  void emptyBatchIsNothing();
};

void TstForwardLlama::sizesComeFromTheConfig() {
  const auto model = DemoForward().shipped();
  QCOMPARE(model->blockCount(), 6);
  QCOMPARE(model->hiddenSize(), 256);
  QCOMPARE(model->vocabularySize(), 2048);
  QCOMPARE(model->contextLength(), 256);
  QVERIFY(model->isCausal());
  // q, o: 256 x 256; k, v: 128 x 256; three of 512 x 256; two bytes each
  QCOMPARE(model->blockBytes(0), std::uint64_t{2 * (2 * 65536 + 2 * 32768 + 3 * 131072)});
}

void TstForwardLlama::agreesWithTorch() {
  const DemoReference reference;
  const auto model = DemoForward().shipped();
  JobContext job;
  HiddenBatch batch = makeBatch(std::vector<std::vector<std::int32_t>>{reference.integers("input_ids")}, 0);
  model->embed(batch, job);
  QCOMPARE(distance(batch.values, reference.floats("hidden.embed")), 0.0);
  const auto normsAgree = [&](int index) {
    const std::vector<float> norms = reference.floats("hidden_norm." + std::to_string(index));
    for (std::size_t row = 0; row < norms.size(); ++row) {
      double sum = 0;
      for (std::size_t c = 0; c < 256; ++c)
        sum += std::pow(static_cast<double>(batch.values[row * 256 + c]), 2);
      if (std::abs(std::sqrt(sum) - static_cast<double>(norms[row])) > kBound) return false;
    }
    return true;
  };
  QVERIFY(normsAgree(0));
  for (int block = 0; block < 6; ++block) {
    model->runBlock(block, batch, nullptr, job);
    QVERIFY2(normsAgree(block + 1), qPrintable(QString::number(block)));
    if (block == 0) QVERIFY(distance(batch.values, reference.floats("hidden.block0")) < kBound);
  }
  QVERIFY(distance(batch.values, reference.floats("hidden.last_block")) < kBound);
  model->finalNorm(batch, nullptr, job);
  QVERIFY(normsAgree(7));
  QVERIFY(distance(batch.values, reference.floats("hidden.final_norm")) < kBound);

  const std::vector<float> logits = reference.floats("logits");
  const std::vector<std::int32_t> rows = reference.integers("logit_rows");
  std::vector<float> row(2048);
  double worst = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    model->logits(batch, rows[i], rows[i] + 1, row, job);
    worst = std::max(worst, distance(row, std::span(logits).subspan(i * 2048, 2048)));
  }
  QVERIFY2(worst < kBound, qPrintable(QString::number(worst)));
}

void TstForwardLlama::windowLossesAgreeWithTorch() {
  const DemoReference reference;
  const auto model = DemoForward().shipped();
  JobContext job;
  const auto windows = reference.windows();
  const std::vector<float> expected = reference.floats("window_nll");
  QCOMPARE(windows.size(), expected.size());
  const HiddenBatch batch = runAll(*model, windows, nullptr, job);
  const std::vector<float> logits = allLogits(*model, batch, job);
  for (std::size_t w = 0; w < windows.size(); ++w) {
    const auto begin = static_cast<std::size_t>(batch.begins[w]) * 2048;
    const double loss = meanLoss(std::span(logits).subspan(begin, windows[w].size() * 2048), windows[w]);
    QVERIFY2(std::abs(loss - static_cast<double>(expected[w])) < kBound, qPrintable(QString::number(loss)));
  }
}

void TstForwardLlama::siblingsGiveTheSameBits() {
  const DemoForward demo;
  const auto windows = DemoReference().windows();
  JobContext job;
  const auto shipped = demo.shipped(), plain = demo.plain(), outliers = demo.withActivationOutliers();
  const HiddenBatch a = runAll(*shipped, windows, nullptr, job), b = runAll(*plain, windows, nullptr, job);
  const HiddenBatch c = runAll(*outliers, windows, nullptr, job);
  QVERIFY(a.values == b.values);
  QVERIFY(a.values == c.values);
}

void TstForwardLlama::sameBitsForAnyThreadCount() {
  const auto model = DemoForward().shipped();
  auto windows = DemoReference().windows();
  windows[1].resize(1);
  windows[2].resize(77);
  std::vector<float> first;
  for (const int threads : {1, 2, 3}) {
    JobContext job(threads);
    const HiddenBatch batch = runAll(*model, windows, nullptr, job);
    const std::vector<float> logits = allLogits(*model, batch, job);
    if (first.empty()) first = logits;
    QVERIFY(first == logits);
  }
}

void TstForwardLlama::sameBitsAloneAndInABatch() {
  const auto model = DemoForward().shipped();
  auto windows = DemoReference().windows();
  windows[0].resize(130);
  windows[3].resize(1);
  JobContext job;
  const HiddenBatch all = runAll(*model, windows, nullptr, job);
  for (std::size_t w = 0; w < windows.size(); ++w) {
    const HiddenBatch alone = runAll(*model, {windows[w]}, nullptr, job);
    const auto begin = all.values.begin() + all.begins[w] * 256;
    QVERIFY(std::equal(alone.values.begin(), alone.values.end(), begin));
  }
}

void TstForwardLlama::countsItsWork() {
  const auto model = DemoForward().shipped();
  const auto windows = DemoReference().windows();
  JobContext job;
  HiddenBatch batch = makeBatch(windows, 0);
  model->embed(batch, job);
  std::uint64_t expected = job.done();
  for (int block = 0; block < 2; ++block) {
    model->runBlock(block, batch, nullptr, job);
    expected += model->blockUnits(block, batch.count(), 256);
    QCOMPARE(job.done(), expected);
  }
  // 589,824 multiply-adds of matrices and 256 x 256 of attention a token
  QCOMPARE(model->blockUnits(0, 1024, 256), std::uint64_t{589824 + 65536});
}

void TstForwardLlama::workMemoryIsNotTheSquareOfTheWindow() {
  const auto model = DemoForward().shipped();
  const std::uint64_t one = model->workBytes(1 << 16, 1 << 10), long_ = model->workBytes(1 << 16, 1 << 16);
  const std::uint64_t square = std::uint64_t{4} << 32;
  QVERIFY(long_ > one);
  QVERIFY(long_ < square / 10);
  // The input and the hook's version of it, gate and up: 1,536 floats a token; measured: 195 MiB for 32,768.
  QCOMPARE(model->workBytes(1 << 15, 256) - model->workBytes(0, 256),
           std::uint64_t{1 << 15} * 4 * (2 * 256 + 2 * 512));
}

void TstForwardLlama::nextBlockIsReadAhead() {
  const DemoForward demo;
  const auto source = std::make_shared<AskedSource>(demo.checkpoint);
  const auto model = demo.over(source);
  JobContext job;
  HiddenBatch batch = makeBatch(std::vector<std::vector<std::int32_t>>{{0, 5, 6}}, 0);
  model->embed(batch, job);
  model->runBlock(0, batch, nullptr, job);
  std::set<std::string> expected;
  for (const Linear& linear : demo.model.linears) {
    if (linear.block == 0 || linear.block == 1) expected.insert(linear.matrix.tensor);
  }
  QCOMPARE(expected.size(), std::size_t{14});
  QVERIFY(source->wholeTensors == expected);
  source->wholeTensors.clear();
  model->runBlock(5, batch, nullptr, job);  // nothing comes behind the last one
  for (const std::string& tensor : source->wholeTensors)
    QVERIFY2(tensor.find("model.layers.5.") == 0, tensor.c_str());
}

void TstForwardLlama::cancellationStopsBeforeTheNextSite() {
  const auto model = DemoForward().shipped();
  Canceller hook;
  JobContext job;
  bool isCancelled = false;
  try {
    runAll(*model, DemoReference().windows(), &hook, job);
  } catch (const Cancelled&) {
    isCancelled = true;
  }
  QVERIFY(isCancelled);
  QCOMPARE(hook.sites, 5);
  QCOMPARE(hook.sitesAfter, 0);
}

void TstForwardLlama::idOutsideTheVocabularyIsNamed() {
  const auto model = DemoForward().shipped();
  JobContext job;
  for (const std::int32_t id : {2048, -1}) {
    HiddenBatch batch = makeBatch(std::vector<std::vector<std::int32_t>>{{0, 5}, {7, 8, id}}, 10);
    std::string message;
    try {
      model->embed(batch, job);
    } catch (const Error& error) {
      QVERIFY(error.code() == ErrorCode::Usage);
      message = error.what();
    }
    QVERIFY2(message.find("Token id " + std::to_string(id) + " at position 2 of window 11") == 0,
             message.c_str());
    QVERIFY(message.find("2,048") != std::string::npos);
  }
}

void TstForwardLlama::emptyBatchIsNothing() {
  const auto model = DemoForward().shipped();
  JobContext job;
  const HiddenBatch batch = runAll(*model, {}, nullptr, job);
  QCOMPARE(batch.count(), 0);
  QVERIFY(batch.values.empty());
}

QTEST_GUILESS_MAIN(TstForwardLlama)
#include "tst_forward_llama.moc"
