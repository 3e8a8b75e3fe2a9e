// Output errors of the demo models against torch: weights of 4 and 8 bits, per channel and in groups,
// activations of 8 bits, on the first 16 calibration windows (4,096 positions). Every role, in the
// first blocks, where outliers were planted in the variants.
#include "core/demo.h"
#include "core/evaluate/output_error.h"
#include "core/io/checkpoint.h"
#include "tests/core/calib/calib_reference.h"
#include "tests/support/compare.h"

#include <QTemporaryDir>
#include <QTest>
#include <nlohmann/json.hpp>

#include <fstream>

using namespace ql;
using namespace ql::test;

namespace {

/// What the reference calls it, our spelling, and which figure of it.
struct Key {
  const char *name, *spec;
  std::optional<double> OutputError::*figure;
};

/// smoothquant divides by 127 as the reference does; compressed-tensors would divide by 127.5.
const std::vector<Key>& keys() {
  static const std::vector<Key> list = {
      {"output_relerr.w8_pc", "w8a16:flavour=smoothquant", &OutputError::w},
      {"output_relerr.w4_pc", "w4a16:flavour=smoothquant", &OutputError::w},
      {"output_relerr.w4_g128", "w4a16:group=128,flavour=smoothquant", &OutputError::w},
      {"output_relerr.w4_g32", "w4a16:group=32,flavour=smoothquant", &OutputError::w},
      {"output_relerr.w8_g32", "w8a16:group=32,flavour=smoothquant", &OutputError::w},
      {"output_relerr.a8", "w8a8:flavour=smoothquant", &OutputError::a},
      {"output_relerr.w8a8", "w8a8:flavour=smoothquant", &OutputError::wa},
      {"output_relerr.w8a8_g32", "w8a8:group=32,act=group:32,flavour=smoothquant", &OutputError::wa}};
  return list;
}

/// By key. What concerns the weights alone needs the second moment and no sample.
std::vector<OutputError> measured(const WeightSource& source, const ErrorInput& input,
                                  const ActivationStats& stats, JobContext& job) {
  ActivationStats momentOnly = stats;
  momentOnly.sample = {};
  std::vector<OutputError> errors;
  for (const bool isWeightOnly : {true, false}) {
    std::vector<Choice> choices;
    for (const Key& k : keys())
      if ((k.figure == &OutputError::w) == isWeightOnly) choices.push_back(parseSpec(k.spec));
    const ActivationStats& known = isWeightOnly ? momentOnly : stats;
    for (OutputError& error : measureOutputErrors(source, input, choices, nullptr, known, 0, job))
      errors.push_back(std::move(error));
  }
  return errors;
}

}  // namespace

class TestOutputErrorReference : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() {
    QVERIFY(m_folder.isValid());
    qputenv("XDG_CACHE_HOME", m_folder.path().toUtf8());
    qputenv("XDG_DATA_HOME", m_folder.path().toUtf8());
  }

  void allLinears_data() {
    QTest::addColumn<QString>("key");
    QTest::addColumn<QString>("reference");
    QTest::addColumn<int>("blocks");
    QTest::newRow("base") << QStringLiteral("demo-llama") << QStringLiteral("base") << 2;
    QTest::newRow("weights") << QStringLiteral("demo-llama-weight-outliers") << QStringLiteral("wout") << 3;
    QTest::newRow("activations") << QStringLiteral("demo-llama-activation-outliers") << QStringLiteral("aout")
                                 << 1;
  }

  void allLinears() {
    QFETCH(QString, key);
    QFETCH(QString, reference);
    QFETCH(int, blocks);
    const auto folder =
        prepareDemo(key.toStdString(), std::filesystem::path(sourceDirectory()) / "resources");
    const auto checkpoint = openCheckpoint(folder);
    const Model model = buildModel(*checkpoint);
    const auto source = std::make_shared<CheckpointSource>(checkpoint);
    const auto forward = ForwardModel::make(model, readFile(folder / "config.json", 1 << 20), source);
    std::ifstream file(dataFile("reference/errors-" + reference.toStdString() + ".json"));
    const auto published = nlohmann::json::parse(file);
    CalibrationOptions options;
    options.accumulator.sampleTokens = 4096;  // all of them: a and wa are exact too
    options.accumulator.withConditioning = false;
    JobContext job;
    std::size_t compared = 0;

    double worst = 0;
    const auto compare = [&](BlockActivations block) {
      for (const auto& [site, stats] : block.sites) {
        for (const LinearId id : model.sites[site].consumers) {
          const Linear& linear = model.linears[id];
          if (!published.contains(linear.name) || linear.block.value() >= blocks) continue;
          ErrorInput input;
          input.matrix = linear.matrix;
          const std::vector<OutputError> errors = measured(*source, input, stats, job);
          for (std::size_t i = 0; i < keys().size(); ++i) {
            const double expected = published.at(linear.name).at(keys()[i].name).get<double>();
            const double actual = (errors[i].*keys()[i].figure).value();
            worst = std::max(worst, std::abs(actual / expected - 1));
            QVERIFY2(near(actual, expected, kTolerance),
                     qPrintable(QStringLiteral("%1 %2: %3, expected %4")
                                    .arg(QString::fromStdString(linear.name), QLatin1String(keys()[i].name))
                                    .arg(actual, 0, 'g', 9)
                                    .arg(expected, 0, 'g', 9)));
            ++compared;
          }
        }
      }
      if (block.block + 1 == blocks) job.cancel();
    };
    try {
      calibrate(
          *forward, model, CalibReference().windows("calibration", 256, 4096), options,
          [](int) { return false; }, compare, job);
    } catch (const Cancelled&) {
      // the blocks that are compared are there
    }
    QCOMPARE(compared, static_cast<std::size_t>(blocks) * 7 * keys().size());
    qInfo("largest relative difference %.2g", worst);
  }

 private:
  /// Single roundings of activations flip between two float32 forward passes: of 4,096 x 256 values about one
  /// in 10^5, each by a whole step.
  static constexpr double kTolerance = 2e-4;
  QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(TestOutputErrorReference)
#include "tst_output_error_reference.moc"
