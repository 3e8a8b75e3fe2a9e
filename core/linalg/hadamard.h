#pragma once
// The fast Walsh-Hadamard transform of rows in place. Not for rotations with signs and blocks
// (smooth/rotation.h).
#include <cstdint>
#include <span>

namespace ql {

/// row := row H, H the Hadamard matrix of Sylvester's order (H_1 = 1, H_2n = [H_n H_n; H_n -H_n]), symmetric
/// and not normalised: H H = n I. The length must be a power of two (QL_ASSERT). n log2(n) additions; in
/// float the error of an element is at most log2(n) eps |row|_1, in double the same with its eps. Pure.
/// Source: Fino & Algazi 1976, "Unified matrix treatment of the fast Walsh-Hadamard transform".
void hadamardTransform(std::span<double> row);
void hadamardTransform(std::span<float> row);

/// The largest power of two that divides n; n > 0.
std::int64_t powerOfTwoIn(std::int64_t n);
bool isPowerOfTwo(std::int64_t n);

}  // namespace ql
