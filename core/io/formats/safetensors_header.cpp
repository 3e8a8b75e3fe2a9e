#include "core/io/formats/safetensors_header.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/io/strict_json.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

namespace ql {
namespace {

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // the reference reader's limit
constexpr std::size_t kMinEntryBytes = 50;              // "":{"dtype":"I8","shape":[],"data_offsets":[0,0]},
constexpr std::size_t kMaxRank = 64;                    // torch's limit
constexpr const char* kDownloadAgain = "download the file again";

[[noreturn]] void throwDamaged(const std::string& where, std::uint64_t byte, const std::string& what) {
  throw Error(ErrorCode::Format, where + ": safetensors header, byte " + withThousands(byte) + ": " + what +
                                     ": the file is damaged, " + kDownloadAgain + ".");
}

/// Builds the tensor list from the header's events. `offset` holds begin relative to the data until
/// resolve().
class HeaderVisitor : public JsonVisitor {
 public:
  explicit HeaderVisitor(std::size_t expectedEntries) { m_tensors.reserve(expectedEntries); }

  std::vector<TensorInfo> takeTensors() { return std::move(m_tensors); }

  void onKey(std::string& key) override {
    if (m_place == Place::Header) {
      m_isMetadata = key == "__metadata__";
      if (!m_isMetadata) m_tensor.name = std::move(key);
    } else if (m_place == Place::Entry) {
      m_field = key == "dtype"          ? Field::Type
                : key == "shape"        ? Field::Dimensions
                : key == "data_offsets" ? Field::Offsets
                                        : Field::Unknown;
    }
  }

  void onString(std::string& value) override {
    if (m_place == Place::Metadata || m_place == Place::Skipped) return;
    if (m_place != Place::Entry) refuse("a text");
    if (m_field == Field::Unknown) return;
    if (m_field != Field::Type) refuse("a text");
    const std::optional<DType> dtype = dtypeFromName(value);
    if (!dtype) throw JsonFault{prefix() + "the dtype " + quotedText(value) + " is unknown", 0};
    m_tensor.dtype = *dtype;
    m_hasDType = true;
  }

  void onUnsigned(std::uint64_t value) override {
    if (m_place == Place::Skipped || (m_place == Place::Entry && m_field == Field::Unknown)) return;
    if (m_place != Place::List) refuse("a number");
    if (m_list.size() == kMaxRank) throw JsonFault{prefix() + "the list has more than 64 numbers", 0};
    m_list.push_back(value);
  }

  void onOther(std::string_view kind) override {
    if (m_place == Place::Skipped || (m_place == Place::Entry && m_field == Field::Unknown)) return;
    if (m_place == Place::Header && m_isMetadata && kind == "null") return;  // as the reference reader
    refuse(std::string(kind));
  }

  void onStart(char bracket) override {
    const bool isObject = bracket == '{';
    switch (m_place) {
      case Place::Outside:
        if (!isObject) refuse("a list");
        m_place = Place::Header;
        return;
      case Place::Header:
        if (!isObject) refuse("a list");
        m_place = m_isMetadata ? Place::Metadata : Place::Entry;
        m_hasDType = m_hasShape = m_hasOffsets = false;
        return;
      case Place::Entry:
        return startField(isObject);
      case Place::Skipped:
        ++m_skipDepth;
        return;
      default:
        refuse(isObject ? "an object" : "a list");
    }
  }

  void onEnd(char) override {
    switch (m_place) {
      case Place::Skipped:
        if (--m_skipDepth == 0) m_place = Place::Entry;
        return;
      case Place::List:
        return finishList();
      case Place::Entry:
        finishEntry();
        [[fallthrough]];
      case Place::Metadata:
        m_place = Place::Header;
        return;
      default:
        m_place = Place::Outside;
    }
  }

 private:
  enum class Place { Outside, Header, Metadata, Entry, List, Skipped };
  enum class Field { Type, Dimensions, Offsets, Unknown };

  std::string prefix() const { return "tensor " + quotedText(m_tensor.name) + ": "; }

