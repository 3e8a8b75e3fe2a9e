#include "core/base/evidence_tree.h"

#include "core/base/error.h"

#include <string>

namespace ql {

void writeEvidence(const Evidence& evidence, DataTree& tree) {
  tree.attributes["method"] = evidence.method;
  tree.attributes["kind"] = std::string(evidence.kind == Evidence::Kind::Exact ? "exact" : "sampled");
  tree.attributes["n"] = evidence.n;
  tree.attributes["level"] = evidence.level;
  tree.attributes["origin"] = evidence.origin;
  tree.attributes["tool"] = evidence.tool;
  if (evidence.data) tree.attributes["data"] = *evidence.data;
  if (evidence.settings) tree.attributes["settings"] = *evidence.settings;
  if (!evidence.interval) return;
  tree.attributes["interval_low"] = evidence.interval->first;
  tree.attributes["interval_high"] = evidence.interval->second;
}

Evidence readEvidence(const DataTree& tree) {
  Evidence evidence;
  evidence.method = stringAttribute(tree, "method");
  const std::string kind = stringAttribute(tree, "kind");
  if (kind != "exact" && kind != "sampled") {
    throw Error(ErrorCode::Store, "The attribute kind of a record is \"" + kind +
                                      "\", expected exact or sampled; analyze the model again.");
  }
  evidence.kind = kind == "exact" ? Evidence::Kind::Exact : Evidence::Kind::Sampled;
  evidence.n = intAttribute(tree, "n");
  evidence.level = stringAttribute(tree, "level");
  evidence.origin = stringAttribute(tree, "origin");
  evidence.tool = stringAttribute(tree, "tool");
  if (tree.attributes.contains("data")) evidence.data = stringAttribute(tree, "data");
  if (tree.attributes.contains("settings")) evidence.settings = stringAttribute(tree, "settings");
  if (tree.attributes.contains("interval_low")) {
    evidence.interval = {doubleAttribute(tree, "interval_low"), doubleAttribute(tree, "interval_high")};
  }
  return evidence;
}

}  // namespace ql
