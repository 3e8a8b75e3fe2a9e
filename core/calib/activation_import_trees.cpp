// Site groups that the capture script wrote, read by the statistics file.
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/activation_import.h"
#include "core/calib/imports/imported_sites.h"

#include <algorithm>
#include <map>

namespace ql {
namespace {

/// Everything of an input that its order of arrival decides; a second group may differ in its name only.
bool isSameInput(const ActivationStats& a, const ActivationStats& b) {
  return a.all.tokens == b.all.tokens && a.all.absmax == b.all.absmax && a.all.sumSq == b.all.sumSq &&
         a.sample.values == b.sample.values;
}

/// Tokens that the capture left out; nothing is written when there were none.
void takeSkipped(const DataTree& tree, const std::string& name, ActivationStats& stats,
                 ImportedSites& sites) {
  if (!tree.attributes.contains("act_skipped_tokens")) return;
  const auto count = [&](const char* attribute) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, intAttribute(tree, attribute)));
  };
  stats.summary.skippedTokens = count("act_skipped_tokens");
  stats.summary.nans = count("act_nans"), stats.summary.infs = count("act_infs");
  sites.warn(quotedText(name) + " of " + sites.where() + " met " + withThousands(stats.summary.nans) +
             " NaN and " + withThousands(stats.summary.infs) + " infinite values; the " +
             withThousands(stats.summary.skippedTokens) + " tokens that have them were left out.");
}

}  // namespace

ImportedActivations activationsFromTrees(const std::vector<std::pair<std::string, DataTree>>& trees,
                                         const Model& model, const std::string& sha256) {
  ImportedActivations imported;
  imported.origin = ActivationOrigin::Capture;
  imported.sha256 = sha256;
  const ActivationSink sink = [&](std::size_t site, ActivationStats stats) {
    imported.sites.emplace_back(site, std::move(stats));
  };
  ImportedSites sites(model, "the capture", sha256, ActivationOrigin::Capture, sink);
  std::map<std::size_t, std::pair<std::string, ActivationStats>> found;
  for (const auto& [name, tree] : trees) {
    const auto site = sites.siteOf(name, name);
    if (!site) continue;
    const auto inner = tree.children.find("input");
    const DataTree& input = inner == tree.children.end() ? tree : inner->second;
    ActivationStats stats = activationStatsFromDataTree(input);
    sites.requireWidth(*site, name, stats.width);
    if (stats.all.tokens == 0) {
      sites.noteEmpty(name);
      continue;
    }
    const auto [first, isNew] = found.try_emplace(*site, name, ActivationStats{});
    if (!isNew && !isSameInput(first->second.second, stats))
      sites.throwDifferent(*site, first->second.first, name);
    if (!isNew) continue;
    takeSkipped(input, name, stats, sites);
    stats.evidence = sites.evidence("capture by quantloupe_capture.py", stats.all.tokens);
    first->second.second = std::move(stats);
  }
  for (auto& [site, entry] : found) sites.give(site, std::move(entry.second));
  imported.warnings = sites.finish();
  return imported;
}

}  // namespace ql
