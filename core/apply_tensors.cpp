#include "core/apply_tensors.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/jobs/parallel_for.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <utility>

namespace ql {
namespace {

constexpr std::uint64_t kPieceBytes = std::uint64_t{4} << 20;
constexpr std::int64_t kChunkRows = 128;                      // bands of rows of most schemes divide it
constexpr std::int64_t kChunkValues = std::int64_t{1} << 20;  // 4 MiB as float32
constexpr std::int64_t kTileChunks = 8;

std::size_t bytesOf(DType dtype, std::int64_t values) {
  return static_cast<std::size_t>(values) * static_cast<std::size_t>(dtypeInfo(dtype).bits) / 8;
}

std::string numberText(float value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", static_cast<double>(value));
  return text;
}

/// A finite weight that is infinite after all.
[[noreturn]] void throwOverflow(const std::string& name, DType dtype, const std::string& place, float value) {
  throw Error(ErrorCode::Numeric, "The weight " + place + " of " + quotedText(name) + " becomes " +
                                      numberText(value) + " under the plan, more than " +
                                      std::string(dtypeInfo(dtype).name) +
                                      " can hold; convert the model to BF16 or F32 first, or smooth with "
                                      "another alpha.");
}

/// Rounds one matrix tile by tile and puts it where it belongs.
class MatrixWriter {
 public:
  MatrixWriter(const Linear& linear, DType dtype, const AppliedWeights& weights, ShardWriter& out,
               JobContext& job)
      : m_linear(linear),
        m_matrix(linear.matrix),
        m_dtype(dtype),
        m_weights(weights),
        m_out(out),
        m_job(job) {
    m_chunkRows =
        std::clamp<std::int64_t>(kChunkValues / std::max<std::int64_t>(m_matrix.in, 1), 1, kChunkRows);
  }

  RoundingSums write() {
    m_weights.prepare(m_matrix);
    if (m_matrix.isTransposed) m_out.beginStretch(bytesOf(m_dtype, m_matrix.out * m_matrix.in));
    const std::int64_t tileRows = m_chunkRows * kTileChunks;
    for (std::int64_t row = 0; row < m_matrix.out; row += tileRows) {
      const std::int64_t end = std::min(m_matrix.out, row + tileRows);
      roundTile(row, end);
      if (m_matrix.isTransposed)
        placeTransposed(row, end);
      else
        m_out.append(m_bytes);
      m_weights.plain().release(m_weights.stored(m_matrix), row, end);
      m_job.step(m_bytes.size());
    }
    m_weights.plain().check(m_weights.stored(m_matrix));
    if (m_matrix.isTransposed) m_out.endStretch(m_job);
    return m_sums;
  }

 private:
  void roundTile(std::int64_t begin, std::int64_t end) {
    const std::int64_t in = m_matrix.in, chunks = (end - begin + m_chunkRows - 1) / m_chunkRows;
    m_rows.resize(static_cast<std::size_t>((end - begin) * in));
    m_bytes.resize(bytesOf(m_dtype, (end - begin) * in));
    std::vector<RoundingSums> sums(static_cast<std::size_t>(chunks));
    parallelFor(m_job, chunks, [&](std::int64_t chunk) {
      const std::int64_t first = chunk * m_chunkRows, last = std::min(end - begin, first + m_chunkRows);
      const auto values = std::span(m_rows).subspan(static_cast<std::size_t>(first * in),
                                                    static_cast<std::size_t>((last - first) * in));
      m_weights.source().readRows(m_matrix, begin + first, begin + last, values);
      m_job.step();
      sums[static_cast<std::size_t>(chunk)] = roundToDType(
          m_dtype, values,
          std::span(m_bytes).subspan(bytesOf(m_dtype, first * in), bytesOf(m_dtype, (last - first) * in)));
    });
    RoundingSums tile;
    for (const RoundingSums& chunk : sums) tile.merge(chunk);
    if (tile.firstNonFinite >= 0) requireAlreadyNonFinite(begin, tile.firstNonFinite);
    m_sums.merge(tile);
  }

  /// Infinities and NaN that the checkpoint holds are data; those that smoothing or rounding makes are not.
  void requireAlreadyNonFinite(std::int64_t rowBegin, std::int64_t first) const {
    const std::int64_t in = m_matrix.in, rows = static_cast<std::int64_t>(m_rows.size()) / in;
    std::vector<float> stored(static_cast<std::size_t>(in)), rounded(stored.size());
    for (std::int64_t row = first / in; row < rows; ++row) {
      m_weights.plain().readRows(m_weights.stored(m_matrix), rowBegin + row, rowBegin + row + 1, stored);
      convertToFloat(m_dtype, std::span(m_bytes).subspan(bytesOf(m_dtype, row * in), bytesOf(m_dtype, in)),
                     rounded);
      for (std::size_t j = 0; j < stored.size(); ++j)
        if (std::isfinite(stored[j]) && !std::isfinite(rounded[j]))
          throwOverflow(m_linear.name, m_dtype,
                        "in row " + std::to_string(rowBegin + row) + ", column " + std::to_string(j),
                        m_rows[static_cast<std::size_t>(row * in) + j]);
    }
  }

