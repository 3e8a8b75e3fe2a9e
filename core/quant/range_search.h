#pragma once
// The range, or step, of one part of a matrix: which of many grids suits its values best. Not for where the
// parts are (methods/rtn.cpp) nor for what a grid does with a value (rtn_grid.h).
#include "core/quant/rtn_grid.h"
#include "core/quant/scheme.h"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace ql {

/// How a range is searched, options complete.
///
/// Shrinking clips take both ends of the range times p = 1 - i / grid and keep the first p with the least
/// sum of |Q(w) - w|^norm, compared in float32 as the originals do:
///   MseGptq     i < int(shrink * grid).                                       gptq quant.py, find_params
///   MseLlmc     the same on a range that `expand` widened, and no further once `patience` steps improved no
///               part of the whole matrix.
///                                               llm-compressor observers/mse_quant.py, _grid_search_eager
///   ImatrixMse  i <= max(1, int(shrink * grid)), patience, and errors weigh E[x_j^2] / mean E[x^2].
///                                                        llm-compressor observers/imatrix.py, _grid_search
/// The others:
///   Percentile  the part's quantile of |w| (symmetric), or of w with half of the rest outside at either end;
///               linear between order statistics, as numpy.
///   EasyQuant   the step with the least sum of squares: for symmetric integers the exact minimum
///               (step_search.h); else the best of `factors` ranges in [0.2, 1] of the whole one, its scale
///               then refitted, s = sum q w / sum q^2. Never worse than the whole range. arXiv:2403.02775
///   Lsq         s = 2 mean|w| / sqrt(Qp), the step LSQ starts from.           arXiv:1902.08153, sec. 2.1
///   LsqPlus     s = max(|mean - 3 sigma|, |mean + 3 sigma|) / 2^(b - 1), LSQ+'s for weights; sigma has n
///   - 1.
///                                                                             arXiv:2004.09576, sec. 3.4
struct ClipRule {
  enum class Kind : std::uint8_t { None, MseGptq, MseLlmc, ImatrixMse, Percentile, EasyQuant, Lsq, LsqPlus };
  Kind kind = Kind::None;
  int steps = 0;  // shrinking: how many p are tried at most
  double grid = 100, norm = 2.4;
  float expand = 1;  // MseLlmc: of the range, before it shrinks
  int patience = 0;  // 0: all steps
  double percent = 100;
  int factors = 200;

  bool shrinks() const { return kind == Kind::MseGptq || kind == Kind::MseLlmc || kind == Kind::ImatrixMse; }
  float factor(int step) const { return static_cast<float>(1 - step / grid); }
};

/// Throws Error(Unsupported) for a clip that is not searched part by part (awq's), Error(Usage) for a wrong
/// option.
ClipRule clipRule(const WeightScheme& scheme);
/// All clips of above, as plans call them.
const std::vector<std::string>& searchedClipNames();

/// The finite values of one part, each with the weight of its error (none = 1).
struct PartValues {
  std::span<const float> values, weights;
};

/// The grid of a part in memory; `steps` cuts a shrinking search short (ClipRule::steps = none of it). A part
/// without values gets the grid of zeros.
PartGrid searchGrid(const RtnRule& rule, const ClipRule& clip, const PartValues& part, int steps);
/// Sets improved[i] for every step that beats all before it.
void markImprovements(const RtnRule& rule, const ClipRule& clip, const PartValues& part,
                      std::span<std::uint8_t> improved);
/// How many steps are taken when those that improved nothing, `patience` in a row, end the search.
int stepsTaken(const ClipRule& clip, std::span<const std::uint8_t> improved);

/// A part that is read in pieces, one pass a call: adds up what `piece` gives for each of them.
using PieceSums = std::function<std::vector<double>(const PartValues& piece)>;
using PartPass = std::function<std::vector<double>(const PieceSums& piece)>;
/// searchGrid() of a part too large for memory with the extremes min and max; patience included. EasyQuant is
/// not exact here.
PartGrid searchGridByPasses(const RtnRule& rule, const ClipRule& clip, float min, float max,
                            const PartPass& pass);

}  // namespace ql
