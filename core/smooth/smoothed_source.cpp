#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/smooth/smoothing.h"

#include <cmath>
#include <unordered_map>

namespace ql {
namespace {

/// What happens to one matrix: columns times, rows by. Empty = left alone.
struct MatrixScales {
  std::vector<float> columns, rows;  // [in], [out]
};

/// A vector that is divided from `begin` on; a norm's weight as (offset + w) / s - offset.
struct VectorScale {
  std::vector<float> divisors;
  std::size_t begin = 0;
  float offset = 0;
};

std::string keyOf(const MatrixRef& matrix) {
  return matrix.tensor + "#" + std::to_string(matrix.slice);
}

[[noreturn]] void fail(ErrorCode code, const SmoothingGroup& group, const std::string& what) {
  throw Error(code, "The smoothing factors of " + quotedText(group.producer) + " " + what + ".");
}

void requireUsable(const SmoothingGroup& group, const FoldTarget& target, const std::vector<float>& s) {
  if (!target.isFoldable) fail(ErrorCode::Unsupported, group, "cannot be folded in: " + target.reason);
  if (s.size() != static_cast<std::size_t>(target.channels)) {
    fail(ErrorCode::Shape, group,
         "are " + std::to_string(s.size()) + " where its readers have " + std::to_string(target.channels) +
             " input channels");
  }
  for (std::size_t j = 0; j < s.size(); ++j) {
    if (!std::isfinite(s[j]) || s[j] <= 0)
      fail(ErrorCode::Numeric, group,
           "hold " + std::to_string(s[j]) + " for channel " + std::to_string(j) +
               "; factors must be finite and above 0");
  }
}

/// S as the producer's rows see it: under grouped queries one value for all heads of a group.
std::vector<float> rowFactors(const SmoothingGroup& group, const FoldTarget& target,
                              const std::vector<float>& s) {
  if (target.kind != FoldKind::LinearRowsGrouped) return s;
  const auto dim = static_cast<std::size_t>(target.headDim);
  const auto heads = static_cast<std::size_t>(target.queryHeads / target.kvHeads);
  std::vector<float> rows;
  for (std::size_t j = 0; j < s.size(); ++j) {
    const std::size_t head = j / dim, first = head / heads * heads * dim + j % dim;
    if (s[j] != s[first])
      fail(ErrorCode::Numeric, group,
           "differ between channels " + std::to_string(first) + " and " + std::to_string(j) +
               ", which read the same value head");
    if (first == j) rows.push_back(s[j]);
  }
  return rows;
}

}  // namespace

struct SmoothedSource::State {
  std::shared_ptr<const WeightSource> inner;
  std::unordered_map<std::string, MatrixScales> matrices;
  std::unordered_map<std::string, VectorScale> vectors;

  const MatrixScales* find(const MatrixRef& matrix) const {
    const auto found = matrices.find(keyOf(matrix));
    return found == matrices.end() ? nullptr : &found->second;
  }

  void fold(const Model& model, const SmoothingGroup& group, const FoldTarget& target,
            const std::vector<float>& s) {
    requireUsable(group, target, s);
    for (const LinearId id : group.consumers) matrices[keyOf(model.linears[id].matrix)].columns = s;
    if (target.kind == FoldKind::Norm) {
      vectors[target.producer] = {s, 0, target.normOffset};
      vectors[target.bias] = {s, 0, 0};
      return;
    }
    const std::vector<float> divisors = rowFactors(group, target, s);
    const Linear& producer = model.linears[*model.find(target.producer)];
    std::vector<float>& rows = matrices[keyOf(producer.matrix)].rows;
    rows.assign(static_cast<std::size_t>(producer.out()), 1.0f);
    const auto begin = static_cast<std::size_t>(target.rowBegin);
    QL_ASSERT(begin + divisors.size() <= rows.size());
    std::copy(divisors.begin(), divisors.end(), rows.begin() + static_cast<std::ptrdiff_t>(begin));
    if (!target.bias.empty()) vectors[target.bias] = {divisors, begin, 0};
  }
};

SmoothedSource::SmoothedSource(std::shared_ptr<const WeightSource> inner, const Model& model,
                               std::string_view configJson, std::map<std::size_t, std::vector<float>> factors)
    : m_state(std::make_unique<State>()) {
  QL_ASSERT(inner != nullptr);
  m_state->inner = std::move(inner);
  for (const auto& [group, s] : factors)
    m_state->fold(model, model.smoothingGroups.at(group), foldTarget(model, group, configJson), s);
}

SmoothedSource::~SmoothedSource() = default;

void SmoothedSource::readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                              std::span<float> out) const {
  m_state->inner->readRows(matrix, rowBegin, rowEnd, out);
  const MatrixScales* scales = m_state->find(matrix);
  if (scales == nullptr || matrix.in <= 0) return;
  const std::size_t in = static_cast<std::size_t>(matrix.in);
  for (std::size_t i = 0; i < out.size() / in; ++i) {
    const auto row = out.subspan(i * in, in);
    if (!scales->rows.empty()) {
      const float divisor = scales->rows[static_cast<std::size_t>(rowBegin) + i];
      for (float& w : row) w /= divisor;
    }
    if (scales->columns.empty()) continue;
    for (std::size_t j = 0; j < in; ++j) row[j] *= scales->columns[j];
  }
}

std::optional<RawRows> SmoothedSource::rawRows(const MatrixRef& matrix, std::int64_t rowBegin,
                                               std::int64_t rowEnd) const {
  if (m_state->find(matrix) != nullptr) return std::nullopt;
  return m_state->inner->rawRows(matrix, rowBegin, rowEnd);
}

std::vector<float> SmoothedSource::readVector(const std::string& tensor) const {
  std::vector<float> values = m_state->inner->readVector(tensor);
  const auto found = m_state->vectors.find(tensor);
  if (found == m_state->vectors.end()) return values;
  const VectorScale& scale = found->second;
  if (scale.begin + scale.divisors.size() > values.size()) {
    throw Error(ErrorCode::Shape, "tensor " + quotedText(tensor) + ": it has " +
                                      std::to_string(values.size()) + " values where smoothing divides " +
                                      std::to_string(scale.begin + scale.divisors.size()) +
                                      "; the model does not fit its own config.json.");
  }
  for (std::size_t j = 0; j < scale.divisors.size(); ++j) {
    float& value = values[scale.begin + j];
    value = scale.offset == 0 ? value / scale.divisors[j]
                              : (scale.offset + value) / scale.divisors[j] - scale.offset;
  }
  return values;
}

bool SmoothedSource::changes(const MatrixRef& matrix) const {
  return m_state->find(matrix) != nullptr;
}

bool SmoothedSource::changes(const std::string& vector) const {
  return m_state->vectors.contains(vector);
}

void SmoothedSource::release(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd) const {
  m_state->inner->release(matrix, rowBegin, rowEnd);
}

void SmoothedSource::check(const MatrixRef& matrix) const {
  m_state->inner->check(matrix);
}

}  // namespace ql
