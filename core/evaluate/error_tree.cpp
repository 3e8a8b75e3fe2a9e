// LayerError to and from the neutral tree of a statistics file (/layers/<name>/errors).
#include "core/base/error.h"
#include "core/base/evidence_tree.h"
#include "core/evaluate/layer_error.h"

#include <algorithm>
#include <charconv>

namespace ql {
namespace {

constexpr std::int64_t kMaxColumns = std::int64_t{1} << 31;

/// Writes every member of the field list as an attribute; an absent optional is left out.
struct AttributeWriter {
  DataTree& tree;
  void operator()(const FieldInfo& info, double value) const {
    tree.attributes[std::string(info.key)] = value;
  }
  void operator()(const FieldInfo& info, const std::optional<double>& value) const {
    if (value) tree.attributes[std::string(info.key)] = *value;
  }
};

struct AttributeReader {
  const DataTree& tree;
  void operator()(const FieldInfo& info, double& value) const {
    value = doubleAttribute(tree, std::string(info.key));
  }
  void operator()(const FieldInfo& info, std::optional<double>& value) const {
    const std::string key(info.key);
    value.reset();
    if (tree.attributes.contains(key)) value = doubleAttribute(tree, key);
  }
};

/// A line each: how often, a blank, the reason.
std::string fallbackText(const std::vector<Fallback>& fallbacks) {
  std::string text;
  for (const Fallback& fallback : fallbacks)
    text += (text.empty() ? "" : "\n") + std::to_string(fallback.count) + " " + fallback.reason;
  return text;
}

std::vector<Fallback> fallbacksFrom(const std::string& text) {
  std::vector<Fallback> fallbacks;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    Fallback fallback;
    const auto [rest, failure] = std::from_chars(text.data() + begin, text.data() + end, fallback.count);
    if (failure != std::errc() || rest == text.data() + end || *rest != ' ' || fallback.count < 0)
      throw Error(
          ErrorCode::Store,
          "The fallbacks of a stored error cannot be read; the statistics file is damaged: analyze the "
          "model again.");
    fallback.reason.assign(rest + 1, text.data() + end);
    fallbacks.push_back(std::move(fallback));
    begin = end + 1;
  }
  return fallbacks;
}

Choice readChoice(const DataTree& tree) {
  const std::string spec = stringAttribute(tree, "choice");
  try {
    return parseSpec(spec);
  } catch (const Error& error) {
    throw Error(ErrorCode::Store,
                std::string("The choice of a stored error cannot be read: ") + error.what());
  }
}

}  // namespace

DataTree toDataTree(const LayerError& error, const Choice& choice) {
  DataTree tree;
  tree.attributes["choice"] = specText(choice);
  forEachField(error, AttributeWriter{tree});
  tree.attributes["norm_gain_based"] = std::int64_t{error.isNormGainBased ? 1 : 0};
  tree.attributes["partial_group"] = std::int64_t{error.hasPartialGroup ? 1 : 0};
  if (!error.fallbacks.empty()) tree.attributes["fallbacks"] = fallbackText(error.fallbacks);
  tree.attributes["columns"] = static_cast<std::int64_t>(error.columnError.size());
  // float32 is ample for a share of the error, and half the size
  const std::vector<float> columns(error.columnError.begin(), error.columnError.end());
  tree.arrays["column_error"] = makeArray(columns, "weight^2", {"input channel"});
  writeEvidence(error.evidence, tree);
  return tree;
}

StoredError layerErrorFromDataTree(const DataTree& tree) {
  StoredError stored;
  stored.choice = readChoice(tree);
  LayerError& error = stored.error;
  forEachField(error, AttributeReader{tree});
  error.isNormGainBased = intAttribute(tree, "norm_gain_based") != 0;
  error.hasPartialGroup = intAttribute(tree, "partial_group") != 0;
  if (tree.attributes.contains("fallbacks"))
    error.fallbacks = fallbacksFrom(stringAttribute(tree, "fallbacks"));
  const std::int64_t columns = intAttribute(tree, "columns");
  if (columns < 0 || columns > kMaxColumns) {
    throw Error(ErrorCode::Store,
                "An error claims " + std::to_string(columns) +
                    " input channels; the statistics file is damaged: analyze the model again.");
  }
  const auto values = arrayValues<float>(tree, "column_error", static_cast<std::uint64_t>(columns));
  error.columnError.assign(values.begin(), values.end());
  error.evidence = readEvidence(tree);
  return stored;
}

}  // namespace ql
