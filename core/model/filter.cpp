// Which linears a command or a dialog means: ranges, roles, expressions.
#include "core/base/error.h"
#include "core/model/model.h"
#include "core/model/name_regex.h"
#include "core/model/names.h"

#include <algorithm>
#include <array>

namespace ql {
namespace {

constexpr std::array<std::string_view, kRoleCount> kRoleNames = {
    "q",   "k",   "v",    "o",    "qkv",    "gate",      "up",       "down",    "gate_up", "fc1",  "fc2",
    "q_a", "q_b", "kv_a", "kv_b", "router", "embedding", "position", "lm_head", "norm",    "other"};

[[noreturn]] void failUsage(const std::string& message) {
  throw Error(ErrorCode::Usage, message);
}

std::vector<std::string_view> splitList(std::string_view text, const std::string& what,
                                        const std::string& example) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t comma = text.find(',');
    std::string_view part = text.substr(0, comma);
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    if (part.empty()) failUsage("the list of " + what + " has an empty entry; write for example " + example);
    parts.push_back(part);
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

bool isInRanges(const std::optional<int>& block, const std::vector<std::pair<int, int>>& ranges) {
  return block && std::any_of(ranges.begin(), ranges.end(), [&](const std::pair<int, int>& range) {
           return range.first <= *block && *block <= range.second;
         });
}

}  // namespace

std::string_view roleName(TensorRole role) {
  return kRoleNames.at(static_cast<std::size_t>(role));
}

std::optional<TensorRole> roleFromName(std::string_view name) {
  const auto found = std::find(kRoleNames.begin(), kRoleNames.end(), name);
  if (found == kRoleNames.end()) return std::nullopt;
  return static_cast<TensorRole>(found - kRoleNames.begin());
}

std::vector<std::pair<int, int>> parseBlockRanges(std::string_view text) {
  std::vector<std::pair<int, int>> ranges;
  for (const std::string_view part : splitList(text, "blocks", "0-2,5")) {
    const std::size_t dash = part.find('-');
    const std::optional<int> first = parseNumber(part.substr(0, dash));
    const std::optional<int> last =
        dash == std::string_view::npos ? first : parseNumber(part.substr(dash + 1));
    if (!first || !last) {
      failUsage("'" + std::string(part) +
                "' is no block or range of blocks; write numbers from 0, for example 0-2,5");
    }
    if (*last < *first)
      failUsage("the block range '" + std::string(part) + "' ends before it begins; write the smaller first");
    ranges.emplace_back(*first, *last);
  }
  return ranges;
}

std::vector<TensorRole> parseRoles(std::string_view text) {
  std::vector<TensorRole> roles;
  for (const std::string_view part : splitList(text, "roles", "q,k,v")) {
    const std::optional<TensorRole> role = roleFromName(part);
    if (!role) {
      std::string allowed;
      for (const std::string_view name : kRoleNames)
        allowed += (allowed.empty() ? "" : ", ") + std::string(name);
      failUsage("'" + std::string(part) + "' is no role; the roles are " + allowed);
    }
    roles.push_back(*role);
  }
  return roles;
}

std::vector<LinearId> selectLinears(const Model& model, const LinearFilter& filter) {
  std::optional<NameRegex> regex;
  if (!filter.regex.empty()) regex.emplace(filter.regex);
  const auto& roles = filter.roles;
  std::vector<LinearId> selected;
  for (LinearId id = 0; id < model.linears.size(); ++id) {
    const Linear& linear = model.linears[id];
    if (filter.quantizableOnly && !linear.isQuantizable) continue;
    if (!filter.blocks.empty() && !isInRanges(linear.block, filter.blocks)) continue;
    if (!roles.empty() && std::find(roles.begin(), roles.end(), linear.role) == roles.end()) continue;
    if (regex && !regex->matchesBehindDot(linear.name)) continue;
    selected.push_back(id);
  }
  return selected;
}

}  // namespace ql
