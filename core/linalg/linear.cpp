#include "core/linalg/linear.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/jobs/parallel_for.h"
#include "core/linalg/gemm_kernels.h"

#include <algorithm>
#include <optional>

namespace ql {
namespace {

constexpr std::int64_t kTileTokens = 2048;
constexpr std::int64_t kLeastTokens = 64;  // of a task, when there are fewer strips than threads
// Matrices that are computed or gathered come in whole rows, 128 at a time and from multiples of 128: block
// and group schemes of so many rows would be computed again for every part of them.
constexpr std::int64_t kReadRows = 128;
constexpr std::int64_t kMostStripValues = 1 << 22;  // 16 MiB of such a strip

void checkSpans(const MatrixRef& matrix, std::span<const float> bias, std::int64_t tokens,
                std::span<const float> x, std::span<float> y) {
  const auto holds = [tokens](std::size_t size, std::int64_t width) {
    return size == static_cast<std::size_t>(tokens) * static_cast<std::size_t>(width);
  };
  const bool fits = tokens >= 0 && matrix.out >= 0 && matrix.in >= 0 && holds(x.size(), matrix.in) &&
                    holds(y.size(), matrix.out) &&
                    (bias.empty() || bias.size() == static_cast<std::size_t>(matrix.out));
  if (fits) return;
  throw Error(ErrorCode::Shape, "tensor " + quotedText(matrix.tensor) + ": " + std::to_string(tokens) +
                                    " tokens with " + std::to_string(x.size()) + " inputs, " +
                                    std::to_string(y.size()) + " outputs and " + std::to_string(bias.size()) +
                                    " biases do not fit a linear layer of " + std::to_string(matrix.out) +
                                    " x " + std::to_string(matrix.in) + ".");
}

bool isAlignedFloat(const RawRows& raw) {
  return raw.dtype == DType::F32 && reinterpret_cast<std::uintptr_t>(raw.data) % alignof(float) == 0 &&
         raw.rowBytes % sizeof(float) == 0;
}

void widen(const RawRows& raw, std::size_t byteOffset, std::span<float> out) {
  const std::byte* const from = raw.data + byteOffset;
  const auto count = static_cast<std::ptrdiff_t>(out.size());
  const auto* const codes = reinterpret_cast<const unsigned char*>(from);
  if (raw.dtype == DType::BF16) return gemmKernels().widenBf16(count, codes, out.data());
  if (raw.dtype == DType::F16) return gemmKernels().widenF16(count, codes, out.data());
  const auto bits = static_cast<std::size_t>(dtypeInfo(raw.dtype).bits);
  convertToFloat(raw.dtype, {from, out.size() * bits / 8}, out);
}

/// One strip of output channels at a time, for a range of tokens.
class LinearPass {
 public:
  LinearPass(const WeightSource& source, const MatrixRef& matrix, std::span<const float> bias,
             std::int64_t tokens, std::span<const float> x, std::span<float> y, JobContext& job)
      : m_source(source),
        m_matrix(matrix),
        m_bias(bias),
        m_tokens(tokens),
        m_x(x),
        m_y(y),
        m_job(job),
        m_isRaw(readsRaw()),
        m_width(widthOf()),
        m_strips((matrix.out + m_width - 1) / m_width),
        m_groupTokens(groupTokensOf()),
        m_groups((tokens + m_groupTokens - 1) / m_groupTokens),
        m_buffers(
            static_cast<std::size_t>(m_width * (m_isRaw ? kChain : std::max<std::int64_t>(matrix.in, 1)))) {}

  void run() {
    parallelFor(m_job, m_strips * m_groups, [this](std::int64_t block) { runBlock(block); });
    if (m_isRaw) m_source.check(m_matrix);
  }

 private:
  struct Block {
    std::int64_t row = 0, rows = 0;      // output channels
    std::int64_t token = 0, tokens = 0;  // of x
  };

  bool readsRaw() const {
    if (m_matrix.out == 0) return false;
    const std::optional<RawRows> raw = m_source.rawRows(m_matrix, 0, 1);
    return raw && dtypeInfo(raw->dtype).isConvertible && dtypeInfo(raw->dtype).bits % 8 == 0;
  }
  std::int64_t widthOf() const {
    const std::int64_t width = stripWidth(m_matrix.out, m_job.threads());
    if (m_isRaw) return width;
    const std::int64_t strips = (m_matrix.out + 3 * kReadRows - 1) / (3 * kReadRows);
    const bool isNarrow = 3 * kReadRows * m_matrix.in > kMostStripValues || strips < 4 * m_job.threads();
    return isNarrow ? kReadRows : 3 * kReadRows;  // 384 is a multiple of kColumnUnit, 128 is padded
  }
  /// All tokens in one task, so that a strip is widened once, unless that leaves threads without work.
  std::int64_t groupTokensOf() const {
    const std::int64_t wanted = (m_job.threads() + m_strips - 1) / std::max<std::int64_t>(m_strips, 1);
    const std::int64_t even = (m_tokens + wanted - 1) / std::max<std::int64_t>(wanted, 1);
    return std::max<std::int64_t>(std::min(std::max(even, kLeastTokens), m_tokens), 1);
  }

