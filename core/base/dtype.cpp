#include "core/base/dtype.h"

#include "core/base/error.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

namespace ql {
namespace {

// Names and widths: safetensors/src/tensor.rs, in the order of that file's enum.
constexpr std::array<DTypeInfo, 22> kDTypes = {{
    {DType::Bool, "BOOL", 8, false, true},
    {DType::F4, "F4", 4, true, false},
    {DType::F6E2M3, "F6_E2M3", 6, true, false},
    {DType::F6E3M2, "F6_E3M2", 6, true, false},
    {DType::U8, "U8", 8, false, true},
    {DType::I8, "I8", 8, false, true},
    {DType::F8E5M2, "F8_E5M2", 8, true, true},
    {DType::F8E4M3, "F8_E4M3", 8, true, true},
    {DType::F8E8M0, "F8_E8M0", 8, true, true},
    {DType::F8E4M3Fnuz, "F8_E4M3FNUZ", 8, true, true},
    {DType::F8E5M2Fnuz, "F8_E5M2FNUZ", 8, true, true},
    {DType::I16, "I16", 16, false, true},
    {DType::U16, "U16", 16, false, true},
    {DType::F16, "F16", 16, true, true},
    {DType::BF16, "BF16", 16, true, true},
    {DType::I32, "I32", 32, false, true},
    {DType::U32, "U32", 32, false, true},
    {DType::F32, "F32", 32, true, true},
    {DType::C64, "C64", 64, true, false},
    {DType::F64, "F64", 64, true, true},
    {DType::I64, "I64", 64, false, true},
    {DType::U64, "U64", 64, false, true},
}};

// Here, without linkage, so that loops over them are made of vectors.
float widenBf16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

float widenFp16(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000u) << 16;
  const std::uint32_t rest = bits & 0x7FFFu;
  // Subnormal halves are multiples of 2^-24; the product with the integer is exact.
  const std::uint32_t small = std::bit_cast<std::uint32_t>(static_cast<float>(rest) * 0x1p-24f);
  const std::uint32_t normal = (rest << 13) + ((127u - 15u) << 23);
  const std::uint32_t special = (rest << 13) | 0x7F800000u;
  const std::uint32_t magnitude = rest < 0x0400u ? small : rest < 0x7C00u ? normal : special;
  return std::bit_cast<float>(sign | magnitude);
}

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

using Table = std::array<float, 256>;

/// A byte of sign, `exponentBits` and mantissa, every pattern finite: (1.m) * 2^(e - bias), 0.m * 2^(1 -
/// bias) for e = 0.
float finiteFloat8(unsigned code, int exponentBits, int bias) {
  const int mantissaBits = 7 - exponentBits;
  const int mantissa = static_cast<int>(code & ((1u << mantissaBits) - 1u));
  const int exponent = static_cast<int>((code & 0x7Fu) >> mantissaBits);
  const int implicit = exponent == 0 ? 0 : 1 << mantissaBits;
  const int scale = (exponent == 0 ? 1 : exponent) - bias - mantissaBits;
  const float magnitude = std::ldexp(static_cast<float>(implicit + mantissa), scale);
  return (code & 0x80u) != 0 ? -magnitude : magnitude;
}

float float8Value(DType dtype, unsigned code) {
  switch (dtype) {
    case DType::F8E4M3:
      return (code & 0x7Fu) == 0x7Fu ? kNan : finiteFloat8(code, 4, 7);
    case DType::F8E5M2:
      return fp16ToFloat(static_cast<std::uint16_t>(code << 8));  // the upper half of an FP16
    case DType::F8E4M3Fnuz:
      return code == 0x80u ? kNan : finiteFloat8(code, 4, 8);
    case DType::F8E5M2Fnuz:
      return code == 0x80u ? kNan : finiteFloat8(code, 5, 16);
    case DType::F8E8M0:
      return code == 0xFFu ? kNan : std::ldexp(1.0f, static_cast<int>(code) - 127);
    default:
      break;
  }
  QL_ASSERT(dtype == DType::F8E8M0);  // every other 8-bit float was handled above
  return 0;
}

Table makeTable(DType dtype) {
  Table table{};
  for (unsigned code = 0; code < 256; ++code) table[code] = float8Value(dtype, code);
  return table;
}

const Table& float8Table(DType dtype) {
  static const Table e4m3 = makeTable(DType::F8E4M3);
  static const Table e5m2 = makeTable(DType::F8E5M2);
  static const Table e4m3Fnuz = makeTable(DType::F8E4M3Fnuz);
  static const Table e5m2Fnuz = makeTable(DType::F8E5M2Fnuz);
  static const Table e8m0 = makeTable(DType::F8E8M0);
  switch (dtype) {
    case DType::F8E4M3:
      return e4m3;
    case DType::F8E5M2:
      return e5m2;
    case DType::F8E4M3Fnuz:
      return e4m3Fnuz;
    case DType::F8E5M2Fnuz:
      return e5m2Fnuz;
    default:
      return e8m0;
  }
}

/// Files start tensors at any address, so every value is copied out before it is looked at.
template <class Stored, class ToFloat>
void convertEach(const std::byte* bytes, std::span<float> out, const ToFloat& toFloat) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    Stored value;
    std::memcpy(&value, bytes + i * sizeof(Stored), sizeof(Stored));
    out[i] = toFloat(value);
  }
}

