#include "core/evaluate/kernel_scheme.h"

#include "core/evaluate/error_pass.h"
#include "core/quant/matrix_rule.h"
#include "core/quant/rtn_rows.h"

#include <algorithm>
#include <limits>

namespace ql {
namespace {

/// Formats whose parts are grids of rtn_grid.h; tables and blocks of their own make are not.
bool hasPartGrids(std::string_view name) {
  const NumberFormatInfo* format = findNumberFormat(name);
  return findElementFormat(name) || findBlockFormat(name) || (format && format->isInteger);
}

/// Null for quantizers that do more than round to nearest once their grids are known.
const RtnRowQuantizer* plainQuantizer(const RowQuantizer& quantizer) {
  const auto* rtn = dynamic_cast<const RtnRowQuantizer*>(&quantizer);
  if (!rtn) return nullptr;
  // searched ranges of parts that span all rows are known as well
  return rtn->partition().needsRange || rtn->clip().kind == ClipRule::Kind::None ? rtn : nullptr;
}

/// Up to kErrorStripRows rows of [n, in] each.
template <class Body>
void forEachStrip(std::span<float> rows, std::size_t in, Body body) {
  const std::size_t count = rows.size() / in;
  for (std::size_t row = 0; row < count; row += kErrorStripRows) {
    const std::size_t height = std::min<std::size_t>(kErrorStripRows, count - row);
    body(ErrorStrip{rows.data() + row * in, in, in, static_cast<int>(height)});
  }
}

/// Grids of one band from the extremes of its columns.
class BandGrids {
 public:
  BandGrids(const BandScheme& scheme, std::size_t in)
      : m_scheme(scheme),
        m_in(in),
        m_low(in + kErrorPadding),
        m_high(in + kErrorPadding),
        m_columns(scheme.rule, in) {}

  const ColumnGrids& of(std::span<float> rows) {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    std::fill(m_low.begin(), m_low.end(), kInfinity);
    std::fill(m_high.begin(), m_high.end(), -kInfinity);
    forEachStrip(rows, m_in,
                 [&](const ErrorStrip& strip) { addColumnRange(strip, m_low.data(), m_high.data()); });
    m_parts.clear();
    for (std::size_t begin = 0; begin < m_in; begin += m_scheme.width) {
      const auto first = static_cast<std::ptrdiff_t>(begin);
      const auto last = static_cast<std::ptrdiff_t>(std::min(m_in, begin + m_scheme.width));
      m_parts.push_back(partGrid(m_scheme.rule,
                                 *std::min_element(m_low.begin() + first, m_low.begin() + last),
                                 *std::max_element(m_high.begin() + first, m_high.begin() + last)));
    }
    m_columns.assign(m_parts, m_scheme.width);
    return m_columns;
  }

 private:
  const BandScheme& m_scheme;
  std::size_t m_in;
  std::vector<float> m_low, m_high;
  std::vector<PartGrid> m_parts;
  ColumnGrids m_columns;
};

}  // namespace

std::optional<StripScheme> stripScheme(const WeightScheme& scheme, std::int64_t in,
                                       const MatrixRange* range) {
  if (scheme.algorithm.name != "rtn" || scheme.clip.name != "none" || scheme.outliers) return std::nullopt;
  // nvfp4's scale of the tensor may come from other matrices: its quantizer knows it
  if (!hasPartGrids(scheme.format) || scheme.format == "nvfp4") return std::nullopt;
  StripScheme strip{matrixRule(scheme, {0, in, range}), static_cast<std::size_t>(in), false, {}};
  switch (scheme.granularity) {
    case Granularity::OutputChannel:
      return strip;
    case Granularity::Group:
      strip.width = static_cast<std::size_t>(std::min(*scheme.groupSize, in));
      return strip;
    case Granularity::Tensor:
      strip.hasFixedGrid = true;
      strip.fixedGrid =
          partGrid(strip.rule, *std::min_element(range->columnMin.begin(), range->columnMin.end()),
                   *std::max_element(range->columnMax.begin(), range->columnMax.end()));
      return strip;
    default:
      return std::nullopt;
  }
}

std::optional<StripScheme> stripScheme(const RowQuantizer& quantizer, std::int64_t in) {
  const RtnRowQuantizer* rtn = plainQuantizer(quantizer);
  if (!rtn) return std::nullopt;
  const Partition& partition = rtn->partition();
  StripScheme strip{rtn->rule(), static_cast<std::size_t>(partition.width), false, {}};
  if (!partition.needsRange) return partition.height == 1 ? std::optional(strip) : std::nullopt;
  if (partition.width < in) return std::nullopt;
  strip.hasFixedGrid = true;
  strip.fixedGrid = rtn->bandGrids({}).front();
  return strip;
}

std::optional<BandScheme> bandScheme(const RowQuantizer& quantizer, std::int64_t in) {
  const RtnRowQuantizer* rtn = plainQuantizer(quantizer);
  if (!rtn || stripScheme(quantizer, in)) return std::nullopt;
  const Partition& partition = rtn->partition();
  BandScheme band{rtn->rule(), static_cast<std::size_t>(partition.height),
                  static_cast<std::size_t>(partition.width), std::nullopt};
  if (!partition.needsRange) return band;
  band.fixed.emplace(band.rule, static_cast<std::size_t>(in));
  band.fixed->assign(rtn->bandGrids({}), band.width);
  return band;
}

void addErrorsOfBands(const BandScheme& scheme, std::span<float> rows, std::size_t in, float* columnError,
                      StripErrors& errors) {
  std::optional<BandGrids> grids;
  if (!scheme.fixed) grids.emplace(scheme, in);
  const std::size_t band = (scheme.fixed ? rows.size() / in : scheme.height) * in;
  for (std::size_t begin = 0; begin < rows.size(); begin += band) {
    const std::span<float> part = rows.subspan(begin, std::min(band, rows.size() - begin));
    const ColumnGrids& columns = scheme.fixed ? *scheme.fixed : grids->of(part);
    forEachStrip(part, in,
                 [&](const ErrorStrip& strip) { addBandErrors(columns, strip, columnError, errors); });
  }
}

}  // namespace ql
