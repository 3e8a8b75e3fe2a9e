// Which linears a command or a dialog means: ranges, roles, expressions.
#include "core/base/error.h"
#include "core/model/model.h"
#include "core/model/names.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <memory>

namespace ql {
namespace {

constexpr std::array<std::string_view, kRoleCount> kRoleNames = {
    "q",   "k",   "v",    "o",    "qkv",    "gate",      "up",       "down",    "gate_up", "fc1",  "fc2",
    "q_a", "q_b", "kv_a", "kv_b", "router", "embedding", "position", "lm_head", "norm",    "other"};

constexpr std::size_t kMaxRegexBytes = 4096;
// An expression that needs more than this for one name (a few milliseconds) is a mistake such as (a*)*b.
constexpr std::uint32_t kMatchLimit = 200000;
constexpr std::uint32_t kDepthLimit = 2000;
constexpr std::uint32_t kHeapLimitKib = 8192;

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

class Regex {
 public:
  explicit Regex(const std::string& text) : m_text(text) {
    if (text.size() > kMaxRegexBytes) {
      failUsage("the expression is " + std::to_string(text.size()) + " bytes long; at most " +
                std::to_string(kMaxRegexBytes) + " are allowed");
    }
    int code = 0;
    PCRE2_SIZE offset = 0;
    m_code.reset(pcre2_compile(bytes(text), text.size(), PCRE2_NEVER_BACKSLASH_C, &code, &offset, nullptr));
    if (!m_code) {
      failUsage("the expression '" + text + "' is wrong at character " + std::to_string(offset + 1) + ": " +
                reason(code) + "; example: layers\\.[0-2]\\..*(q|k|v)_proj");
    }
    m_data.reset(pcre2_match_data_create(1, nullptr));
    m_context.reset(pcre2_match_context_create(nullptr));
    if (!m_data || !m_context) throw std::bad_alloc();
    pcre2_set_match_limit(m_context.get(), kMatchLimit);
    pcre2_set_depth_limit(m_context.get(), kDepthLimit);
    pcre2_set_heap_limit(m_context.get(), kHeapLimitKib);
  }

  /// The expression must reach from the start of the name, or from behind one of its dots, to the end.
  bool matches(const std::string& name) const {
    for (std::size_t begin = 0; begin != std::string::npos;) {
      if (matchesFrom(name, begin)) return true;
      const std::size_t dot = name.find('.', begin);
      begin = dot == std::string::npos ? dot : dot + 1;
    }
    return false;
  }

 private:
  static PCRE2_SPTR bytes(const std::string& text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

  static std::string reason(int code) {
    std::array<PCRE2_UCHAR, 256> buffer{};
    pcre2_get_error_message(code, buffer.data(), buffer.size());
    return reinterpret_cast<const char*>(buffer.data());
  }

  bool matchesFrom(const std::string& name, std::size_t begin) const {
    const int result = pcre2_match(m_code.get(), bytes(name), name.size(), begin,
                                   PCRE2_ANCHORED | PCRE2_ENDANCHORED, m_data.get(), m_context.get());
    if (result >= 0) return true;
    if (result == PCRE2_ERROR_NOMATCH) return false;
    failUsage("the expression '" + m_text + "' cannot be matched against '" + name + "' (" + reason(result) +
              "); make it simpler, for example without nested repeats");
  }

  std::string m_text;
  std::unique_ptr<pcre2_code, decltype(&pcre2_code_free)> m_code{nullptr, &pcre2_code_free};
  std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> m_data{nullptr, &pcre2_match_data_free};
  std::unique_ptr<pcre2_match_context, decltype(&pcre2_match_context_free)> m_context{
      nullptr, &pcre2_match_context_free};
};

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
  std::optional<Regex> regex;
  if (!filter.regex.empty()) regex.emplace(filter.regex);
  const auto& roles = filter.roles;
  std::vector<LinearId> selected;
  for (LinearId id = 0; id < model.linears.size(); ++id) {
    const Linear& linear = model.linears[id];
    if (filter.quantizableOnly && !linear.isQuantizable) continue;
    if (!filter.blocks.empty() && !isInRanges(linear.block, filter.blocks)) continue;
    if (!roles.empty() && std::find(roles.begin(), roles.end(), linear.role) == roles.end()) continue;
    if (regex && !regex->matches(linear.name)) continue;
    selected.push_back(id);
  }
  return selected;
}

}  // namespace ql
