#pragma once
// JSON from untrusted files as a stream of events, stricter than usual: no key twice in an object, no deep
// nesting, no NUL bytes, no byte order mark. Nothing is built, so memory stays a small multiple of the text.
// Not for files of our own, which are small and read into a tree.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ql {

/// What is wrong, and after how many bytes of the text it was noticed.
struct JsonFault {
  std::string message;
  std::size_t position = 0;
};

/// Receives the events. Any handler may throw JsonFault{message}; the position is filled in.
class JsonVisitor {
 public:
  virtual ~JsonVisitor() = default;
  virtual void onKey(std::string& key) = 0;
  virtual void onString(std::string& value) = 0;
  virtual void onUnsigned(std::uint64_t value) = 0;
  virtual void onOther(
      std::string_view kind) = 0;          // "null", "true", "false", "a negative number", "a fraction"
  virtual void onStart(char bracket) = 0;  // '{' or '['
  virtual void onEnd(char bracket) = 0;    // '}' or ']'
};

/// Throws JsonFault at the first thing that is not allowed.
void parseStrictJson(std::string_view text, JsonVisitor& visitor);

}  // namespace ql
