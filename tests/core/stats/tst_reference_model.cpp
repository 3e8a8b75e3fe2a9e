// The shipped demo model against figures computed elsewhere (tests/data/reference/errors-wout.json: numpy,
// population std).
#include "core/io/checkpoint.h"
#include "core/stats/weight_stats.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include <algorithm>
#include <numeric>

using namespace ql;

class TestReferenceModel : public QObject {
  Q_OBJECT

 private slots:
  void figuresOfEveryLinear() {
    QFile file(QString::fromStdString(test::dataFile("reference/errors-wout.json").string()));
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QJsonObject reference = QJsonDocument::fromJson(file.readAll()).object();
    QCOMPARE(reference.size(), 42);
    const auto checkpoint = openCheckpoint(test::demoModel());
    const CheckpointSource source(checkpoint);
    JobContext job(2);
    for (const QString& name : reference.keys()) {
      const TensorInfo* tensor = checkpoint->find(name.toStdString() + ".weight");
      QVERIFY2(tensor != nullptr, qPrintable(name));
      const MatrixRef matrix{tensor->name, tensor->shape[0], tensor->shape[1], false, -1};
      compare(measureWeights(source, matrix, {}, job), reference[name].toObject());
      if (QTest::currentTestFailed()) return;
    }
  }

 private:
  // Printed with 9 digits; numpy's float32 kurtosis and column ratio carry float rounding.
  static void compare(const WeightStats& stats, const QJsonObject& expected) {
    const WeightSummary& s = stats.summary;
    const double n = static_cast<double>(s.count);
    QL_NEAR(s.absmax, expected["absmax"].toDouble(), 5e-9);
    QL_NEAR(s.std * std::sqrt((n - 1) / n), expected["std"].toDouble(), 1e-6);
    QVERIFY(std::abs(s.mean - expected["mean"].toDouble()) <= 1e-6 * s.std);
    QL_NEAR(s.kurtosis, expected["kurtosis"].toDouble(), 1e-5);
    QL_NEAR(s.columnPeakRatio, expected["column_absmax_ratio"].toDouble(), 1e-7);
    const QJsonArray top = expected["top_columns"].toArray();
    std::vector<float> absmax = stats.columns.absmax;
    std::sort(absmax.begin(), absmax.end(), std::greater<>());
    for (int k = 0; k < top.size(); ++k)  // ties may be listed in any order: compare the values
      QCOMPARE(stats.columns.absmax[static_cast<std::size_t>(top[k].toInt())],
               absmax[static_cast<std::size_t>(k)]);
  }
};

QTEST_APPLESS_MAIN(TestReferenceModel)
#include "tst_reference_model.moc"
