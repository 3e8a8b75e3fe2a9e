// What vLLM, SGLang and TensorRT-LLM make of a configuration (read in their sources of 2026-07 and 2026-08).
#include "core/export/scheme_groups.h"
#include "core/plan/plan_edit.h"

#include <algorithm>

namespace ql {
namespace {

int weightBits(const Choice& choice) {
  const NumberFormatInfo* info = findNumberFormat(choice.weight->format);
  return info->isInteger ? info->integerBits : 0;
}

class Warner {
 public:
  Warner(const QuantizationPlan& plan, const Model& model, const SchemeGroups& groups)
      : m_plan(plan), m_model(model), m_groups(groups.groups) {}

  std::vector<std::string> run() {
    if (m_groups.empty())
      warn("the plan quantizes nothing that the target knows: the export leaves the model as it is");
    fused();
    grouped();
    servers();
    asymmetric();
    calibration();
    flavours();
    conv1d();
    unknown();
    return std::move(m_warnings);
  }

 private:
  void warn(const std::string& text) { m_warnings.push_back(text); }

  template <class Test>
  bool any(const Test& test) const {
    return std::any_of(m_groups.begin(), m_groups.end(),
                       [&](const SchemeGroup& group) { return test(group.choice); });
  }

  static bool isGrouped(const Choice& choice) { return choice.weight->granularity == Granularity::Group; }

  void fused() {
    const std::vector<FusedConflict> conflicts = fusedConflicts(m_plan, m_model);
    if (conflicts.empty()) return;
    warn("vLLM refuses the plan: " + std::to_string(conflicts.size()) +
         " fused modules have parts with different schemes, " + "first " + conflicts.front().group +
         "; give all parts of a fused module the same scheme");
  }

  void grouped() {
    const bool hasW8Groups =
        any([](const Choice& c) { return isGrouped(c) && weightBits(c) == 8 && c.activation; });
    if (hasW8Groups) {
      warn(
          "vLLM runs 8-bit weight groups with int8 activations since 2026-07-14 and only as pack-quantized "
          "(written so); "
          "the integer kernel needs Humming, other kernels run it as W8A16");
    }
    for (const SchemeGroup& group : m_groups) {
      const auto size = group.choice.weight->groupSize;
      const bool isPacked = group.format == "pack-quantized" && isGrouped(group.choice);
      if (!isPacked || *size == 32 || *size == 64 || *size == 128) continue;
      warn("vLLM's Marlin kernels take groups of 32, 64, 128 or whole channels; groups of " +
           std::to_string(*size) + " may not load");
    }
  }

  void servers() {
    const bool hasGroupsWithActivations = any([](const Choice& c) { return isGrouped(c) && c.activation; });
    if (hasGroupsWithActivations)
      warn("SGLang refuses weight groups together with quantized activations; use output channels there");
    if (m_groups.size() > 1) {
      warn("SGLang reads one global format only: a plan with several schemes does not load there");
    }
    const bool hasInt8Pair =
        any([](const Choice& c) { return weightBits(c) == 8 && c.activation && !isGrouped(c); });
    if (hasInt8Pair)
      warn(
          "TensorRT-LLM misreads 8-bit channel and token schemes as FP8 without looking at the type; use "
          "vLLM or SGLang");
    const bool hasGroupedPair =
        any([](const Choice& c) { return weightBits(c) == 8 && c.activation && isGrouped(c); });
    if (hasGroupedPair) warn("TensorRT-LLM does not load INT8 weight groups");
    const bool hasOddPair = any([](const Choice& c) {
      const int bits = weightBits(c);
      return c.activation && bits > 0 && bits != 8 && bits != 4;
    });
    if (hasOddPair)
      warn("no server runs integer weights of other than 4 or 8 bits together with quantized activations");
    const bool hasA4 = any([](const Choice& c) { return c.activation && c.activation->format == "int4"; });
    if (hasA4)
      warn("no server runs 4-bit integer activations from this format; the export is for experiments");
  }

  void asymmetric() {
    const bool hasPair = any([](const Choice& c) { return !c.weight->symmetric && c.activation; });
    if (hasPair) warn("vLLM and SGLang want symmetric weights where activations are quantized too");
    const bool hasOdd = any([](const Choice& c) {
      return !c.weight->symmetric && !c.activation && weightBits(c) != 4 && weightBits(c) != 8;
    });
    if (hasOdd) warn("vLLM takes asymmetric weights with 4 and 8 bits only");
  }

  void calibration() {
    const bool isStatic = any([](const Choice& c) { return c.activation && !c.activation->dynamic; });
    const bool isGptq = any([](const Choice& c) { return c.weight->algorithm.name == "gptq"; });
    if (isStatic)
      warn("static activation scales are not in the plan: the tool must measure them on calibration data");
    if (isGptq) warn("GPTQ needs calibration data when the recipe is run");
  }

  void flavours() {
    bool differs = false;
    for (const Linear& linear : m_model.linears) {
      const Choice choice = m_plan.choiceFor(linear.name);
      const bool isOther = choice.weight && choice.weight->flavour != WeightScheme().flavour;
      differs =
          differs || isOther || (choice.activation && choice.activation->flavour != ActScheme().flavour);
    }
    if (differs) {
      warn(
          "the target rounds as compressed-tensors does (8 bit: range / 127.5); layers planned with another "
          "flavour get "
          "slightly different codes than measured here");
    }
  }

  void conv1d() {
    const bool hasTransposed = std::any_of(m_model.linears.begin(), m_model.linears.end(),
                                           [](const Linear& linear) { return linear.matrix.isTransposed; });
    if (hasTransposed)
      warn(
          "the model stores some matrices as [in, out] (Conv1D, fused experts); tools that look for "
          "nn.Linear pass over them");
  }

  void unknown() {
    const std::vector<std::string> names = unknownLinears(m_plan, m_model);
    if (names.empty()) return;
    warn(std::to_string(names.size()) + " names in the plan are not in this model, first " + names.front() +
         "; is it the plan of another model?");
  }

  const QuantizationPlan& m_plan;
  const Model& m_model;
  const std::vector<SchemeGroup>& m_groups;
  std::vector<std::string> m_warnings;
};

}  // namespace

std::vector<std::string> loaderWarnings(const QuantizationPlan& plan, const Model& model,
                                        const SchemeGroups& groups) {
  return Warner(plan, model, groups).run();
}

}  // namespace ql
