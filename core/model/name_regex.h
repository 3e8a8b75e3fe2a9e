#pragma once
// Regular expressions over names of linears, under limits: an expression may come from a hostile script.
// PCRE2, because std::regex recurses with the length of the text and has no limits.
#include <memory>
#include <string>

namespace ql {

class NameRegex {
 public:
  /// Throws Error(Usage) with the place of the mistake; at most 4 KiB.
  explicit NameRegex(const std::string& text);
  ~NameRegex();
  NameRegex(NameRegex&&) noexcept;

  /// The expression must reach from the start of the name, or from behind one of its dots, to the end.
  /// Throws Error(Usage) when matching takes too long. Not thread-safe.
  bool matchesBehindDot(const std::string& name) const;
  /// Anchored at the start only, as Python's re.match.
  bool matchesAtStart(const std::string& name) const;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace ql
