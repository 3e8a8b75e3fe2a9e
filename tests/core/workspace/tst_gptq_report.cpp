// What GPTQ does inside one linear, against traces of products written out in double.
#include "core/base/error.h"
#include "core/workspace_gptq.h"
#include "core/workspace_state.h"
#include "tests/core/evaluate/site_data.h"
#include "tests/core/quant/methods/gptq_reference.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "tests/support/safetensors_bytes.h"
#include "tests/support/temp_folder.h"

using namespace ql;
using namespace ql::test;

namespace {

constexpr std::size_t kIn = 256, kOut = 128;
constexpr const char* kLinear = "model.layers.0.self_attn.k_proj";

}  // namespace

class TestGptqReport : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    qputenv("XDG_CACHE_HOME", m_folder.path().c_str());
    std::mt19937 random(3);
    m_x = shiftedTokens(2 * 300, kIn, random);
    for (std::size_t t = 0; t < m_x.size(); t += kIn) m_x[t + 17] = 0;  // a dead channel
    const std::string bytes(reinterpret_cast<const char*>(m_x.data()), m_x.size() * sizeof(float));
    const std::string header =
        "{" + entry(std::string(kLinear) + ".input", "F32", "[2,300,256]", 0, bytes.size()) + "}";
    const auto file = m_folder.write("x.safetensors", safetensorsBytes(header, bytes));
    m_workspace = Workspace::open(demoModel());
    m_id = *m_workspace->model().find(kLinear);
    JobContext job(2);
    QL_THROWS(gptqReport(*m_workspace, m_id, *parseSpec("int4").weight, job), "--calibration");
    m_workspace->useActivations(file, job);
    m_w.resize(kOut * kIn);
    const auto& state = WorkspaceAccess::state(*m_workspace);
    state.source->readRows(m_workspace->model().linears[m_id].matrix, 0, kOut, m_w);
  }

  void lossesAreTraces_data() {
    QTest::addColumn<QString>("spec");
    for (const char* spec : {"int4:group=32", "int3:asym,algorithm=gptq:act_order:damp=0.05",
                             "int4:tensor,algorithm=gptq", "int3:asym,group=64,algorithm=gptq:mse"})
      QTest::newRow(spec) << QString(spec);
  }
  void lossesAreTraces() {
    QFETCH(QString, spec);
    const WeightScheme asked = *parseSpec(spec.toStdString()).weight;
    JobContext job(2);
    const GptqReport report = gptqReport(*m_workspace, m_id, asked, job);
    QVERIFY(report.fallbacks.empty());
    QCOMPARE(report.tokens, std::uint64_t(600));
    QCOMPARE(report.deadCount(), std::int64_t(1));
    const double damp = spec.contains("0.05") ? 0.05 : 0.01;
    const Square h = dampedHessian(m_x, kIn, 2, damp);
    const std::vector<float> gptq = quantized(gptqSchemeFor(asked), job),
                             nearest = quantized(roundingSchemeFor(asked), job);
    QL_NEAR(report.gptq.total, loss(gptq, h), 1e-4);
    QL_NEAR(report.rounding.total, loss(nearest, h), 1e-4);
    QL_NEAR(report.wholeLoss, loss(std::vector<float>(m_w.size(), 0.0f), h), 1e-4);
    QVERIFY(report.gptq.total < report.rounding.total);
    for (const bool isGptq : {true, false}) {  // what the product measures in its own way
      const Choice choice{isGptq ? gptqSchemeFor(asked) : roundingSchemeFor(asked), std::nullopt};
      m_workspace->measureOutputs({&m_id, 1}, {&choice, 1}, job);
      QL_NEAR(report.relative(isGptq ? report.gptq : report.rounding),
              m_workspace->outputError(m_id, choice)->w.value(), 1e-3);
    }
    double error = 0, column = 0;
    for (std::size_t i = 0; i < m_w.size(); ++i) {
      const double d = static_cast<double>(gptq[i]) - static_cast<double>(m_w[i]);
      error += d * d;
      if (i % kIn == 5) column += d * d;
    }
    QL_NEAR(report.gptq.totalError, error, 1e-9);
    QL_NEAR(report.gptq.error[5], column, 1e-9);
    for (std::size_t j = 0; j < kIn; ++j) {
      QVERIFY(report.gptq.loss[j] >= 0 && report.rounding.loss[j] >= 0);
      if (j != 17) QL_NEAR(report.hessian[j], h[j * kIn + j] - damp * meanOf(h, damp), 1e-4);
    }
    QCOMPARE(report.gptq.loss[17], 0.0);
    QCOMPARE(report.updates[17], 0.0);
    const auto first = std::ranges::find(report.place, 0) - report.place.begin();
    QCOMPARE(report.updates[static_cast<std::size_t>(first)], 0.0);  // nothing came before it
  }

  // 128 x 256 has a tile a weight: the map's squares add up to the error.
  void mapsAddUp() {
    JobContext job(3);
    const GptqReport report = gptqReport(*m_workspace, m_id, *parseSpec("int4:block=48x64").weight, job);
    QCOMPARE(report.map.rows, std::int64_t(kOut));
    QCOMPARE(report.map.columns, std::int64_t(kIn));
    const auto squares = [](const std::vector<float>& map) {
      double sum = 0;
      for (const float v : map) sum += static_cast<double>(v) * static_cast<double>(v);
      return sum;
    };
    QL_NEAR(squares(report.map.gptq), report.gptq.totalError, 1e-5);
    QL_NEAR(squares(report.map.rounding), report.rounding.totalError, 1e-5);
    QL_NEAR(squares(report.map.updates), std::accumulate(report.updates.begin(), report.updates.end(), 0.0),
            1e-5);
    JobContext one(1);
    const GptqReport again = gptqReport(*m_workspace, m_id, *parseSpec("int4:block=48x64").weight, one);
    QVERIFY(again.gptq.loss == report.gptq.loss && again.map.updates == report.map.updates);
  }

 private:
  std::vector<float> quantized(const WeightScheme& scheme, JobContext& job) {
    const auto source = m_workspace->errorSource(m_id, scheme, job);
    std::vector<float> q(m_w.size());
    source->readRows(m_workspace->model().linears[m_id].matrix, 0, kOut, q);
    for (std::size_t i = 0; i < q.size(); ++i) q[i] += m_w[i];
    return q;
  }
  /// Dead channels left out.
  double loss(std::vector<float> q, const Square& h) const {
    for (std::size_t i = 17; i < q.size(); i += kIn) q[i] = m_w[i];
    return lossOf(q, m_w, h, kIn);
  }
  static double meanOf(const Square& damped, double damp) {
    double mean = 0;
    for (std::size_t j = 0; j < kIn; ++j) mean += damped[j * kIn + j] / static_cast<double>(kIn);
    return mean / (1 + damp);
  }

  TempFolder m_folder;
  std::shared_ptr<Workspace> m_workspace;
  LinearId m_id = 0;
  std::vector<float> m_x, m_w;
};

QTEST_APPLESS_MAIN(TestGptqReport)
#include "tst_gptq_report.moc"
