#include "core/smooth/rotated_source.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/smooth/rotated_rows.h"

#include <algorithm>
#include <cmath>
#include <list>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace ql {
namespace {

constexpr std::uint64_t kBlockBytes = std::uint64_t{512}
                                      << 20;  // of turned blocks that stay for the next call

std::string keyOf(const MatrixRef& matrix) {
  return matrix.tensor + "#" + std::to_string(matrix.slice);
}

[[noreturn]] void refuse(const char* what, const std::string& reason) {
  throw Error(ErrorCode::Unsupported,
              std::string(what) + " of this model cannot be rotated: " + reason + ".");
}

/// A vector beside the matrices: a gain that becomes 1, or a bias that turns with its outputs.
struct VectorTurn {
  std::optional<float> value;  // of a norm; the effective gain is offset + value
  std::shared_ptr<const Rotation> rotation;
  std::int64_t begin = 0, end = 0;
};

/// The blocks used last.
class BlockCache {
 public:
  std::shared_ptr<TurnedBlock> find(const WeightSource& inner, const MatrixTurn& turn,
                                    std::int64_t rowBegin) {
    const Key key{keyOf(turn.stored), rowBegin};
    const std::lock_guard lock(m_mutex);
    for (auto entry = m_entries.begin(); entry != m_entries.end(); ++entry) {
      if (entry->key != key) continue;
      m_entries.splice(m_entries.begin(), m_entries, entry);
      return m_entries.front().block;
    }
    m_entries.push_front(
        {key, std::make_shared<TurnedBlock>(inner, turn, rowBegin), TurnedBlock::bytes(turn)});
    m_bytes += m_entries.front().bytes;
    while (m_bytes > kBlockBytes && m_entries.size() > 1) {
      m_bytes -= m_entries.back().bytes;
      m_entries.pop_back();
    }
    return m_entries.front().block;
  }

  /// One that could not be made: the next call tries again.
  void drop(const std::shared_ptr<TurnedBlock>& block) {
    const std::lock_guard lock(m_mutex);
    for (auto entry = m_entries.begin(); entry != m_entries.end(); ++entry) {
      if (entry->block != block) continue;
      m_bytes -= entry->bytes;
      m_entries.erase(entry);
      return;
    }
  }

 private:
  using Key = std::pair<std::string, std::int64_t>;
  struct Entry {
    Key key;
    std::shared_ptr<TurnedBlock> block;
    std::uint64_t bytes = 0;
  };
  std::mutex m_mutex;  // guards what follows
  std::list<Entry> m_entries;
  std::uint64_t m_bytes = 0;
};

}  // namespace

ModelRotations modelRotations(const Model& model, std::string_view configJson, const ModelRotation& rotation,
                              JobContext& job) {
  ModelRotations made;
  if (rotation.residual) {
    made.residual = residualTarget(model, configJson);
    if (!made.residual.isRotatable) refuse("The residual stream", made.residual.reason);
    made.r1 = makeRotation(*rotation.residual, made.residual.width, 0, job);
  }
  if (!rotation.headValues) return made;
  made.heads = headTargets(model, configJson);
  if (made.heads.empty()) refuse("The heads", "it has no blocks");
  for (const HeadTarget& head : made.heads) {
    if (!head.isRotatable) refuse("The heads", head.reason);
    made.r2.push_back(
        makeRotation(*rotation.headValues, head.headDim, 1 + static_cast<std::uint64_t>(head.block), job));
  }
  return made;
}

struct RotatedSource::State {
  std::shared_ptr<const WeightSource> inner;
  ModelRotations rotations;
  std::unordered_map<std::string, MatrixTurn> matrices;
  std::unordered_map<std::string, VectorTurn> vectors;
  std::map<std::string, std::shared_ptr<const std::vector<double>>> gains;  // by norm
  mutable BlockCache blocks;

  const MatrixTurn* find(const MatrixRef& matrix) const {
    const auto found = matrices.find(keyOf(matrix));
    return found == matrices.end() ? nullptr : &found->second;
  }

