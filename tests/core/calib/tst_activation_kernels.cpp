// SIMD rows against the formulas in double.
#include "core/calib/activation_kernels.h"
#include "tests/support/compare.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <random>
#include <vector>

using namespace ql;

namespace {

const float kNan = std::numeric_limits<float>::quiet_NaN();

double reference(ActivationKind kind, double x) {
  switch (kind) {
    case ActivationKind::Silu:
      return x / (1 + std::exp(-x));
    case ActivationKind::Gelu:
      return 0.5 * x * (1 + std::erf(x / std::numbers::sqrt2));
    case ActivationKind::GeluTanh:
      return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
    case ActivationKind::QuickGelu:
      return x / (1 + std::exp(-1.702 * x));
    case ActivationKind::Relu:
      return std::max(x, 0.0);
  }
  return 0;
}

const std::vector<ActivationKind> kKinds = {ActivationKind::Silu, ActivationKind::Gelu,
                                            ActivationKind::GeluTanh, ActivationKind::QuickGelu,
                                            ActivationKind::Relu};
/// Around the widths of vectors, groups and chunks.
const std::vector<std::size_t> kSizes = {1, 2, 7, 15, 16, 17, 31, 100, 255, 256, 257, 272, 300, 1000};

std::vector<float> bell(std::size_t n, unsigned seed, float mean = 0, float spread = 1) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> distribution(mean, spread);
  std::vector<float> values(n);
  for (float& value : values) value = distribution(generator);
  return values;
}

double wide(float x) {
  return static_cast<double>(x);
}

}  // namespace

class TstActivationKernels : public QObject {
  Q_OBJECT
 private slots:
  void activationsFollowTheirFormulas();
  void activationsOfExtremesAreFinite();
  void gatedTimesUp();
  void notANumberStays();
  void softmaxFollowsItsFormula();
  void softmaxOfExtremes();
  void softcapFollowsItsFormula();
  void rmsNormFollowsItsFormula();
  void layerNormFollowsItsFormula();
  void restsOfVectorsAreLeftAlone();
};

void TstActivationKernels::activationsFollowTheirFormulas() {
  std::vector<float> x;
  for (int i = -200000; i <= 200000; ++i) x.push_back(static_cast<float>(i) * 5e-5f);
  for (const ActivationKind kind : kKinds) {
    std::vector<float> y = x;
    activateRow(kind, y.data(), y.size());
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double error = std::abs(wide(y[i]) - reference(kind, wide(x[i])));
      worst = std::max(worst, error / std::max(1.0, std::abs(wide(x[i]))));
    }
    QVERIFY2(worst < 2e-7, qPrintable(QString("%1: %2").arg(static_cast<int>(kind)).arg(worst)));
  }
}

void TstActivationKernels::activationsOfExtremesAreFinite() {
  const std::vector<float> x = {0.0f,   -0.0f,   1e-40f, -1e-40f, 88.0f, -88.0f,
                                104.0f, -104.0f, 1e4f,   -1e4f,   1e9f,  -1e9f};
  for (const ActivationKind kind : kKinds) {
    std::vector<float> y = x;
    activateRow(kind, y.data(), y.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double expected = x[i] < -80 ? 0.0 : reference(kind, wide(x[i]));
      QVERIFY(ql::test::near(wide(y[i]), expected, 2e-7, 1e-28));
    }
  }
}

void TstActivationKernels::gatedTimesUp() {
  for (const std::size_t n : kSizes) {
    const std::vector<float> gate = bell(n, 1), up = bell(n, 2);
    for (const ActivationKind kind : kKinds) {
      std::vector<float> out(n), single = gate;
      activateGatedRow(kind, gate.data(), up.data(), out.data(), n);
      activateRow(kind, single.data(), n);
      for (std::size_t i = 0; i < n; ++i) QCOMPARE(out[i], single[i] * up[i]);
    }
  }
}

void TstActivationKernels::notANumberStays() {
  for (const ActivationKind kind : kKinds) {
    std::vector<float> x(40, 1.0f);
    x[3] = x[37] = kNan;
    activateRow(kind, x.data(), x.size());
    for (std::size_t i = 0; i < x.size(); ++i) QCOMPARE(std::isnan(x[i]), i == 3 || i == 37);
  }
  for (const std::size_t place : {0u, 5u, 32u}) {
    std::vector<float> row(33, 0.5f), gain(33, 1.0f), bias(33, 0.0f);
    row[place] = kNan;
    std::vector<float> norm = row, layer = row;
    softmaxRow(row.data(), row.size(), 1, 0);
    rmsNormRow(norm.data(), gain.data(), 1e-5f, norm.data(), 33);
    layerNormRow(layer.data(), gain.data(), bias.data(), 1e-5f, layer.data(), 33);
    for (const auto& values : {row, norm, layer})
      QVERIFY(std::all_of(values.begin(), values.end(), [](float v) { return std::isnan(v); }));
  }
}

