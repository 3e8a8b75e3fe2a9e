#pragma once
// BiLLM: about one bit a weight. A few salient columns of each block are binarized twice, the other weights
// once in two groups by magnitude; each block's error is passed on to the columns behind it.
#include "core/quant/hessian_factor.h"
#include "core/quant/quantizer.h"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace ql {

struct BillmOptions {
  bool isHessian = true;  // Z = w^2 / U_jj^2; else Z = w
  bool isPaper = false;  // search on the weights instead of Z, the count against order 1 on the other columns
  bool compensates = true;
  std::int64_t blockSize = 128;
  double damp = 0.01;
  bool clearsDead = true;  // weights of channels that were always zero are zero before anything else
  bool needsHessian() const { return isHessian || compensates; }
  bool needsActivations() const { return needsHessian() || clearsDead; }
};
BillmOptions billmOptionsOf(const WeightScheme& scheme);

/// Which of the three binarizations a weight gets; None: it is not finite and stays as it is.
enum class BillmPart : std::uint8_t { Salient, Dense, Sparse, None };
/// Orders of residual binarization of Salient, Dense and Sparse.
inline constexpr std::array<int, 3> kBillmOrders = {2, 1, 1};

/// What was found out about one block of columns.
struct BillmBlock {
  std::int64_t begin = 0, end = 0;    // columns
  std::vector<std::int64_t> salient;  // columns of the matrix, largest score first
  std::vector<double> scores;         // [end - begin] sum over rows of |Z|
  float breakPoint = 0;               // of |Z| (of |w| as in the paper)
};

/// Bits a weight: as the paper counts them, and with everything that has to be stored to read them back.
struct BillmBits {
  double weights = 0;   // 2 r + (1 - r), r the share of salient weights: the paper's figure
  double division = 0;  // one bit for each weight that is not salient: dense or sparse
  double columns = 0;   // one bit a column: salient or not
  double scales = 0;    // fp16 mean and scale: a row and block 2 dense, 2 sparse and, with salient columns, 4
  double honest() const { return weights + division + columns + scales; }
};
BillmBits billmBits(std::span<const BillmBlock> blocks, std::int64_t out, std::int64_t in);

/// What became of rows of the matrix.
struct BillmRows {
  std::vector<float> before;     // [n, in] as each block was when its turn came: compensated
  std::vector<float> quantized;  // [n, in]
  std::vector<BillmPart> parts;  // [n, in]
};

/// Made block by block with the whole matrix in memory (out * in float32), which is let go of afterwards: the
/// blocks and U are enough to do the same to any rows again, to the same bits, because rows do not look at
/// each other. Weights that are not finite stay and take no part; where an error passed on would overflow,
/// the weight stays as it was. Source: Huang et al. 2024, arXiv:2402.04291; Aaronhuang-778/BiLLM, bigptq.py
/// and utils/structure.py. There a block of fewer than 50 columns stops with an error; here the count is
/// searched below its width.
class BillmQuantizer : public RowQuantizer {
 public:
  /// Throws what the source and hessianFactor() throw; Cancelled.
  BillmQuantizer(const BillmOptions& options, const QuantizerInput& input);

  std::int64_t rowUnit() const override { return 1; }
  std::int64_t rowsAtOnce() const override { return 64; }
  std::vector<Fallback> fallbacks() const override { return m_fallbacks; }
  std::optional<double> bitsPerWeight() const override;
  void apply(std::int64_t rowBegin, std::int64_t rowCount, std::span<const float> rows,
             std::span<float> quantized, std::span<std::uint8_t> isZeroCode) const override;

  const BillmOptions& options() const { return m_options; }
  const std::vector<BillmBlock>& blocks() const { return m_blocks; }
  BillmBits bits() const;
  /// Null when no Hessian was asked for.
  const HessianFactor* hessian() const { return m_hessian.get(); }
  /// rows [n, in] as stored in the matrix.
  BillmRows explain(std::span<const float> rows) const;

 private:
  struct Band;
  void readMatrix(const QuantizerInput& input, std::vector<float>& weights) const;
  void compensate(std::vector<float>& weights, JobContext& job) const;
  bool passesOn(const BillmBlock& block) const;
  void findDead(const QuantizerInput& input);
  void clearDead(std::span<float> rows) const;
  BillmBlock splitBlock(std::int64_t begin, std::span<const float> weights, JobContext& job) const;
  float salience(float weight, std::size_t column) const;
  void quantizeBand(const BillmBlock& block, const Band& band) const;
  void passOn(const BillmBlock& block, const Band& band) const;
  void runBand(Band band) const;

  BillmOptions m_options;
  std::int64_t m_out, m_in;
  std::shared_ptr<const HessianFactor> m_hessian;
  std::vector<float> m_squares;      // [in] U_jj^2 in float32; empty without Hessian
  std::vector<std::int64_t> m_dead;  // channels that were always zero
  std::vector<BillmBlock> m_blocks;
  std::vector<std::uint8_t> m_isSalient;  // [in]
  std::vector<Fallback> m_fallbacks;
};

}  // namespace ql
