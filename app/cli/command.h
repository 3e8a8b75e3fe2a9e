#pragma once
// One subcommand of qloupe. A new command is one file in commands/ and one line in commands.inc.
#include <memory>
#include <string_view>

namespace CLI {
class App;
}

namespace ql::cli {

/// What the process returns: scripts rely on these.
enum ExitCode : int { kExitOk = 0, kExitFound = 1, kExitBad = 2, kExitCancelled = 130 };

class Command {
 public:
  virtual ~Command() = default;
  /// Words after "qloupe": "inspect", "plan set".
  virtual std::string_view words() const = 0;
  /// One sentence for the list of commands.
  virtual std::string_view sentence() const = 0;
  /// Declares options on the command's own parser; called once.
  virtual void setUp(CLI::App& app) = 0;
  /// Does the work after parsing. Throws Error and Cancelled; main words them.
  virtual int run() = 0;
};

}  // namespace ql::cli