  void runBlock(std::int64_t index) {
    Block block;
    block.row = index / m_groups * m_width;
    block.rows = std::min(m_width, m_matrix.out - block.row);
    block.token = index % m_groups * m_groupTokens;
    block.tokens = std::min(m_groupTokens, m_tokens - block.token);
    BufferPool::Loan buffer(m_buffers);
    if (m_isRaw) {
      multiplyRaw(block, buffer.data());
    } else {
      multiplyRead(block, buffer.data());
    }
    addBias(block);
    m_source.release(m_matrix, block.row, block.row + block.rows);
  }

  /// Stored rows: widened piece by piece of the depth of one chain, which stays in the second-level cache.
  void multiplyRaw(const Block& block, float* buffer) {
    const RawRows raw = *m_source.rawRows(m_matrix, block.row, block.row + block.rows);
    const auto valueBytes = static_cast<std::size_t>(dtypeInfo(raw.dtype).bits) / 8;
    const bool isDirect = isAlignedFloat(raw);
    std::int64_t p = 0;
    do {
      const std::int64_t depth = std::min(kChain, m_matrix.in - p);
      const std::size_t offset = static_cast<std::size_t>(p) * valueBytes;
      if (isDirect) {
        const auto stride = static_cast<std::int64_t>(raw.rowBytes / sizeof(float));
        multiplyPiece(block, p, depth, reinterpret_cast<const float*>(raw.data + offset), stride);
      } else {
        for (std::int64_t r = 0; r < block.rows; ++r) {
          widen(raw, static_cast<std::size_t>(r) * raw.rowBytes + offset,
                {buffer + r * depth, static_cast<std::size_t>(depth)});
        }
        multiplyPiece(block, p, depth, buffer, depth);
      }
      p += kChain;
    } while (p < m_matrix.in);
  }

  /// Computed or gathered rows come whole.
  void multiplyRead(const Block& block, float* buffer) {
    const std::int64_t in = m_matrix.in;
    for (std::int64_t r = 0; r < block.rows; r += kReadRows) {
      m_job.step();
      const std::int64_t end = std::min(r + kReadRows, block.rows);
      m_source.readRows(m_matrix, block.row + r, block.row + end,
                        {buffer + r * in, static_cast<std::size_t>((end - r) * in)});
    }
    std::int64_t p = 0;
    do {
      multiplyPiece(block, p, std::min(kChain, in - p), buffer + p, in);
      p += kChain;
    } while (p < in);
  }

  void multiplyPiece(const Block& block, std::int64_t p, std::int64_t depth, const float* weights,
                     std::int64_t stride) {
    const std::int64_t in = m_matrix.in, out = m_matrix.out;
    for (std::int64_t t = 0; t < block.tokens; t += kTileTokens) {
      m_job.step();
      const std::int64_t token = block.token + t;
      productSerial(ProductKind::Nt, {std::min(kTileTokens, block.tokens - t), block.rows, depth},
                    m_x.data() + token * in + p, in, weights, stride, m_y.data() + token * out + block.row,
                    out, p > 0);
    }
  }

  void addBias(const Block& block) {
    if (m_bias.empty()) return;
    const float* const bias = m_bias.data() + block.row;
    for (std::int64_t t = block.token; t < block.token + block.tokens; ++t) {
      float* const row = m_y.data() + t * m_matrix.out + block.row;
      for (std::int64_t j = 0; j < block.rows; ++j) row[j] += bias[j];
    }
  }

  const WeightSource& m_source;
  const MatrixRef& m_matrix;
  const std::span<const float> m_bias;
  const std::int64_t m_tokens;
  const std::span<const float> m_x;
  const std::span<float> m_y;
  JobContext& m_job;
  const bool m_isRaw;
  const std::int64_t m_width;  // of a strip, rows of W
  const std::int64_t m_strips;
  const std::int64_t m_groupTokens;  // of a task
  const std::int64_t m_groups;
  BufferPool m_buffers;
};

}  // namespace

void applyLinear(const WeightSource& source, const MatrixRef& matrix, std::span<const float> bias,
                 std::int64_t tokens, std::span<const float> x, std::span<float> y, JobContext& job) {
  checkSpans(matrix, bias, tokens, x, y);
  if (tokens == 0 || matrix.out == 0) return;
  LinearPass(source, matrix, bias, tokens, x, y, job).run();
}

}  // namespace ql
