#include "widgets/bridge/finding_text.h"

#include "widgets/bridge/number_format.h"

#include <QCoreApplication>
#include <QStringList>

#include <algorithm>

namespace ql {

namespace {

constexpr std::size_t kNamedChannels = 4;  // more are counted, not named

QString tr(const char* source) {
  return QCoreApplication::translate("ql::Finding", source);
}

template <class T>
T valueOf(const Finding& finding, const char* key, T fallback = {}) {
  const auto at = finding.values.find(key);
  if (at == finding.values.end()) return fallback;
  if (const T* value = std::get_if<T>(&at->second)) return *value;
  if constexpr (std::is_same_v<T, double>) {
    if (const auto* count = std::get_if<std::int64_t>(&at->second)) return static_cast<double>(*count);
  }
  return fallback;
}

bool has(const Finding& finding, const char* key) {
  return finding.values.contains(key);
}

QString channelList(const Finding& finding) {
  const auto channels = valueOf<std::vector<std::int64_t>>(finding, "channels");
  QStringList names;
  for (std::size_t i = 0; i < channels.size() && i < kNamedChannels; ++i)
    names << QString::number(channels[i]);
  QString text = names.join(QStringLiteral(", "));
  if (channels.size() > kNamedChannels)
    text += tr(" and %1 more").arg(countText(static_cast<std::int64_t>(channels.size() - kNamedChannels)));
  return text;
}

std::int64_t channelCount(const Finding& finding) {
  const auto channels = valueOf<std::vector<std::int64_t>>(finding, "channels");
  return valueOf<std::int64_t>(finding, "channel_count", static_cast<std::int64_t>(channels.size()));
}

QString outlierSentence(const Finding& finding) {
  const auto rowsSet = valueOf<std::int64_t>(finding, "rows_set");
  const auto out = valueOf<std::int64_t>(finding, "out");
  const QString rows = rowsSet == out ? tr("all %1 rows").arg(countText(out))
                                      : tr("%1 of %2 rows").arg(countText(rowsSet), countText(out));
  const QString who = channelCount(finding) == 1
                          ? tr("1 of %1 input channels (%2) sets the scale of %3")
                          : tr("%4 of %1 input channels (%2) set the scale of %3")
                                .arg(QStringLiteral("%1"), QStringLiteral("%2"), QStringLiteral("%3"),
                                     countText(channelCount(finding)));
  return who.arg(countText(valueOf<std::int64_t>(finding, "in")), channelList(finding), rows) +
         QStringLiteral("; ") +
         tr("%1 of the weights round to zero.").arg(percentText(valueOf<double>(finding, "dead_code")));
}

QString nonFiniteSentence(const Finding& finding) {
  const double count = valueOf<double>(finding, "nans") + valueOf<double>(finding, "pos_infs") +
                       valueOf<double>(finding, "neg_infs") + valueOf<double>(finding, "infs");
  if (count <= 0)
    return tr("Some weights are NaN or infinite: the file is damaged or the training diverged.");
  return tr("%1 weights are NaN or infinite: the file is damaged or the training diverged.")
      .arg(countText(static_cast<std::int64_t>(count)));
}

QString activationSentence(const Finding& finding) {
  return tr("Rounding the input alone costs %1 of the output: channels %2 reach %3 times the median.")
      .arg(percentText(valueOf<double>(finding, "output_rel_a")), channelList(finding),
           QString::number(valueOf<double>(finding, "act_channel_peak_ratio"), 'g', 3));
}

QString deadRowsSentence(const Finding& finding) {
  const double rows = std::max({valueOf<double>(finding, "dead_rows"), valueOf<double>(finding, "zero_rows"),
                                valueOf<double>(finding, "rows"), valueOf<double>(finding, "count")});
  if (rows <= 0) return tr("Some output channels hold zeros only.");
  return tr("%1 output channels hold zeros only: the layer may have been pruned.")
      .arg(countText(static_cast<std::int64_t>(rows)));
}

QString problemSentence(const Finding& finding) {
  if (finding.code == "weight_outlier_columns") return outlierSentence(finding);
  if (finding.code == "heavy_tails")
    return tr(
        "The error is over the target and no single input channel explains it: the weights have heavy "
        "tails.");
  if (finding.code == "norm_gain_outliers") {
    const QString names = channelList(finding);
    return names.isEmpty() ? tr("The gains of the norm before it announce activation outliers; the weights "
                                "themselves are fine.")
                           : tr("The gains of the norm announce activation outliers in channels %1; the "
                                "weights are fine.")
                                 .arg(names);
  }
  if (finding.code == "activation_outliers") return activationSentence(finding);
  if (finding.code == "non_finite") return nonFiniteSentence(finding);
  if (finding.code == "dead_rows") return deadRowsSentence(finding);
  return tr("Something stands out here: %1.").arg(QString::fromStdString(finding.code));
}

QString figureName(const std::string& key) {
  if (key == "norm_weighted_rel") return tr("norm-weighted error");
  if (key == "weight_rel_fro") return tr("relative Frobenius error");
  if (key == "dead_code") return tr("dead codes");
  if (key.rfind("output_rel", 0) == 0) return tr("output error");
  return QString::fromStdString(key);
}

/// "Bi-smoothing (median, alpha 0.55)"
QString smoothingName(const SmoothingRemedy& smoothing) {
  const QString alpha = QString::number(smoothing.alpha, 'g', 3);
  if (smoothing.method == "smoothquant") return tr("SmoothQuant (alpha %1)").arg(alpha);
  return smoothing.statistic == "median" ? tr("Bi-smoothing (median, alpha %1)").arg(alpha)
                                         : tr("Bi-smoothing (max, alpha %1)").arg(alpha);
}

/// "group 16", or "group 16, X too" where the activations are grouped as well.
QString remedyScheme(const Choice& choice) {
  const QString weights = granularityText(choice);
  const bool isGrouped = choice.activation && choice.activation->granularity == Granularity::Group;
  return isGrouped ? tr("%1, X too").arg(weights) : weights;
}

QString capitalised(QString text) {
  if (!text.isEmpty()) text[0] = text[0].toUpper();
  return text;
}

}  // namespace

QString granularityText(const Choice& choice) {
  if (!choice.weight) return tr("16 bit");
  const WeightScheme& w = *choice.weight;
  switch (w.granularity) {
    case Granularity::Tensor:
      return tr("tensor");
    case Granularity::OutputChannel:
      return tr("channel");
    case Granularity::InputChannel:
      return tr("input channel");
    case Granularity::Group:
      return tr("group %1").arg(w.groupSize.value_or(0));
    case Granularity::GroupInChannel:
      return tr("group %1 in channel").arg(w.groupSize.value_or(0));
    default:
      return QString::fromStdString(std::string(granularityName(w.granularity)));
  }
}

QString findingTitle(const Finding& finding) {
  if (finding.code == "weight_outlier_columns") return tr("Outlier input channels in the weights");
  if (finding.code == "heavy_tails") return tr("Heavy tails");
  if (finding.code == "norm_gain_outliers") return tr("Activation outliers ahead");
  if (finding.code == "activation_outliers") return tr("Outlier channels in the activations");
  if (finding.code == "non_finite") return tr("NaN or infinite weights");
  if (finding.code == "dead_rows") return tr("Output channels of zeros");
  return capitalised(QString::fromStdString(finding.code).replace(QLatin1Char('_'), QLatin1Char(' ')));
}

QString findingSentence(const Finding& finding) {
  QString text = problemSentence(finding);
  if (!finding.remedies.empty()) text += QLatin1Char(' ') + remedySentence(finding.remedies.front());
  return text;
}

QString findingShort(const Finding& finding) {
  if (finding.code == "weight_outlier_columns") return tr("columns %1").arg(channelList(finding));
  if (finding.code == "heavy_tails") return tr("heavy tails");
  if (finding.code == "norm_gain_outliers")
    return has(finding, "channels") ? tr("norm gains %1").arg(channelList(finding)) : tr("norm gains");
  if (finding.code == "activation_outliers") return tr("activations %1").arg(channelList(finding));
  if (finding.code == "non_finite") return tr("NaN or Inf");
  if (finding.code == "dead_rows") return tr("zero rows");
  return QString::fromStdString(finding.code);
}

QString remedyLabel(const Remedy& remedy) {
  if (remedy.smoothing) return smoothingName(*remedy.smoothing);
  return tr("Use %1").arg(remedyScheme(remedy.choice));
}

QString remedySentence(const Remedy& remedy) {
  if (remedy.smoothing)
    return tr("%1: %2 %3 %5 %4, stays %6.")
        .arg(smoothingName(*remedy.smoothing), figureName(remedy.figure), percentText(remedy.before),
             percentText(remedy.after), kArrow, granularityText(remedy.choice));
  return tr("%1: %2 %3 %5 %4.")
      .arg(capitalised(remedyScheme(remedy.choice)), figureName(remedy.figure), percentText(remedy.before),
           percentText(remedy.after), kArrow);
}

}  // namespace ql
