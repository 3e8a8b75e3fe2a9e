#pragma once
// Random numbers as a function of a counter: number i does not depend on what was drawn before, on batches or
// on the platform. For samples and sketches, not for secrets.
#include <cstdint>

namespace ql {

/// The finalizer of SplitMix64 (Steele, Lea, Flood 2014, fig. 16; constants of Stafford's variant 13).
constexpr std::uint64_t mixBits(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/// 64 random bits of number `index` of a stream of a seed.
constexpr std::uint64_t counterRandom(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
  constexpr std::uint64_t kGamma = 0x9e3779b97f4a7c15u;  // SplitMix64's increment: 2^64 / golden ratio, odd
  return mixBits(mixBits(mixBits(seed + kGamma) + (stream + 1) * kGamma) + (index + 1) * kGamma);
}

/// Uniform in [0, bound) up to a bias of bound / 2^64 (Lemire 2019, multiply and shift).
constexpr std::uint64_t boundedRandom(std::uint64_t bits, std::uint64_t bound) {
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>(bits) * bound) >> 64);
}

}  // namespace ql
