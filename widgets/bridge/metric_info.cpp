#include "widgets/bridge/metric_info.h"

#include "widgets/bridge/number_format.h"

#include <QCoreApplication>

namespace ql {

namespace {

QString text(const char* source) {
  return QCoreApplication::translate("ql::Metric", source);
}

std::vector<MetricInfo> makeInfos() {
  return {
      {Metric::NormWeighted, text("Norm-weighted error"), text("Norm-weighted"), QStringLiteral("%"),
       text("Output error if the normalised activations had unit variance: input channels weigh g² of the "
            "norm; "
            "without a norm each column weighs the same."),
       "norm_weighted_rel"},
      {Metric::RelFrobenius, text("Relative Frobenius error"), text("Rel. Frobenius"), QStringLiteral("%"),
       text("|Q − W| over |W|. Hides outlier columns: they dominate the norm."), "weight_rel_fro"},
      {Metric::RelL1, text("Relative L1 error"), text("Rel. L1"), QStringLiteral("%"),
       text("Sum of |error| over sum of |w|."), "weight_rel_l1"},
      {Metric::DeadCodes, text("Dead codes"), text("Dead codes"), QStringLiteral("%"),
       text("Non-zero weights that round to zero."), "dead_code"},
      {Metric::ColumnPeakRatio, text("Column peak ratio"), text("Column peak"), QStringLiteral("×"),
       text("Largest over median absmax of the input channels."), "column_peak_ratio"},
      {Metric::SqnrDb, text("Signal to noise"), text("SQNR"), QStringLiteral("dB"),
       text("Signal to quantization noise ratio of the weights; more is better."), "sqnr_db"},
      {Metric::BitsPerWeight, text("Bits per weight"), text("Bits/weight"), QString(),
       text("Bits a weight, float32 scales and zero points included."), "bits_per_weight"},
      {Metric::AbsMax, text("Largest |w|"), text("Largest |w|"), QString(),
       text("Largest absolute weight, in weight units; does not depend on the choice."), "absmax"},
      {Metric::Kurtosis, text("Kurtosis"), text("Kurtosis"), QString(),
       text("Fourth standardised moment of the weights; a Gaussian has 3."), "kurtosis"},
  };
}

}  // namespace

const std::vector<MetricInfo>& metricInfos() {
  static const std::vector<MetricInfo> kInfos = makeInfos();
  return kInfos;
}

const MetricInfo& metricInfo(Metric metric) {
  return metricInfos()[static_cast<std::size_t>(metric)];
}

MetricSource metricSource(Metric metric) {
  switch (metric) {
    case Metric::AbsMax:
    case Metric::Kurtosis:
    case Metric::ColumnPeakRatio:
      return MetricSource::Statistics;
    case Metric::BitsPerWeight:
      return MetricSource::Plan;
    default:
      return MetricSource::Error;
  }
}

std::optional<double> errorMetric(const LayerError& error, Metric metric) {
  switch (metric) {
    case Metric::NormWeighted:
      return error.normWeightedRel;
    case Metric::RelFrobenius:
      return error.weightRelFro;
    case Metric::RelL1:
      return error.weightRelL1;
    case Metric::DeadCodes:
      return error.deadCode;
    case Metric::ColumnPeakRatio:
      return error.columnPeakRatio;
    case Metric::SqnrDb:
      return error.sqnrDb;
    case Metric::BitsPerWeight:
      return error.bitsPerWeight;
    default:
      return std::nullopt;
  }
}

double statisticsMetric(const WeightSummary& summary, Metric metric) {
  if (metric == Metric::Kurtosis) return summary.kurtosis;
  return metric == Metric::ColumnPeakRatio ? summary.columnPeakRatio : summary.absmax;
}

bool isFractionMetric(Metric metric) {
  return metric == Metric::NormWeighted || metric == Metric::RelFrobenius || metric == Metric::RelL1 ||
         metric == Metric::DeadCodes;
}

QString metricText(Metric metric, std::optional<double> value) {
  if (!value) return kDash;
  if (isFractionMetric(metric)) return percentText(*value);
  switch (metric) {
    case Metric::SqnrDb:
      return fixedText(*value, 1) + kNarrowSpace + QStringLiteral("dB");
    case Metric::BitsPerWeight:
      return bitsText(*value);
    case Metric::ColumnPeakRatio:
      return ratioText(*value) + kNarrowSpace + kTimes;
    case Metric::Kurtosis:
      return ratioText(*value);
    default:
      return valueText(*value);
  }
}

QString evidenceText(const LayerError& error) {
  const Evidence& e = error.evidence;
  QString line = e.kind == Evidence::Kind::Exact ? text("exact, all %1 weights").arg(countText(e.n))
                                                 : text("sampled, %1 weights").arg(countText(e.n));
  if (e.interval)
    line += text(", between %1 and %2").arg(percentText(e.interval->first), percentText(e.interval->second));
  line += QStringLiteral("\n") + QString::fromStdString(e.method);
  line +=
      QStringLiteral("\n") + (error.isNormGainBased ? text("columns weigh g² of the norm")
                                                    : text("column-normalised: no norm feeds this linear"));
  if (!e.tool.empty()) line += QStringLiteral("\n") + QString::fromStdString(e.tool);
  return line;
}

}  // namespace ql
