// Weight statistics to and from a DataTree. What comes from a file is checked before it is used.
#include "core/base/dtype.h"
#include "core/base/error.h"
#include "core/base/evidence_tree.h"
#include "core/stats/weight_stats.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace ql {
namespace {

[[noreturn]] void damaged(const std::string& what) {
  throw Error(ErrorCode::Store, "Stored weight statistics are damaged: " + what +
                                    "; delete the statistics file and measure again.");
}

// Channels
// ---------------------------------------------------------------------------------------------------------

bool areFloats(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double value) {
    return std::abs(value) <= double{std::numeric_limits<float>::max()} &&
           static_cast<double>(static_cast<float>(value)) == value;
  });
}

DataArray sumArray(const std::vector<double>& values, const std::string& unit, const std::string& axis) {
  if (areFloats(values)) return makeArray(std::vector<float>(values.begin(), values.end()), unit, {axis});
  return makeArray(values, unit, {axis});
}

std::vector<double> sumValues(const DataTree& tree, const std::string& name, std::uint64_t count) {
  const auto found = tree.arrays.find(name);
  if (found != tree.arrays.end() && found->second.type == ArrayType::F32) {
    const auto values = arrayValues<float>(tree, name, count);
    return {values.begin(), values.end()};
  }
  return arrayValues<double>(tree, name, count);
}

// Counts are left out where all are zero, and 32-bit where they fit.
void putCounts(DataTree& tree, const std::string& name, const std::vector<std::uint64_t>& counts,
               const std::string& axis) {
  if (counts.empty()) return;
  const std::uint64_t largest = *std::max_element(counts.begin(), counts.end());
  if (largest == 0) return;
  if (largest > std::numeric_limits<std::uint32_t>::max()) {
    tree.arrays[name] = makeArray(counts, "", {axis});
    return;
  }
  std::vector<std::uint32_t> narrow(counts.size());
  std::transform(counts.begin(), counts.end(), narrow.begin(),
                 [](std::uint64_t c) { return static_cast<std::uint32_t>(c); });
  tree.arrays[name] = makeArray(narrow, "", {axis});
}

std::vector<std::uint64_t> countValues(const DataTree& tree, const std::string& name, std::uint64_t count) {
  const auto found = tree.arrays.find(name);
  if (found == tree.arrays.end()) return std::vector<std::uint64_t>(count, 0);
  if (found->second.type != ArrayType::U32) return arrayValues<std::uint64_t>(tree, name, count);
  const auto narrow = arrayValues<std::uint32_t>(tree, name, count);
  return {narrow.begin(), narrow.end()};
}

void putChannels(DataTree& tree, const std::string& prefix, const ChannelStats& stats,
                 const std::string& axis) {
  tree.arrays[prefix + "_absmax"] = makeArray(stats.absmax, "weight", {axis});
  tree.arrays[prefix + "_min"] = makeArray(stats.min, "weight", {axis});
  tree.arrays[prefix + "_max"] = makeArray(stats.max, "weight", {axis});
  tree.arrays[prefix + "_sum"] = sumArray(stats.sum, "weight", axis);
  tree.arrays[prefix + "_sum_sq"] = sumArray(stats.sumSq, "weight^2", axis);
  tree.arrays[prefix + "_sum_quad"] = sumArray(stats.sumQuad, "weight^4", axis);
  putCounts(tree, prefix + "_zeros", stats.zeros, axis);
  putCounts(tree, prefix + "_nans", stats.nans, axis);
  putCounts(tree, prefix + "_pos_infs", stats.posInfs, axis);
  putCounts(tree, prefix + "_neg_infs", stats.negInfs, axis);
}