  /// Stored [in, out]: each of our columns is a piece of a stored row.
  void placeTransposed(std::int64_t begin, std::int64_t end) {
    const std::size_t width = bytesOf(m_dtype, 1), rows = static_cast<std::size_t>(end - begin);
    const std::size_t in = static_cast<std::size_t>(m_matrix.in),
                      out = static_cast<std::size_t>(m_matrix.out);
    std::vector<std::byte> piece(rows * width);
    for (std::size_t j = 0; j < in; ++j) {
      for (std::size_t r = 0; r < rows; ++r)
        std::memcpy(piece.data() + r * width, m_bytes.data() + (r * in + j) * width, width);
      m_out.writeAt((j * out + static_cast<std::size_t>(begin)) * width, piece);
      if (j % 1024 == 0) m_job.step();
    }
  }

  const Linear& m_linear;
  const MatrixRef& m_matrix;
  DType m_dtype;
  const AppliedWeights& m_weights;
  ShardWriter& m_out;
  JobContext& m_job;
  std::int64_t m_chunkRows = 1;
  std::vector<float> m_rows;
  std::vector<std::byte> m_bytes;
  RoundingSums m_sums;
};

class ShardJob {
 public:
  ShardJob(const Checkpoint& checkpoint, std::size_t index, const Model& model, const AppliedWeights& weights,
           const std::filesystem::path& target, JobContext& job)
      : m_checkpoint(checkpoint),
        m_file(checkpoint.shardFile(index)),
        m_model(model),
        m_weights(weights),
        m_out(target),
        m_job(job) {
    for (const TensorInfo& tensor : checkpoint.tensors())
      if (tensor.shard == index) m_tensors.push_back(&tensor);
    std::sort(m_tensors.begin(), m_tensors.end(), [](const TensorInfo* a, const TensorInfo* b) {
      return std::pair(a->offset, a->sizeBytes) < std::pair(b->offset, b->sizeBytes);
    });
    m_shard.name = checkpoint.shards()[index].name;
    if (weights.added() && weights.added()->shard == index) m_added = weights.added();
  }

  AppliedShard run() {
    if (m_added) writeHeader();
    for (const TensorInfo* tensor : m_tensors) {
      copyUpTo(tensor->offset);  // the header, in front of the first one
      writeTensor(*tensor);
    }
    copyUpTo(m_file.bytes().size());
    QL_ASSERT(place() == m_file.bytes().size());
    if (m_added) writeAdded();
    m_shard.sizeBytes = m_out.size();
    m_shard.sha256 = m_out.commit();
    return std::move(m_shard);
  }

 private:
  /// Place in the source: what is written differs from it by the longer header alone.
  std::uint64_t place() const { return m_out.size() + m_skipped - m_written; }

  void writeHeader() {
    std::uint64_t length = 0;
    std::memcpy(&length, m_file.bytes().data(), sizeof length);
    const std::vector<std::byte> header = headerWith(m_file.bytes(), *m_added);
    m_file.throwIfTruncated();
    m_out.append(header);
    m_skipped = sizeof length + length;
    m_written = header.size();
    m_job.step(m_skipped);
  }

  void writeAdded() {
    const Linear& linear = m_model.linears[m_added->id];
    m_job.setStage("Writing " + linear.name);
    MatrixWriter writer(linear, m_added->dtype, m_weights, m_out, m_job);
    m_shard.rounded.push_back({linear.name, m_added->name, writer.write()});
  }

  void copyUpTo(std::uint64_t end) {
    while (place() < end) {
      const std::uint64_t begin = place(), size = std::min(kPieceBytes, end - begin);
      m_out.append(m_file.bytes().subspan(begin, size));
      m_file.throwIfTruncated();
      m_file.release(begin, size);
      m_job.step(size);
    }
  }

  void writeTensor(const TensorInfo& tensor) {
    if (const auto* matrices = m_weights.changedIn(tensor.name))
      writeMatrices(tensor, *matrices);
    else if (m_weights.isChangedVector(tensor.name))
      writeVector(tensor);
    copyUpTo(tensor.offset + tensor.sizeBytes);
  }

  /// Slices that the plan leaves alone are copied in between.
  void writeMatrices(const TensorInfo& tensor, const std::map<std::int64_t, LinearId>& matrices) {
    for (const auto& [slice, id] : matrices) {
      const Linear& linear = m_model.linears[id];
      const std::int64_t before = std::max<std::int64_t>(slice, 0) * linear.out() * linear.in();
      copyUpTo(tensor.offset + bytesOf(tensor.dtype, before));
      m_job.setStage("Writing " + linear.name);
      MatrixWriter writer(linear, tensor.dtype, m_weights, m_out, m_job);
      m_shard.rounded.push_back({linear.name, tensor.name, writer.write()});
    }
  }

