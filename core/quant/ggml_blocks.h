#pragma once
// llama.cpp's block formats: weights to packed blocks and back, byte for byte as the reference
// quantize_row_*_ref and dequantize_row_* of ggml-quants.c. Not for where blocks lie in a matrix
// (methods/ggml_blocks.cpp), and not for the importance-weighted variants.
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace ql {

/// A block is `weights` neighbours of a row in `bytes`, cut into `parts` with a scale each.
struct GgmlBlockFormat {
  std::string_view name;  // of the number format: "q4_k"
  std::uint32_t id;       // ggml_type in GGUF files
  std::size_t weights, bytes, parts;
  int codeLo, codeHi;  // of the codes in GgmlBlock
};
std::span<const GgmlBlockFormat> ggmlBlockFormats();
const GgmlBlockFormat* findGgmlBlockFormat(std::string_view name);  // null when there is none

/// A block taken apart: weight i = codes[i] * scales[p] + offsets[p], p = i / (weights / parts). The constant
/// that a format subtracts from its stored codes (8 for q4_0) is subtracted already.
struct GgmlBlock {
  std::array<std::int16_t, 256> codes{};
  std::array<float, 16> scales{}, offsets{};
};

/// x [weights], finite, to block [bytes]. Scales that fp16 cannot hold saturate at 65504 (the reference would
/// write infinity). Pure. Source: ggml-quants.c of llama.cpp (quantize_row_q8_0_ref ... q6_K_ref,
/// make_qkx2_quants, make_qx_quants).
void packGgmlBlock(const GgmlBlockFormat& format, std::span<const float> x, std::span<std::uint8_t> block);
GgmlBlock unpackGgmlBlock(const GgmlBlockFormat& format, std::span<const std::uint8_t> block);
/// block [bytes] to x [weights], as dequantize_row_*.
void decodeGgmlBlock(const GgmlBlockFormat& format, std::span<const std::uint8_t> block, std::span<float> x);
/// The code that a weight of 0 gets in a part: 0 in formats without a minimum.
int ggmlZeroCode(const GgmlBlockFormat& format, const GgmlBlock& block, std::size_t part);

namespace ggml {  // the formats in pieces; ggml_k_blocks.cpp holds the blocks of 256
inline constexpr std::size_t kSuperBlock = 256;
void packQ4K(std::span<const float> x, std::span<std::uint8_t> block);
void packQ6K(std::span<const float> x, std::span<std::uint8_t> block);
void unpackQ4K(std::span<const std::uint8_t> block, GgmlBlock& result);
void unpackQ6K(std::span<const std::uint8_t> block, GgmlBlock& result);
/// fp16, little endian.
void putHalf(std::span<std::uint8_t> block, std::size_t offset, float value);
float halfAt(std::span<const std::uint8_t> block, std::size_t offset);
}  // namespace ggml

}  // namespace ql
