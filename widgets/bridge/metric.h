#pragma once
// The figures that colour views and fill columns.

namespace ql {

/// Without data, of statistics, of the plan; then with data: output errors, and statistics of the
/// activations.
enum class Metric {
  NormWeighted,
  RelFrobenius,
  RelL1,
  DeadCodes,
  ColumnPeakRatio,
  SqnrDb,
  BitsPerWeight,
  AbsMax,
  Kurtosis,
  OutputError,  // W+A when the choice quantizes activations, else W
  OutputW,
  OutputA,
  OutputWa,
  ActAbsMax,
  ActPeakRatio,
  ActOutlierChannels,
  ActKurtosis,
  EffectiveRank,
  ConditionNumber
};

}  // namespace ql
