#include "core/calib/imports/imported_sites.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/base/version.h"
#include "core/model/names.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>
#include <utility>

namespace ql {
namespace {

constexpr std::size_t kNamesShown = 3;
constexpr std::string_view kWeight = ".weight";

/// Sums of the same vectors in float32, taken by two kernels of another program.
constexpr double kSameSums = 1e-5;

/// "a", "b", "c" and 12 more
std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kNamesShown); ++i)
    text += (i == 0 ? "" : ", ") + quotedText(names[i]);
  if (names.size() > kNamesShown) text += " and " + withThousands(names.size() - kNamesShown) + " more";
  return text;
}

template <class T>
bool areSame(const std::vector<T>& a, const std::vector<T>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
    if (std::abs(x - y) > kSameSums * std::max(std::abs(x), std::abs(y))) return false;
  }
  return true;
}

bool areSame(const ActivationStats& a, const ActivationStats& b) {
  return a.all.tokens == b.all.tokens && areSame(a.all.absmax, b.all.absmax) &&
         areSame(a.all.sumSq, b.all.sumSq);
}

}  // namespace

ImportedSites::ImportedSites(const Model& model, std::string where, std::string sha256,
                             ActivationOrigin origin, const ActivationSink& sink)
    : m_model(model),
      m_where(std::move(where)),
      m_sha256(std::move(sha256)),
      m_origin(origin),
      m_sink(sink) {}

std::optional<std::size_t> ImportedSites::find(std::string_view name) const {
  if (name.ends_with(kWeight)) name.remove_suffix(kWeight.size());
  const auto siteNamed = [&](std::string_view candidate) -> std::optional<std::size_t> {
    const auto linear = m_model.find(candidate);
    return linear ? m_model.linears[*linear].site : std::nullopt;
  };
  if (const auto site = siteNamed(name)) return site;
  const std::string_view bare = stripWrappers(name);
  if (const auto site = siteNamed(bare)) return site;
  // A capture of the base model lacks the causal model's outermost name, and the other way round.
  static constexpr std::array<std::string_view, 5> kOutermost{"model.", "transformer.", "bert.", "gpt_neox.",
                                                              "model.language_model."};
  for (const std::string_view outermost : kOutermost) {
    if (const auto site = siteNamed(std::string(outermost).append(bare))) return site;
    if (!bare.starts_with(outermost)) continue;
    if (const auto site = siteNamed(bare.substr(outermost.size()))) return site;
  }
  return std::nullopt;
}

std::optional<std::size_t> ImportedSites::siteOf(std::string_view name, const std::string& entry) {
  const auto site = find(name);
  if (!site) noteUnknown(entry);
  return site;
}

void ImportedSites::requireWidth(std::size_t site, const std::string& entry, std::int64_t found) const {
  const Site& wanted = m_model.sites[site];
  if (found == wanted.width) return;
  throw Error(ErrorCode::Shape, "Activations of the wrong width in " + m_where + ": " + quotedText(entry) +
                                    " has " + std::to_string(found) + " channels, but the input of " +
                                    quotedText(wanted.name) + " has " + std::to_string(wanted.width) +
                                    "; take activations of this very model.");
}

void ImportedSites::throwDifferent(std::size_t site, const std::string& first,
                                   const std::string& second) const {
  throw Error(ErrorCode::Format, m_where + ": " + quotedText(first) + " and " + quotedText(second) +
                                     " are the same input (that of " + quotedText(m_model.sites[site].name) +
                                     ") but their values differ; take both from one run, or leave one out.");
}

void ImportedSites::take(std::size_t site, const std::string& entry, ActivationStats stats) {
  stats.origin = m_origin;
  stats.width = m_model.sites[site].width;
  const auto [kept, isNew] = m_kept.try_emplace(site, Kept{entry, {}});
  if (isNew) {
    kept->second.stats = std::move(stats);
  } else if (!areSame(kept->second.stats, stats)) {
    throwDifferent(site, kept->second.entry, entry);
  }
}

void ImportedSites::give(std::size_t site, ActivationStats stats) {
  stats.origin = m_origin;
  ++m_given;
  m_sink(site, std::move(stats));
}

Evidence ImportedSites::evidence(const std::string& method, std::uint64_t tokens) const {
  Evidence evidence;
  evidence.method = method;
  evidence.n = static_cast<std::int64_t>(tokens);
  evidence.level = "activations";
  if (!m_sha256.empty()) evidence.data = m_sha256;
  evidence.tool = std::string(kToolId);
  return evidence;
}

void ImportedSites::warnAbout(const std::vector<std::string>& entries, const std::string& one,
                              const std::string& many) {
  if (entries.empty()) return;
  const bool isOne = entries.size() == 1;
  m_warnings.push_back(withThousands(entries.size()) + (isOne ? " entry of " : " entries of ") + m_where +
                       " " + (isOne ? one : many) + ": " + listed(entries) + ".");
}

std::vector<std::string> ImportedSites::finish() {
  for (auto& [site, kept] : m_kept) {
    summarize(kept.stats);
    give(site, std::move(kept.stats));
  }
  m_kept.clear();
  if (m_given == 0 && !m_unknown.empty() && m_empty.empty() && m_broken.empty())
    throw Error(ErrorCode::Format, "None of the " + withThousands(m_unknown.size()) + " entries of " +
                                       m_where + " belongs to a linear of this model (the first is " +
                                       quotedText(m_unknown.front()) +
                                       "); take activations of this very model.");
  if (m_given == 0)
    throw Error(ErrorCode::Format, m_where + " holds no usable activations" +
                                       (m_broken.empty() ? "" : " (values that are negative or not finite)") +
                                       "; make the file again.");
  warnAbout(m_unknown, "belongs to no linear of this model and was left out",
            "belong to no linear of this model and were left out");
  warnAbout(m_empty, "saw no token and was left out", "saw no token and were left out");
  warnAbout(m_broken, "holds values that cannot be (negative or not finite) and was left out",
            "hold values that cannot be (negative or not finite) and were left out");
  return std::move(m_warnings);
}

}  // namespace ql
