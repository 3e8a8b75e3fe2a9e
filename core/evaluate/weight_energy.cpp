#include "core/evaluate/weight_energy.h"

#include "core/base/error.h"
#include "core/jobs/parallel_for.h"
#include "core/linalg/gemm.h"

#include <algorithm>

namespace ql {
namespace {

constexpr std::size_t kRowChunk = 16, kColumnChunk = 512;

void requireLength(std::size_t actual, std::size_t expected, const char* what) {
  if (actual == expected) return;
  throw Error(ErrorCode::Shape, std::string("The ") + what + " of these activation statistics has " +
                                    std::to_string(actual) + " values where " + std::to_string(expected) +
                                    " belong; calibrate again, or import the activations again.");
}

std::int64_t chunks(std::size_t count, std::size_t size) {
  return static_cast<std::int64_t>((count + size - 1) / size);
}

double dot(const float* a, const float* b, std::size_t n) {
  double sum = 0;
  for (std::size_t j = 0; j < n; ++j) sum += static_cast<double>(a[j]) * static_cast<double>(b[j]);
  return sum;
}

double weightedSquare(const float* d, const std::vector<double>& weights) {
  double sum = 0;
  for (std::size_t j = 0; j < weights.size(); ++j) {
    const double value = static_cast<double>(d[j]);
    sum += weights[j] * value * value;
  }
  return sum;
}

/// body(row) for the rows of a tile, on all threads.
void forRows(std::size_t rows, JobContext& job, const std::function<void(std::size_t)>& body) {
  parallelFor(job, chunks(rows, kRowChunk), [&](std::int64_t chunk) {
    const std::size_t begin = static_cast<std::size_t>(chunk) * kRowChunk;
    for (std::size_t r = begin; r < std::min(rows, begin + kRowChunk); ++r) body(r);
  });
}

}  // namespace

EnergySource energySourceOf(const ActivationStats& activations) {
  if (activations.secondMoment && activations.secondMoment->tokens() > 0) return EnergySource::Moment;
  if (!activations.hasDiagonal() || activations.all.tokens == 0) return EnergySource::None;
  return activations.hasSketch() && activations.sketch.k >= 4 ? EnergySource::Sketch : EnergySource::Diagonal;
}

std::uint64_t energyUnitsPerWeight(const ActivationStats& activations) {
  switch (energySourceOf(activations)) {
    case EnergySource::Moment:
      return static_cast<std::uint64_t>(activations.width) / 8 + 1;
    case EnergySource::Sketch:
      return static_cast<std::uint64_t>(activations.sketch.k) / 8 + 2;
    case EnergySource::Diagonal:
      return 2;
    case EnergySource::None:
      break;
  }
  return 0;
}

WeightEnergy::WeightEnergy(const ActivationStats& activations, std::size_t slots, std::size_t rows)
    : m_activations(activations),
      m_source(energySourceOf(activations)),
      m_in(static_cast<std::size_t>(activations.width)),
      m_rows(slots, std::vector<double>(rows, 0.0)) {
  if (m_source == EnergySource::None) return;
  if (m_source == EnergySource::Moment) {
    requireLength(static_cast<std::size_t>(activations.secondMoment->size()), m_in, "second moment");
    return;
  }
  requireLength(activations.all.sumSq.size(), m_in, "diagonal of X^T X");
  const double tokens = static_cast<double>(activations.all.tokens);
  for (const double sum : activations.all.sumSq) m_diagonal.push_back(sum / tokens);
  m_rest = m_diagonal;
  if (m_source != EnergySource::Sketch) return;
  m_k = static_cast<std::size_t>(activations.sketch.k);
  requireLength(activations.sketch.z.size(), m_in * m_k, "sketch");
  prepareSketch();
  m_columns.assign(slots, std::vector<double>(m_in, 0.0));
  m_projected.assign(slots, std::vector<double>(m_k, 0.0));
}

void WeightEnergy::prepareSketch() {
  const std::vector<float>& z = m_activations.sketch.z;
  m_sketch.resize(z.size());
  for (std::size_t j = 0; j < m_in; ++j) {
    double square = 0;
    for (std::size_t c = 0; c < m_k; ++c) {
      const float value = z[j * m_k + c];
      m_sketch[c * m_in + j] = value;
      square += static_cast<double>(value) * static_cast<double>(value);
    }
    m_rest[j] -= square / static_cast<double>(m_k);
  }
}

void WeightEnergy::add(std::size_t slot, std::size_t firstRow, std::span<const float> d,
                       std::span<const double> weights, JobContext& job) {
  QL_ASSERT(d.size() == weights.size() * m_in && firstRow + weights.size() <= m_rows[slot].size());
  switch (m_source) {
    case EnergySource::Moment:
      return addMoment(slot, firstRow, d, weights.size(), job);
    case EnergySource::Sketch:
      return addSketch(slot, firstRow, d, weights, job);
    case EnergySource::Diagonal:
      return addDiagonal(slot, firstRow, d, weights.size(), job);
    case EnergySource::None:
      return;
  }
}

void WeightEnergy::addMoment(std::size_t slot, std::size_t firstRow, std::span<const float> d,
                             std::size_t rows, JobContext& job) {
  m_product.resize(d.size());
  m_activations.secondMoment->multiplyRows(d, static_cast<std::int64_t>(rows), m_product, job);
  forRows(rows, job, [&](std::size_t r) {
    m_rows[slot][firstRow + r] = dot(d.data() + r * m_in, m_product.data() + r * m_in, m_in);
  });
}

void WeightEnergy::addDiagonal(std::size_t slot, std::size_t firstRow, std::span<const float> d,
                               std::size_t rows, JobContext& job) {
  forRows(rows, job,
          [&](std::size_t r) { m_rows[slot][firstRow + r] = weightedSquare(d.data() + r * m_in, m_rest); });
}

void WeightEnergy::addSketch(std::size_t slot, std::size_t firstRow, std::span<const float> d,
                             std::span<const double> weights, JobContext& job) {
  const auto rows = static_cast<std::int64_t>(weights.size()), in = static_cast<std::int64_t>(m_in),
             k = static_cast<std::int64_t>(m_k);
  m_product.resize(weights.size() * m_k);
  multiplyTransposed({d.data(), rows, in, in}, {m_sketch.data(), k, in, in}, {m_product.data(), rows, k, k},
                     job);
  forRows(weights.size(), job, [&](std::size_t r) {
    const float* projected = m_product.data() + r * m_k;
    m_rows[slot][firstRow + r] = weightedSquare(d.data() + r * m_in, m_rest) +
                                 dot(projected, projected, m_k) / static_cast<double>(m_k);
  });
  for (std::size_t r = 0; r < weights.size(); ++r) {
    for (std::size_t c = 0; c < m_k; ++c) {
      const double value = static_cast<double>(m_product[r * m_k + c]);
      m_projected[slot][c] += weights[r] * value * value;
    }
  }
  addColumnEnergy(slot, d, weights, job);
}

void WeightEnergy::addColumnEnergy(std::size_t slot, std::span<const float> d,
                                   std::span<const double> weights, JobContext& job) {
  std::vector<double>& columns = m_columns[slot];
  parallelFor(job, chunks(m_in, kColumnChunk), [&](std::int64_t chunk) {
    const std::size_t begin = static_cast<std::size_t>(chunk) * kColumnChunk;
    const std::size_t end = std::min(m_in, begin + kColumnChunk);
    for (std::size_t r = 0; r < weights.size(); ++r) {
      for (std::size_t j = begin; j < end; ++j) {
        const double value = static_cast<double>(d[r * m_in + j]);
        columns[j] += weights[r] * value * value;
      }
    }
  });
}

std::vector<double> WeightEnergy::sketchColumns(std::size_t slot) const {
  std::vector<double> estimates;
  for (std::size_t c = 0; c < m_k; ++c) {
    double estimate = m_projected[slot][c];
    for (std::size_t j = 0; j < m_in; ++j) {
      const double z = static_cast<double>(m_sketch[c * m_in + j]);
      estimate += m_columns[slot][j] * (m_diagonal[j] - z * z);
    }
    estimates.push_back(estimate);
  }
  return estimates;
}

}  // namespace ql
