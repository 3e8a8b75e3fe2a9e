#pragma once
// Comparing: which codes a linear uses under a scheme, and two models layer by layer under one choice.
#include "core/evaluate/code_histogram.h"
#include "core/evaluate/layer_error.h"
#include "core/model/model.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ql {

class Workspace;

/// Codes, dead codes and errors by row and column of a linear under a scheme. Measures the statistics first
/// when the scheme's parts span rows and they are not there. Throws Error(Unsupported) when only a statistics
/// file is open or the scheme cannot be measured.
std::shared_ptr<const CodeHistogram> codeHistogram(Workspace& workspace, LinearId id,
                                                   const WeightScheme& scheme, JobContext& job);

/// |Q_B(W) - W| - |Q_A(W) - W| of a linear as rows: below 0 where B is nearer to the weights. No scheme = the
/// weights stay as stored, without an error. Throws as Workspace::errorSource().
std::shared_ptr<const WeightSource> errorChangeSource(Workspace& workspace, LinearId id,
                                                      const std::optional<WeightScheme>& a,
                                                      const std::optional<WeightScheme>& b, JobContext& job);

/// |B - A|_F / |A|_F of two matrices of one shape, elements that are not finite in both left out. Nothing
/// when A is zero. The same for any thread count. Steps the job by out * in * 2.
std::optional<double> relativeDifference(const WeightSource& a, const MatrixRef& matrixA,
                                         const WeightSource& b, const MatrixRef& matrixB, JobContext& job);

/// Errors of one linear under a choice, as far as they can be had: from what was measured, else by measuring;
/// nothing when only a statistics file without this choice is open. With activations output errors too.
std::optional<LayerError> errorIfPossible(Workspace& workspace, LinearId id, const Choice& choice,
                                          JobContext& job);

/// One linear that both models have, by name.
struct LayerPair {
  LinearId a = 0, b = 0;
  std::string name;
  bool hasSameShape = true;
  std::optional<double> weightDifference;    // as relativeDifference(); shapes equal and both weights open
  std::optional<LayerError> errorA, errorB;  // as errorIfPossible()
};

struct ModelComparison {
  Choice choice;
  std::vector<LayerPair> layers;          // in A's network order
  std::vector<std::string> onlyA, onlyB;  // quantizable linears that the other one has not
  bool hasWeightsA = false, hasWeightsB = false;
};

/// Compares every quantizable linear that both models have by name; `done` is called with each one as it is
/// measured. Throws Error(Usage) when no name matches, Error(Store) when neither model can say anything about
/// the choice, and what measuring throws. Cost: one pass over both models.
ModelComparison compareModels(Workspace& a, Workspace& b, const Choice& choice, JobContext& job,
                              const std::function<void(const LayerPair&)>& done = {});

}  // namespace ql
