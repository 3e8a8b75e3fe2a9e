#include "core/model/name_regex.h"

#include "core/base/error.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <new>

namespace ql {
namespace {

constexpr std::size_t kMaxRegexBytes = 4096;
// An expression that needs more than this for one name (a few milliseconds) is a mistake such as (a*)*b.
constexpr std::uint32_t kMatchLimit = 200000;
constexpr std::uint32_t kDepthLimit = 2000;
constexpr std::uint32_t kHeapLimitKib = 8192;

PCRE2_SPTR bytes(const std::string& text) {
  return reinterpret_cast<PCRE2_SPTR>(text.data());
}

std::string reason(int code) {
  std::array<PCRE2_UCHAR, 256> buffer{};
  pcre2_get_error_message(code, buffer.data(), buffer.size());
  return reinterpret_cast<const char*>(buffer.data());
}

[[noreturn]] void failUsage(const std::string& message) {
  throw Error(ErrorCode::Usage, message);
}

}  // namespace

struct NameRegex::State {
  std::string text;
  std::unique_ptr<pcre2_code, decltype(&pcre2_code_free)> code{nullptr, &pcre2_code_free};
  std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> data{nullptr, &pcre2_match_data_free};
  std::unique_ptr<pcre2_match_context, decltype(&pcre2_match_context_free)> context{
      nullptr, &pcre2_match_context_free};

  bool matches(const std::string& name, std::size_t begin, std::uint32_t options) const {
    const int result =
        pcre2_match(code.get(), bytes(name), name.size(), begin, options, data.get(), context.get());
    if (result >= 0) return true;
    if (result == PCRE2_ERROR_NOMATCH) return false;
    failUsage("the expression '" + text + "' cannot be matched against '" + name + "' (" + reason(result) +
              "); make it simpler, for example without nested repeats");
  }
};

NameRegex::~NameRegex() = default;
NameRegex::NameRegex(NameRegex&&) noexcept = default;

NameRegex::NameRegex(const std::string& text) : m_state(std::make_unique<State>()) {
  if (text.size() > kMaxRegexBytes) {
    failUsage("the expression is " + std::to_string(text.size()) + " bytes long; at most " +
              std::to_string(kMaxRegexBytes) + " are allowed");
  }
  State& state = *m_state;
  state.text = text;
  int code = 0;
  PCRE2_SIZE offset = 0;
  state.code.reset(pcre2_compile(bytes(text), text.size(), PCRE2_NEVER_BACKSLASH_C, &code, &offset, nullptr));
  if (!state.code) {
    failUsage("the expression '" + text + "' is wrong at character " + std::to_string(offset + 1) + ": " +
              reason(code) + "; example: layers\\.[0-2]\\..*(q|k|v)_proj");
  }
  state.data.reset(pcre2_match_data_create(1, nullptr));
  state.context.reset(pcre2_match_context_create(nullptr));
  if (!state.data || !state.context) throw std::bad_alloc();
  pcre2_set_match_limit(state.context.get(), kMatchLimit);
  pcre2_set_depth_limit(state.context.get(), kDepthLimit);
  pcre2_set_heap_limit(state.context.get(), kHeapLimitKib);
}

bool NameRegex::matchesBehindDot(const std::string& name) const {
  for (std::size_t begin = 0; begin != std::string::npos;) {
    if (m_state->matches(name, begin, PCRE2_ANCHORED | PCRE2_ENDANCHORED)) return true;
    const std::size_t dot = name.find('.', begin);
    begin = dot == std::string::npos ? dot : dot + 1;
  }
  return false;
}

bool NameRegex::matchesAtStart(const std::string& name) const {
  return m_state->matches(name, 0, PCRE2_ANCHORED);
}

}  // namespace ql
