#include "widgets/panels/matrix_content.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

/// The token sample, read like a weight matrix: one row a token.
class TokenSource : public WeightSource {
 public:
  explicit TokenSource(std::shared_ptr<const ActivationStats> stats) : m_stats(std::move(stats)) {}
  void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override {
    const TokenSample& sample = m_stats->sample;
    const std::int64_t width = sample.width;
    if (rowBegin < 0 || rowEnd > sample.count() || rowBegin > rowEnd || matrix.in != width ||
        static_cast<std::int64_t>(out.size()) < (rowEnd - rowBegin) * width)
      throw Error(ErrorCode::Shape, "The token sample has no such rows.");
    std::copy_n(sample.values.begin() + static_cast<std::ptrdiff_t>(rowBegin * width),
                static_cast<std::ptrdiff_t>((rowEnd - rowBegin) * width), out.begin());
  }

 private:
  std::shared_ptr<const ActivationStats> m_stats;
};

}  // namespace

std::shared_ptr<const TokenRowsPicture> makeTokenRows(std::shared_ptr<const ActivationStats> stats,
                                                      const std::function<QString(std::int32_t)>& text) {
  auto rows = std::make_shared<TokenRowsPicture>();
  rows->stats = stats;
  rows->source = std::make_shared<TokenSource>(stats);
  const TokenSample& sample = stats->sample;
  std::vector<float> magnitudes;
  magnitudes.reserve(sample.values.size());
  for (std::int64_t row = 0; row < sample.count(); ++row) {
    float largest = 0;
    for (const float x : sample.row(row)) {
      const float size = std::abs(x);
      if (!std::isfinite(size)) continue;
      largest = std::max(largest, size);
      if (size > 0) magnitudes.push_back(size);
    }
    rows->tokenAbsmax.push_back(largest);
    rows->texts.push_back(text(sample.ids[static_cast<std::size_t>(row)]));
    rows->largest = std::max(rows->largest, static_cast<double>(largest));
  }
  if (!magnitudes.empty()) {
    const auto middle = magnitudes.begin() + static_cast<std::ptrdiff_t>((magnitudes.size() - 1) / 2);
    std::nth_element(magnitudes.begin(), middle, magnitudes.end());
    rows->typical = static_cast<double>(*middle);
  }
  return rows;
}

const std::vector<float>* MatrixContent::columnProfile() const {
  if (tokens) return tokens->stats->hasExtremes() ? &tokens->stats->all.absmax : nullptr;
  if (salience) return &salience->columnSums;
  return stats ? &stats->columns.absmax : nullptr;
}

const std::vector<float>* MatrixContent::rowProfile() const {
  if (tokens) return &tokens->tokenAbsmax;
  if (salience) return nullptr;
  return stats ? &stats->rows.absmax : nullptr;
}

}  // namespace ql
