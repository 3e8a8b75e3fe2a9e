// One or one and a half bits: signs, or -1, 0 and 1, times the mean magnitude of a part. Sources: BitNet
// b1.58, arXiv:2402.17764, with the code of its "training tips" (weight_quant); LLM-QAT, arXiv:2305.17888,
// utils_quant.py with w_bits = 1.
#include "core/base/error.h"
#include "core/jobs/parallel_for.h"
#include "core/quant/quantizer.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace ql {
namespace {

struct Rule {
  bool isBinary = false;
  /// LLM-QAT takes torch.sign, where 0 stays 0; a stored bit has no 0, so that others make it +1.
  bool keepsZero = false;
};

/// The mean magnitude of a part's finite weights.
struct MeanAbs {
  double sum = 0;
  std::uint64_t count = 0;

  void add(float w) {
    if (!std::isfinite(w)) return;
    sum += std::abs(static_cast<double>(w));
    ++count;
  }
  void merge(const MeanAbs& other) {
    sum += other.sum;
    count += other.count;
  }
  float value() const { return count == 0 ? 0.0f : static_cast<float>(sum / static_cast<double>(count)); }
};

/// Bands of `height` rows, each cut into parts of `width` columns.
struct Partition {
  std::int64_t height = 1, width = 1;
  bool spansRows = false;  // parts go through all rows: their means are found before the first
};

Partition partitionOf(const WeightScheme& scheme, std::int64_t out, std::int64_t in) {
  switch (scheme.granularity) {
    case Granularity::Tensor:
      return {1, in, true};
    case Granularity::InputChannel:
      return {1, 1, true};
    case Granularity::Group:
      return {1, std::min(*scheme.groupSize, in), false};
    case Granularity::GroupInChannel:
      return {std::min(*scheme.groupSize, out), 1, false};
    case Granularity::Block:
      return {std::min((*scheme.block)[0], out), std::min((*scheme.block)[1], in), false};
    default:
      return {1, in, false};
  }
}

class TernaryRowQuantizer : public RowQuantizer {
 public:
  TernaryRowQuantizer(Rule rule, Partition partition, std::int64_t in, std::vector<float> means)
      : m_rule(rule), m_partition(partition), m_in(static_cast<std::size_t>(in)), m_means(std::move(means)) {}

  std::int64_t rowUnit() const override { return m_partition.height; }

  void apply(std::int64_t rowBegin, std::int64_t rowCount, std::span<const float> rows,
             std::span<float> quantized, std::span<std::uint8_t> isZeroCode) const override {
    const std::size_t count = static_cast<std::size_t>(rowCount) * m_in;
    QL_ASSERT(rowBegin % rowUnit() == 0 && rows.size() == count && quantized.size() == count);
    QL_ASSERT(isZeroCode.empty() || isZeroCode.size() == count);
    forEachCode(rows, [&](std::size_t i, int code, float value) {
      const bool isFinite = std::isfinite(rows[i]);
      quantized[i] = isFinite ? value : rows[i];
      // in binary, the code of 0 is that of everything positive: only weights that became 0 count
      if (!isZeroCode.empty()) isZeroCode[i] = isFinite && (m_rule.isBinary ? value == 0 : code == 0) ? 1 : 0;
    });
  }

  /// Calls visit(index into rows, code, value) band by band; non-finite weights have code 0.
  template <class Visit>
  void forEachCode(std::span<const float> rows, const Visit& visit) const {
    const std::size_t band = static_cast<std::size_t>(m_partition.height) * m_in;
    for (std::size_t begin = 0; begin < rows.size(); begin += band) {
      const std::size_t end = std::min(rows.size(), begin + band);
      const std::vector<float> means =
          m_partition.spansRows ? m_means : bandMeans(rows.subspan(begin, end - begin));
      for (std::size_t i = begin; i < end; ++i) {
        const float mean = means[i % m_in / static_cast<std::size_t>(m_partition.width)];
        const int code = codeOf(rows[i], mean);
        visit(i, code, valueOf(code, mean));
      }
    }
  }

  /// What a code of 1 stands for.
  float scaleOf(float mean) const { return valueOf(1, mean); }

  std::vector<float> bandMeans(std::span<const float> rows) const {
    const auto width = static_cast<std::size_t>(m_partition.width);
    std::vector<MeanAbs> sums((m_in + width - 1) / width);
    for (std::size_t i = 0; i < rows.size(); ++i) sums[i % m_in / width].add(rows[i]);
    std::vector<float> means(sums.size());
    std::transform(sums.begin(), sums.end(), means.begin(), [](const MeanAbs& sum) { return sum.value(); });
    return means;
  }

 private:
  /// weight_quant: scale = 1 / clamp(mean|w|, 1e-5), round half to even, clamp to [-1, 1].
  static float inverseScale(float mean) { return 1.0f / std::max(mean, 1e-5f); }

  int codeOf(float w, float mean) const {
    if (!std::isfinite(w)) return 0;
    if (m_rule.isBinary) return w == 0 && m_rule.keepsZero ? 0 : w < 0 ? -1 : 1;
    return static_cast<int>(std::clamp(std::nearbyint(w * inverseScale(mean)), -1.0f, 1.0f));
  }

  float valueOf(int code, float mean) const {
    const float c = static_cast<float>(code);
    return m_rule.isBinary ? c * mean : c / inverseScale(mean);
  }

