// Rounding of the sums. Within a call, 128 tokens are one chain of fused multiply-adds, up to 32 chains are
// added up in a tile of their own, and that tile is added to the sums. So the error of an element, relative
// to sqrt(M_ii M_jj), is at most 2^-24 (128 + chains of an addition + additions), and half of that when the
// tokens are alike, because partial sums then grow evenly: below 1e-5 for 1e5 tokens in calls of 512 or more,
// whichever way the roundings go. Measured on bell-shaped and constant channels (2026-11): 7e-7 in calls of
// 512, 2e-6 of 2048; calls of 16 reach 6e-5 and touch the whole triangle each: callers gather more.
#include "core/linalg/second_moment.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/jobs/parallel_for.h"
#include "core/linalg/gemm_kernels.h"

#include <algorithm>
#include <limits>

namespace ql {
namespace {

constexpr std::int64_t kPanel = SecondMoment::kPanel;
constexpr std::int64_t kChainTokens = 128;
constexpr std::int64_t kBlockTokens = 32 * kChainTokens;
constexpr std::int64_t kBand = 96;       // rows of a diagonal tile; what is left of a band is mirrored
constexpr std::int64_t kTileRows = 256;  // of D in multiplyRows
constexpr std::int64_t kMostChannels = 1 << 24;  // 2^47 sums: far beyond any model, far below an overflow

std::int64_t panelsOf(std::int64_t n) {
  return (n + kPanel - 1) / kPanel;
}
std::int64_t panelHeight(std::int64_t n, std::int64_t panel) {
  return std::min(kPanel, n - panel * kPanel);
}

/// Floats before a panel: panel p holds kPanel rows of n - p * kPanel.
std::uint64_t valuesBefore(std::int64_t n, std::int64_t panel) {
  return static_cast<std::uint64_t>(kPanel) *
         static_cast<std::uint64_t>(panel * n - kPanel * (panel * (panel - 1) / 2));
}
std::uint64_t valueCount(std::int64_t n) {
  const std::int64_t whole = n / kPanel, rest = n % kPanel;
  return valuesBefore(n, whole) + static_cast<std::uint64_t>(rest * rest);
}

/// One tile of the upper triangle: panels of its rows and of its columns, rowPanel <= columnPanel.
struct TileIndex {
  std::int64_t rowPanel = 0, columnPanel = 0;
};
std::vector<TileIndex> upperTiles(std::int64_t n) {
  std::vector<TileIndex> tiles;
  for (std::int64_t p = 0; p < panelsOf(n); ++p)
    for (std::int64_t q = p; q < panelsOf(n); ++q) tiles.push_back({p, q});
  return tiles;
}

/// X_rows^T X_columns of some tokens, in `tile` [kPanel, kPanel].
void multiplyTile(std::int64_t n, TileIndex index, const float* x, std::int64_t tokens, float* tile,
                  JobContext& job) {
  const std::int64_t height = panelHeight(n, index.rowPanel), width = panelHeight(n, index.columnPanel);
  const bool isDiagonal = index.rowPanel == index.columnPanel;
  const std::int64_t band = isDiagonal ? kBand : kPanel;
  for (std::int64_t begin = 0; begin < tokens; begin += kChainTokens) {
    job.step();
    const std::int64_t count = std::min(kChainTokens, tokens - begin);
    const float* const rows = x + begin * n + index.rowPanel * kPanel;
    const float* const columns = x + begin * n + index.columnPanel * kPanel;
    for (std::int64_t i = 0; i < height; i += band) {
      const std::int64_t first = isDiagonal ? i : 0;
      productSerial(ProductKind::Tn, {std::min(band, height - i), width - first, count}, rows + i, n,
                    columns + first, n, tile + i * kPanel + first, kPanel, begin > 0);
    }
  }
  if (!isDiagonal) return;
  for (std::int64_t i = 0; i < height; ++i)
    for (std::int64_t j = 0; j < i; ++j) tile[i * kPanel + j] = tile[j * kPanel + i];
}

}  // namespace

SecondMoment::SecondMoment(std::int64_t n) : m_size(n) {
  QL_ASSERT(n >= 0 && n <= kMostChannels);
  for (std::int64_t p = 0; p <= panelsOf(n); ++p)
    m_panelBegin.push_back(static_cast<std::size_t>(std::min(valuesBefore(n, p), valueCount(n))));
  m_values.resize(static_cast<std::size_t>(valueCount(n)));
}

std::uint64_t SecondMoment::bytesFor(std::int64_t n) {
  if (n < 0 || n > kMostChannels) return std::numeric_limits<std::uint64_t>::max();
  return valueCount(n) * sizeof(float);
}

std::uint64_t SecondMoment::bytes() const {
  return m_values.size() * sizeof(float);
}

void SecondMoment::add(std::span<const float> x, std::int64_t tokens, JobContext& job) {
  QL_ASSERT(tokens >= 0 && x.size() == static_cast<std::size_t>(tokens) * static_cast<std::size_t>(m_size));
  const std::vector<TileIndex> tiles = upperTiles(m_size);
  BufferPool buffers(static_cast<std::size_t>(kPanel * kPanel));
  parallelFor(job, static_cast<std::int64_t>(tiles.size()), [&](std::int64_t block) {
    const TileIndex index = tiles[static_cast<std::size_t>(block)];
    const std::int64_t stride = m_size - index.rowPanel * kPanel;
    float* const sums = m_values.data() + m_panelBegin[static_cast<std::size_t>(index.rowPanel)] +
                        (index.columnPanel - index.rowPanel) * kPanel;
    const std::int64_t height = panelHeight(m_size, index.rowPanel);
    const std::int64_t width = panelHeight(m_size, index.columnPanel);
    BufferPool::Loan tile(buffers);
    for (std::int64_t begin = 0; begin < tokens; begin += kBlockTokens) {
      multiplyTile(m_size, index, x.data() + begin * m_size, std::min(kBlockTokens, tokens - begin),
                   tile.data(), job);
      for (std::int64_t i = 0; i < height; ++i) {
        const float* const from = tile.data() + i * kPanel;
        float* const to = sums + i * stride;
        for (std::int64_t j = 0; j < width; ++j) to[j] += from[j];
      }
    }
  });
  m_tokens += static_cast<std::uint64_t>(tokens);
}

void SecondMoment::merge(const SecondMoment& other) {
  QL_ASSERT(other.m_size == m_size);
  for (std::size_t i = 0; i < m_values.size(); ++i) m_values[i] += other.m_values[i];
  m_tokens += other.m_tokens;
}

float SecondMoment::sum(std::int64_t i, std::int64_t j) const {
  QL_ASSERT(i >= 0 && i < m_size && j >= 0 && j < m_size);
  if (i > j) std::swap(i, j);
  return storedRow(i)[static_cast<std::size_t>(j - i / kPanel * kPanel)];
}

std::span<const float> SecondMoment::storedRow(std::int64_t i) const {
  QL_ASSERT(i >= 0 && i < m_size);
  const std::int64_t panel = i / kPanel;
  const auto stride = static_cast<std::size_t>(m_size - panel * kPanel);
  const std::size_t begin =
      m_panelBegin[static_cast<std::size_t>(panel)] + static_cast<std::size_t>(i - panel * kPanel) * stride;
  return std::span(m_values).subspan(begin, stride);
}

std::vector<double> SecondMoment::diagonal() const {
  std::vector<double> diagonal(static_cast<std::size_t>(m_size));
  const double count = m_tokens > 0 ? static_cast<double>(m_tokens) : 1;
  for (std::int64_t i = 0; i < m_size; ++i)
    diagonal[static_cast<std::size_t>(i)] = static_cast<double>(sum(i, i)) / count;
  return diagonal;
}

void SecondMoment::row(std::int64_t i, std::span<float> out) const {
  QL_ASSERT(out.size() == static_cast<std::size_t>(m_size));
  const double count = m_tokens > 0 ? static_cast<double>(m_tokens) : 1;
  for (std::int64_t j = 0; j < m_size; ++j)
    out[static_cast<std::size_t>(j)] = static_cast<float>(static_cast<double>(sum(i, j)) / count);
}

void SecondMoment::multiply(std::span<const double> v, std::span<double> y, JobContext& job) const {
  QL_ASSERT(v.size() == static_cast<std::size_t>(m_size) && y.size() == v.size() && v.data() != y.data());
  std::ranges::fill(y, 0.0);
  std::vector<std::vector<double>> partial(static_cast<std::size_t>(panelsOf(m_size)));
  const auto multiplyPanel = [&](std::int64_t panel) {
    const std::int64_t first = panel * kPanel, height = panelHeight(m_size, panel);
    const std::int64_t stride = m_size - first;
    const float* const rows = m_values.data() + m_panelBegin[static_cast<std::size_t>(panel)];
    std::vector<double>& out = partial[static_cast<std::size_t>(panel)];
    out.assign(static_cast<std::size_t>(stride), 0.0);
    const double* const in = v.data() + first;
    const GemmKernels& kernels = gemmKernels();
    kernels.symmetric(height, height, rows, stride, in, out.data(), in, nullptr);
    kernels.symmetric(height, stride - height, rows + height, stride, in + height, out.data(), in,
                      out.data() + height);
  };
  const auto addPanel = [&](std::int64_t panel) {
    std::vector<double>& from = partial[static_cast<std::size_t>(panel)];
    double* const to = y.data() + panel * kPanel;
    for (std::size_t j = 0; j < from.size(); ++j) to[j] += from[j];
    from = {};
  };
  parallelForOrdered(job, panelsOf(m_size), multiplyPanel, addPanel);
  const double count = m_tokens > 0 ? static_cast<double>(m_tokens) : 1;
  for (double& value : y) value /= count;
}

void SecondMoment::multiplyRows(std::span<const float> d, std::int64_t rows, std::span<float> out,
                                JobContext& job) const {
  QL_ASSERT(rows >= 0 && d.size() == static_cast<std::size_t>(rows) * static_cast<std::size_t>(m_size));
  QL_ASSERT(out.size() == d.size() && (rows == 0 || m_size == 0 || out.data() != d.data()));
  const std::int64_t panels = panelsOf(m_size), rowTiles = (rows + kTileRows - 1) / kTileRows;
  const double count = m_tokens > 0 ? static_cast<double>(m_tokens) : 1;
  parallelFor(job, panels * rowTiles, [&](std::int64_t block) {
    const std::int64_t p = block / rowTiles, row = block % rowTiles * kTileRows;
    const std::int64_t m = std::min(kTileRows, rows - row), n = panelHeight(m_size, p);
    float* const target = out.data() + row * m_size + p * kPanel;
    for (std::int64_t q = 0; q < panels; ++q) {
      job.step();
      const std::int64_t owner = std::min(p, q), stride = m_size - owner * kPanel;
      const float* const tile =
          m_values.data() + m_panelBegin[static_cast<std::size_t>(owner)] + (std::max(p, q) - owner) * kPanel;
      productSerial(q <= p ? ProductKind::Nn : ProductKind::Nt, {m, n, panelHeight(m_size, q)},
                    d.data() + row * m_size + q * kPanel, m_size, tile, stride, target, m_size, q > 0);
    }
    for (std::int64_t i = 0; i < m; ++i) {
      float* const values = target + i * m_size;
      for (std::int64_t j = 0; j < n; ++j)
        values[j] = static_cast<float>(static_cast<double>(values[j]) / count);
    }
  });
}

SecondMoment SecondMoment::fromValues(std::int64_t n, std::uint64_t tokens, std::vector<float> values) {
  if (n < 1 || n > kMostChannels) {
    throw Error(ErrorCode::Store, "A second moment of " + std::to_string(n) +
                                      " channels is not possible: the file is damaged, measure it again.");
  }
  if (values.size() != valueCount(n)) {
    throw Error(ErrorCode::Store, "A second moment of " + withThousands(static_cast<std::uint64_t>(n)) +
                                      " channels has " + withThousands(valueCount(n)) + " values, not " +
                                      withThousands(values.size()) +
                                      ": the file is damaged, measure it again.");
  }
  SecondMoment moment(0);
  moment.m_size = n;
  moment.m_tokens = tokens;
  moment.m_panelBegin.clear();
  for (std::int64_t p = 0; p <= panelsOf(n); ++p)
    moment.m_panelBegin.push_back(static_cast<std::size_t>(std::min(valuesBefore(n, p), valueCount(n))));
  moment.m_values = std::move(values);
  return moment;
}

}  // namespace ql