ChannelStats channels(const DataTree& tree, const std::string& prefix, std::uint64_t count) {
  ChannelStats stats;
  stats.absmax = arrayValues<float>(tree, prefix + "_absmax", count);
  stats.min = arrayValues<float>(tree, prefix + "_min", count);
  stats.max = arrayValues<float>(tree, prefix + "_max", count);
  stats.sum = sumValues(tree, prefix + "_sum", count);
  stats.sumSq = sumValues(tree, prefix + "_sum_sq", count);
  stats.sumQuad = sumValues(tree, prefix + "_sum_quad", count);
  stats.zeros = countValues(tree, prefix + "_zeros", count);
  stats.nans = countValues(tree, prefix + "_nans", count);
  stats.posInfs = countValues(tree, prefix + "_pos_infs", count);
  stats.negInfs = countValues(tree, prefix + "_neg_infs", count);
  return stats;
}

// Pyramid
// ----------------------------------------------------------------------------------------------------------

// Bit patterns of `values` when 16 bits hold every one exactly.
template <class ToCode, class ToFloat>
bool encode(const std::vector<float>& values, ToCode toCode, ToFloat toFloat,
            std::vector<std::uint16_t>& codes) {
  codes.resize(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    codes[i] = toCode(values[i]);
    if (std::bit_cast<std::uint32_t>(toFloat(codes[i])) != std::bit_cast<std::uint32_t>(values[i]))
      return false;
  }
  return true;
}

std::string encodingOf(const PyramidLevel& level) {
  std::vector<std::uint16_t> codes;
  const auto fits = [&](auto toCode, auto toFloat) {
    return encode(level.min, toCode, toFloat, codes) && encode(level.max, toCode, toFloat, codes);
  };
  if (fits(floatToBf16, bf16ToFloat)) return "bf16";
  return fits(floatToFp16, fp16ToFloat) ? "f16" : "f32";
}

DataArray texelArray(const std::vector<float>& values, const std::string& encoding,
                     const PyramidLevel& level) {
  const std::vector<std::string> axes{"output tile", "input tile"};
  const std::vector<std::uint64_t> shape{static_cast<std::uint64_t>(level.rows),
                                         static_cast<std::uint64_t>(level.columns)};
  std::vector<std::uint16_t> codes;
  if (encoding == "bf16" && encode(values, floatToBf16, bf16ToFloat, codes))
    return makeArray(codes, "bf16 bits of weight", axes, shape);
  if (encoding == "f16" && encode(values, floatToFp16, fp16ToFloat, codes))
    return makeArray(codes, "f16 bits of weight", axes, shape);
  return makeArray(values, "weight", axes, shape);
}

std::vector<float> texelValues(const DataTree& tree, const std::string& name, const std::string& encoding,
                               std::uint64_t count) {
  const auto found = tree.arrays.find(name);
  if (found == tree.arrays.end() || found->second.type == ArrayType::F32)
    return arrayValues<float>(tree, name, count);
  const auto codes = arrayValues<std::uint16_t>(tree, name, count);
  std::vector<float> values(codes.size());
  std::transform(codes.begin(), codes.end(), values.begin(), encoding == "f16" ? fp16ToFloat : bf16ToFloat);
  return values;
}

DataTree pyramidTree(const TilePyramid& pyramid) {
  const PyramidLevel& level = pyramid.levels.front();
  const std::string encoding = encodingOf(level);
  DataTree tree;
  tree.attributes["tile"] = level.tile;
  tree.attributes["encoding"] = encoding;
  tree.arrays["min"] = texelArray(level.min, encoding, level);
  tree.arrays["max"] = texelArray(level.max, encoding, level);
  tree.arrays["mean"] = texelArray(level.mean, "bf16", level);
  if (std::any_of(level.nonFinite.begin(), level.nonFinite.end(),
                  [](std::uint8_t bits) { return bits != 0; })) {
    const std::vector<std::uint16_t> flags(level.nonFinite.begin(), level.nonFinite.end());
    tree.arrays["non_finite"] = makeArray(flags, "", {"output tile", "input tile"}, tree.arrays["min"].shape);
  }
  return tree;
}