  [[noreturn]] void refuse(const std::string& found) const {
    if (m_place == Place::Outside) throw JsonFault{"expected an object, found " + found, 0};
    if (m_isMetadata) throw JsonFault{"__metadata__ may hold texts only, found " + found, 0};
    if (m_place == Place::Header) throw JsonFault{prefix() + "expected an object, found " + found, 0};
    constexpr const char* kExpected[] = {"dtype must be a text",
                                         "shape must be a list of whole numbers from 0",
                                         "data_offsets must be two whole numbers from 0", "unexpected value"};
    throw JsonFault{prefix() + kExpected[static_cast<int>(m_field)] + ", found " + found, 0};
  }

  void startField(bool isObject) {
    if (m_field == Field::Unknown) {  // the reference reader passes over keys it does not know
      m_place = Place::Skipped;
      m_skipDepth = 1;
      return;
    }
    if (isObject || m_field == Field::Type) refuse(isObject ? "an object" : "a list");
    m_list.clear();
    m_place = Place::List;
  }

  void finishList() {
    m_place = Place::Entry;
    if (m_field == Field::Dimensions) {
      m_tensor.shape.assign(m_list.size(), 0);
      for (std::size_t i = 0; i < m_list.size(); ++i) {
        if (m_list[i] > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
          throw JsonFault{prefix() + "the dimension " + std::to_string(m_list[i]) + " is too large", 0};
        }
        m_tensor.shape[i] = static_cast<std::int64_t>(m_list[i]);
      }
      m_hasShape = true;
      return;
    }
    if (m_list.size() != 2) refuse("a list of " + std::to_string(m_list.size()));
    if (m_list[1] < m_list[0]) throw JsonFault{prefix() + "data_offsets end before they begin", 0};
    m_tensor.offset = m_list[0];
    m_tensor.sizeBytes = m_list[1] - m_list[0];
    m_hasOffsets = true;
  }

  void finishEntry() {
    const char* missing = !m_hasDType     ? "dtype"
                          : !m_hasShape   ? "shape"
                          : !m_hasOffsets ? "data_offsets"
                                          : nullptr;
    if (missing != nullptr) throw JsonFault{prefix() + missing + " is missing", 0};
    m_tensors.push_back(std::move(m_tensor));
    m_tensor = {};
  }

