#include "core/quant/initial_steps.h"

#include "core/base/error.h"
#include "core/jobs/parallel_for.h"
#include "core/quant/matrix_rule.h"
#include "core/quant/rtn_rows.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace ql {
namespace {

constexpr std::array<std::pair<const char*, const char*>, 6> kRules{{{"minmax", "none"},
                                                                     {"mse", "mse-gptq"},
                                                                     {"percentile", "percentile"},
                                                                     {"lsq", "lsq"},
                                                                     {"lsq-plus", "lsq-plus"},
                                                                     {"easyquant", "easyquant"}}};

// Half a step; flavours that put the extreme there exactly are off by a rounding.
constexpr double kHalf = 0.5001;

/// Sums of one part under its grid.
struct PartFigures {
  std::uint64_t count = 0, clipped = 0;
  double error = 0, gradient = 0;

  void add(const PartGrid& grid, float w) {
    if (!std::isfinite(w)) return;
    const float code = gridCode(grid, w);
    const double e = static_cast<double>(gridValue(grid, code)) - static_cast<double>(w);
    const double t =
        static_cast<double>(w) / static_cast<double>(grid.scale) + static_cast<double>(grid.shift);
    const bool isInside = t >= static_cast<double>(grid.lo) && t <= static_cast<double>(grid.hi);
    const double slope = static_cast<double>(code) - (isInside ? t : static_cast<double>(grid.shift));
    ++count;
    clipped += t < static_cast<double>(grid.lo) - kHalf || t > static_cast<double>(grid.hi) + kHalf ? 1 : 0;
    error += e * e;
    gradient += 2 * e * slope;
  }
};

/// What parts add up to.
struct Totals {
  std::uint64_t count = 0, clipped = 0, parts = 0;
  double error = 0, gradientSquares = 0;
  double low = 0, high = 0;

  void add(const PartFigures& part, const PartGrid& grid) {
    count += part.count;
    clipped += part.clipped;
    error += part.error;
    gradientSquares += part.gradient * part.gradient;
    ++parts;
    low = std::min(low, static_cast<double>(gridValue(grid, grid.lo)));
    high = std::max(high, static_cast<double>(gridValue(grid, grid.hi)));
  }

  void merge(const Totals& other) {
    count += other.count;
    clipped += other.clipped;
    parts += other.parts;
    error += other.error;
    gradientSquares += other.gradientSquares;
    low = std::min(low, other.low);
    high = std::max(high, other.high);
  }

  void writeTo(InitialSteps& steps, bool isInteger) const {
    steps.count = count;
    steps.low = low;
    steps.high = high;
    if (count > 0) {
      steps.clipFraction = static_cast<double>(clipped) / static_cast<double>(count);
      steps.mse = error / static_cast<double>(count);
    }
    if (isInteger && parts > 0) steps.gradientRms = std::sqrt(gradientSquares / static_cast<double>(parts));
  }
};

bool hasZeroPoints(const RtnRule& rule) {
  return !rule.symmetric || !rule.hasSignedCodes;
}

void setCodes(const RtnRule& rule, InitialSteps& steps) {
  steps.lo = rule.codeLo;
  steps.hi = rule.codeHi;
}

/// A pass over the matrix with a made quantizer.
class StepPass {
 public:
  StepPass(const RtnRowQuantizer& quantizer, const QuantizerInput& input)
      : m_quantizer(quantizer), m_input(input), m_in(static_cast<std::size_t>(input.in)) {
    const Partition& partition = quantizer.partition();
    m_bandRows = partition.height;
    m_bands = (input.out + m_bandRows - 1) / m_bandRows;
    m_parts = quantizer.partCount();
  }