  Rule m_rule;
  Partition m_partition;
  std::size_t m_in;
  std::vector<float> m_means;  // of parts that span rows
};

/// Mean magnitudes of columns, or of everything, from tiles of fixed height added in order.
std::vector<float> meansOverRows(
    const WeightScheme& scheme, std::int64_t out, std::int64_t in,
    const std::function<std::vector<MeanAbs>(std::int64_t, std::int64_t)>& sumRows, JobContext& job) {
  constexpr std::int64_t kTileRows = 128;
  std::vector<MeanAbs> columns(static_cast<std::size_t>(in));
  std::vector<std::vector<MeanAbs>> tiles(static_cast<std::size_t>((out + kTileRows - 1) / kTileRows));
  parallelForOrdered(
      job, static_cast<std::int64_t>(tiles.size()),
      [&](std::int64_t tile) {
        tiles[static_cast<std::size_t>(tile)] =
            sumRows(tile * kTileRows, std::min(out, (tile + 1) * kTileRows));
        job.step();
      },
      [&](std::int64_t tile) {
        const std::vector<MeanAbs> sums = std::move(tiles[static_cast<std::size_t>(tile)]);
        for (std::size_t j = 0; j < columns.size(); ++j) columns[j].merge(sums[j]);
      });
  if (scheme.granularity == Granularity::Tensor) {
    for (std::size_t j = 1; j < columns.size(); ++j) columns[0].merge(columns[j]);
    columns.resize(1);
  }
  std::vector<float> means(columns.size());
  std::transform(columns.begin(), columns.end(), means.begin(),
                 [](const MeanAbs& sum) { return sum.value(); });
  return means;
}

std::vector<MeanAbs> sumColumns(std::span<const float> rows, std::size_t in) {
  std::vector<MeanAbs> sums(in);
  for (std::size_t i = 0; i < rows.size(); ++i) sums[i % in].add(rows[i]);
  return sums;
}

Rule ruleOf(const WeightScheme& scheme) {
  return {scheme.format == "binary", scheme.flavour == "llm-qat"};
}

QuantizerNeeds needs(const WeightScheme& scheme) {
  return {false, partitionOf(scheme, 1, 1).spansRows, false};
}

void check(const WeightScheme& scheme) {
  if (scheme.format == "binary" || scheme.flavour != "llm-qat") return;
  throw Error(ErrorCode::Unsupported,
              "LLM-QAT has no ternary weights; use binary, or leave the flavour out for ternary.");
}

std::unique_ptr<RowQuantizer> make(const WeightScheme& scheme, const QuantizerInput& input) {
  const Partition partition = partitionOf(scheme, input.out, input.in);
  std::vector<float> means;
  if (partition.spansRows) {
    const auto sum = [&](std::int64_t begin, std::int64_t end) {
      std::vector<float> rows(static_cast<std::size_t>((end - begin) * input.in));
      input.source->readRows(input.matrix, begin, end, rows);
      return sumColumns(rows, static_cast<std::size_t>(input.in));
    };
    means = meansOverRows(scheme, input.out, input.in, sum, *input.job);
  }
  return std::make_unique<TernaryRowQuantizer>(ruleOf(scheme), partition, input.in, std::move(means));
}

QuantizedMatrix quantize(const WeightScheme& scheme, std::int64_t out, std::int64_t in,
                         std::span<const float> weights) {
  const Partition partition = partitionOf(scheme, out, in);
  const auto width = static_cast<std::size_t>(in);
  std::vector<float> means;
  if (partition.spansRows) {
    JobContext job(1);
    const auto sum = [&](std::int64_t begin, std::int64_t end) {
      return sumColumns(weights.subspan(static_cast<std::size_t>(begin) * width,
                                        static_cast<std::size_t>(end - begin) * width),
                        width);
    };
    means = meansOverRows(scheme, out, in, sum, job);
  }
  const TernaryRowQuantizer quantizer(ruleOf(scheme), partition, in, means);
  QuantizedMatrix result{out, in, {}, {}, {}, {}, out % partition.height != 0 || in % partition.width != 0};
  result.codes.resize(weights.size());
  result.dequantized.resize(weights.size());
  quantizer.apply(0, out, weights, result.dequantized, {});
  quantizer.forEachCode(weights, [&](std::size_t i, int code, float) { result.codes[i] = code; });

  const std::size_t band = static_cast<std::size_t>(partition.height) * width;
  for (std::size_t begin = 0; !partition.spansRows && begin < weights.size(); begin += band) {
    const std::vector<float> bandMeans =
        quantizer.bandMeans(weights.subspan(begin, std::min(band, weights.size() - begin)));
    means.insert(means.end(), bandMeans.begin(), bandMeans.end());
  }
  for (const float mean : means) result.scales.push_back(quantizer.scaleOf(mean));
  return result;
}

}  // namespace

const Quantizer& ternaryQuantizer();

const Quantizer& ternaryQuantizer() {
  static const Quantizer quantizer{
      "rtn",
      "Signs, or -1, 0 and 1, times the mean magnitude of a part; needs no data.",
      "BitNet b1.58, arXiv:2402.17764; LLM-QAT, arXiv:2305.17888, with 1 bit",
      {},
      {"ternary", "binary"},
      {"compressed-tensors", "llm-qat"},
      {"none"},
      needs,
      check,
      make,
      quantize,
      nullptr};
  return quantizer;
}

}  // namespace ql
