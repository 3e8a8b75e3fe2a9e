#pragma once
// bitsandbytes' tables: the 16 values of NF4 and the 256 of the dynamic 8-bit code that its double
// quantization stores block scales with.
#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace ql {

/// Ascending. Source: QLoRA, arXiv:2305.14314, appendix E, as printed in bitsandbytes.
inline constexpr std::array<float, 16> kNf4Values{-1.0f,
                                                  -0.6961928009986877f,
                                                  -0.5250730514526367f,
                                                  -0.39491748809814453f,
                                                  -0.28444138169288635f,
                                                  -0.18477343022823334f,
                                                  -0.09105003625154495f,
                                                  0.0f,
                                                  0.07958029955625534f,
                                                  0.16093020141124725f,
                                                  0.24611230194568634f,
                                                  0.33791524171829224f,
                                                  0.44070982933044434f,
                                                  0.5626170039176941f,
                                                  0.7229568362236023f,
                                                  1.0f};
inline constexpr int kNf4Zero = 7;  // the code of 0

/// The code nearest to x within [-1, 1], ties to the lower code.
int nf4Code(float x);

/// create_dynamic_map(signed=True), ascending: in each of seven decades 2^i fractions of either sign, 0
/// and 1. Source: Dettmers, arXiv:1511.04561; bitsandbytes functional.py.
const std::array<float, 256>& dynamicMap();
/// As nf4Code(), of dynamicMap().
int dynamicCode(float x);

/// Block scales after double quantization: what is left of them less their mean is stored with the dynamic
/// code in blocks of 256. Source: quantize_4bit(compress_statistics=True).
std::vector<float> doubleQuantized(std::span<const float> absmax);

}  // namespace ql
