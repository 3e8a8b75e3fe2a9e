#pragma once
// Outlier dims as LLM.int8() sees them: which channels of every input reach the threshold, how far those of
// different blocks are the same, and what keeping them in 16 bits is worth.
#include "core/evaluate/outlier_census.h"
#include "core/workspace.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ql {

/// Output errors of one reader of a site, int8 by row and token: without and with the decomposition. Empty
/// without a token sample or where errors were not asked for.
struct OutlierReader {
  LinearId id = 0;
  std::optional<double> a, aDecomposed;    // activations alone
  std::optional<double> wa, waDecomposed;  // weights and activations
};

struct OutlierSite {
  std::size_t site = 0;
  std::string name;
  std::optional<int> block;
  TensorRole role = TensorRole::Other;  // of its first reader
  std::int64_t width = 0;
  std::vector<std::int64_t> channels;  // that reach the threshold, ascending: O of the paper
  std::vector<double> tokenShares;     // of these channels: tokens of the sample that reach it; empty without
  std::vector<OutlierReader> readers;
  /// What is multiplied in fp16: |O| / width.
  double share() const {
    return width > 0 ? static_cast<double>(channels.size()) / static_cast<double>(width) : 0;
  }
};

/// A channel that is an outlier in several blocks, in the inputs of one role.
struct RecurringDim {
  std::int64_t channel = 0;
  std::int64_t sites = 0;   // where it reaches the threshold
  double siteShare = 0;     // of those of the role
  double tokenShare = 0;    // mean over these sites, 0 without samples
  bool isEmergent = false;  // at least 25 % of the blocks and 6 % of the tokens
};

/// Inputs of one role through the blocks.
struct OutlierOverlap {
  TensorRole role = TensorRole::Other;
  std::vector<std::size_t> sites;       // indices in OutlierDims::sites, in block order
  std::vector<double> jaccard;          // [sites, sites]; 1 on the diagonal, 0 where both have none
  double meanJaccard = 0;               // of different sites that both have outliers; 0 without
  std::vector<RecurringDim> recurring;  // in two sites at least, most first
};

struct OutlierDims {
  double threshold = kLlmInt8Threshold;
  std::vector<OutlierSite> sites;  // in network order, of those with activations
  std::vector<OutlierOverlap> overlaps;
  std::size_t missing = 0;  // sites asked for of which no activations are known
};

/// The choice that errors are measured under: bitsandbytes' int8 with or without the decomposition.
Choice llmInt8Choice(std::optional<double> threshold);

/// linears     their inputs are looked at; empty = of all quantizable ones.
/// withErrors  also measures output errors of the readers (reads their weights twice).
/// Throws Error(Unsupported) when no activations are known at all. Cost without errors: reads the statistics.
/// Source: Dettmers et al. 2022, arXiv:2208.07339: threshold in sec. 3.2, emergent features (at least 25 % of
/// layers, 6 % of sequence positions) in sec. 4.
OutlierDims outlierDims(Workspace& workspace, std::span<const LinearId> linears, double threshold,
                        bool withErrors, JobContext& job);

}  // namespace ql