  MatrixTurn& turnOf(const Linear& linear) {
    MatrixTurn& turn = matrices[keyOf(linear.matrix)];
    if (turn.stored.tensor.empty()) turn.stored = linear.matrix;
    return turn;
  }

  std::shared_ptr<const std::vector<double>> gainOf(const std::string& norm, float offset) {
    std::vector<double> gain;
    for (const float value : inner->readVector(norm)) {
      if (!std::isfinite(value))
        throw Error(ErrorCode::Numeric, "tensor " + quotedText(norm) +
                                            " holds a value that is not finite, so it cannot be folded into "
                                            "what reads it; repair the checkpoint.");
      gain.push_back(static_cast<double>(offset) + static_cast<double>(value));
    }
    if (static_cast<std::int64_t>(gain.size()) != rotations.residual.width)
      throw Error(ErrorCode::Shape, "tensor " + quotedText(norm) + " has " + std::to_string(gain.size()) +
                                        " values where the residual stream has " +
                                        std::to_string(rotations.residual.width) +
                                        " channels; config.json and weights belong to different models.");
    return std::make_shared<const std::vector<double>>(std::move(gain));
  }

  void turnResidual(const Model& model) {
    const ResidualTarget& target = rotations.residual;
    for (const auto& [norm, offset] : target.norms) {
      gains[norm] = gainOf(norm, offset);
      vectors[norm].value = 1 - offset;
    }
    for (const LinearId id : target.tables) turnOf(model.linears[id]).columns = rotations.r1;
    for (const LinearId id : target.consumers) {
      MatrixTurn& turn = turnOf(model.linears[id]);
      turn.gain = gains.at(*model.linears[id].norm);
      turn.columns = rotations.r1;
    }
    for (const LinearId id : target.producers) turnOutputs(model.linears[id], rotations.r1, 0, target.width);
  }

  void turnHeads(const Model& model) {
    for (std::size_t i = 0; i < rotations.r2.size(); ++i) {
      const HeadTarget& head = rotations.heads[i];
      turnOutputs(model.linears[head.values], rotations.r2[i], head.rowBegin, head.rowBegin + head.rowCount);
      turnOf(model.linears[head.output]).columns = rotations.r2[i];
    }
  }

  void turnOutputs(const Linear& linear, const std::shared_ptr<const Rotation>& rotation, std::int64_t begin,
                   std::int64_t end) {
    MatrixTurn& turn = turnOf(linear);
    turn.rows = rotation, turn.rowBegin = begin, turn.rowEnd = end;
    if (linear.bias) vectors[*linear.bias] = {std::nullopt, rotation, begin, end};
  }

  void readBlockRows(const MatrixTurn& turn, std::int64_t begin, std::int64_t end,
                     std::span<float> out) const {
    const auto block = blocks.find(*inner, turn, turn.blockBegin(begin));
    try {
      block->make();
    } catch (...) {
      blocks.drop(block);
      throw;
    }
    const auto rows = block->rows(begin, end);
    std::copy(rows.begin(), rows.end(), out.begin());
  }
};

RotatedSource::RotatedSource(std::shared_ptr<const WeightSource> inner, const Model& model,
                             ModelRotations rotations, const UntiedModel* untied)
    : m_state(std::make_unique<State>()) {
  QL_ASSERT(inner != nullptr);
  m_state->inner = std::move(inner);
  m_state->rotations = std::move(rotations);
  if (untied) m_state->turnOf(model.linears[untied->head]).stored = untied->embedding;
  if (m_state->rotations.r1) m_state->turnResidual(model);
  m_state->turnHeads(model);
}

RotatedSource::~RotatedSource() = default;

