#include "core/calib/imports/activation_arrays.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/base/sha256.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <numeric>
#include <optional>

namespace ql {
namespace {

constexpr std::string_view kInput = ".input";
constexpr std::string_view kTokenIds = "token_ids";
constexpr std::int64_t kTileFloats = 4 << 20;  // 16 MiB of float32
constexpr std::int64_t kLeastRows = 64, kMostRows = 4096;

std::size_t bytesOf(DType dtype, std::size_t count) {
  return count * static_cast<std::size_t>(dtypeInfo(dtype).bits) / 8;
}

/// Windows and tokens a window of [tokens, in] or [windows, tokens, in].
struct Layout {
  std::int64_t windows = 1, tokens = 0, width = 0;
  std::int64_t rows() const { return windows * tokens; }
};

template <class T>
std::int32_t narrowed(const std::byte* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max());
  if (value < T{0} || static_cast<std::uint64_t>(value) > kMost) return -1;  // unknown
  return static_cast<std::int32_t>(value);
}

std::int32_t tokenId(DType dtype, const std::byte* bytes) {
  switch (dtype) {
    case DType::I64:
      return narrowed<std::int64_t>(bytes);
    case DType::U64:
      return narrowed<std::uint64_t>(bytes);
    case DType::I32:
      return narrowed<std::int32_t>(bytes);
    case DType::U32:
      return narrowed<std::uint32_t>(bytes);
    case DType::I16:
      return narrowed<std::int16_t>(bytes);
    case DType::U16:
      return narrowed<std::uint16_t>(bytes);
    default:
      return -1;
  }
}

class Accumulation {
 public:
  Accumulation(const ArrayFile& file, const AccumulatorOptions& options, ImportedSites& sites,
               JobContext& job)
      : m_file(file), m_options(options), m_sites(sites), m_job(job) {}

  void run() {
    const auto& arrays = m_file.arrays();
    std::map<std::size_t, std::vector<std::size_t>> bySite;
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      const std::string& name = arrays[i].name;
      m_byName.emplace(name, i);
      if (!name.ends_with(kInput)) {
        if (!name.ends_with(kTokenIds)) m_sites.noteUnknown(name);
        continue;
      }
      const auto site = m_sites.siteOf(std::string_view(name).substr(0, name.size() - kInput.size()), name);
      if (!site) continue;
      const Layout layout = layoutOf(arrays[i]);
      m_sites.requireWidth(*site, name, layout.width);
      if (layout.rows() == 0)
        m_sites.noteEmpty(name);
      else
        bySite[*site].push_back(i);
    }
    for (const auto& [site, numbers] : bySite) addSite(site, numbers);
  }

 private:
  Layout layoutOf(const NamedArray& array) const {
    const bool isFloat = array.dtype == DType::F32 || array.dtype == DType::F16 ||
                         array.dtype == DType::BF16 || array.dtype == DType::F64;
    if (!isFloat)
      throw Error(ErrorCode::Unsupported,
                  m_sites.where() + ": " + quotedText(array.name) + " is of type " +
                      std::string(dtypeInfo(array.dtype).name) +
                      "; activations are F32, F16, BF16 or F64, save them as one of these.");
    if (array.shape.size() != 2 && array.shape.size() != 3)
      throw Error(ErrorCode::Shape, m_sites.where() + ": " + quotedText(array.name) + " has the shape " +
                                        shapeText(array.shape) +
                                        "; [tokens, channels] or [windows, tokens, channels] was expected.");
    Layout layout;
    layout.width = array.shape.back();
    layout.tokens = array.shape[array.shape.size() - 2];
    if (array.shape.size() == 3) layout.windows = array.shape[0];
    constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
    if (layout.tokens > kMost || layout.windows > kMost)
      throw Error(ErrorCode::Shape, m_sites.where() + ": " + quotedText(array.name) + " has the shape " +
                                        shapeText(array.shape) +
                                        "; at most 2,147,483,647 tokens can be read.");
    return layout;
  }

  void addSite(std::size_t site, const std::vector<std::size_t>& numbers) {
    const std::string& first = m_file.arrays()[numbers[0]].name;
    m_job.setStage("Reading " + quotedText(first));
    const bool hasTwins = numbers.size() > 1;
    const std::string hash = accumulate(site, numbers[0], hasTwins);
    for (std::size_t i = 1; i < numbers.size(); ++i) {
      if (hashOf(numbers[i]) != hash) m_sites.throwDifferent(site, first, m_file.arrays()[numbers[i]].name);
    }
  }

  /// Calls use(first row, values) for tiles of rows in order.
  template <class Use>
  void forTiles(std::size_t number, const Use& use) {
    const NamedArray& array = m_file.arrays()[number];
    const Layout layout = layoutOf(array);
    const std::int64_t tile = std::clamp(kTileFloats / layout.width, kLeastRows, kMostRows);
    const auto stream = m_file.open(number);
    std::vector<std::byte> bytes;
    std::vector<float> values;
    for (std::int64_t row = 0; row < layout.rows(); row += tile) {
      const auto count = static_cast<std::size_t>(std::min(tile, layout.rows() - row) * layout.width);
      bytes.resize(bytesOf(array.dtype, count));
      values.resize(count);
      stream->read(bytes);
      convertToFloat(array.dtype, bytes, values);
      use(row, std::span<const float>(values));
      m_job.step(bytes.size());
    }
    stream->finish();
  }

