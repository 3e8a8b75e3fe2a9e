#pragma once
// Storage types of checkpoint tensors: names, widths, and exact widening to float32.
// Not for the number formats of quantization (quant/scheme.h).
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace ql {

/// The dtypes of the safetensors format, in that format's own order (formats: safetensors 1.3).
enum class DType : std::uint8_t {
  Bool,
  F4,
  F6E2M3,
  F6E3M2,
  U8,
  I8,
  F8E5M2,
  F8E4M3,
  F8E8M0,
  F8E4M3Fnuz,
  F8E5M2Fnuz,
  I16,
  U16,
  F16,
  BF16,
  I32,
  U32,
  F32,
  C64,
  F64,
  I64,
  U64
};

struct DTypeInfo {
  DType dtype;
  std::string_view name;  // as written in safetensors headers: "BF16"
  int bits;
  bool isFloat;
  bool isConvertible;  // convertToFloat() accepts it
};

const DTypeInfo& dtypeInfo(DType dtype);
std::optional<DType> dtypeFromName(std::string_view name);

/// Widens `out.size()` values to float32. Exact for BF16, F16, F8*, Bool and integers up to 24 bits; rounded
/// to nearest even for F64, I32, I64, U32, U64. NaN and infinities are kept.
///
/// bytes  little-endian values, any alignment, out.size() * bits / 8 bytes.
/// Throws Error(Unsupported) for types with isConvertible == false.
void convertToFloat(DType dtype, std::span<const std::byte> bytes, std::span<float> out);

/// Bit patterns of one value, for tests and for the writers.
float bf16ToFloat(std::uint16_t bits);
float fp16ToFloat(std::uint16_t bits);
std::uint16_t floatToBf16(float value);  // round to nearest even, NaN stays NaN
std::uint16_t floatToFp16(float value);  // round to nearest even, overflow to infinity, NaN stays NaN

}  // namespace ql