  void writeVector(const TensorInfo& tensor) {
    const std::vector<float> values = m_weights.source().readVector(tensor.name);
    std::vector<std::byte> bytes(tensor.sizeBytes);
    const RoundingSums sums = roundToDType(tensor.dtype, values, bytes);
    if (sums.firstNonFinite >= 0) {
      const std::vector<float> stored = m_weights.plain().readVector(tensor.name);
      std::vector<float> rounded(values.size());
      convertToFloat(tensor.dtype, bytes, rounded);
      for (std::size_t i = 0; i < values.size(); ++i)
        if (std::isfinite(stored[i]) && !std::isfinite(rounded[i]))
          throwOverflow(tensor.name, tensor.dtype, "at place " + std::to_string(i), values[i]);
    }
    m_out.append(bytes);
    m_job.step(bytes.size());
    m_shard.rounded.push_back({tensor.name, tensor.name, sums});
  }

  const Checkpoint& m_checkpoint;
  const MappedFile& m_file;
  const Model& m_model;
  const AppliedWeights& m_weights;
  ShardWriter m_out;
  JobContext& m_job;
  std::vector<const TensorInfo*> m_tensors;    // of the shard, in order of place
  const AddedTensor* m_added = nullptr;        // behind them; null = none
  std::uint64_t m_skipped = 0, m_written = 0;  // bytes of the old and of the new header, when they differ
  AppliedShard m_shard;
};

}  // namespace

AppliedWeights::AppliedWeights(const Checkpoint& checkpoint, const Model& model,
                               std::shared_ptr<const WeightSource> plain, const FoldedPlan& folded,
                               std::shared_ptr<const PlannedSource> planned)
    : m_plain(std::move(plain)), m_source(folded.source), m_planned(planned) {
  if (planned) m_source = planned;
  const SmoothedSource* smoothed = folded.smoothed.get();
  const RotatedSource* rotated = folded.rotated ? folded.rotated->source().get() : nullptr;
  const UntiedModel* untied = folded.rotated ? folded.rotated->untied() : nullptr;
  if (untied) m_added = addedHead(checkpoint, *untied);
  for (LinearId id = 0; id < model.linears.size(); ++id) {
    const MatrixRef& matrix = model.linears[id].matrix;
    if (m_added && id == m_added->id) continue;
    if ((smoothed && smoothed->changes(matrix)) || (rotated && rotated->changes(matrix)) ||
        (planned && planned->quantizes(matrix)))
      m_matrices[matrix.tensor].emplace(matrix.slice, id);
  }
  for (const TensorInfo& tensor : checkpoint.tensors())
    if ((smoothed && smoothed->changes(tensor.name)) || (rotated && rotated->changes(tensor.name)))
      m_vectors[tensor.name] = true;
}

void AppliedWeights::prepare(const MatrixRef& matrix) const {
  if (m_planned) m_planned->prepare(matrix);
}

const std::map<std::int64_t, LinearId>* AppliedWeights::changedIn(const std::string& tensor) const {
  const auto found = m_matrices.find(tensor);
  return found == m_matrices.end() ? nullptr : &found->second;
}

bool AppliedWeights::isChangedVector(const std::string& tensor) const {
  return m_vectors.contains(tensor);
}

void requireWritable(const Checkpoint& checkpoint, const Model& model, const AppliedWeights& weights) {
  const auto fail = [](const TensorInfo& tensor, const std::string& what) {
    throw Error(ErrorCode::Unsupported,
                "The plan changes the tensor " + quotedText(tensor.name) + ", " + what + ".");
  };
  for (const TensorInfo& tensor : checkpoint.tensors()) {
    if (!weights.isChanged(tensor.name)) continue;
    if (!isRoundable(tensor.dtype))
      fail(tensor, "which is stored as " + std::string(dtypeInfo(tensor.dtype).name) +
                       "; convert the model to BF16, F16 or F32 first");
    const auto* matrices = weights.changedIn(tensor.name);
    if (!matrices) continue;
    for (const auto& [slice, id] : *matrices) {
      const Linear& linear = model.linears[id];
      const std::uint64_t own = bytesOf(tensor.dtype, linear.out() * linear.in());
      const std::uint64_t before = static_cast<std::uint64_t>(std::max<std::int64_t>(slice, 0)) * own;
      if (before + own > tensor.sizeBytes || (slice < 0 && own != tensor.sizeBytes))
        fail(tensor, "whose shape " + shapeText(tensor.shape) + " is not that of " + quotedText(linear.name));
    }
  }
}

AppliedShard writeShard(const Checkpoint& checkpoint, std::size_t index, const Model& model,
                        const AppliedWeights& weights, const std::filesystem::path& target, JobContext& job) {
  return ShardJob(checkpoint, index, model, weights, target, job).run();
}

}  // namespace ql
