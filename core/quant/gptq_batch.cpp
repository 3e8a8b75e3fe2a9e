#include "core/quant/gptq_batch.h"

#include "core/base/error.h"
#include "core/linalg/gemm.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

using Grids = GptqSettings::Grids;

constexpr std::size_t kChunkRows = 32;       // 128 columns of them: 16 KiB
constexpr std::int64_t kStripColumns = 384;  // of a product: a panel of U stays in the second-level cache

std::size_t sized(std::int64_t value) {
  return static_cast<std::size_t>(value);
}

}  // namespace

PartGrid gptqGrid(const GptqSettings& settings, std::span<const float> values) {
  if (settings.clip.kind != ClipRule::Kind::None)
    return searchGrid(settings.rule, settings.clip, {values, {}}, settings.clip.steps);
  if (values.empty()) return partGrid(settings.rule, 0, 0);
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  return partGrid(settings.rule, *min, *max);
}

GptqBatch::GptqBatch(const GptqSettings& settings, const HessianFactor& factor,
                     std::span<const PartGrid> given)
    : m_settings(settings), m_factor(factor), m_given(given), m_in(sized(factor.size())) {}

void GptqBatch::run(std::span<const float> rows, const GptqOutput& output, std::span<const float> results) {
  m_output = output;
  m_results = results;
  load(rows);
  const std::int64_t in = static_cast<std::int64_t>(m_in);
  for (std::int64_t begin = 0; begin < in; begin += m_settings.blockSize) {
    beginBlock(begin, std::min(in, begin + m_settings.blockSize));
    for (Chunk& chunk : m_chunks) runChunk(chunk);
    endBlock();
  }
  storeHoles(rows);
}

void GptqBatch::load(std::span<const float> rows) {
  QL_ASSERT(m_in > 0 && rows.size() % m_in == 0);
  m_count = rows.size() / m_in;
  m_w.resize(rows.size());
  m_isHole.clear();
  for (std::size_t r = 0; r < m_count; ++r) {
    const std::span<const float> row = rows.subspan(r * m_in, m_in);
    float* const w = m_w.data() + r * m_in;
    for (std::size_t place = 0; place < m_in; ++place) {
      const float value = row[sized(m_factor.order[place])];
      const bool isFinite = std::isfinite(value);
      w[place] = isFinite && m_factor.dead[place] == 0 ? value : 0.0f;
      if (isFinite) continue;
      if (m_isHole.empty()) m_isHole.assign(rows.size(), 0);
      m_isHole[r * m_in + place] = 1;
    }
  }
  m_grids.clear();
  if (m_settings.grids == Grids::Rows || m_settings.grids == Grids::Static) makeStaticGrids(rows);
  makeChunks();
}

/// Of whole rows as they came, dead channels included, as gptq.py has them; of narrower parts after dead
/// channels became 0.
void GptqBatch::makeStaticGrids(std::span<const float> rows) {
  const bool isWhole = m_settings.grids == Grids::Rows;
  const std::size_t width = isWhole ? m_in : sized(m_settings.width), height = sized(m_settings.height);
  std::vector<std::uint8_t> isDead(m_in, 0);
  for (std::size_t place = 0; place < m_in && !isWhole; ++place)
    isDead[sized(m_factor.order[place])] = m_factor.dead[place];
  std::vector<float> values;
  for (std::size_t first = 0; first < m_in; first += width) {
    std::vector<PartGrid>& bands = m_grids.emplace_back();
    for (std::size_t band = 0; band < m_count; band += height) {
      values.clear();
      for (std::size_t r = band; r < std::min(m_count, band + height); ++r) {
        for (std::size_t c = first; c < std::min(m_in, first + width); ++c) {
          const float value = rows[r * m_in + c];
          if (std::isfinite(value)) values.push_back(isDead[c] != 0 ? 0.0f : value);
        }
      }
      bands.push_back(gptqGrid(m_settings, values));
    }
  }
}

/// Of the parts that begin in this block, from what earlier blocks left of their columns: the original takes
/// them from W, which a block changes when it is done, and not from its copy of the block.
void GptqBatch::makeDynamicGrids() {
  const std::size_t width = sized(m_settings.width), height = sized(m_settings.height);
  m_grids.resize((m_in + width - 1) / width);
  for (std::size_t part = 0; part < sized(m_begin) / width; ++part) {
    m_grids[part].clear();
    m_grids[part].shrink_to_fit();
  }
  std::vector<float> values;
  for (std::size_t part = (sized(m_begin) + width - 1) / width; part * width < sized(m_end); ++part) {
    const std::size_t first = part * width, last = std::min(m_in, first + width);
    for (std::size_t band = 0; band < m_count; band += height) {
      values.clear();
      for (std::size_t r = band; r < std::min(m_count, band + height); ++r)
        for (std::size_t c = r * m_in + first; c < r * m_in + last; ++c)
          if (m_isHole.empty() || m_isHole[c] == 0) values.push_back(m_w[c]);
      m_grids[part].push_back(gptqGrid(m_settings, values));
    }
  }
}

