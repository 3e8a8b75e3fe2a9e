#pragma once
// A plan sorted into the groups that compressed-tensors and llm-compressor know: one scheme, many targets.
// What they do not know is listed, and the linears concerned are left out.
#include "core/export/exporter.h"

#include <string>
#include <vector>

namespace ql {

struct SchemeGroup {
  Choice choice;                     // as written: without what cannot be expressed
  std::vector<std::string> members;  // linears, network order
  std::vector<std::string> targets;  // "re:...$", disjoint from all other groups
  std::string format;  // "int-quantized", "pack-quantized", "float-quantized", "naive-quantized"
};

struct SchemeGroups {
  std::vector<SchemeGroup> groups;  // in network order of their first member
  std::vector<std::string> ignore;  // exact names and patterns of every module that stays in 16 bit
  std::vector<NotExpressible> notExpressible;
};

/// What the target does with algorithms: llm-compressor runs RTN and GPTQ, a bare configuration none.
enum class AlgorithmSupport { RtnAndGptq, RtnOnly };

/// Throws Error(Plan) when its own patterns do not hit exactly what they should (a check, not an
/// expectation).
SchemeGroups makeSchemeGroups(const QuantizationPlan& plan, const Model& model, AlgorithmSupport support);

/// One of QuantizationArgs as key and value in the order of the format: values are JSON text.
struct ArgField {
  std::string key, json;
};
std::vector<ArgField> weightArgs(const WeightScheme& scheme);
std::vector<ArgField> activationArgs(const ActScheme& scheme);

/// True for a cache scheme the format has: 8 bit, one static scale, symmetric.
bool isKvCacheExpressible(const ActScheme& scheme);

/// What serving programs do with such a configuration, and what the plan's own words lose in it (formats:
/// loaders).
std::vector<std::string> loaderWarnings(const QuantizationPlan& plan, const Model& model,
                                        const SchemeGroups& groups);

}  // namespace ql
