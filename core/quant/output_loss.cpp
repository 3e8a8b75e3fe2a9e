#include "core/quant/output_loss.h"

#include "core/base/error.h"
#include "core/jobs/parallel_for.h"
#include "core/linalg/gemm.h"

#include <algorithm>
#include <numeric>

namespace ql {
namespace {

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

double diagonalLoss(std::span<const float> d, std::span<const double> diagonal) {
  double sum = 0;
  for (std::size_t j = 0; j < d.size(); ++j) {
    const double value = static_cast<double>(d[j]);
    sum += value * value * diagonal[j];
  }
  return sum;
}

}  // namespace

double OutputLoss::of(std::span<const float> d, std::int64_t rows, JobContext& job) {
  const auto in = static_cast<std::size_t>(m_site.width);
  QL_ASSERT(d.size() == static_cast<std::size_t>(rows) * in);
  if (m_site.moment) {
    m_product.resize(d.size());
    m_site.moment->multiplyRows(d, rows, m_product, job);
  }
  std::vector<double> loss(static_cast<std::size_t>(rows));
  parallelFor(job, rows, [&](std::int64_t row) {
    const std::size_t begin = static_cast<std::size_t>(row) * in;
    const std::span<const float> difference = d.subspan(begin, in);
    loss[static_cast<std::size_t>(row)] =
        m_site.moment ? dot(difference, std::span<const float>(m_product).subspan(begin, in))
                      : diagonalLoss(difference, m_site.diagonal);
  });
  job.step();
  return std::accumulate(loss.begin(), loss.end(), 0.0);
}

GroupLoss::GroupLoss(const SiteMoment& site, std::int64_t group)
    : m_site(site),
      m_in(static_cast<std::size_t>(site.width)),
      m_group(static_cast<std::size_t>(std::min(group, site.width))),
      m_groups((m_in + m_group - 1) / m_group) {
  if (!site.moment || m_groups == 1) return;
  m_blocks.reserve(m_in * m_group);
  const double tokens = static_cast<double>(std::max<std::uint64_t>(1, site.moment->tokens()));
  for (std::size_t begin = 0; begin < m_in; begin += m_group) {
    const std::size_t end = std::min(m_in, begin + m_group);
    for (std::size_t i = begin; i < end; ++i) {
      for (std::size_t j = begin; j < end; ++j) {
        const float sum = site.moment->sum(static_cast<std::int64_t>(i), static_cast<std::int64_t>(j));
        m_blocks.push_back(static_cast<float>(static_cast<double>(sum) / tokens));
      }
    }
  }
}

void GroupLoss::of(std::span<const float> d, std::int64_t rows, std::span<double> loss, JobContext& job) {
  QL_ASSERT(d.size() == static_cast<std::size_t>(rows) * m_in);
  QL_ASSERT(loss.size() == static_cast<std::size_t>(rows) * m_groups);
  if (m_site.moment && m_groups == 1) {
    m_product.resize(d.size());
    m_site.moment->multiplyRows(d, rows, m_product, job);
    parallelFor(job, rows, [&](std::int64_t row) {
      const std::size_t begin = static_cast<std::size_t>(row) * m_in;
      loss[static_cast<std::size_t>(row)] =
          dot(d.subspan(begin, m_in), std::span<const float>(m_product).subspan(begin, m_in));
    });
  } else {
    parallelFor(job, static_cast<std::int64_t>(m_groups), [&](std::int64_t group) {
      ofGroup(d, rows, static_cast<std::size_t>(group), loss);
      job.step();
    });
  }
  job.step();
}

void GroupLoss::ofGroup(std::span<const float> d, std::int64_t rows, std::size_t group,
                        std::span<double> loss) const {
  const std::size_t begin = group * m_group, width = std::min(m_group, m_in - begin);
  const auto columns = static_cast<std::int64_t>(width), stride = static_cast<std::int64_t>(m_in);
  std::vector<float> product;
  if (m_site.moment) {
    product.resize(static_cast<std::size_t>(rows) * width);
    const ConstMatrix block{m_blocks.data() + group * m_group * m_group, columns, columns, columns};
    multiplySerial({d.data() + begin, rows, columns, stride}, block,
                   {product.data(), rows, columns, columns});
  }
  for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
    const std::span<const float> difference = d.subspan(row * m_in + begin, width);
    loss[row * m_groups + group] =
        m_site.moment ? dot(difference, std::span<const float>(product).subspan(row * width, width))
                      : diagonalLoss(difference, std::span(m_site.diagonal).subspan(begin, width));
  }
}

}  // namespace ql