void GptqBatch::makeChunks() {
  const bool isOne = m_settings.grids == Grids::Column;
  const std::size_t rows = isOne ? std::max<std::size_t>(1, m_count) : kChunkRows;
  m_chunks.clear();
  for (std::size_t first = 0; first < m_count; first += rows) {
    const std::size_t count = std::min(rows, m_count - first);
    m_chunks.push_back({first, count, LaneGrids(wholeLanes(count)), nullptr, {}, {}});
  }
}

void GptqBatch::beginBlock(std::int64_t begin, std::int64_t end) {
  m_begin = begin;
  m_end = end;
  m_minusErrors.resize(sized(end - begin) * wholeLanes(m_count));
  if (m_settings.grids == Grids::Dynamic) makeDynamicGrids();
  if (m_settings.grids == Grids::Column) m_grids.assign(1, {});
  for (Chunk& chunk : m_chunks) fillChunk(chunk);
}

void GptqBatch::fillChunk(Chunk& chunk) {
  const std::size_t lanes = chunk.grids.lanes(), columns = sized(m_end - m_begin);
  chunk.w.assign(columns * lanes, 0.0f);
  chunk.isThere.clear();
  if (!m_isHole.empty()) chunk.isThere.assign(columns * lanes, 1.0f);
  for (std::size_t lane = 0; lane < chunk.count; ++lane) {
    const std::size_t row = (chunk.first + lane) * m_in + sized(m_begin);
    for (std::size_t j = 0; j < columns; ++j) chunk.w[j * lanes + lane] = m_w[row + j];
    if (m_isHole.empty()) continue;
    for (std::size_t j = 0; j < columns; ++j)
      chunk.isThere[j * lanes + lane] = m_isHole[row + j] != 0 ? 0.0f : 1.0f;
  }
}

void GptqBatch::appendColumn(std::int64_t place, std::vector<float>& values) const {
  for (const Chunk& chunk : m_chunks) {
    const std::size_t begin = sized(place - m_begin) * chunk.grids.lanes();
    for (std::size_t i = begin; i < begin + chunk.count; ++i)
      if (chunk.isThere.empty() || chunk.isThere[i] != 0) values.push_back(chunk.w[i]);
  }
}

void GptqBatch::stepColumn(std::int64_t place, const PartGrid& grid) {
  for (Chunk& chunk : m_chunks) {
    chunk.grids.assign({&grid, 1}, 0, m_count, chunk.count);
    step(chunk, place);
  }
}

void GptqBatch::makeColumnGrids(const Chunk& chunk, std::int64_t place) {
  const std::size_t begin = sized(place - m_begin) * chunk.grids.lanes(), height = sized(m_settings.height);
  std::vector<PartGrid>& bands = m_grids.front();
  std::vector<float> values;
  bands.clear();
  for (std::size_t band = 0; band < chunk.count; band += height) {
    values.clear();
    for (std::size_t i = begin + band; i < begin + std::min(chunk.count, band + height); ++i)
      if (chunk.isThere.empty() || chunk.isThere[i] != 0) values.push_back(chunk.w[i]);
    bands.push_back(gptqGrid(m_settings, values));
  }
}

std::span<const PartGrid> GptqBatch::gridsAt(std::int64_t place) const {
  switch (m_settings.grids) {
    case Grids::Given:
      return m_given.size() == 1 ? m_given : m_given.subspan(sized(place), 1);
    case Grids::Rows:
    case Grids::Column:
      return m_grids.front();
    case Grids::Static:
      return m_grids[sized(m_factor.order[sized(place)] / m_settings.width)];
    case Grids::Dynamic:
      break;
  }
  return m_grids[sized(place / m_settings.width)];
}

void GptqBatch::runChunk(Chunk& chunk) {
  const bool isGiven = m_settings.grids == Grids::Given;
  chunk.current = nullptr;
  for (std::int64_t place = m_begin; place < m_end; ++place) {
    if (m_settings.grids == Grids::Column) {
      makeColumnGrids(chunk, place);
      chunk.current = nullptr;
    }
    const std::span<const PartGrid> grids = gridsAt(place);
    if (grids.data() != chunk.current)
      chunk.grids.assign(grids, isGiven ? 0 : chunk.first, isGiven ? m_count : sized(m_settings.height),
                         chunk.count);
    chunk.current = grids.data();
    step(chunk, place);
    store(chunk, place);
  }
}