  InitialSteps run() {
    const bool spansRows = m_quantizer.partition().needsRange;
    const std::int64_t unit = spansRows ? 128 : std::max<std::int64_t>(1, 128 / m_bandRows) * m_bandRows;
    const std::int64_t tiles = (m_input.out + unit - 1) / unit;
    begin();
    std::vector<std::vector<PartFigures>> figures(static_cast<std::size_t>(tiles));
    std::vector<Totals> totals(static_cast<std::size_t>(tiles));
    std::vector<PartFigures> whole(m_parts);  // where parts span rows
    Totals total;
    parallelForOrdered(
        *m_input.job, tiles,
        [&](std::int64_t tile) {
          const auto t = static_cast<std::size_t>(tile);
          measure(tile * unit, std::min(m_input.out, (tile + 1) * unit), spansRows, figures[t], totals[t]);
        },
        [&](std::int64_t tile) {
          const auto t = static_cast<std::size_t>(tile);
          total.merge(totals[t]);
          for (std::size_t p = 0; p < figures[t].size(); ++p) addTo(whole[p], figures[t][p]);
          figures[t].clear();
        });
    m_input.source->check(m_input.matrix);
    if (spansRows) {
      const std::vector<PartGrid> grids = m_quantizer.bandGrids({});
      for (std::size_t p = 0; p < m_parts; ++p) total.add(whole[p], grids[p]);
    }
    total.writeTo(m_result, !m_quantizer.rule().element);
    return std::move(m_result);
  }

 private:
  static void addTo(PartFigures& sums, const PartFigures& part) {
    sums.count += part.count;
    sums.clipped += part.clipped;
    sums.error += part.error;
    sums.gradient += part.gradient;
  }

  void begin() {
    const Partition& partition = m_quantizer.partition();
    const bool isTensor = partition.needsRange && m_parts == 1 && partition.width >= m_input.in;
    m_result.shape = {m_bands, static_cast<std::int64_t>(m_parts)};
    if (isTensor) m_result.shape = {1};
    const std::size_t count = static_cast<std::size_t>(m_bands) * m_parts;
    m_result.steps.resize(count);
    if (hasZeroPoints(m_quantizer.rule())) m_result.zeroPoints.resize(count);
    m_result.largestPart = std::min(partition.height, m_input.out) * std::min(partition.width, m_input.in);
    setCodes(m_quantizer.rule(), m_result);
    if (partition.needsRange) keepGrids(0, m_quantizer.bandGrids({}));
  }

  void keepGrids(std::size_t band, const std::vector<PartGrid>& grids) {
    for (std::size_t p = 0; p < grids.size(); ++p) {
      m_result.steps[band * m_parts + p] = grids[p].scale;
      if (!m_result.zeroPoints.empty()) m_result.zeroPoints[band * m_parts + p] = grids[p].zeroPoint;
    }
  }

  void measure(std::int64_t begin, std::int64_t end, bool spansRows, std::vector<PartFigures>& figures,
               Totals& total) {
    std::vector<float> rows(static_cast<std::size_t>(end - begin) * m_in);
    m_input.source->readRows(m_input.matrix, begin, end, rows);
    m_input.source->release(m_input.matrix, begin, end);
    const std::size_t band = spansRows ? rows.size() : static_cast<std::size_t>(m_bandRows) * m_in;
    for (std::size_t first = 0; first < rows.size(); first += band) {
      const auto part = std::span<const float>(rows).subspan(first, std::min(band, rows.size() - first));
      const std::vector<PartGrid> grids = m_quantizer.bandGrids(part);
      figures.assign(m_parts, PartFigures{});
      const std::size_t width = static_cast<std::size_t>(m_quantizer.partition().width);
      for (std::size_t i = 0; i < part.size(); ++i) {
        const std::size_t p = i % m_in / width;
        figures[p].add(grids[p], part[i]);
      }
      if (spansRows) continue;
      keepGrids(static_cast<std::size_t>(begin / m_bandRows) + first / band, grids);
      for (std::size_t p = 0; p < m_parts; ++p) total.add(figures[p], grids[p]);
      figures.clear();
      m_input.job->step();
    }
    m_input.job->step();
  }

  const RtnRowQuantizer& m_quantizer;
  const QuantizerInput& m_input;
  std::size_t m_in, m_parts = 0;
  std::int64_t m_bandRows = 1, m_bands = 1;
  InitialSteps m_result;
};

WeightScheme rowsOf(const ActScheme& scheme) {
  WeightScheme rows;
  rows.format = scheme.format;
  rows.symmetric = scheme.symmetric;
  rows.flavour = scheme.flavour;
  return rows;
}

/// The rule that an activation can be set by.
std::string ruleFor(const ActScheme& scheme, const ActivationStats& stats, const std::string& rule,
                    double percent) {
  if (rule == "minmax" || rule == "lsq-plus" || !stats.hasSample()) return "minmax";
  try {
    requireMeasurable(withInitialRule(rowsOf(scheme), rule, percent));
  } catch (const Error&) {
    return "minmax";
  }
  return rule;
}

}  // namespace

