#pragma once
// Plans with everything a plan can hold, from a seed.
#include "core/plan/plan.h"

#include <random>
#include <string>
#include <vector>

namespace ql::test {

inline Choice randomChoice(std::mt19937& random) {
  static const std::vector<std::string> specs = {"w8a8",
                                                 "w8a8:group=32",
                                                 "w4a16:group=128,asym",
                                                 "int4:asym",
                                                 "w8a8:input_channel",
                                                 "int8:group_in_channel=16",
                                                 "w4a8",
                                                 "fp8_e4m3:block=128x128",
                                                 "nvfp4",
                                                 "w8a8:act=tensor,static",
                                                 "int4:flavour=gptq,algorithm=gptq",
                                                 "bf16",
                                                 "w8a8:clip=percentile",
                                                 "w8a16",
                                                 "fp8_e4m3/fp8_e4m3",
                                                 "w3a16:tensor"};
  Choice choice = parseSpec(specs[random() % specs.size()]);
  if (choice.weight && random() % 5 == 0) choice.weight->outliers = OutlierRule{"n-sigma", 3.5};
  if (choice.weight && random() % 5 == 0)
    choice.weight->clip.options = {{"p", 99.9}, {"fast", true}, {"k", std::string("\"q\"")}};
  if (choice.activation && random() % 5 == 0) choice.activation->outlierThreshold = 6.0;
  if (choice.activation && random() % 5 == 0) choice.activation->permutation = "order";
  return choice;
}

inline std::string randomName(std::mt19937& random) {
  static const std::vector<std::string> roles = {"self_attn.q_proj", "mlp.up_proj", "experts.gate_up_proj[3]",
                                                 "a/b~c", "\"é\n"};
  return "model.layers." + std::to_string(random() % 12) + "." + roles[random() % roles.size()];
}

inline QuantizationPlan randomPlan(std::mt19937& random) {
  QuantizationPlan plan;
  plan.model = {"name \"quoted\"", "LlamaForCausalLM", "f00d"};
  plan.defaultChoice = randomChoice(random);
  for (unsigned i = 0; i < random() % 10; ++i) plan.layers[randomName(random)] = randomChoice(random);
  for (unsigned i = 0; i < random() % 4; ++i) plan.ignore.insert(randomName(random));
  for (unsigned i = 0; i < random() % 4; ++i) plan.locks.insert(randomName(random));
  for (unsigned i = 0; i < random() % 3; ++i) {
    PlanSmoothing entry{randomName(random),
                        {randomName(random), randomName(random)},
                        "bismooth",
                        "median",
                        static_cast<double>(random() % 1000) / 999.0,
                        std::nullopt,
                        ""};
    if (random() % 2 == 0) entry.scales = "s.safetensors#x";
    if (random() % 2 == 0) entry.unknown = R"({"later":[1,2.5]})";
    if (random() % 3 == 0) entry.dataFree = true;
    if (random() % 3 == 0) entry.powersOfTwo = true;
    if (random() % 3 == 0) {
      entry.method = "smoothquant";
      entry.statistic = "max";
      entry.dataFree = false;
      entry.formula = "llm-compressor";
    }
    plan.smoothing.push_back(entry);
  }
  if (random() % 2 == 0) plan.points["residual_after_mlp"] = ActScheme{};
  if (random() % 2 == 0) {
    plan.kvCache.emplace();
    plan.kvCache->granularity = Granularity::Tensor;
    plan.kvCache->dynamic = false;
  }
  if (random() % 3 == 0) plan.unknown = R"({"zeta":{"a":null}})";
  if (random() % 3 == 0) plan.evidence = R"({"tool":"quantloupe"})";
  return plan;
}

}  // namespace ql::test
