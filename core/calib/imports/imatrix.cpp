#include "core/calib/imports/imatrix.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/imports/llama_names.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace ql {
namespace {

/// Unaligned floats.
std::vector<double> doubles(std::span<const std::byte> bytes) {
  std::vector<double> values(bytes.size() / sizeof(float));
  for (std::size_t i = 0; i < values.size(); ++i) {
    float value = 0;
    std::memcpy(&value, bytes.data() + i * sizeof value, sizeof value);
    values[i] = static_cast<double>(value);
  }
  return values;
}

class Entries {
 public:
  Entries(bool areTokens, const std::string& method, ImportedSites& sites)
      : m_areTokens(areTokens), m_method(method), m_sites(sites), m_names(sites.model()) {}

  void take(const ImatrixEntry& entry) {
    const auto target = m_names.find(entry.name);
    if (!target || !m_sites.model().linears[target->linears[0]].site) {
      m_sites.noteUnknown(entry.name);
      return;
    }
    checkExperts(entry, *target);
    const std::size_t experts = target->linears.size();
    const std::size_t width = entry.sums.size() / experts;
    for (std::size_t e = 0; e < experts; ++e) {
      const std::string name = target->isStack ? entry.name + ", expert " + std::to_string(e) : entry.name;
      takeOne(target->linears[e], name, entry.counts[m_areTokens ? e : 0],
              entry.sums.subspan(e * width, width), target->isStack);
    }
  }

 private:
  /// One row of sums an expert, each as wide as the site.
  void checkExperts(const ImatrixEntry& entry, const LlamaNames::Target& target) const {
    const Linear& first = m_sites.model().linears[target.linears[0]];
    const std::size_t experts = target.linears.size(), floats = entry.sums.size() / sizeof(float);
    const auto width = static_cast<std::size_t>(m_sites.model().sites[*first.site].width);
    if (m_areTokens ? entry.counts.size() == experts : !target.isStack || floats == experts * width) return;
    throw Error(ErrorCode::Shape,
                "Activations of the wrong width in " + m_sites.where() + ": " + quotedText(entry.name) +
                    " has " + withThousands(floats) + " sums for " +
                    withThousands(m_areTokens ? entry.counts.size() : floats / width) +
                    " experts, but the model has " + withThousands(experts) + " experts of " +
                    withThousands(width) + " channels; take activations of this very model.");
  }

  void takeOne(LinearId linear, const std::string& name, std::uint64_t count, std::span<const std::byte> sums,
               bool isExpert) {
    const auto site = m_sites.model().linears[linear].site;
    if (!site) return m_sites.noteUnknown(name);
    m_sites.requireWidth(*site, name, static_cast<std::int64_t>(sums.size() / sizeof(float)));
    ActivationStats stats;
    stats.all.tokens = count;
    stats.all.sumSq = doubles(sums);
    // The old format writes the count itself where an expert saw nothing.
    const bool isUnseen = !m_areTokens && isExpert && std::ranges::all_of(stats.all.sumSq, [&](double sum) {
      return sum == static_cast<double>(count);
    });
    if (count == 0 || isUnseen) return m_sites.noteEmpty(name);
    if (!std::ranges::all_of(stats.all.sumSq, [](double sum) { return std::isfinite(sum) && sum >= 0; }))
      return m_sites.noteBroken(name);
    stats.evidence = m_sites.evidence(m_method, count);
    m_sites.take(*site, name, std::move(stats));
  }

  bool m_areTokens;
  const std::string& m_method;
  ImportedSites& m_sites;
  LlamaNames m_names;
};

}  // namespace

void takeImatrix(const std::vector<ImatrixEntry>& entries, bool areTokens, const std::string& method,
                 ImportedSites& sites, JobContext& job) {
  Entries reader(areTokens, method, sites);
  for (const ImatrixEntry& entry : entries) {
    reader.take(entry);
    job.step(entry.sums.size());
  }
}

}  // namespace ql
