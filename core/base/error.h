#pragma once
// The one exception type for bad input and bad environment, and the assertion for our own bugs.
// Absence is std::optional; a bug is QL_ASSERT; everything a user can cause is ql::Error.
#include <stdexcept>
#include <string>

namespace ql {

enum class ErrorCode { Io, Format, Unsupported, Shape, Numeric, Store, Plan, Usage };

/// A failure the user can understand and act on.
///
/// what() is one plain-English sentence: what failed, where (file, byte offset, tensor, option), what was
/// expected and what to try. Caught at the job boundary, in the command line's main, and in adapters that
/// add context and rethrow.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), m_code(code) {}
  ErrorCode code() const noexcept { return m_code; }

 private:
  ErrorCode m_code;
};

[[noreturn]] void assertionFailed(const char* expression, const char* file, int line);

}  // namespace ql

/// A bug in this program, never a reaction to input. On in every build: the checks are off the hot paths.
#define QL_ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : ::ql::assertionFailed(#expression, __FILE__, __LINE__))