void TstActivationKernels::softmaxFollowsItsFormula() {
  for (const std::size_t n : kSizes) {
    const std::vector<float> x = bell(n, 3, 0, 5);
    std::vector<float> y = x;
    softmaxRow(y.data(), n, 0.25f, 0);
    double sum = 0;
    for (const float value : x) sum += std::exp(0.25 * wide(value));
    for (std::size_t i = 0; i < n; ++i) QL_NEAR(y[i], std::exp(0.25 * wide(x[i])) / sum, 2e-6);
  }
}

void TstActivationKernels::softmaxOfExtremes() {
  std::vector<float> x(20, -1e30f);
  x[4] = x[19] = 3e4f;
  softmaxRow(x.data(), x.size(), 1, 0);
  for (std::size_t i = 0; i < x.size(); ++i) QCOMPARE(x[i], i == 4 || i == 19 ? 0.5f : 0.0f);
  std::vector<float> one = {-7.0f};
  softmaxRow(one.data(), 1, 1, 0);
  QCOMPARE(one[0], 1.0f);
}

void TstActivationKernels::softcapFollowsItsFormula() {
  const std::vector<float> x = bell(100, 4, 0, 60);
  std::vector<float> y = x;
  softcapRow(y.data(), y.size(), 30);
  for (std::size_t i = 0; i < x.size(); ++i)
    QVERIFY(std::abs(wide(y[i]) - 30 * std::tanh(wide(x[i]) / 30)) < 30 * 3e-7);
  std::vector<float> capped = x, separate = y;
  softmaxRow(capped.data(), x.size(), 1, 30);
  softmaxRow(separate.data(), y.size(), 1, 0);
  QVERIFY(capped == separate);
}

void TstActivationKernels::rmsNormFollowsItsFormula() {
  for (const std::size_t n : kSizes) {
    const std::vector<float> x = bell(n, 5, 0.5f, 3), gain = bell(n, 6, 1, 0.2f);
    std::vector<float> y(n);
    rmsNormRow(x.data(), gain.data(), 1e-5f, y.data(), n);
    double squares = 0;
    for (const float value : x) squares += wide(value) * wide(value);
    const double scale = 1 / std::sqrt(squares / static_cast<double>(n) + 1e-5);
    for (std::size_t i = 0; i < n; ++i) QL_NEAR(y[i], wide(x[i]) * scale * wide(gain[i]), 1e-6);
  }
}

void TstActivationKernels::layerNormFollowsItsFormula() {
  for (const std::size_t n : kSizes) {
    if (n < 7) continue;  // two values have no variance to speak of: differences drown in eps
    const std::vector<float> x = bell(n, 7, 10, 2), gain = bell(n, 8, 1, 0.2f), bias = bell(n, 9);
    std::vector<float> y(n);
    layerNormRow(x.data(), gain.data(), bias.data(), 1e-5f, y.data(), n);
    double mean = 0, squares = 0;
    for (const float value : x) mean += wide(value) / static_cast<double>(n);
    for (const float value : x) squares += (wide(value) - mean) * (wide(value) - mean);
    const double scale = 1 / std::sqrt(squares / static_cast<double>(n) + 1e-5);
    for (std::size_t i = 0; i < n; ++i) {
      const double expected = (wide(x[i]) - mean) * scale * wide(gain[i]) + wide(bias[i]);
      QVERIFY(std::abs(wide(y[i]) - expected) < 4e-6);  // the mean of 10 is rounded to 1e-6
    }
  }
}

void TstActivationKernels::restsOfVectorsAreLeftAlone() {
  for (const std::size_t n : kSizes) {
    std::vector<float> x(n + 32, 7.0f);
    const std::vector<float> y = bell(n, 10);
    addRow(x.data() + 16, y.data(), n);
    addScaledRow(x.data() + 16, y.data(), -1.0f, n);
    scaleRow(x.data() + 16, 2.0f, n);
    activateRow(ActivationKind::Relu, x.data() + 16, n);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const bool isInside = i >= 16 && i < 16 + n;
      QVERIFY(std::abs(x[i] - (isInside ? 14.0f : 7.0f)) < 1e-5f);
    }
  }
}

QTEST_GUILESS_MAIN(TstActivationKernels)
#include "tst_activation_kernels.moc"
