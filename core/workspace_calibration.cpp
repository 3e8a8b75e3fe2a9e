#include "core/workspace_calibration.h"

#include "core/base/error.h"
#include "core/base/message_text.h"

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>

namespace ql {

namespace {

using Json = nlohmann::json;
const char* const kBlockPrefix = "block ";

void putField(DataTree& tree, const std::string& key, const std::optional<double>& value) {
  if (value) tree.attributes[key] = *value;
}
void putField(DataTree& tree, const std::string& key, double value) {
  tree.attributes[key] = value;
}
template <class Integer>
void putField(DataTree& tree, const std::string& key, Integer value) {
  tree.attributes[key] = static_cast<std::int64_t>(value);
}

void getField(const DataTree& tree, const std::string& key, std::optional<double>& value) {
  if (tree.attributes.contains(key)) value = doubleAttribute(tree, key);
}
void getField(const DataTree& tree, const std::string& key, double& value) {
  value = doubleAttribute(tree, key);
}
template <class Integer>
void getField(const DataTree& tree, const std::string& key, Integer& value) {
  value = static_cast<Integer>(intAttribute(tree, key));
}

DataTree toDataTree(const Evidence& evidence) {
  DataTree tree;
  tree.attributes["method"] = evidence.method;
  tree.attributes["kind"] = std::string(evidence.kind == Evidence::Kind::Exact ? "exact" : "sampled");
  tree.attributes["n"] = evidence.n;
  if (evidence.interval) tree.attributes["interval_low"] = evidence.interval->first;
  if (evidence.interval) tree.attributes["interval_high"] = evidence.interval->second;
  tree.attributes["level"] = evidence.level;
  if (evidence.data) tree.attributes["data"] = *evidence.data;
  if (evidence.settings) tree.attributes["settings"] = *evidence.settings;
  tree.attributes["origin"] = evidence.origin;
  tree.attributes["tool"] = evidence.tool;
  return tree;
}

Evidence evidenceFrom(const DataTree& tree) {
  Evidence evidence;
  evidence.method = stringAttribute(tree, "method");
  evidence.kind = stringAttribute(tree, "kind") == "exact" ? Evidence::Kind::Exact : Evidence::Kind::Sampled;
  evidence.n = intAttribute(tree, "n");
  if (tree.attributes.contains("interval_low"))
    evidence.interval = {doubleAttribute(tree, "interval_low"), doubleAttribute(tree, "interval_high")};
  evidence.level = stringAttribute(tree, "level");
  if (tree.attributes.contains("data")) evidence.data = stringAttribute(tree, "data");
  if (tree.attributes.contains("settings")) evidence.settings = stringAttribute(tree, "settings");
  evidence.origin = stringAttribute(tree, "origin");
  evidence.tool = stringAttribute(tree, "tool");
  return evidence;
}

constexpr std::array kOrigins = {ActivationOrigin::Calibration, ActivationOrigin::ActivationFile,
                                 ActivationOrigin::Capture, ActivationOrigin::Imatrix,
                                 ActivationOrigin::ActScales};

ActivationOrigin originFromName(const std::string& name) {
  for (const ActivationOrigin origin : kOrigins)
    if (activationOriginName(origin) == name) return origin;
  throw Error(ErrorCode::Store, "The statistics file names an unknown origin of activations, " +
                                    quotedText(name) + "; calibrate again.");
}

}  // namespace

DataTree toDataTree(const StoredCalibration& calibration) {
  const CalibrationRecord& record = calibration.record;
  DataTree tree;
  tree.attributes["key"] = calibration.key;
  tree.attributes["origin"] = std::string(activationOriginName(record.origin));
  tree.attributes["source"] = record.source;
  tree.attributes["data"] = record.data;
  putField(tree, "tokens", record.tokens);
  putField(tree, "context", record.context);
  putField(tree, "windows", record.windows);
  putField(tree, "sites", record.sites);
  putField(tree, "complete", record.isComplete);
  Json texts = Json::object();
  for (const auto& [id, text] : calibration.tokenTexts) texts[std::to_string(id)] = text;
  tree.attributes["token_texts_json"] = texts.dump(-1, ' ', false, Json::error_handler_t::replace);
  return tree;
}

StoredCalibration storedCalibrationFrom(const DataTree& tree) {
  StoredCalibration stored;
  CalibrationRecord& record = stored.record;
  stored.key = stringAttribute(tree, "key");
  record.origin = originFromName(stringAttribute(tree, "origin"));
  record.source = stringAttribute(tree, "source");
  record.data = stringAttribute(tree, "data");
  getField(tree, "tokens", record.tokens);
  getField(tree, "context", record.context);
  getField(tree, "windows", record.windows);
  getField(tree, "sites", record.sites);
  record.isComplete = intAttribute(tree, "complete") != 0;
  try {
    const Json texts = Json::parse(stringAttribute(tree, "token_texts_json"));
    for (const auto& [id, text] : texts.items()) {
      std::int32_t number = -1;
      std::from_chars(id.data(), id.data() + id.size(), number);
      if (number >= 0) stored.tokenTexts[number] = text.get<std::string>();
    }
  } catch (const Json::exception& e) {
    throw Error(ErrorCode::Store,
                std::string("The token texts in the statistics file are damaged (") + e.what() + ").");
  }
  return stored;
}

std::string blockEntry(int block) {
  std::string number = std::to_string(block);
  return kBlockPrefix + std::string(6 - std::min<std::size_t>(6, number.size()), '0') + number;
}

std::optional<int> blockOfEntry(const std::string& name) {
  const std::string prefix = kBlockPrefix;
  if (name.rfind(prefix, 0) != 0) return std::nullopt;
  int block = -1;
  const char* end = name.data() + name.size();
  const auto [stop, failure] = std::from_chars(name.data() + prefix.size(), end, block);
  return failure == std::errc() && stop == end && block >= 0 ? std::optional(block) : std::nullopt;
}

DataTree blockTree(const std::string& key, const std::vector<std::uint64_t>& expertTokens,
                   const std::vector<std::string>& warnings) {
  DataTree tree;
  tree.attributes["key"] = key;
  tree.attributes["warnings_json"] = Json(warnings).dump(-1, ' ', false, Json::error_handler_t::replace);
  tree.attributes["experts"] = static_cast<std::int64_t>(expertTokens.size());
  if (!expertTokens.empty()) tree.arrays["expert_tokens"] = makeArray(expertTokens, "tokens", {"expert"});
  return tree;
}

std::vector<std::uint64_t> expertTokensFrom(const DataTree& tree) {
  const std::int64_t count = intAttribute(tree, "experts");
  if (count <= 0) return {};
  return arrayValues<std::uint64_t>(tree, "expert_tokens", static_cast<std::uint64_t>(count));
}

DataTree siteTree(const ActivationStats& stats, const std::string& key, bool withMoment,
                  const std::map<std::string, std::vector<StoredOutput>>& outputs) {
  DataTree tree;
  tree.attributes["key"] = key;
  tree.attributes["width"] = stats.width;
  tree.children["input"] = toDataTree(stats, withMoment);
  DataTree& summary = tree.children["summary"];
  forEachField(stats.summary, [&](const FieldInfo& info, const auto& value) {
    putField(summary, std::string(info.key), value);
  });
  for (const auto& [linear, errors] : outputs) {
    DataTree& group = tree.children[kOutputsPrefix + linear];
    for (std::size_t i = 0; i < errors.size(); ++i) {
      if (!isStorable(errors[i].first)) continue;
      const OutputError& error = errors[i].second;
      DataTree& child = group.children[std::to_string(i)];
      child.attributes["choice"] = specText(errors[i].first);
      putField(child, "output_rel_w", error.w);
      putField(child, "output_rel_a", error.a);
      putField(child, "output_rel_wa", error.wa);
      child.children["weight_evidence"] = toDataTree(error.weightEvidence);
      child.children["sample_evidence"] = toDataTree(error.sampleEvidence);
    }
  }
  return tree;
}

ActivationSummary activationSummaryFrom(const DataTree& siteTree) {
  const auto found = siteTree.children.find("summary");
  if (found == siteTree.children.end()) throw Error(ErrorCode::Store, "Their summary is missing.");
  ActivationSummary summary;
  forEachField(summary, [&](const FieldInfo& info, auto& value) {
    getField(found->second, std::string(info.key), value);
  });
  return summary;
}

std::vector<StoredOutput> outputErrorsFrom(const DataTree& tree) {
  std::vector<StoredOutput> errors;
  for (const auto& [name, child] : tree.children) {
    OutputError error;
    getField(child, "output_rel_w", error.w);
    getField(child, "output_rel_a", error.a);
    getField(child, "output_rel_wa", error.wa);
    const auto weight = child.children.find("weight_evidence");
    const auto sample = child.children.find("sample_evidence");
    if (weight == child.children.end() || sample == child.children.end())
      throw Error(ErrorCode::Store, "The provenance of an output error is missing.");
    error.weightEvidence = evidenceFrom(weight->second);
    error.sampleEvidence = evidenceFrom(sample->second);
    errors.emplace_back(parseSpec(stringAttribute(child, "choice")), std::move(error));
  }
  return errors;
}

std::optional<std::size_t> siteOf(const Model& model, const std::string& name) {
  const auto id = model.find(name);
  return id ? model.linears[*id].site : std::nullopt;
}

}  // namespace ql