template <class Stored>
void convertNumbers(const std::byte* bytes, std::span<float> out) {
  convertEach<Stored>(bytes, out, [](Stored value) { return static_cast<float>(value); });
}

}  // namespace

const DTypeInfo& dtypeInfo(DType dtype) {
  const auto index = static_cast<std::size_t>(dtype);
  QL_ASSERT(index < kDTypes.size());
  return kDTypes[index];
}

std::optional<DType> dtypeFromName(std::string_view name) {
  for (const DTypeInfo& info : kDTypes) {
    if (info.name == name) return info.dtype;
  }
  return std::nullopt;
}

float bf16ToFloat(std::uint16_t bits) {
  return widenBf16(bits);
}

float fp16ToFloat(std::uint16_t bits) {
  return widenFp16(bits);
}

std::uint16_t floatToBf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return static_cast<std::uint16_t>((bits >> 16) | 0x0040u);
  return static_cast<std::uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}

std::uint16_t floatToFp16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000u;
  const std::uint32_t magnitude = bits & 0x7FFFFFFFu;
  std::uint32_t half = 0;
  if (magnitude > 0x7F800000u) {
    half = 0x7E00u | ((magnitude >> 13) & 0x01FFu);
  } else if (magnitude >= 0x477FF000u) {  // 65520, halfway from 65504 to the first value that does not exist
    half = 0x7C00u;
  } else if (magnitude <
             0x38800000u) {  // below 2^-14: one unit of 0.5f is 2^-24, so the addition rounds for us
    half = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - 0x3F000000u;
  } else {
    half = (magnitude - ((127u - 15u) << 23) + 0x0FFFu + ((magnitude >> 13) & 1u)) >> 13;
  }
  return static_cast<std::uint16_t>(sign | half);
}

void convertToFloat(DType dtype, std::span<const std::byte> bytes, std::span<float> out) {
  const DTypeInfo& info = dtypeInfo(dtype);
  if (!info.isConvertible) {
    throw Error(ErrorCode::Unsupported,
                "values of type " + std::string(info.name) +
                    " cannot be read as numbers by this version: convert them to BF16 first.");
  }
  QL_ASSERT(bytes.size() == out.size() * static_cast<std::size_t>(info.bits) / 8);
  const std::byte* in = bytes.data();
  switch (dtype) {
    case DType::Bool:
      return convertEach<std::uint8_t>(in, out, [](std::uint8_t v) { return v != 0 ? 1.0f : 0.0f; });
    case DType::U8:
      return convertNumbers<std::uint8_t>(in, out);
    case DType::I8:
      return convertNumbers<std::int8_t>(in, out);
    case DType::I16:
      return convertNumbers<std::int16_t>(in, out);
    case DType::U16:
      return convertNumbers<std::uint16_t>(in, out);
    case DType::F16:
      return convertEach<std::uint16_t>(in, out, widenFp16);
    case DType::BF16:
      return convertEach<std::uint16_t>(in, out, widenBf16);
    case DType::I32:
      return convertNumbers<std::int32_t>(in, out);
    case DType::U32:
      return convertNumbers<std::uint32_t>(in, out);
    case DType::F32:
      return convertNumbers<float>(in, out);
    case DType::F64:
      return convertNumbers<double>(in, out);
    case DType::I64:
      return convertNumbers<std::int64_t>(in, out);
    case DType::U64:
      return convertNumbers<std::uint64_t>(in, out);
    default:
      break;
  }
  const Table& table = float8Table(dtype);
  convertEach<std::uint8_t>(in, out, [&table](std::uint8_t code) { return table[code]; });
}

}  // namespace ql