/// Quantizes a column and passes its error on to the later ones of the block.
void GptqBatch::step(Chunk& chunk, std::int64_t place) {
  const std::size_t lanes = chunk.grids.lanes(), column = sized(place - m_begin);
  m_codes.resize(lanes);
  m_values.resize(lanes);
  m_e.resize(lanes);
  float* const w = chunk.w.data() + column * lanes;
  chunk.grids.quantize(w, m_codes.data(), m_values.data());
  const std::size_t channel = sized(m_factor.order[sized(place)]);
  for (std::size_t lane = 0; lane < chunk.count && !m_results.empty(); ++lane)
    m_values[lane] = m_results[(chunk.first + lane) * m_in + channel];
  if (m_factor.isDiagonal) return;
  const float diagonal = m_factor.upperDiagonal[sized(place)];
  for (std::size_t lane = 0; lane < lanes; ++lane) m_e[lane] = (w[lane] - m_values[lane]) / diagonal;
  if (!chunk.isThere.empty()) {
    const float* const isThere = chunk.isThere.data() + column * lanes;
    for (std::size_t lane = 0; lane < lanes; ++lane) m_e[lane] = isThere[lane] != 0 ? m_e[lane] : 0.0f;
  }
  float* const minusErrors = m_minusErrors.data() + column * wholeLanes(m_count) + chunk.first;
  for (std::size_t lane = 0; lane < chunk.count; ++lane) minusErrors[lane] = -m_e[lane];
  const std::size_t left = sized(m_end - place) - 1;
  if (left == 0) return;
  subtractScaled(lanes, m_e.data(), m_factor.upper.at(place, place + 1), left, w + lanes);
  if (chunk.isThere.empty()) return;
  // what is not finite counts as 0 from first to last
  for (std::size_t i = (column + 1) * lanes; i < chunk.w.size(); ++i)
    if (chunk.isThere[i] == 0) chunk.w[i] = 0;
}

void GptqBatch::store(const Chunk& chunk, std::int64_t place) {
  const std::size_t channel = sized(m_factor.order[sized(place)]);
  const float* const w = chunk.w.data() + sized(place - m_begin) * chunk.grids.lanes();
  for (std::size_t lane = 0; lane < chunk.count; ++lane) {
    const std::size_t at = (chunk.first + lane) * m_in + channel;
    m_output.quantized[at] = m_values[lane];
    if (!m_output.isZeroCode.empty())
      m_output.isZeroCode[at] = m_codes[lane] == chunk.grids.zeroCode(lane) ? 1 : 0;
    if (!m_output.compensated.empty()) m_output.compensated[at] = w[lane];
  }
}

void GptqBatch::endBlock() {
  const auto in = static_cast<std::int64_t>(m_in), rows = static_cast<std::int64_t>(m_count);
  if (m_factor.isDiagonal || m_end == in || rows == 0) return;
  const auto lanes = static_cast<std::int64_t>(wholeLanes(m_count));
  for (std::int64_t column = m_end; column < in; column += kStripColumns) {
    const std::int64_t width = std::min(kStripColumns, in - column);
    const MutableMatrix rest{m_w.data() + column, rows, width, in};
    // rows of U lie in panels
    for (std::int64_t k = m_begin; k < m_end;) {
      const std::int64_t last = std::min(m_end, UpperTriangle::panelBegin(k) + UpperTriangle::kPanel);
      const ConstMatrix errors{m_minusErrors.data() + (k - m_begin) * lanes, last - k, rows, lanes};
      const ConstMatrix upper{m_factor.upper.at(k, column), last - k, width, m_factor.upper.stride(k)};
      addTransposedProductSerial(errors, upper, rest);
      k = last;
    }
  }
  for (std::size_t i = 0; i < m_isHole.size(); ++i)
    if (m_isHole[i] != 0) m_w[i] = 0;
}

void GptqBatch::storeHoles(std::span<const float> rows) {
  if (m_isHole.empty()) return;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (std::isfinite(rows[i])) continue;
    m_output.quantized[i] = rows[i];
    if (!m_output.isZeroCode.empty()) m_output.isZeroCode[i] = 0;
    if (!m_output.compensated.empty()) m_output.compensated[i] = rows[i];
  }
}

}  // namespace ql
