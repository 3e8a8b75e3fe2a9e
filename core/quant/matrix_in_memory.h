#pragma once
// Weights in memory as what quantizers are made from.
#include "core/quant/quantizer.h"

#include <cstdint>
#include <span>

namespace ql {

/// Keeps no copy: the weights must outlive it, and so must the job (null for making what needs none). input()
/// is valid as long as this object.
class MatrixInMemory {
 public:
  MatrixInMemory(std::span<const float> weights, std::int64_t out, std::int64_t in, JobContext* job);
  MatrixInMemory(const MatrixInMemory&) = delete;
  MatrixInMemory& operator=(const MatrixInMemory&) = delete;

  const QuantizerInput& input() const { return m_input; }

 private:
  class Rows : public WeightSource {
   public:
    Rows(std::span<const float> weights, std::int64_t in) : m_weights(weights), m_in(in) {}
    void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                  std::span<float> out) const override;

   private:
    std::span<const float> m_weights;
    std::int64_t m_in;
  };

  Rows m_rows;
  MatrixRange m_range;
  QuantizerInput m_input;
};

}  // namespace ql