TilePyramid pyramidFromTree(const DataTree& tree, std::int64_t out, std::int64_t in) {
  PyramidLevel level;
  level.tile = intAttribute(tree, "tile");
  if (level.tile < 1 || level.tile > (std::int64_t{1} << 32) ||
      !std::has_single_bit(static_cast<std::uint64_t>(level.tile)))
    damaged("the pyramid's tile is " + std::to_string(level.tile));
  level.rows = (out + level.tile - 1) / level.tile;
  level.columns = (in + level.tile - 1) / level.tile;
  const auto texels = static_cast<std::uint64_t>(level.rows) * static_cast<std::uint64_t>(level.columns);
  const std::string encoding = stringAttribute(tree, "encoding");
  level.min = texelValues(tree, "min", encoding, texels);
  level.max = texelValues(tree, "max", encoding, texels);
  level.mean = texelValues(tree, "mean", "bf16", texels);
  level.absmax.resize(level.min.size());
  for (std::size_t i = 0; i < level.min.size(); ++i)
    level.absmax[i] = std::max(std::abs(level.min[i]), std::abs(level.max[i]));
  level.nonFinite.assign(level.min.size(), 0);
  if (tree.arrays.count("non_finite") != 0) {
    const auto flags = arrayValues<std::uint16_t>(tree, "non_finite", texels);
    std::transform(flags.begin(), flags.end(), level.nonFinite.begin(),
                   [](std::uint16_t bits) { return static_cast<std::uint8_t>(bits & 7); });
  }
  return pyramidFromLevel(out, in, std::move(level));
}

// Histogram, top entries, summary
// ----------------------------------------------------------------------------------

void putHistogram(DataTree& tree, const LogHistogram& histogram) {
  if (histogram.counts.empty()) return;
  const auto used = [](std::uint64_t count) { return count != 0; };
  const auto first = std::find_if(histogram.counts.begin(), histogram.counts.end(), used);
  const auto last = std::find_if(histogram.counts.rbegin(), histogram.counts.rend(), used).base();
  tree.attributes["histogram_first_bin"] = static_cast<std::int64_t>(first - histogram.counts.begin());
  tree.arrays["histogram"] = first == histogram.counts.end()
                                 ? makeArray(std::vector<std::uint64_t>{}, "", {"bin of |w|"})
                                 : makeArray(std::vector<std::uint64_t>(first, last), "", {"bin of |w|"});
}

LogHistogram histogramFrom(const DataTree& tree) {
  LogHistogram histogram;
  const auto found = tree.arrays.find("histogram");
  if (found == tree.arrays.end()) return histogram;
  const std::uint64_t bins = found->second.shape.size() == 1 ? found->second.shape[0] : 0;
  const std::int64_t first = intAttribute(tree, "histogram_first_bin");
  if (first < 0 || first > 2048 || bins > static_cast<std::uint64_t>(2048 - first))
    damaged("the histogram is too long");
  const auto counts = arrayValues<std::uint64_t>(tree, "histogram", bins);
  histogram.counts.assign(2048, 0);
  std::copy(counts.begin(), counts.end(), histogram.counts.begin() + first);
  return histogram;
}

void putTop(DataTree& tree, const std::vector<TopEntry>& top) {
  std::vector<std::int64_t> places;
  std::vector<float> values;
  for (const TopEntry& entry : top) {
    places.push_back(entry.row);
    places.push_back(entry.column);
    values.push_back(entry.value);
  }
  tree.arrays["top_k"] = makeArray(values, "weight", {"rank"});
  tree.arrays["top_k_position"] = makeArray(places, "", {"rank", "output and input channel"},
                                            {static_cast<std::uint64_t>(top.size()), 2});
}

std::vector<TopEntry> topFrom(const DataTree& tree, std::int64_t out, std::int64_t in) {
  const auto found = tree.arrays.find("top_k");
  if (found == tree.arrays.end() || found->second.shape.size() != 1)
    damaged("the largest weights are missing");
  const std::uint64_t count = found->second.shape[0];
  if (count > 1 << 20) damaged("the list of the largest weights is too long");
  const auto values = arrayValues<float>(tree, "top_k", count);
  const auto places = arrayValues<std::int64_t>(tree, "top_k_position", 2 * count);
  std::vector<TopEntry> top(count);
  for (std::size_t i = 0; i < top.size(); ++i) {
    top[i] = {places[2 * i], places[2 * i + 1], values[i]};
    if (top[i].row < 0 || top[i].row >= out || top[i].column < 0 || top[i].column >= in)
      damaged("one of the largest weights lies outside the matrix");
  }
  return top;
}

