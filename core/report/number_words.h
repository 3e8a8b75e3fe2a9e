#pragma once
// How numbers are written for people. JSON and CSV carry them unrounded.
#include <cstdint>
#include <string>

namespace ql::report {

/// "90.9 %", "1.85 %", "0.69 %": one decimal from 10 % up, two below; "-" for what is not finite.
std::string percent(double fraction);
/// "42 %"
std::string percentWhole(double fraction);
/// "34,048"
std::string thousands(std::uint64_t value);
std::string thousands(std::int64_t value);
/// "16.0 MiB", "512 B"
std::string bytesText(double bytes);
/// "8.125"
std::string bitsText(double bits);
/// Four significant digits, exponent form only outside 1e-3 .. 1e6; "-" for what is not finite.
std::string figure(double value);
/// With a fixed number of decimals; "inf" and "-" where it is not finite.
std::string fixedText(double value, int decimals);
/// "0:07", "1:02:03"
std::string durationText(double seconds);

/// "1 layer", "3 layers"
std::string counted(std::uint64_t count, const std::string& singular);

}  // namespace ql::report