void RotatedSource::readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                             std::span<float> out) const {
  const MatrixTurn* turn = m_state->find(matrix);
  if (!turn || matrix.in <= 0 || rowBegin >= rowEnd)
    return m_state->inner->readRows(matrix, rowBegin, rowEnd, out);
  if (rowBegin < 0 || rowEnd > matrix.out ||
      out.size() != static_cast<std::size_t>((rowEnd - rowBegin) * matrix.in))
    return m_state->inner->readRows(turn->stored, rowBegin, rowEnd, out);  // which says what is wrong
  for (std::int64_t row = rowBegin; row < rowEnd;) {
    std::int64_t end = rowEnd;
    const bool isTurned = turn->turnsRow(row);
    if (isTurned)
      end = std::min(end, turn->blockBegin(row) + turn->rows->blockSize());
    else if (turn->rows && row < turn->rowBegin)
      end = std::min(end, turn->rowBegin);
    const auto part = out.subspan(static_cast<std::size_t>((row - rowBegin) * matrix.in),
                                  static_cast<std::size_t>((end - row) * matrix.in));
    if (isTurned)
      m_state->readBlockRows(*turn, row, end, part);
    else
      readTurnedColumns(*m_state->inner, *turn, row, end, part);
    row = end;
  }
}

std::optional<RawRows> RotatedSource::rawRows(const MatrixRef& matrix, std::int64_t rowBegin,
                                              std::int64_t rowEnd) const {
  if (m_state->find(matrix) != nullptr) return std::nullopt;
  return m_state->inner->rawRows(matrix, rowBegin, rowEnd);
}

std::vector<float> RotatedSource::readVector(const std::string& tensor) const {
  std::vector<float> values = m_state->inner->readVector(tensor);
  const auto found = m_state->vectors.find(tensor);
  if (found == m_state->vectors.end()) return values;
  const VectorTurn& turn = found->second;
  if (turn.value) {
    std::fill(values.begin(), values.end(), *turn.value);
    return values;
  }
  const auto begin = static_cast<std::size_t>(turn.begin), end = static_cast<std::size_t>(turn.end);
  if (end > values.size())
    throw Error(ErrorCode::Shape, "tensor " + quotedText(tensor) + " has " + std::to_string(values.size()) +
                                      " values where a rotation turns " + std::to_string(end) +
                                      "; the model does not fit its own config.json.");
  std::vector<double> part(values.begin() + turn.begin, values.begin() + turn.end);
  for (std::int64_t i = 0; i < turn.end - turn.begin; i += turn.rotation->size())
    turn.rotation->apply(1, part.data() + i, turn.rotation->size());
  for (std::size_t i = begin; i < end; ++i) values[i] = static_cast<float>(part[i - begin]);
  return values;
}

void RotatedSource::release(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd) const {
  const MatrixTurn* turn = m_state->find(matrix);
  m_state->inner->release(turn ? turn->stored : matrix, rowBegin, rowEnd);
}

void RotatedSource::check(const MatrixRef& matrix) const {
  const MatrixTurn* turn = m_state->find(matrix);
  m_state->inner->check(turn ? turn->stored : matrix);
}

bool RotatedSource::changes(const MatrixRef& matrix) const {
  return m_state->find(matrix) != nullptr;
}

bool RotatedSource::changes(const std::string& vector) const {
  return m_state->vectors.contains(vector);
}

const ModelRotations& RotatedSource::rotations() const {
  return m_state->rotations;
}

std::shared_ptr<const Rotation> RotatedSource::inputRotation(const MatrixRef& matrix) const {
  const MatrixTurn* turn = m_state->find(matrix);
  return turn ? turn->columns : nullptr;
}

std::shared_ptr<const Rotation> RotatedSource::outputRotation(const MatrixRef& matrix) const {
  const MatrixTurn* turn = m_state->find(matrix);
  return turn ? turn->rows : nullptr;
}

std::vector<float> RotatedSource::foldedGain(const MatrixRef& matrix) const {
  const MatrixTurn* turn = m_state->find(matrix);
  if (!turn || !turn->gain) return {};
  std::vector<float> gain;
  for (const double value : *turn->gain) gain.push_back(static_cast<float>(value));
  return gain;
}

}  // namespace ql
