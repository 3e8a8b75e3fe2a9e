#pragma once
// SmoothQuant's act_scales: the largest |x| by channel of each linear's input, nothing else. Internal to
// calib/. Source: mit-han-lab/smoothquant, smoothquant/calibration.py (get_act_scales).
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/base/shape.h"
#include "core/calib/imports/imported_sites.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace ql {

/// One tensor "<module>" [channels]. read() is called only when name and shape fit.
template <class Read>
void takeActScales(const std::string& name, const Shape& shape, ImportedSites& sites, const Read& read) {
  const auto site = sites.siteOf(name, name);
  if (!site) return;
  if (shape.size() != 1)
    throw Error(ErrorCode::Shape,
                sites.where() + ": " + quotedText(name) + " has the shape " + shapeText(shape) +
                    "; one largest |x| a channel was expected, as SmoothQuant's act_scales have it, "
                    "or \"<linear>.input\" for activations.");
  sites.requireWidth(*site, name, shape[0]);
  ActivationStats stats;
  stats.all.absmax = read();
  const auto isPossible = [](float value) { return std::isfinite(value) && value >= 0; };
  if (!std::ranges::all_of(stats.all.absmax, isPossible)) return sites.noteBroken(name);
  stats.evidence = sites.evidence("SmoothQuant act_scales (the number of tokens is unknown)", 0);
  sites.take(*site, name, std::move(stats));
}

}  // namespace ql
