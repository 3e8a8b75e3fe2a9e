#include "widgets/bridge/metric_info.h"

#include "widgets/bridge/number_format.h"

#include <QCoreApplication>
#include <Qt>

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
      {Metric::OutputError, text("Output error"), text("Output error"), QStringLiteral("%"),
       text("What the quantized linear does to its outputs on data: weights and activations quantized when "
            "the choice quantizes both, else the weights alone."),
       "output_rel"},
      {Metric::OutputW, text("Output error, W"), text("Output, W"), QStringLiteral("%"),
       text("Error of the outputs on data with the weights quantized."), "output_rel_w"},
      {Metric::OutputA, text("Output error, A"), text("Output, A"), QStringLiteral("%"),
       text("Error of the outputs on the token sample with the activations quantized."), "output_rel_a"},
      {Metric::OutputWa, text("Output error, W+A"), text("Output, W+A"), QStringLiteral("%"),
       text("Error of the outputs on the token sample with weights and activations quantized."),
       "output_rel_wa"},
      {Metric::ActAbsMax, text("Largest |x|"), text("Largest |x|"), QString(),
       text("Largest absolute activation at the input, in activation units."), "act_absmax"},
      {Metric::ActPeakRatio, text("Activation peak ratio"), text("Act. peak"), QStringLiteral("×"),
       text("Largest over median absmax of the channels of X."), "act_channel_peak_ratio"},
      {Metric::ActOutlierChannels, text("Activation outlier channels"), text("Act. outliers"), QString(),
       text("Channels of X with an |x| of at least 6.0 (LLM.int8)."), "act_outlier_channels"},
      {Metric::ActKurtosis, text("Activation kurtosis"), text("Act. kurtosis"), QString(),
       text("Mean over channels of the fourth standardised moment of X; a Gaussian has 3."), "act_kurtosis"},
      {Metric::EffectiveRank, text("Effective rank of X"), text("Eff. rank"), QString(),
       text("tr(M)² / |M|² of the second moment M of the input: how many directions carry it."),
       "act_effective_rank"},
      {Metric::ConditionNumber, text("Condition number of X"), text("Condition"), QString(),
       text("Largest over smallest eigenvalue of the second moment of the input."), "act_condition_number"},
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
    case Metric::OutputError:
    case Metric::OutputW:
    case Metric::OutputA:
    case Metric::OutputWa:
      return MetricSource::Output;
    case Metric::ActAbsMax:
    case Metric::ActPeakRatio:
    case Metric::ActOutlierChannels:
    case Metric::ActKurtosis:
    case Metric::EffectiveRank:
    case Metric::ConditionNumber:
      return MetricSource::Activation;
    default:
      return MetricSource::Error;
  }
}

const std::vector<std::vector<Metric>>& metricGroups() {
  static const std::vector<std::vector<Metric>> kGroups{
      {Metric::OutputError, Metric::OutputW, Metric::OutputA, Metric::OutputWa},
      {Metric::NormWeighted, Metric::RelFrobenius, Metric::RelL1, Metric::DeadCodes, Metric::ColumnPeakRatio,
       Metric::SqnrDb, Metric::BitsPerWeight, Metric::AbsMax, Metric::Kurtosis},
      {Metric::ActAbsMax, Metric::ActPeakRatio, Metric::ActOutlierChannels, Metric::ActKurtosis,
       Metric::EffectiveRank, Metric::ConditionNumber}};
  return kGroups;
}

int metricKey(Metric metric) {
  if (metric == Metric::OutputError) return Qt::Key_0;
  return metric <= Metric::Kurtosis ? Qt::Key_1 + static_cast<int>(metric) : 0;
}

std::optional<Metric> metricOfKey(int key) {
  if (key == Qt::Key_0) return Metric::OutputError;
  if (key >= Qt::Key_1 && key <= Qt::Key_9) return static_cast<Metric>(key - Qt::Key_1);
  return std::nullopt;
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
    case Metric::OutputError:
      return error.outputRelWa ? error.outputRelWa : error.outputRelW;
    case Metric::OutputW:
      return error.outputRelW;
    case Metric::OutputA:
      return error.outputRelA;
    case Metric::OutputWa:
      return error.outputRelWa;
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
         metric == Metric::DeadCodes || metricSource(metric) == MetricSource::Output;
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
    case Metric::ActPeakRatio:
      return ratioText(*value) + kNarrowSpace + kTimes;
    case Metric::Kurtosis:
    case Metric::ActKurtosis:
    case Metric::EffectiveRank:
    case Metric::ConditionNumber:
      return ratioText(*value);
    case Metric::ActOutlierChannels:
      return countText(static_cast<std::int64_t>(*value));
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

QString evidenceText(const Evidence& evidence, const QString& record) {
  QString line = evidence.kind == Evidence::Kind::Exact
                     ? text("exact over %1 tokens").arg(countText(evidence.n))
                     : text("from %1 tokens").arg(countText(evidence.n));
  if (evidence.interval)
    line += text(", between %1 and %2")
                .arg(percentText(evidence.interval->first), percentText(evidence.interval->second));
  line += QLatin1Char('\n') + QString::fromStdString(evidence.method);
  if (!record.isEmpty()) line += QLatin1Char('\n') + record;
  if (evidence.data)
    line += QLatin1Char('\n') + text("data %1").arg(QString::fromStdString(evidence.data->substr(0, 16)));
  if (!evidence.tool.empty()) line += QLatin1Char('\n') + QString::fromStdString(evidence.tool);
  return line;
}

QString evidenceShort(const Evidence& evidence) {
  if (evidence.interval)
    return text("± %1").arg(percentText((evidence.interval->second - evidence.interval->first) / 2));
  return text("%1 tok.").arg(countText(evidence.n));
}

}  // namespace ql