  std::vector<TensorInfo> m_tensors;
  TensorInfo m_tensor;  // the entry being read
  Place m_place = Place::Outside;
  Field m_field = Field::Unknown;
  bool m_isMetadata = false;
  bool m_hasDType = false, m_hasShape = false, m_hasOffsets = false;
  std::vector<std::uint64_t> m_list;
  int m_skipDepth = 0;
};

void checkSize(const TensorInfo& tensor, const std::string& where) {
  const DTypeInfo& info = dtypeInfo(tensor.dtype);
  const std::string what = "tensor " + quotedText(tensor.name) + " (" + std::string(info.name) + ", " +
                           shapeText(tensor.shape) + "): ";
  const std::optional<std::uint64_t> count = elementCount(tensor.shape);
  std::uint64_t bits = 0;
  if (!count || __builtin_mul_overflow(*count, static_cast<std::uint64_t>(info.bits), &bits)) {
    throwDamaged(where, kLengthBytes, what + "its shape is absurdly large");
  }
  if (bits % 8 != 0) throwDamaged(where, kLengthBytes, what + "its values do not fill whole bytes");
  if (tensor.sizeBytes != bits / 8) {
    throwDamaged(where, kLengthBytes,
                 what + "data_offsets span " + bytesText(tensor.sizeBytes) + " where the shape needs " +
                     withThousands(bits / 8));
  }
}

/// Sorted by (begin, end), each range must begin where the one before ended: no holes, no overlaps. Then
/// offsets become places in the file. Returns the end of the data.
std::uint64_t resolveOffsets(std::vector<TensorInfo>& tensors, std::uint64_t dataBegin,
                             const std::string& where) {
  std::vector<std::uint32_t> order(tensors.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::sort(order, {},
                    [&](std::uint32_t i) { return std::pair(tensors[i].offset, tensors[i].sizeBytes); });
  std::uint64_t end = 0;
  for (const std::uint32_t i : order) {
    TensorInfo& tensor = tensors[i];
    if (tensor.offset != end) {
      throwDamaged(where, kLengthBytes,
                   "tensor " + quotedText(tensor.name) + ": its data begin at " +
                       withThousands(tensor.offset) + " where " + withThousands(end) +
                       " is expected, so ranges " + (tensor.offset > end ? "leave a hole" : "overlap"));
    }
    checkSize(tensor, where);
    end += tensor.sizeBytes;  // sizes were differences of 64-bit ends, so this is such an end again
    if (__builtin_add_overflow(tensor.offset, dataBegin, &tensor.offset)) {
      throwDamaged(where, kLengthBytes,
                   "tensor " + quotedText(tensor.name) + ": data_offsets are absurdly large");
    }
  }
  return end;
}

void checkFileEnd(std::uint64_t dataBytes, std::uint64_t dataBegin, std::uint64_t fileBytes,
                  const std::string& where) {
  const std::uint64_t available = fileBytes - dataBegin;
  if (dataBytes > available) {
    throw Error(ErrorCode::Format, where + " is " + bytesText(dataBytes - available) +
                                       " shorter than its header says: the download is incomplete, " +
                                       kDownloadAgain + ".");
  }
  if (dataBytes < available) {
    throw Error(ErrorCode::Format, where + ", byte " + withThousands(dataBegin + dataBytes) + ": " +
                                       bytesText(available - dataBytes) +
                                       " at the end belong to no tensor: the file is damaged, " +
                                       kDownloadAgain + ".");
  }
}

void refuseDuplicates(const std::vector<TensorInfo>& sorted, const std::string& where) {
  const auto twice = std::ranges::adjacent_find(sorted, {}, &TensorInfo::name);
  if (twice != sorted.end())
    throwDamaged(where, kLengthBytes, "tensor " + quotedText(twice->name) + " is there twice");
}

std::uint64_t headerLength(std::span<const std::byte> file, const std::string& where) {
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), kLengthBytes);
  if (length > kMaxHeaderBytes) {
    throwDamaged(where, 0, "the header claims " + bytesText(length) + ", more than the allowed 100,000,000");
  }
  if (length > file.size() - kLengthBytes) {
    throw Error(ErrorCode::Format, where + ", byte 0: the header claims " + bytesText(length) + " but only " +
                                       withThousands(file.size() - kLengthBytes) +
                                       " follow: the download is incomplete, " + kDownloadAgain + ".");
  }
  return length;
}

/// How often the key that every entry has is there. With its quotes it cannot hide inside a JSON text.
std::size_t entryCount(std::string_view text) {
  constexpr std::string_view kKey = "\"data_offsets\"";
  std::size_t count = 0;
  for (std::size_t at = text.find(kKey); at != std::string_view::npos; at = text.find(kKey, at + kKey.size()))
    ++count;
  return count;
}

std::vector<TensorInfo> parseEntries(std::string_view text, const std::string& where) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || text[first] != '{') {
    throwDamaged(where, kLengthBytes + (first == std::string_view::npos ? 0 : first),
                 "\"{\" is expected here");
  }
  HeaderVisitor visitor(std::min(entryCount(text), text.size() / kMinEntryBytes + 1));
  try {
    parseStrictJson(text, visitor);
  } catch (const JsonFault& fault) {
    throwDamaged(where, kLengthBytes + fault.position, fault.message);
  }
  return visitor.takeTensors();
}

}  // namespace

SafetensorsHeader parseSafetensorsHeader(std::span<const std::byte> file, const std::string& where) {
  const std::string reason = notWeightsReason(file);
  if (!reason.empty()) throw Error(ErrorCode::Format, where + " " + reason + ".");
  const std::uint64_t length = headerLength(file, where);
  SafetensorsHeader header;
  header.dataBegin = kLengthBytes + length;
  header.tensors = parseEntries({reinterpret_cast<const char*>(file.data()) + kLengthBytes, length}, where);
  std::ranges::sort(header.tensors, {}, &TensorInfo::name);
  refuseDuplicates(header.tensors, where);
  const std::uint64_t dataBytes = resolveOffsets(header.tensors, header.dataBegin, where);
  checkFileEnd(dataBytes, header.dataBegin, file.size(), where);
  return header;
}

}  // namespace ql
