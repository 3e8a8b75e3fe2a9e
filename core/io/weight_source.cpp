#include "core/io/weight_source.h"

#include "core/base/error.h"
#include "core/base/message_text.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ql {
namespace {

constexpr std::int64_t kTile = 64;                    // 64 x 64 floats: 16 KiB, half of a first-level cache
constexpr std::uint64_t kMaxVectorValues = 1u << 28;  // 1 GiB as float32; the longest real ones have 2^18

[[noreturn]] void throwShape(const MatrixRef& matrix, const std::string& what) {
  throw Error(ErrorCode::Shape, "tensor " + quotedText(matrix.tensor) + ": " + what + ".");
}

/// Where one matrix lies: `rows` x `columns` as stored, row-major from `offset` of its file.
struct Place {
  const TensorInfo* tensor = nullptr;
  std::uint64_t offset = 0;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::uint64_t bits = 0;  // of one value

  std::uint64_t bytesOf(std::int64_t values) const { return static_cast<std::uint64_t>(values) * bits / 8; }
};

/// Rows and columns of the stored matrix: a rank-2 tensor, an expert of a rank-3 one, or a kernel [out, in,
/// ...].
void setStoredShape(Place& place, const MatrixRef& matrix) {
  const Shape& shape = place.tensor->shape;
  const std::size_t skipped = matrix.slice >= 0 ? 1 : 0;
  const bool isKernel = skipped == 0 && shape.size() > 2 && !matrix.isTransposed;
  if (!isKernel && shape.size() != skipped + 2) {
    throwShape(matrix, "its shape " + shapeText(shape) + " is not that of " +
                           (skipped == 1 ? "stacked matrices" : "a matrix"));
  }
  if (skipped == 1 && matrix.slice >= shape[0]) {
    throwShape(matrix, "there is no matrix " + std::to_string(matrix.slice) + " in " + shapeText(shape));
  }
  place.rows = shape[skipped];
  place.columns = 1;
  for (std::size_t i = skipped + 1; i < shape.size(); ++i)
    place.columns *= shape[i];  // divides the checked product
}

Place placeOf(const Checkpoint& checkpoint, const MatrixRef& matrix) {
  Place place;
  place.tensor = checkpoint.find(matrix.tensor);
  if (place.tensor == nullptr)
    throwShape(matrix, "the checkpoint " + quotedPath(checkpoint.root()) + " does not hold it");
  setStoredShape(place, matrix);
  const std::int64_t out = matrix.isTransposed ? place.columns : place.rows;
  const std::int64_t in = matrix.isTransposed ? place.rows : place.columns;
  if (out != matrix.out || in != matrix.in) {
    throwShape(matrix,
               "it is stored as " + shapeText({out, in}) + ", not " + shapeText({matrix.out, matrix.in}));
  }
  place.bits = static_cast<std::uint64_t>(dtypeInfo(place.tensor->dtype).bits);
  const std::int64_t slice = std::max<std::int64_t>(matrix.slice, 0);
  place.offset = place.tensor->offset + place.bytesOf(slice * place.rows * place.columns);
  return place;
}

void checkRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd) {
  if (rowBegin < 0 || rowBegin > rowEnd || rowEnd > matrix.out) {
    throwShape(matrix, "rows " + std::to_string(rowBegin) + " to " + std::to_string(rowEnd) +
                           " are outside its " + std::to_string(matrix.out) + " rows");
  }
}

void checkConvertible(const TensorInfo& tensor) {
  const DTypeInfo& info = dtypeInfo(tensor.dtype);
  if (info.isConvertible) return;
  throw Error(ErrorCode::Unsupported, "tensor " + quotedText(tensor.name) + " is of type " +
                                          std::string(info.name) +
                                          ", which this version does not read: convert the model to BF16.");
}

/// Gathers rows [rowBegin, rowEnd) of the transpose, tile by tile: read along stored rows, write along ours.
class TransposedReader {
 public:
  TransposedReader(const std::byte* stored, const Place& place) : m_stored(stored), m_place(place) {}

  void read(std::int64_t rowBegin, std::int64_t rowEnd, std::span<float> out) {
    for (std::int64_t column = 0; column < m_place.rows; column += kTile) {
      const std::int64_t columnEnd = std::min(column + kTile, m_place.rows);
      for (std::int64_t row = rowBegin; row < rowEnd; row += kTile) {
        readTile(row, std::min(row + kTile, rowEnd), column, columnEnd, rowBegin, out);
      }
    }
  }

