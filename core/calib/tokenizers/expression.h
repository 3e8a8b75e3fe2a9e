#pragma once
// Regular expressions of tokenizer.json: written for Oniguruma, run by PCRE2 with limits.
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

struct TextRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// The expression in PCRE2's spelling: what both read differently (\s, \w, \h, \v, inline m, {,n}) is
/// rewritten; what PCRE2 cannot say (class intersections, absent groups) throws Error(Unsupported) with
/// `where`. Source: Oniguruma doc/RE; pcre2pattern(3).
std::string pcreFromOniguruma(std::string_view expression, const std::string& where);

/// Immutable and thread-safe; matching goes through a Matcher.
class Expression {
 public:
  /// `where` is the file and part as it stands in messages. Throws Error(Unsupported).
  Expression(std::string_view oniguruma, std::string where);
  ~Expression();
  Expression(const Expression&) = delete;
  Expression& operator=(const Expression&) = delete;

  /// The work space of one thread.
  class Matcher {
   public:
    explicit Matcher(const Expression& expression);
    ~Matcher();
    Matcher(const Matcher&) = delete;
    Matcher& operator=(const Matcher&) = delete;
    /// All matches of well-formed UTF-8, left to right, not overlapping; an empty one never right behind
    /// another match. Throws Error(Unsupported) when the expression needs too many steps.
    void findAll(std::string_view text, std::vector<TextRange>& matches);

   private:
    struct State;
    bool find(std::string_view text, std::size_t from, TextRange& match);
    std::unique_ptr<State> m_state;
  };

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace ql
