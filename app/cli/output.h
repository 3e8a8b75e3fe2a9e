#pragma once
// Standard output and standard error of qloupe: results go to the one, everything said about them to the
// other.
#include <string>
#include <string_view>

namespace ql::cli {

/// Opens /dev/null in place of standard streams that the caller closed, so that no result file lands on
/// descriptor 1 or 2; turns SIGPIPE and SIGXFSZ into error codes; makes SIGINT outside a job end the process
/// with exit code 130. Call first.
void prepareProcess();

/// Writes to standard output. A reader that went away (head, less) is no error: the rest is dropped silently.
/// Throws Error(Io) when the output cannot be written (full disk, closed stream).
void print(std::string_view text);

/// One line "qloupe: sentence" on standard error.
void complain(std::string_view sentence);

/// One line "qloupe: warning: sentence" on standard error.
void warn(std::string_view sentence);

/// Names from files are untrusted: control characters become \xNN, so that no name can drive the terminal.
std::string printable(std::string_view text);

}  // namespace ql::cli