const std::vector<std::string>& initialRules() {
  static const std::vector<std::string> rules = [] {
    std::vector<std::string> names;
    for (const auto& [rule, clip] : kRules) names.emplace_back(rule);
    return names;
  }();
  return rules;
}

WeightScheme withInitialRule(const WeightScheme& scheme, std::string_view rule, double percent) {
  WeightScheme result = scheme;
  result.outliers.reset();
  result.algorithm = {"rtn", {}};
  const auto found =
      std::find_if(kRules.begin(), kRules.end(), [&](const auto& r) { return r.first == rule; });
  if (found == kRules.end()) {
    std::string known;
    for (const std::string& name : initialRules()) known += (known.empty() ? "" : ", ") + name;
    throw Error(ErrorCode::Usage,
                "The rule \"" + std::string(rule) + "\" for first ranges is not known; use " + known + ".");
  }
  OptionValues options;
  if (rule == "mse") options["norm"] = 2.0;
  if (rule == "percentile") options["percent"] = percent;
  result.clip = clipChoice(found->second, options);
  return result;
}

InitialSteps initialSteps(const WeightScheme& scheme, const QuantizerInput& input) {
  requireMeasurable(scheme);
  const RtnRule rule = matrixRule(scheme, input);
  if (rule.block.rule != BlockScale::Rule::None || rule.hasDetour())
    throw Error(ErrorCode::Unsupported, scheme.format + " with the flavour " + scheme.flavour +
                                            " has no step that training could learn.");
  return StepPass(*makeRtnRows(scheme, rule, clipRule(scheme), input), input).run();
}

InitialSteps initialActivationSteps(const ActScheme& scheme, const ActivationStats& stats, std::string& rule,
                                    double percent) {
  if (scheme.dynamic || scheme.outlierThreshold || scheme.groups)
    throw Error(ErrorCode::Unsupported, "Dynamic activations have no step before they are there.");
  if (stats.all.min.empty() || stats.all.max.empty())
    throw Error(ErrorCode::Unsupported, "The extremes of the activations are not known.");
  rule = ruleFor(scheme, stats, rule, percent);
  const WeightScheme rows = withInitialRule(rowsOf(scheme), rule, percent);
  const RtnRule grid = rtnRule(rows);
  const ClipRule clip = clipRule(rows);
  const auto width = static_cast<std::size_t>(stats.width);
  const std::size_t part = scheme.granularity == Granularity::Group
                               ? std::min(width, static_cast<std::size_t>(*scheme.groupSize))
                               : width;
  InitialSteps result;
  setCodes(grid, result);
  result.shape = {static_cast<std::int64_t>((width + part - 1) / part)};
  result.largestPart = static_cast<std::int64_t>(part);
  Totals total;
  for (std::size_t begin = 0; begin < width; begin += part) {
    const std::size_t end = std::min(width, begin + part);
    const auto at = [](const std::vector<float>& v, std::size_t i) {
      return v.begin() + static_cast<std::ptrdiff_t>(i);
    };
    std::vector<float> values;
    for (std::int64_t token = 0; token < stats.sample.count(); ++token) {
      const auto row = stats.sample.row(token).subspan(begin, end - begin);
      std::copy_if(row.begin(), row.end(), std::back_inserter(values),
                   [](float v) { return std::isfinite(v); });
    }
    const PartGrid found =
        rule == "minmax" ? partGrid(grid, *std::min_element(at(stats.all.min, begin), at(stats.all.min, end)),
                                    *std::max_element(at(stats.all.max, begin), at(stats.all.max, end)))
                         : searchGrid(grid, clip, {values, {}}, clip.steps);
    PartFigures figures;
    for (const float v : values) figures.add(found, v);
    total.add(figures, found);
    result.steps.push_back(found.scale);
    if (hasZeroPoints(grid)) result.zeroPoints.push_back(found.zeroPoint);
  }
  total.writeTo(result, !grid.element);
  return result;
}

double lsqGradientScale(std::int64_t count, double largestCode) {
  const double product = static_cast<double>(count) * largestCode;
  return product > 0 ? 1 / std::sqrt(product) : 0;
}

}  // namespace ql
