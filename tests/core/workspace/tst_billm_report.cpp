// What BiLLM does inside one linear: parts, shares and residuals against sums over the rows themselves.
#include "core/base/error.h"
#include "core/quant/billm_binarize.h"
#include "core/workspace_billm.h"
#include "core/workspace_state.h"
#include "tests/core/evaluate/site_data.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "tests/support/safetensors_bytes.h"
#include "tests/support/temp_folder.h"

using namespace ql;
using namespace ql::test;

namespace {

constexpr std::size_t kIn = 256, kOut = 128;
constexpr const char* kLinear = "model.layers.0.self_attn.k_proj";

WeightScheme scheme(const std::string& options = {}) {
  return *parseSpec("binary:algorithm=billm" + options).weight;
}

}  // namespace

class TestBillmReport : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    qputenv("XDG_CACHE_HOME", m_folder.path().c_str());
    std::mt19937 random(3);
    std::vector<float> x = shiftedTokens(2 * 300, kIn, random);
    for (std::size_t t = 0; t < x.size(); t += kIn) x[t + 17] = 0;  // a dead channel
    const std::string bytes(reinterpret_cast<const char*>(x.data()), x.size() * sizeof(float));
    const std::string header =
        "{" + entry(std::string(kLinear) + ".input", "F32", "[2,300,256]", 0, bytes.size()) + "}";
    const auto file = m_folder.write("x.safetensors", safetensorsBytes(header, bytes));
    m_workspace = Workspace::open(demoModel());
    m_id = *m_workspace->model().find(kLinear);
    JobContext job(2);
    QL_THROWS(billmReport(*m_workspace, m_id, scheme(), job), "--calibration");
    m_free =
        billmReport(*m_workspace, m_id, scheme(":metric=magnitude:compensate=false:clear_dead=false"), job);
    m_workspace->useActivations(file, job);
    m_w.resize(kOut * kIn);
    const auto& state = WorkspaceAccess::state(*m_workspace);
    state.source->readRows(matrix(), 0, kOut, m_w);
  }

  void partsAndErrorsAreThoseOfTheRows() {
    JobContext job(2);
    const BillmReport report = billmReport(*m_workspace, m_id, scheme(), job);
    std::vector<float> mask(m_w.size()), error(m_w.size());
    report.mask->readRows(matrix(), 0, kOut, mask);
    m_workspace->errorSource(m_id, scheme(), job)->readRows(matrix(), 0, kOut, error);
    std::array<std::uint64_t, 3> counts{};
    std::array<double, 3> energies{}, errors{};
    for (std::size_t i = 0; i < m_w.size(); ++i) {
      const auto part = static_cast<std::size_t>(mask[i]);
      QCOMPARE(part == 0, report.isSalient[i % kIn] != 0);
      ++counts[part];
      energies[part] += std::pow(static_cast<double>(m_w[i]), 2);
      errors[part] += std::pow(static_cast<double>(error[i]), 2);
    }
    for (std::size_t p = 0; p < 3; ++p) {
      QVERIFY(counts[p] > 0 && report.parts[p].count == counts[p]);
      QL_NEAR(report.parts[p].energy, energies[p], 1e-12);
      QL_NEAR(report.parts[p].error, errors[p], 1e-5);  // Q(W) - W is rounded to float32 by the source
      const auto& residual = report.parts[p].residual;
      QVERIFY(residual[0] > residual[1] && residual[1] > residual[2] && residual[0] < 0.5);
    }
    QL_NEAR(report.relativeError(),
            std::sqrt((errors[0] + errors[1] + errors[2]) / (energies[0] + energies[1] + energies[2])), 1e-5);
    QCOMPARE(report.fallbacks.size(), std::size_t(1));  // the dead channel
    QVERIFY(report.hessian == HessianOrigin::SecondMoment && report.hessianTokens == 600);
    QCOMPARE(report.nonFinite, std::uint64_t(0));
  }

  void columnsAreRankedAndCounted() {
    const BillmReport& report = m_free;
    QCOMPARE(report.blocks.size(), std::size_t(2));
    QCOMPARE(report.scores.size(), kIn);
    for (std::size_t rank = 1; rank < kIn; ++rank) QVERIFY(score(report, rank - 1) >= score(report, rank));
    std::int64_t salient = 0;
    for (const BillmBlock& block : report.blocks) salient += static_cast<std::int64_t>(block.salient.size());
    QCOMPARE(report.salientShare(), static_cast<double>(salient) / static_cast<double>(kIn));
    QCOMPARE(report.bits.weights, 1 + report.salientShare());
    QCOMPARE(report.bits.honest(), 3 + 1.0 / static_cast<double>(kOut));
    QVERIFY(!report.hessian && report.evidence.level == "weights");
    double sum = 0;  // magnitude: the score is the sum of |w|
    for (std::size_t i = 5; i < m_w.size(); i += kIn) sum += static_cast<double>(std::abs(m_w[i]));
    QL_NEAR(report.scores[5], sum, 1e-12);
  }

  /// Without compensation the first part's residual is that of the stored rows.
  void residualsAreThoseOfTheParts() {
    double left = 0, energy = 0;
    for (std::size_t row = 0; row < kOut; ++row) {
      for (const BillmBlock& block : m_free.blocks) {
        std::vector<float> values;
        for (std::int64_t j = block.begin; j < block.end; ++j)
          if (m_free.isSalient[static_cast<std::size_t>(j)] != 0)
            values.push_back(m_w[row * kIn + static_cast<std::size_t>(j)]);
        std::vector<float> once = values;
        binarize(once, 1);
        for (std::size_t i = 0; i < values.size(); ++i) {
          left += std::pow(static_cast<double>(values[i]) - static_cast<double>(once[i]), 2);
          energy += std::pow(static_cast<double>(values[i]), 2);
        }
      }
    }
    QL_NEAR(m_free.parts[0].residual[0], left / energy, 1e-12);
    QL_NEAR(m_free.parts[0].residual[1], m_free.parts[0].error / m_free.parts[0].energy, 1e-12);
    QL_NEAR(m_free.parts[1].residual[0], m_free.parts[1].error / m_free.parts[1].energy, 1e-12);
  }

  void tilesHoldTheShares() {
    JobContext job(2);
    const BillmMaskTiles whole = billmMaskTiles(m_free, matrix(), 4096, job);
    QVERIFY(whole.rows == kOut && whole.columns == kIn);
    for (std::size_t i = 0; i < whole.salient.size(); ++i)
      QCOMPARE(int(whole.salient[i]) + int(whole.dense[i]) + int(whole.sparse[i]), 255);
    const BillmMaskTiles one = billmMaskTiles(m_free, matrix(), 1, job);
    QCOMPARE(one.salient.size(), std::size_t(1));
    QCOMPARE(int(one.dense[0]), int(m_free.parts[1].count * 255 / m_w.size()));
    const BillmMaskTiles few = billmMaskTiles(m_free, matrix(), 100, job);
    QVERIFY(few.rows == 100 && few.columns == 100);
  }

  void otherSchemesAreRefused() {
    JobContext job(1);
    QL_THROWS(billmReport(*m_workspace, m_id, *parseSpec("int4").weight, job), "billm");
    job.cancel();
    QVERIFY_EXCEPTION_THROWN(billmReport(*m_workspace, m_id, scheme(), job), Cancelled);
  }

 private:
  const MatrixRef& matrix() const { return m_workspace->model().linears[m_id].matrix; }
  static double score(const BillmReport& report, std::size_t rank) {
    return report.scores[static_cast<std::size_t>(report.ranking[rank])];
  }

  TempFolder m_folder;
  std::shared_ptr<Workspace> m_workspace;
  LinearId m_id = 0;
  std::vector<float> m_w;
  BillmReport m_free;  // what needs no activations
};

QTEST_APPLESS_MAIN(TestBillmReport)
#include "tst_billm_report.moc"
