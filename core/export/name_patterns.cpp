#include "core/export/name_patterns.h"

#include "core/model/names.h"

#include <algorithm>
#include <map>
#include <memory>

namespace ql {
namespace {

constexpr std::size_t kMaxComponents = 64;  // a module path is never deeper; names from files may be
constexpr std::size_t kMaxPatternBytes =
    2000;  // longer expressions are split: nobody reads them, and engines have limits

/// A tree of the names' components.
struct Node {
  std::map<std::string, std::unique_ptr<Node>> children;
  bool isEnd = false;
};

void insert(Node& root, const std::string& name) {
  Node* node = &root;
  for (const std::string_view part : splitDots(name)) {
    std::unique_ptr<Node>& child = node->children[std::string(part)];
    if (!child) child = std::make_unique<Node>();
    node = child.get();
  }
  node->isEnd = true;
}

std::string alternatives(const std::vector<std::string>& parts) {
  if (parts.size() == 1) return parts.front();
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "|") + part;
  return "(" + text + ")";
}

/// "q_proj", "k_proj" -> "(q|k)_proj"; other words stay whole.
std::vector<std::string> wordPatterns(const std::vector<std::string>& words) {
  constexpr std::string_view kEnding = "_proj";
  std::vector<std::string> stems, whole;
  for (const std::string& word : words) {
    if (word.size() > kEnding.size() && word.ends_with(kEnding)) {
      stems.push_back(escapeRegex(word.substr(0, word.size() - kEnding.size())));
    } else {
      whole.push_back(escapeRegex(word));
    }
  }
  if (!stems.empty()) whole.insert(whole.begin(), alternatives(stems) + std::string(kEnding));
  return whole;
}

/// All keys of a node that lead to the same rest, as alternatives.
std::string keysPattern(const std::vector<std::string>& keys) {
  std::set<int> numbers;
  std::vector<std::string> words;
  for (const std::string& key : keys) {
    const std::optional<int> number = parseNumber(key);
    if (number) {
      numbers.insert(*number);
    } else {
      words.push_back(key);
    }
  }
  std::vector<std::string> parts = wordPatterns(words);
  if (!numbers.empty()) parts.insert(parts.begin(), numbersPattern(numbers));
  return alternatives(parts);
}

/// The expressions below a node, as a list; below the first number they are joined into one.
std::vector<std::string> render(const Node& node, bool isBelowNumber) {
  std::map<std::vector<std::string>, std::vector<std::string>> byRest;
  std::vector<std::vector<std::string>> order;
  for (const auto& [key, child] : node.children) {
    std::vector<std::string> rest = render(*child, isBelowNumber || parseNumber(key).has_value());
    if (!byRest.contains(rest)) order.push_back(rest);
    byRest[rest].push_back(key);
  }
  std::vector<std::string> result;
  for (const std::vector<std::string>& rest : order) {
    const std::string head = keysPattern(byRest[rest]);
    if (rest.empty()) result.push_back(head);
    for (const std::string& tail : rest) result.push_back(head + tail);
  }
  if (result.empty()) return result;
  if (isBelowNumber) result = {alternatives(result)};
  for (std::string& text : result) text = "\\." + text;
  if (node.isEnd && isBelowNumber) result.front() = "(" + result.front() + ")?";
  if (node.isEnd && !isBelowNumber) result.emplace_back();
  return result;
}

/// What comes before the numbered part is left open, as runtimes put models into wrappers of their own.
std::string prefixOf(const std::string& name) {
  std::size_t begin = 0, previous = 0;
  for (const std::string_view part : splitDots(name)) {
    if (parseNumber(part)) return name.substr(0, previous);
    previous = begin;
    begin += part.size() + 1;
  }
  return name.substr(0, previous);
}

std::string digitsPattern(const std::string& low, const std::string& high) {
  std::string text;
  for (std::size_t i = 0; i < low.size(); ++i) {
    text += low[i] == high[i] ? std::string(1, low[i])
                              : "[" + std::string(1, low[i]) + "-" + std::string(1, high[i]) + "]";
  }
  return text;
}

/// Splits [low, high] where digits roll over, so that each piece is one digit class per place.
std::vector<std::string> rangePatterns(int low, int high) {
  std::set<int> ends{high};
  for (std::int64_t power = 10; power <= 1000000; power *= 10) {
    const std::int64_t nines = low - low % power + power - 1;
    if (nines < high) ends.insert(static_cast<int>(nines));
    const std::int64_t zeros = (std::int64_t{high} + 1) / power * power - 1;
    if (zeros >= low && zeros < high) ends.insert(static_cast<int>(zeros));
  }
  std::vector<std::string> patterns;
  for (const int end : ends) {
    patterns.push_back(digitsPattern(std::to_string(low), std::to_string(end)));
    low = end + 1;
  }
  return patterns;
}

}  // namespace

std::string escapeRegex(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (std::string_view(".^$*+?()[]{}|\\").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string numbersPattern(const std::set<int>& numbers) {
  std::vector<std::string> parts;
  for (auto first = numbers.begin(); first != numbers.end();) {
    auto last = first;
    while (std::next(last) != numbers.end() && *std::next(last) == *last + 1) ++last;
    for (std::string& part : rangePatterns(*first, *last)) parts.push_back(std::move(part));
    first = std::next(last);
  }
  return alternatives(parts);
}

std::vector<std::string> namePatterns(const std::set<std::string>& names, bool hasFreePrefix) {
  std::map<std::pair<std::string, bool>, Node> roots;
  std::vector<std::string> patterns;
  for (const std::string& name : names) {
    const std::vector<std::string_view> parts = splitDots(name);
    if (parts.size() > kMaxComponents) {
      patterns.push_back("re:" + escapeRegex(name) + "$");
      continue;
    }
    const bool isNumbered =
        std::any_of(parts.begin(), parts.end(), [](auto part) { return parseNumber(part).has_value(); });
    const std::string prefix = prefixOf(name);
    insert(roots[{prefix, isNumbered}], name.substr(prefix.size()));
  }
  bool isLong = false;
  for (const auto& [key, root] : roots) {
    const auto& [prefix, isNumbered] = key;
    const bool isOpen = hasFreePrefix && (isNumbered || !prefix.empty());
    const std::string head = isOpen ? ".*" : escapeRegex(prefix);
    for (const std::string& text : render(root, false)) {
      patterns.push_back("re:" + head + text.substr(2) + "$");
      isLong = isLong || patterns.back().size() > kMaxPatternBytes;
    }
  }
  if (!isLong || names.size() < 2) return patterns;
  const auto middle = std::next(names.begin(), static_cast<std::ptrdiff_t>(names.size() / 2));
  patterns = namePatterns({names.begin(), middle}, hasFreePrefix);
  for (std::string& text : namePatterns({middle, names.end()}, hasFreePrefix))
    patterns.push_back(std::move(text));
  return patterns;
}

}  // namespace ql
