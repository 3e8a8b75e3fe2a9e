// Activation statistics to and from a DataTree. What comes from a file is checked before it is used.
#include "core/base/error.h"
#include "core/base/evidence_tree.h"
#include "core/base/message_text.h"
#include "core/stats/activation_stats.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <type_traits>
#include <utility>

namespace ql {
namespace {

constexpr std::int64_t kWidestSite = std::int64_t{1} << 24;

[[noreturn]] void damaged(const std::string& what) {
  throw Error(ErrorCode::Store, "Stored activation statistics are damaged: " + what +
                                    "; delete the statistics and calibrate again.");
}

// Writing
// ---------------------------------------------------------------------------------------------------------

template <class T>
void put(DataTree& tree, const std::string& name, const std::vector<T>& values, const std::string& unit) {
  if (!values.empty()) tree.arrays[name] = makeArray(values, unit, {"input channel"});
}

void putMoments(DataTree& tree, const ChannelMoments& moments) {
  tree.attributes["tokens_seen"] = static_cast<std::int64_t>(moments.tokens);
  put(tree, "absmax", moments.absmax, "activation");
  put(tree, "min", moments.min, "activation");
  put(tree, "max", moments.max, "activation");
  put(tree, "sum", moments.sum, "activation");
  put(tree, "sum_abs", moments.sumAbs, "activation");
  put(tree, "sum_sq", moments.sumSq, "activation^2");
  put(tree, "sum_cube", moments.sumCube, "activation^3");
  put(tree, "sum_quad", moments.sumQuad, "activation^4");
}

void putSample(DataTree& tree, const TokenSample& sample) {
  if (sample.count() == 0) return;
  const auto count = static_cast<std::uint64_t>(sample.count());
  tree.attributes["sample_seed"] = std::bit_cast<std::int64_t>(sample.seed);
  tree.arrays["token_sample"] = makeArray(sample.values, "activation", {"token", "input channel"},
                                          {count, static_cast<std::uint64_t>(sample.width)});
  tree.arrays["token_ids"] = makeArray(sample.ids, "", {"token"});
  tree.arrays["token_positions"] = makeArray(sample.positions, "", {"token"});
  tree.arrays["token_windows"] = makeArray(sample.windows, "", {"token"});
}

void putField(DataTree& tree, const std::string& key, double value) {
  tree.attributes[key] = value;
}
void putField(DataTree& tree, const std::string& key, std::int64_t value) {
  tree.attributes[key] = value;
}
void putField(DataTree& tree, const std::string& key, std::uint64_t value) {
  tree.attributes[key] = std::bit_cast<std::int64_t>(value);
}
void putField(DataTree& tree, const std::string& key, const std::optional<double>& value) {
  if (value) tree.attributes[key] = *value;
}

// Reading
// ---------------------------------------------------------------------------------------------------------

bool has(const DataTree& tree, const std::string& name) {
  return tree.arrays.count(name) != 0;
}

template <class T>
void requireFinite(const std::vector<T>& values, const std::string& name) {
  if (!std::all_of(values.begin(), values.end(), [](T v) { return std::isfinite(v); }))
    damaged(quotedText(name) + " has values that are not finite");
}

/// float32 or float64 as T; other number types are refused by arrayValues().
template <class T>
std::vector<T> numbers(const DataTree& tree, const std::string& name, std::uint64_t count) {
  using Other = std::conditional_t<std::is_same_v<T, float>, double, float>;
  const ArrayType other = std::is_same_v<T, float> ? ArrayType::F64 : ArrayType::F32;
  std::vector<T> values;
  if (tree.arrays.at(name).type == other) {
    for (const Other v : arrayValues<Other>(tree, name, count)) values.push_back(static_cast<T>(v));
  } else {
    values = arrayValues<T>(tree, name, count);
  }
  requireFinite(values, name);
  return values;
}

template <class T>
void get(const DataTree& tree, const std::string& name, std::uint64_t count, std::vector<T>& values) {
  if (has(tree, name)) values = numbers<T>(tree, name, count);
}

// A sum, or the mean that another program wrote instead.
void getSum(const DataTree& tree, const std::string& name, const std::string& meanName, std::uint64_t count,
            std::uint64_t tokens, std::vector<double>& values) {
  get(tree, name, count, values);
  if (!values.empty() || meanName.empty() || !has(tree, meanName)) return;
  values = numbers<double>(tree, meanName, count);
  for (double& value : values) value *= static_cast<double>(tokens);
}

void requireNonNegative(const std::vector<double>& values, const std::string& name) {
  if (std::any_of(values.begin(), values.end(), [](double v) { return v < 0; }))
    damaged(quotedText(name) + " has negative values");
}

void requireExtremes(const ChannelMoments& m) {
  if (std::any_of(m.absmax.begin(), m.absmax.end(), [](float v) { return v < 0; }))
    damaged("\"absmax\" has negative values");
  if (m.min.size() != m.max.size()) damaged("only one of \"min\" and \"max\" is there");
  for (std::size_t i = 0; i < m.min.size(); ++i)
    if (m.min[i] > m.max[i]) damaged("\"min\" is above \"max\" in channel " + std::to_string(i));
}

ChannelMoments momentsFrom(const DataTree& tree, std::uint64_t width) {
  ChannelMoments m;
  const std::int64_t tokens = intAttribute(tree, "tokens_seen");
  if (tokens < 0) damaged("\"tokens_seen\" is negative");
  m.tokens = static_cast<std::uint64_t>(tokens);
  get(tree, "absmax", width, m.absmax);
  get(tree, "min", width, m.min);
  get(tree, "max", width, m.max);
  getSum(tree, "sum", "mean", width, m.tokens, m.sum);
  getSum(tree, "sum_abs", "mean_abs", width, m.tokens, m.sumAbs);
  getSum(tree, "sum_sq", "", width, m.tokens, m.sumSq);
  getSum(tree, "sum_cube", "", width, m.tokens, m.sumCube);
  getSum(tree, "sum_quad", "", width, m.tokens, m.sumQuad);
  requireExtremes(m);
  requireNonNegative(m.sumAbs, "sum_abs"), requireNonNegative(m.sumSq, "sum_sq");
  requireNonNegative(m.sumQuad, "sum_quad");
  return m;
}

std::vector<std::int32_t> wholeNumbers(const DataTree& tree, const std::string& name, std::uint64_t count,
                                       std::int32_t least) {
  std::vector<std::int32_t> values;
  if (has(tree, name) && tree.arrays.at(name).type == ArrayType::I64) {
    for (const std::int64_t v : arrayValues<std::int64_t>(tree, name, count)) {
      if (!std::in_range<std::int32_t>(v)) damaged(quotedText(name) + " has a number out of range");
      values.push_back(static_cast<std::int32_t>(v));
    }
  } else {
    values = arrayValues<std::int32_t>(tree, name, count);
  }
  if (std::any_of(values.begin(), values.end(), [&](std::int32_t v) { return v < least; }))
    damaged(quotedText(name) + " has a number below " + std::to_string(least));
  return values;
}

/// The rows of a matrix [n, columns] (or [rows, n] with isTransposed) whose other side is known.
std::uint64_t otherSide(const DataTree& tree, const std::string& name, std::size_t axis) {
  const DataArray& array = tree.arrays.at(name);
  if (array.shape.size() != 2) damaged(quotedText(name) + " is not a matrix");
  const std::uint64_t n = array.shape[axis];
  if (n > array.bytes.size()) damaged(quotedText(name) + " is smaller than its shape says");
  return n;
}

TokenSample sampleFrom(const DataTree& tree, std::uint64_t width) {
  TokenSample sample;
  sample.width = static_cast<std::int64_t>(width);
  if (tree.attributes.count("sample_seed") != 0)
    sample.seed = std::bit_cast<std::uint64_t>(intAttribute(tree, "sample_seed"));
  if (!has(tree, "token_sample")) return sample;
  const std::uint64_t count = otherSide(tree, "token_sample", 0);
  if (tree.arrays.at("token_sample").shape[1] != width) damaged("the token sample has another width");
  sample.values = numbers<float>(tree, "token_sample", count * width);
  const std::vector<std::int32_t> unknown(count, -1), zeros(count, 0);
  sample.ids = has(tree, "token_ids") ? wholeNumbers(tree, "token_ids", count, -1) : unknown;
  sample.positions = has(tree, "token_positions") ? wholeNumbers(tree, "token_positions", count, 0) : zeros;
  sample.windows = has(tree, "token_windows") ? wholeNumbers(tree, "token_windows", count, 0) : zeros;
  return sample;
}

ActivationSketch sketchFrom(const DataTree& tree, std::uint64_t width) {
  ActivationSketch sketch;
  if (!has(tree, "sketch")) return sketch;
  const std::uint64_t k = otherSide(tree, "sketch", 1);
  if (k < 1 || k > 65536 || tree.arrays.at("sketch").shape[0] != width)
    damaged("the sketch is not a matrix of channels by columns");
  sketch.k = static_cast<int>(k);
  if (tree.attributes.count("sketch_seed") != 0)
    sketch.seed = std::bit_cast<std::uint64_t>(intAttribute(tree, "sketch_seed"));
  sketch.z = numbers<float>(tree, "sketch", width * k);
  return sketch;
}

std::shared_ptr<const SecondMoment> momentFrom(const DataTree& tree, std::int64_t width) {
  const auto found = tree.arrays.find("second_moment");
  if (found == tree.arrays.end()) return nullptr;
  const std::int64_t tokens = intAttribute(tree, "second_moment_tokens");
  if (tokens < 1) damaged("\"second_moment_tokens\" is not positive");
  if (found->second.shape.size() != 1) damaged("\"second_moment\" is not a flat array");
  std::vector<float> values = numbers<float>(tree, "second_moment", found->second.shape[0]);
  return std::make_shared<const SecondMoment>(
      SecondMoment::fromValues(width, static_cast<std::uint64_t>(tokens), std::move(values)));
}

void getField(const DataTree& tree, const std::string& key, double& value) {
  value = doubleAttribute(tree, key);
}
void getField(const DataTree& tree, const std::string& key, std::int64_t& value) {
  value = intAttribute(tree, key);
}
void getField(const DataTree& tree, const std::string& key, std::uint64_t& value) {
  value = std::bit_cast<std::uint64_t>(intAttribute(tree, key));
}
void getField(const DataTree& tree, const std::string& key, std::optional<double>& value) {
  if (tree.attributes.count(key) != 0) value = doubleAttribute(tree, key);
}

ActivationOrigin originFrom(const DataTree& tree) {
  if (tree.attributes.count("origin") == 0) return ActivationOrigin::Capture;
  const std::string name = stringAttribute(tree, "origin");
  for (const auto origin :
       {ActivationOrigin::Calibration, ActivationOrigin::ActivationFile, ActivationOrigin::Capture,
        ActivationOrigin::Imatrix, ActivationOrigin::ActScales})
    if (name == activationOriginName(origin)) return origin;
  damaged("their origin " + quotedText(name) + " is unknown");
}

void readQuantiles(const DataTree& tree, std::vector<float>& quantiles) {
  get(tree, "token_absmax_quantiles", 10, quantiles);
  if (!std::is_sorted(quantiles.begin(), quantiles.end()) || (!quantiles.empty() && quantiles.front() < 0))
    damaged("the quantiles of the tokens' absmax are not in order");
}

}  // namespace

DataTree toDataTree(const ActivationStats& stats, bool withMoment) {
  DataTree tree;
  tree.attributes["width"] = stats.width;
  tree.attributes["origin"] = std::string(activationOriginName(stats.origin));
  putMoments(tree, stats.all);
  putMoments(tree.children["first_token"], stats.first);
  put(tree, "later_absmax", stats.laterAbsmax, "activation");
  put(tree, "median_abs", stats.medianAbs, "activation");
  if (!stats.tokenAbsmaxQuantiles.empty())
    tree.arrays["token_absmax_quantiles"] = makeArray(stats.tokenAbsmaxQuantiles, "activation", {"quantile"});
  putSample(tree, stats.sample);
  if (stats.hasSketch()) {
    tree.attributes["sketch_seed"] = std::bit_cast<std::int64_t>(stats.sketch.seed);
    tree.arrays["sketch"] =
        makeArray(stats.sketch.z, "activation", {"input channel", "column of signs"},
                  {static_cast<std::uint64_t>(stats.width), static_cast<std::uint64_t>(stats.sketch.k)});
  }
  if (withMoment && stats.secondMoment) {
    const auto values = stats.secondMoment->values();
    tree.attributes["second_moment_tokens"] = static_cast<std::int64_t>(stats.secondMoment->tokens());
    tree.arrays["second_moment"] = makeArray(std::vector<float>(values.begin(), values.end()), "activation^2",
                                             {"element of the upper triangle in panels of 384 rows"});
  }
  DataTree& summary = tree.children["summary"];
  forEachField(stats.summary, [&](const FieldInfo& info, const auto& value) {
    putField(summary, std::string(info.key), value);
  });
  writeEvidence(stats.evidence, tree.children["evidence"]);
  return tree;
}

ActivationStats activationStatsFromDataTree(const DataTree& tree) {
  ActivationStats stats;
  stats.width = intAttribute(tree, "width");
  if (stats.width < 1 || stats.width > kWidestSite) damaged("the width is " + std::to_string(stats.width));
  const auto width = static_cast<std::uint64_t>(stats.width);
  stats.origin = originFrom(tree);
  stats.all = momentsFrom(tree, width);
  if (const DataTree* first = tree.find({"first_token"})) stats.first = momentsFrom(*first, width);
  if (stats.first.tokens > stats.all.tokens) damaged("more first tokens than tokens");
  get(tree, "later_absmax", width, stats.laterAbsmax);
  get(tree, "median_abs", width, stats.medianAbs);
  readQuantiles(tree, stats.tokenAbsmaxQuantiles);
  stats.sample = sampleFrom(tree, width);
  stats.sketch = sketchFrom(tree, width);
  stats.secondMoment = momentFrom(tree, stats.width);
  if (const DataTree* evidence = tree.find({"evidence"})) stats.evidence = readEvidence(*evidence);
  if (const DataTree* summary = tree.find({"summary"})) {
    forEachField(stats.summary, [&](const FieldInfo& info, auto& value) {
      getField(*summary, std::string(info.key), value);
    });
  } else {
    summarize(stats);
  }
  return stats;
}

}  // namespace ql