  /// Equal values have equal hashes, in whatever type they are stored.
  std::string hashOf(std::size_t number) {
    Sha256 hash;
    const Layout layout = layoutOf(m_file.arrays()[number]);
    hash.add(static_cast<std::uint64_t>(layout.windows));
    hash.add(static_cast<std::uint64_t>(layout.tokens));
    forTiles(number, [&](std::int64_t, std::span<const float> values) { hash.add(std::as_bytes(values)); });
    return hash.finish();
  }

  /// Returns the values' hash when `needsHash`.
  std::string accumulate(std::size_t site, std::size_t number, bool needsHash) {
    const NamedArray& array = m_file.arrays()[number];
    const Layout layout = layoutOf(array);
    const std::vector<std::int32_t> ids = idsOf(array, layout);
    ActivationAccumulator accumulator(layout.width, m_options);
    Sha256 hash;
    hash.add(static_cast<std::uint64_t>(layout.windows));
    hash.add(static_cast<std::uint64_t>(layout.tokens));
    forTiles(number, [&](std::int64_t row, std::span<const float> values) {
      const auto count = values.size() / static_cast<std::size_t>(layout.width);
      m_positions.resize(count);
      m_windows.resize(count);
      for (std::size_t i = 0; i < count; ++i) {
        const std::int64_t place = row + static_cast<std::int64_t>(i);
        m_positions[i] = static_cast<std::int32_t>(place % layout.tokens);
        m_windows[i] = static_cast<std::int32_t>(place / layout.tokens);
      }
      m_unknownIds.assign(ids.empty() ? count : 0, -1);
      const std::span<const std::int32_t> rowIds =
          ids.empty() ? std::span<const std::int32_t>(m_unknownIds)
                      : std::span(ids).subspan(static_cast<std::size_t>(row), count);
      accumulator.add({rowIds, m_positions, m_windows}, values, m_job);
      if (needsHash) hash.add(std::as_bytes(values));
    });
    finish(site, array.name, accumulator.finish(m_job));
    return needsHash ? hash.finish() : std::string();
  }

  void finish(std::size_t site, const std::string& name, ActivationStats stats) {
    const std::uint64_t nans = stats.summary.nans, infs = stats.summary.infs;
    if (nans + infs > 0)
      m_sites.warn(quotedText(name) + " of " + m_sites.where() + " holds " + withThousands(nans) +
                   " NaN and " + withThousands(infs) +
                   " infinite values; the tokens that have them were left out.");
    if (stats.all.tokens == 0) {
      m_sites.noteBroken(name);
      return;
    }
    stats.evidence = m_sites.evidence("activations from a file", stats.all.tokens);
    m_sites.give(site, std::move(stats));
  }

  /// Ids of the rows; empty when the file does not say.
  std::vector<std::int32_t> idsOf(const NamedArray& array, const Layout& layout) {
    const std::string own =
        array.name.substr(0, array.name.size() - kInput.size() + 1) + std::string(kTokenIds);
    const bool isOwn = m_byName.contains(own);
    const auto found = isOwn ? m_byName.find(own) : m_byName.find(std::string(kTokenIds));
    if (found == m_byName.end()) return {};
    const NamedArray& ids = m_file.arrays()[found->second];
    const auto count = elementCount(ids.shape);
    if (!count || *count != static_cast<std::uint64_t>(layout.rows())) {
      // A token list for the whole model cannot fit an expert, which sees some of the tokens.
      if (!isOwn) return {};
      throw Error(ErrorCode::Shape, m_sites.where() + ": " + quotedText(ids.name) + " has the shape " +
                                        shapeText(ids.shape) + ", but " + quotedText(array.name) + " has " +
                                        std::to_string(layout.rows()) + " tokens; give one id a token.");
    }
    if (dtypeInfo(ids.dtype).isFloat || dtypeInfo(ids.dtype).bits < 16)
      throw Error(ErrorCode::Unsupported, m_sites.where() + ": " + quotedText(ids.name) + " is of type " +
                                              std::string(dtypeInfo(ids.dtype).name) +
                                              "; token ids are integers of 16 to 64 bits.");
    if (m_idsOf != found->second || m_ids.empty()) readIds(found->second, static_cast<std::size_t>(*count));
    return m_ids;
  }

  void readIds(std::size_t number, std::size_t count) {
    const DType dtype = m_file.arrays()[number].dtype;
    std::vector<std::byte> bytes(bytesOf(dtype, count));
    const auto stream = m_file.open(number);
    stream->read(bytes);
    stream->finish();
    m_ids.resize(count);
    const std::size_t width = bytesOf(dtype, 1);
    for (std::size_t i = 0; i < count; ++i) m_ids[i] = tokenId(dtype, bytes.data() + i * width);
    m_idsOf = number;
  }

  const ArrayFile& m_file;
  const AccumulatorOptions& m_options;
  ImportedSites& m_sites;
  JobContext& m_job;
  std::map<std::string, std::size_t> m_byName;
  std::vector<std::int32_t> m_positions, m_windows, m_unknownIds;
  std::vector<std::int32_t> m_ids;  // of array m_idsOf
  std::size_t m_idsOf = 0;
};

}  // namespace

void accumulateArrays(const ArrayFile& file, const AccumulatorOptions& options, ImportedSites& sites,
                      JobContext& job) {
  Accumulation(file, options, sites, job).run();
}

}  // namespace ql
