#include "core/calib/tokenizers/expression.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/tokenizers/unicode_text.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <new>
#include <optional>
#include <utility>

namespace ql {
namespace {

constexpr std::size_t kMaxExpressionBytes = 65536;  // the longest of published tokenizers has about 1,500
// Steps for one match. A run of n spaces costs n steps in "\s*[\r\n]+", so the limit grows with the text.
constexpr std::uint64_t kMatchLimit = 1'000'000;
constexpr std::uint32_t kHeapLimitKib = 65536;

PCRE2_SPTR bytes(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.data());
}

std::string reason(int code) {
  std::array<PCRE2_UCHAR, 256> buffer{};
  pcre2_get_error_message(code, buffer.data(), buffer.size());
  return reinterpret_cast<const char*>(buffer.data());
}

using Code = std::unique_ptr<pcre2_code, decltype(&pcre2_code_free)>;
using CompileContext = std::unique_ptr<pcre2_compile_context, decltype(&pcre2_compile_context_free)>;
using MatchData = std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)>;
using MatchContext = std::unique_ptr<pcre2_match_context, decltype(&pcre2_match_context_free)>;

}  // namespace

struct Expression::State {
  std::string where;
  std::string text;  // as the file spells it
  Code code{nullptr, &pcre2_code_free};
};

Expression::~Expression() = default;

Expression::Expression(std::string_view oniguruma, std::string where) : m_state(std::make_unique<State>()) {
  m_state->where = std::move(where);
  m_state->text = oniguruma;
  const auto fail = [&](const std::string& why) {
    throw Error(ErrorCode::Unsupported, m_state->where + " has the expression " + quotedText(oniguruma) +
                                            ", which cannot be used here (" + why +
                                            "); give token ids (.npy) instead of a text");
  };
  if (oniguruma.size() > kMaxExpressionBytes) fail("it has " + bytesText(oniguruma.size()));
  const std::string pattern = pcreFromOniguruma(oniguruma, m_state->where);
  const CompileContext context(pcre2_compile_context_create(nullptr), &pcre2_compile_context_free);
  if (!context) throw std::bad_alloc();
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  // Oniguruma's ^ and $ are those of lines.
  constexpr std::uint32_t kOptions = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C;
  int error = 0;
  PCRE2_SIZE offset = 0;
  m_state->code.reset(
      pcre2_compile(bytes(pattern), pattern.size(), kOptions, &error, &offset, context.get()));
  if (!m_state->code) fail(reason(error));
  pcre2_jit_compile(m_state->code.get(), PCRE2_JIT_COMPLETE);  // without it the interpreter does the same
}

struct Expression::Matcher::State {
  const Expression::State& expression;
  MatchData data{nullptr, &pcre2_match_data_free};
  MatchContext context{nullptr, &pcre2_match_context_free};
};

Expression::Matcher::Matcher(const Expression& expression)
    : m_state(std::make_unique<State>(State{*expression.m_state})) {
  m_state->data.reset(pcre2_match_data_create(1, nullptr));
  m_state->context.reset(pcre2_match_context_create(nullptr));
  if (!m_state->data || !m_state->context) throw std::bad_alloc();
  pcre2_set_heap_limit(m_state->context.get(), kHeapLimitKib);
}

Expression::Matcher::~Matcher() = default;

bool Expression::Matcher::find(std::string_view text, std::size_t from, TextRange& match) {
  const auto run = [&](std::uint32_t options) {
    return pcre2_match(m_state->expression.code.get(), bytes(text), text.size(), from, options,
                       m_state->data.get(), m_state->context.get());
  };
  int result = run(PCRE2_NO_UTF_CHECK);
  // Nested groups over long texts outgrow the 32 KiB that compiled code has; the interpreter takes heap.
  if (result == PCRE2_ERROR_JIT_STACKLIMIT) result = run(PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT);
  if (result == PCRE2_ERROR_NOMATCH) return false;
  if (result < 0) {
    throw Error(ErrorCode::Unsupported, m_state->expression.where + " has the expression " +
                                            quotedText(m_state->expression.text) +
                                            ", which takes too long on this text (" + reason(result) +
                                            "); give token ids (.npy) instead of a text");
  }
  const PCRE2_SIZE* range = pcre2_get_ovector_pointer(m_state->data.get());
  match = {range[0], std::max(range[0], range[1])};  // \K in a look-ahead can put the start behind the end
  return true;
}

void Expression::Matcher::findAll(std::string_view text, std::vector<TextRange>& matches) {
  matches.clear();
  const std::uint64_t limit = std::min<std::uint64_t>(kMatchLimit + 16 * text.size(), 4'000'000'000u);
  pcre2_set_match_limit(m_state->context.get(), static_cast<std::uint32_t>(limit));
  std::optional<std::size_t> lastEnd;
  TextRange match;
  for (std::size_t from = 0; from <= text.size() && find(text, from, match);) {
    if (match.begin < from) break;  // \K tricks: never step back
    if (match.end == match.begin && lastEnd == match.end) {
      from = match.end < text.size() ? match.end + codePointAt(text, match.end).length : text.size() + 1;
      continue;
    }
    matches.push_back(match);
    lastEnd = match.end;
    from = match.end;
  }
}

}  // namespace ql
