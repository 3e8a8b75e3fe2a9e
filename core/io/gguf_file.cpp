#include "core/io/gguf_file.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/io/byte_reader.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <utility>

namespace ql {
namespace {

constexpr std::string_view kMagic = "GGUF";
constexpr std::uint64_t kMostElements = 1ull << 30;  // llama.cpp's limit for arrays
constexpr std::uint64_t kMostText = 1ull << 30;
constexpr std::size_t kMostName = 63;
constexpr std::uint32_t kMostDimensions = 4;
constexpr std::uint64_t kLeastKeyBytes = 8 + 1 + 4 + 1;  // length, one letter, type, one byte
constexpr std::uint64_t kLeastTensorBytes =
    8 + 1 + 4 + 8 + 4 + 8;  // length, letter, rank, size, type, offset
constexpr std::uint64_t kMostAlignment = 1u << 20;

/// Bytes of one element of a fixed size; 0 for strings, arrays and unknown types.
std::uint64_t elementBytes(GgufType type) {
  constexpr std::array<std::uint8_t, 13> kBytes{1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  const auto index = static_cast<std::size_t>(type);
  return index < kBytes.size() ? kBytes[index] : 0;
}

class Parser {
 public:
  Parser(std::span<const std::byte> file, const std::string& where)
      : m_size(file.size()), m_reader(file, where, "GGUF header") {}

  GgufFile parse() {
    readStart();
    const auto tensors = count("tensors", kLeastTensorBytes);
    const auto keys = count("keys", kLeastKeyBytes);
    for (std::uint64_t i = 0; i < keys; ++i) readKey();
    readAlignment();
    m_file.tensors.reserve(static_cast<std::size_t>(tensors));
    for (std::uint64_t i = 0; i < tensors; ++i) readTensor();
    placeTensors();
    return std::move(m_file);
  }

 private:
  void readStart() {
    if (m_reader.text(4, "the magic") != kMagic) m_reader.damaged("it does not begin with GGUF");
    m_file.version = m_reader.read<std::uint32_t>("the version");
    if ((m_file.version & 0xffff) == 0)
      unsupported("is a big-endian GGUF file; convert it on a little-endian machine");
    if (m_file.version < 2 || m_file.version > 3)
      unsupported("is a GGUF file of version " + std::to_string(m_file.version) +
                  "; versions 2 and 3 are read, convert it with a current llama.cpp");
  }
  [[noreturn]] void unsupported(const std::string& what) const {
    throw Error(ErrorCode::Unsupported, m_reader.where() + " " + what + ".");
  }

  std::uint64_t count(const char* what, std::uint64_t leastBytes) {
    const auto value = m_reader.read<std::int64_t>(what);
    if (value < 0 || static_cast<std::uint64_t>(value) > m_size / leastBytes)
      m_reader.damaged("it claims " + std::to_string(value) + " " + what);
    return static_cast<std::uint64_t>(value);
  }
  std::string_view text(std::string_view what) {
    const auto size = m_reader.read<std::uint64_t>(what);
    if (size > kMostText) m_reader.damaged(std::string(what) + " claims " + bytesText(size));
    return m_reader.text(size, what);
  }

  void readKey() {
    const std::string key(text("a key"));
    if (key.empty()) m_reader.damaged("a key is empty");
    const auto type = m_reader.read<std::int32_t>("the type of " + quotedText(key));
    GgufValue read = value(static_cast<GgufType>(type), key);
    if (!m_file.metadata.emplace(key, std::move(read)).second)
      m_reader.damaged("key " + quotedText(key) + " is there twice");
  }

  GgufValue value(GgufType type, const std::string& key) {
    switch (type) {
      case GgufType::U8:
        return std::uint64_t{m_reader.read<std::uint8_t>(key)};
      case GgufType::U16:
        return std::uint64_t{m_reader.read<std::uint16_t>(key)};
      case GgufType::U32:
        return std::uint64_t{m_reader.read<std::uint32_t>(key)};
      case GgufType::U64:
        return m_reader.read<std::uint64_t>(key);
      case GgufType::I8:
        return std::int64_t{m_reader.read<std::int8_t>(key)};
      case GgufType::I16:
        return std::int64_t{m_reader.read<std::int16_t>(key)};
      case GgufType::I32:
        return std::int64_t{m_reader.read<std::int32_t>(key)};
      case GgufType::I64:
        return m_reader.read<std::int64_t>(key);
      case GgufType::F32:
        return static_cast<double>(m_reader.read<float>(key));
      case GgufType::F64:
        return m_reader.read<double>(key);
      case GgufType::Bool:
        return m_reader.read<std::uint8_t>(key) != 0;
      case GgufType::String:
        return std::string(text(quotedText(key)));
      case GgufType::Array:
        return array(key);
    }
    m_reader.damaged("key " + quotedText(key) + " is of the unknown type " +
                     std::to_string(static_cast<std::int32_t>(type)));
  }

  GgufArray array(const std::string& key) {
    GgufArray array;
    array.type = static_cast<GgufType>(m_reader.read<std::int32_t>(quotedText(key)));
    array.count = m_reader.read<std::uint64_t>(quotedText(key));
    const std::uint64_t width = elementBytes(array.type);
    if (width == 0 && array.type != GgufType::String)
      m_reader.damaged("the array " + quotedText(key) + " is of a type that arrays cannot have");
    if (array.count > kMostElements)
      m_reader.damaged("the array " + quotedText(key) + " claims " + withThousands(array.count) +
                       " elements");
    if (width > 0) {
      array.bytes = m_reader.take(array.count * width, "the array " + quotedText(key));
      return array;
    }
    ByteReader from = m_reader;
    for (std::uint64_t i = 0; i < array.count; ++i) static_cast<void>(text("a text of " + quotedText(key)));
    array.bytes = from.take(m_reader.position() - from.position(), key);
    return array;
  }

  void readAlignment() {
    const auto found = m_file.metadata.find("general.alignment");
    if (found == m_file.metadata.end()) return;
    const auto* alignment = std::get_if<std::uint64_t>(&found->second);
    if (alignment == nullptr || *alignment == 0 || *alignment > kMostAlignment ||
        (*alignment & (*alignment - 1)) != 0)
      m_reader.damaged("general.alignment is not a power of two");
    m_file.alignment = *alignment;
  }

  void readTensor() {
    GgufTensor tensor;
    const std::string_view name = text("a tensor's name");
    if (name.empty() || name.size() > kMostName)
      m_reader.damaged("a tensor's name of " + bytesText(name.size()) + " (1 to 63 are allowed)");
    tensor.name = name;
    if (!m_names.insert(tensor.name).second)
      m_reader.damaged("tensor " + quotedText(name) + " is there twice");
    const auto rank = m_reader.read<std::uint32_t>("a tensor's dimensions");
    if (rank < 1 || rank > kMostDimensions)
      m_reader.damaged("tensor " + quotedText(name) + " claims " + std::to_string(rank) + " dimensions");
    for (std::uint32_t i = 0; i < rank; ++i) tensor.ne.push_back(m_reader.read<std::int64_t>("a dimension"));
    const auto id = m_reader.read<std::int32_t>("a tensor's type");
    tensor.type = ggufTensorType(id);
    if (tensor.type == nullptr)
      unsupported("holds tensor " + quotedText(name) + " of type " + std::to_string(id) +
                  ", which is unknown or was removed from llama.cpp; convert the file again");
    tensor.offset = m_reader.read<std::uint64_t>("a tensor's offset");
    measure(tensor);
    m_file.tensors.push_back(std::move(tensor));
  }

  void measure(GgufTensor& tensor) const {
    std::uint64_t values = 1;
    for (const std::int64_t dimension : tensor.ne) {
      if (dimension < 0 || __builtin_mul_overflow(values, static_cast<std::uint64_t>(dimension), &values))
        m_reader.damaged("tensor " + quotedText(tensor.name) + " has a negative or absurd dimension");
    }
    const GgufTensorType& type = *tensor.type;
    if (static_cast<std::uint64_t>(tensor.ne[0]) % type.blockValues != 0)
      m_reader.damaged("rows of tensor " + quotedText(tensor.name) + " are no multiple of the block of " +
                       std::string(type.name));
    if (__builtin_mul_overflow(values / type.blockValues, std::uint64_t{type.blockBytes}, &tensor.sizeBytes))
      m_reader.damaged("tensor " + quotedText(tensor.name) + " has a negative or absurd dimension");
  }

  /// Sizes below 2^64 added up to at most the file's size cannot overflow.
  std::uint64_t padded(std::uint64_t bytes) const {
    const std::uint64_t rest = bytes % m_file.alignment;
    return rest == 0 ? bytes : bytes + (m_file.alignment - rest);
  }

  void placeTensors() {
    m_file.dataBegin = padded(m_reader.position());
    std::uint64_t next = 0;
    for (GgufTensor& tensor : m_file.tensors) {
      if (tensor.offset != next)
        m_reader.damaged("tensor " + quotedText(tensor.name) + " begins at " + withThousands(tensor.offset) +
                         " of the data where " + withThousands(next) + " was expected");
      if (m_file.dataBegin > m_size || next > m_size - m_file.dataBegin ||
          tensor.sizeBytes > m_size - m_file.dataBegin - next)
        m_reader.damaged("the data of tensor " + quotedText(tensor.name) + " passes the end of the file");
      tensor.offset = m_file.dataBegin + next;
      next = padded(next + tensor.sizeBytes);
    }
  }

  std::uint64_t m_size;
  ByteReader m_reader;
  GgufFile m_file;
  std::set<std::string> m_names;
};

constexpr std::array<GgufTensorType, 35> kTypes{{
    {0, "F32", 1, 4, DType::F32},  {1, "F16", 1, 2, DType::F16},    {2, "Q4_0", 32, 18, {}},
    {3, "Q4_1", 32, 20, {}},       {6, "Q5_0", 32, 22, {}},         {7, "Q5_1", 32, 24, {}},
    {8, "Q8_0", 32, 34, {}},       {9, "Q8_1", 32, 36, {}},         {10, "Q2_K", 256, 84, {}},
    {11, "Q3_K", 256, 110, {}},    {12, "Q4_K", 256, 144, {}},      {13, "Q5_K", 256, 176, {}},
    {14, "Q6_K", 256, 210, {}},    {15, "Q8_K", 256, 292, {}},      {16, "IQ2_XXS", 256, 66, {}},
    {17, "IQ2_XS", 256, 74, {}},   {18, "IQ3_XXS", 256, 98, {}},    {19, "IQ1_S", 256, 50, {}},
    {20, "IQ4_NL", 32, 18, {}},    {21, "IQ3_S", 256, 110, {}},     {22, "IQ2_S", 256, 82, {}},
    {23, "IQ4_XS", 256, 136, {}},  {24, "I8", 1, 1, DType::I8},     {25, "I16", 1, 2, DType::I16},
    {26, "I32", 1, 4, DType::I32}, {27, "I64", 1, 8, DType::I64},   {28, "F64", 1, 8, DType::F64},
    {29, "IQ1_M", 256, 56, {}},    {30, "BF16", 1, 2, DType::BF16}, {34, "TQ1_0", 256, 54, {}},
    {35, "TQ2_0", 256, 66, {}},    {39, "MXFP4", 32, 17, {}},       {40, "NVFP4", 64, 36, {}},
    {41, "Q1_0", 128, 18, {}},     {42, "Q2_0", 64, 18, {}},
}};

}  // namespace

std::vector<std::string_view> GgufArray::strings() const {
  QL_ASSERT(type == GgufType::String);
  ByteReader reader(bytes, "", "GGUF array");
  std::vector<std::string_view> texts;
  for (std::uint64_t i = 0; i < count; ++i)
    texts.push_back(reader.text(reader.read<std::uint64_t>("a text"), "a text"));
  return texts;
}

const GgufTensorType* ggufTensorType(std::int32_t id) {
  const auto* found = std::ranges::find(kTypes, id, &GgufTensorType::id);
  return found == kTypes.end() ? nullptr : found;
}

const GgufTensor* GgufFile::find(std::string_view name) const {
  const auto found = std::ranges::find(tensors, name, &GgufTensor::name);
  return found == tensors.end() ? nullptr : &*found;
}

std::optional<std::string_view> GgufFile::text(std::string_view key) const {
  const auto found = metadata.find(key);
  const auto* value = found == metadata.end() ? nullptr : std::get_if<std::string>(&found->second);
  return value == nullptr ? std::nullopt : std::optional<std::string_view>(*value);
}

std::optional<std::uint64_t> GgufFile::number(std::string_view key) const {
  const auto found = metadata.find(key);
  if (found == metadata.end()) return std::nullopt;
  if (const auto* value = std::get_if<std::uint64_t>(&found->second)) return *value;
  const auto* value = std::get_if<std::int64_t>(&found->second);
  return value == nullptr || *value < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(*value));
}

bool looksLikeGguf(std::span<const std::byte> file) {
  return file.size() >= kMagic.size() && std::memcmp(file.data(), kMagic.data(), kMagic.size()) == 0;
}

GgufFile parseGguf(std::span<const std::byte> file, const std::string& where) {
  return Parser(file, where).parse();
}

}  // namespace ql
