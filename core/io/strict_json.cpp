#include "core/io/strict_json.h"

#include "core/base/message_text.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace ql {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxDepth = 64;

/// Reads chars and tells where it is: the parser itself reports positions of syntax errors only.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* place, const char** cursor) : m_place(place), m_cursor(cursor) {}
  reference operator*() const { return *m_place; }
  CountingIterator& operator++() {
    *m_cursor = ++m_place;
    return *this;
  }
  bool operator==(const CountingIterator& other) const { return m_place == other.m_place; }
  bool operator!=(const CountingIterator& other) const { return m_place != other.m_place; }

 private:
  const char* m_place;
  const char** m_cursor;
};

std::uint64_t keyHash(const std::string& key) {
  return std::hash<std::string>()(key);
}

/// Which key is twice in which object (counted in order of opening). Keys are kept as hashes to bound the
/// memory.
struct DuplicateKey {
  std::uint64_t hash = 0;
  std::size_t object = 0;
};

/// The callbacks of nlohmann's event parser; every event is counted against depth and duplicates, then passed
/// on.
class Events {
 public:
  explicit Events(JsonVisitor& visitor) : m_visitor(visitor) {}

  bool null() { return other("null"); }
  bool boolean(bool value) { return other(value ? "true" : "false"); }
  bool number_integer(Json::number_integer_t) { return other("a negative number"); }
  bool number_float(Json::number_float_t, const std::string&) { return other("a fraction or a huge number"); }
  bool binary(Json::binary_t&) { return other("binary data"); }
  bool number_unsigned(Json::number_unsigned_t value) {
    m_visitor.onUnsigned(value);
    return true;
  }
  bool string(std::string& value) {
    m_visitor.onString(value);
    return true;
  }
  bool start_object(std::size_t) {
    deepen();
    m_open.push_back({m_objectCount++, {}});
    m_visitor.onStart('{');
    return true;
  }
  bool key(std::string& value) {
    m_open.back().second.push_back(keyHash(value));
    m_visitor.onKey(value);
    return true;
  }
  bool end_object() {
    auto& [object, hashes] = m_open.back();
    std::ranges::sort(hashes);
    const auto twice = std::ranges::adjacent_find(hashes);
    if (twice != hashes.end()) throw DuplicateKey{*twice, object};
    m_open.pop_back();
    --m_depth;
    m_visitor.onEnd('}');
    return true;
  }
  bool start_array(std::size_t) {
    deepen();
    m_visitor.onStart('[');
    return true;
  }
  bool end_array() {
    --m_depth;
    m_visitor.onEnd(']');
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) {
    throw JsonFault{"this is not valid JSON", 0};
  }

 private:
  bool other(std::string_view kind) {
    m_visitor.onOther(kind);
    return true;
  }
  void deepen() {
    if (++m_depth > kMaxDepth) throw JsonFault{"brackets are nested more than 64 deep", 0};
  }

  JsonVisitor& m_visitor;
  std::size_t m_depth = 0;
  std::size_t m_objectCount = 0;
  std::vector<std::pair<std::size_t, std::vector<std::uint64_t>>> m_open;
};

/// Stops at the second occurrence of a key known to be there twice.
class DuplicateFinder : public nlohmann::json_sax<Json> {
 public:
  explicit DuplicateFinder(const DuplicateKey& wanted) : m_wanted(wanted) {}

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(Json::number_integer_t) override { return true; }
  bool number_unsigned(Json::number_unsigned_t) override { return true; }
  bool number_float(Json::number_float_t, const std::string&) override { return true; }
  bool string(std::string&) override { return true; }
  bool binary(Json::binary_t&) override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool start_object(std::size_t) override {
    m_open.push_back(m_objectCount++);
    return true;
  }
  bool end_object() override {
    m_open.pop_back();
    return true;
  }
  bool key(std::string& value) override {
    if (m_open.back() != m_wanted.object || keyHash(value) != m_wanted.hash) return true;
    if (++m_seen == 2) throw JsonFault{"the name " + quotedText(value) + " is there twice", 0};
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override { return false; }

 private:
  DuplicateKey m_wanted;
  int m_seen = 0;
  std::size_t m_objectCount = 0;
  std::vector<std::size_t> m_open;
};

template <class Handler>
void run(std::string_view text, Handler& handler) {
  const char* cursor = text.data();
  try {
    const char* const end = text.data() + text.size();
    Json::sax_parse(CountingIterator(text.data(), &cursor), CountingIterator(end, &cursor), &handler);
  } catch (JsonFault& fault) {
    fault.position = static_cast<std::size_t>(cursor - text.data());
    throw;
  }
}

/// nlohmann takes a NUL for the end of the text and skips a byte order mark; both would hide bytes.
void refuseHiddenBytes(std::string_view text) {
  const std::size_t nul = text.find('\0');
  if (nul != std::string_view::npos) throw JsonFault{"there is a zero byte inside the text", nul};
  if (text.starts_with("\xEF\xBB\xBF")) throw JsonFault{"the text starts with a byte order mark", 0};
}

}  // namespace

void parseStrictJson(std::string_view text, JsonVisitor& visitor) {
  refuseHiddenBytes(text);
  try {
    Events events(visitor);
    run(text, events);
  } catch (const DuplicateKey& duplicate) {
    DuplicateFinder finder(duplicate);
    run(text, finder);
    throw JsonFault{"a name is there twice", 0};
  }
}

}  // namespace ql
