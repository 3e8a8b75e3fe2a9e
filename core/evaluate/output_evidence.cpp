#include "core/evaluate/output_evidence.h"

#include "core/base/sha256.h"
#include "core/base/version.h"

namespace ql {

std::string outputWeightMethod(const ActivationStats& activations, EnergySource source) {
  switch (source) {
    case EnergySource::Moment:
      if (activations.all.tokens != 0 && activations.secondMoment->tokens() != activations.all.tokens)
        return "output error, second moment of X shared by the experts of the block";
      return "output error, second moment of X";
    case EnergySource::Sketch:
      return "output error, sketch of X^T X with " + std::to_string(activations.sketch.k) +
             " columns and its exact diagonal; 95 % interval";
    case EnergySource::Diagonal:
      return "diagonal proxy of the output error: only the mean of x^2 by channel is known, and channels are "
             "taken as uncorrelated";
    case EnergySource::None:
      break;
  }
  return "output error on the token sample; 95 % interval for other tokens";
}

Evidence outputEvidence(const ActivationStats& activations, const Choice& choice, std::string method) {
  Evidence evidence;
  evidence.method = std::move(method);
  evidence.kind = Evidence::Kind::Sampled;
  evidence.level = "activations";
  evidence.data = activations.evidence.data;
  evidence.origin = activations.evidence.origin;
  evidence.tool = std::string(kToolId);
  Sha256 settings;
  settings.add(specText(choice));
  evidence.settings = settings.finish();
  return evidence;
}

}  // namespace ql
