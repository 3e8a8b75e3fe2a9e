#pragma once
// What BiLLM does inside one linear: the three-way mask over the matrix, the columns it finds salient, what
// each part costs in bits and in error. For the method's view; figures of schemes are measured elsewhere.
#include "core/base/evidence.h"
#include "core/quant/billm_quantizer.h"
#include "core/workspace.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace ql {

/// One of the three parts of the weights.
struct BillmPartFigures {
  std::uint64_t count = 0;
  double energy = 0;  // sum of squares of the weights as stored
  double error = 0;   // sum of squares of quantized minus stored
  /// What binarization of order 1, 2 and 3 leaves of the weights as each block found them: squared residual
  /// over squared weights. 0 for an empty part. A Gaussian row of 128 leaves .367, .133, .059.
  std::array<double, 3> residual{};
};

/// The mask in tiles, for a picture: what share of a tile's finite weights each part has, in 255ths.
struct BillmMaskTiles {
  std::int64_t rows = 0, columns = 0;                // of tiles; tile t begins at ceil(t * size / tiles)
  std::vector<std::uint8_t> salient, dense, sparse;  // [rows, columns]; all 0 without a finite weight
};

struct BillmReport {
  std::int64_t out = 0, in = 0;
  BillmOptions options;
  std::vector<BillmBlock> blocks;
  std::vector<double> scores;           // [in] sum over rows of |Z| when the column's block had its turn
  std::vector<std::int64_t> ranking;    // columns, largest score first
  std::vector<std::uint8_t> isSalient;  // [in]
  BillmBits bits;
  std::array<BillmPartFigures, 3> parts;  // by BillmPart
  std::uint64_t nonFinite = 0;            // weights that take no part
  /// Rows of 0 (salient), 1 (dense), 2 (sparse), and NaN where a weight is not finite: one byte a weight.
  std::shared_ptr<const WeightSource> mask;
  std::optional<HessianOrigin> hessian;  // what H is made of; nothing where none was asked for
  std::uint64_t hessianTokens = 0;
  std::vector<Fallback> fallbacks;
  Evidence evidence;

  double salientShare() const;   // of all columns
  double relativeError() const;  // root of the squared error over the squared weights; 0 without weights
};

/// Quantizes the linear anew; nothing is kept. The scheme must be of algorithm billm. Throws Error(Usage) for
/// another, Error(Unsupported) without weights, or without activations where the scheme needs them;
/// Cancelled.
BillmReport billmReport(Workspace& workspace, LinearId id, const WeightScheme& scheme, JobContext& job);

/// At most `most` tiles each way; the mask itself where it is no larger. Cost: one pass over the mask.
BillmMaskTiles billmMaskTiles(const BillmReport& report, const MatrixRef& matrix, std::int64_t most,
                              JobContext& job);

}  // namespace ql