 private:
  void readTile(std::int64_t row, std::int64_t rowEnd, std::int64_t column, std::int64_t columnEnd,
                std::int64_t rowBegin, std::span<float> out) {
    const auto height = static_cast<std::size_t>(rowEnd - row);
    const auto width = static_cast<std::size_t>(columnEnd - column);
    const auto in = static_cast<std::size_t>(m_place.rows);
    for (std::size_t j = 0; j < width; ++j) {
      const std::int64_t first = (column + static_cast<std::int64_t>(j)) * m_place.columns + row;
      const std::span bytes(m_stored + m_place.bytesOf(first), m_place.bytesOf(rowEnd - row));
      convertToFloat(m_place.tensor->dtype, bytes, std::span(m_tile).subspan(j * kTile, height));
    }
    float* const target =
        out.data() + static_cast<std::size_t>(row - rowBegin) * in + static_cast<std::size_t>(column);
    for (std::size_t i = 0; i < height; ++i) {
      for (std::size_t j = 0; j < width; ++j) target[i * in + j] = m_tile[j * kTile + i];
    }
  }

  const std::byte* m_stored;
  const Place& m_place;
  std::array<float, kTile * kTile> m_tile{};
};

}  // namespace

std::optional<RawRows> WeightSource::rawRows(const MatrixRef&, std::int64_t, std::int64_t) const {
  return std::nullopt;
}
void WeightSource::release(const MatrixRef&, std::int64_t, std::int64_t) const {}
void WeightSource::check(const MatrixRef&) const {}
std::vector<float> WeightSource::readVector(const std::string& tensor) const {
  throw Error(ErrorCode::Unsupported, "This source holds matrices only; " + quotedText(tensor) +
                                          " is a vector: open the checkpoint it comes from.");
}

CheckpointSource::CheckpointSource(std::shared_ptr<const Checkpoint> checkpoint)
    : m_checkpoint(std::move(checkpoint)) {
  QL_ASSERT(m_checkpoint != nullptr);
}

void CheckpointSource::readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                                std::span<float> out) const {
  const Place place = placeOf(*m_checkpoint, matrix);
  checkRows(matrix, rowBegin, rowEnd);
  checkConvertible(*place.tensor);
  QL_ASSERT(out.size() == static_cast<std::size_t>((rowEnd - rowBegin) * matrix.in));
  const MappedFile& file = m_checkpoint->file(*place.tensor);
  const std::byte* const stored = file.bytes().data() + place.offset;
  if (matrix.isTransposed) {
    TransposedReader(stored, place).read(rowBegin, rowEnd, out);
  } else {
    const std::span bytes(stored + place.bytesOf(rowBegin * matrix.in),
                          place.bytesOf((rowEnd - rowBegin) * matrix.in));
    convertToFloat(place.tensor->dtype, bytes, out);
  }
  file.throwIfTruncated();
}

std::optional<RawRows> CheckpointSource::rawRows(const MatrixRef& matrix, std::int64_t rowBegin,
                                                 std::int64_t rowEnd) const {
  const Place place = placeOf(*m_checkpoint, matrix);
  checkRows(matrix, rowBegin, rowEnd);
  const std::uint64_t rowBits = static_cast<std::uint64_t>(matrix.in) * place.bits;
  if (matrix.isTransposed || rowBits % 8 != 0) return std::nullopt;
  const std::byte* const stored = m_checkpoint->file(*place.tensor).bytes().data() + place.offset;
  return RawRows{stored + place.bytesOf(rowBegin * matrix.in), place.tensor->dtype, rowBits / 8};
}

void CheckpointSource::release(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd) const {
  const Place place = placeOf(*m_checkpoint, matrix);
  checkRows(matrix, rowBegin, rowEnd);
  const MappedFile& file = m_checkpoint->file(*place.tensor);
  if (!matrix.isTransposed) {
    file.release(place.offset + place.bytesOf(rowBegin * matrix.in),
                 place.bytesOf((rowEnd - rowBegin) * matrix.in));
  } else if (rowEnd == matrix.out) {  // every page holds pieces of all rows: they go with the last ones
    file.release(place.offset, place.bytesOf(place.rows * place.columns));
  }
}

void CheckpointSource::check(const MatrixRef& matrix) const {
  const TensorInfo* tensor = m_checkpoint->find(matrix.tensor);
  if (tensor != nullptr) m_checkpoint->file(*tensor).throwIfTruncated();
}

std::vector<float> CheckpointSource::readVector(const std::string& tensor) const {
  return ql::readVector(*m_checkpoint, tensor);
}

std::vector<float> readVector(const Checkpoint& checkpoint, const std::string& tensor) {
  const MatrixRef name{tensor};
  const TensorInfo* info = checkpoint.find(tensor);
  if (info == nullptr)
    throwShape(name, "the checkpoint " + quotedPath(checkpoint.root()) + " does not hold it");
  const auto isLong = [](std::int64_t dimension) { return dimension != 1; };
  if (std::ranges::count_if(info->shape, isLong) > 1) {
    throwShape(name, "its shape " + shapeText(info->shape) + " is not that of a vector");
  }
  checkConvertible(*info);
  const std::uint64_t count = elementCount(info->shape).value_or(0);
  if (count > kMaxVectorValues)
    throwShape(name, "a vector of " + withThousands(count) + " values is absurdly long");
  std::vector<float> values(count);
  convertToFloat(info->dtype, checkpoint.bytes(*info), values);
  checkpoint.file(*info).throwIfTruncated();
  return values;
}

}  // namespace ql