AttributeValue toAttribute(double value) {
  return value;
}
AttributeValue toAttribute(std::int64_t value) {
  return value;
}
AttributeValue toAttribute(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}
AttributeValue toAttribute(bool value) {
  return static_cast<std::int64_t>(value);
}

void fromAttribute(const DataTree& tree, const std::string& key, double& value) {
  value = doubleAttribute(tree, key);
}
void fromAttribute(const DataTree& tree, const std::string& key, std::int64_t& value) {
  value = intAttribute(tree, key);
}
void fromAttribute(const DataTree& tree, const std::string& key, bool& value) {
  value = intAttribute(tree, key) != 0;
}
void fromAttribute(const DataTree& tree, const std::string& key, std::uint64_t& value) {
  const std::int64_t stored = intAttribute(tree, key);
  if (stored < 0) damaged(key + " is negative");
  value = static_cast<std::uint64_t>(stored);
}

const DataTree& child(const DataTree& tree, const std::string& name) {
  const auto found = tree.children.find(name);
  if (found == tree.children.end()) damaged("the part " + name + " is missing");
  return found->second;
}

}  // namespace

DataTree toDataTree(const WeightStats& stats) {
  DataTree tree;
  tree.attributes["out"] = stats.out;
  tree.attributes["in"] = stats.in;
  putChannels(tree, "row", stats.rows, "output channel");
  putChannels(tree, "column", stats.columns, "input channel");
  tree.arrays["row_argmax"] = makeArray(stats.rowArgmax, "", {"output channel"});
  putHistogram(tree, stats.histogram);
  putTop(tree, stats.top);
  DataTree& summary = tree.children["summary"];
  forEachField(stats.summary, [&](const FieldInfo& info, const auto& value) {
    summary.attributes[std::string(info.key)] = toAttribute(value);
  });
  writeEvidence(stats.evidence, tree.children["evidence"]);
  if (!stats.pyramid.levels.empty()) tree.children["pyramid"] = pyramidTree(stats.pyramid);
  return tree;
}

WeightStats weightStatsFromDataTree(const DataTree& tree) {
  WeightStats stats;
  stats.out = intAttribute(tree, "out");
  stats.in = intAttribute(tree, "in");
  constexpr std::int64_t kMax = std::int64_t{1} << 31;
  if (stats.out < 0 || stats.in < 0 || stats.out >= kMax || stats.in >= kMax)
    damaged("the shape is " + std::to_string(stats.out) + " x " + std::to_string(stats.in));
  stats.rows = channels(tree, "row", static_cast<std::uint64_t>(stats.out));
  stats.columns = channels(tree, "column", static_cast<std::uint64_t>(stats.in));
  stats.rowArgmax = arrayValues<std::int32_t>(tree, "row_argmax", static_cast<std::uint64_t>(stats.out));
  for (const std::int32_t column : stats.rowArgmax)
    if (column < -1 || column >= stats.in) damaged("row_argmax points outside the matrix");
  stats.histogram = histogramFrom(tree);
  stats.top = topFrom(tree, stats.out, stats.in);
  const DataTree& summary = child(tree, "summary");
  forEachField(stats.summary, [&](const FieldInfo& info, auto& value) {
    fromAttribute(summary, std::string(info.key), value);
  });
  stats.evidence = readEvidence(child(tree, "evidence"));
  const auto pyramid = tree.children.find("pyramid");
  if (pyramid != tree.children.end()) stats.pyramid = pyramidFromTree(pyramid->second, stats.out, stats.in);
  return stats;
}

}  // namespace ql
