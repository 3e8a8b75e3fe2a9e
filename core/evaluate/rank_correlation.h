#pragma once
// How far two figures agree on which layers are worst: ranks, and Kendall's rank correlation between them.
// Not for what the figures mean.
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace ql {

/// Ranks by size: 1 = largest; equal values share the smallest of their ranks (1, 2, 2, 4). NaN has no rank:
/// 0. Cost O(n log n). Pure.
std::vector<std::size_t> ranksOf(std::span<const double> values);

/// Kendall's tau-b of two figures of the same layers, -1..1: of the pairs of layers that neither figure ties,
/// how many both order alike, minus how many they order against each other:
///   tau_b = (P - Q) / sqrt((n0 - n1) (n0 - n2)),  n0 = n (n - 1) / 2,
/// P concordant and Q discordant pairs, n1 and n2 pairs tied in x and in y. Layers where either is NaN are
/// left out; infinities are ordered like numbers. x, y of equal length. Nothing when fewer than two layers
/// are left or when one figure is the same for all. Cost O(n log n) by merge sort. Pure. Source: Kendall
/// 1945, "The treatment of ties in ranking problems"; Knight 1966, JASA 61(314).
std::optional<double> kendallTau(std::span<const double> x, std::span<const double> y);

}  // namespace ql
