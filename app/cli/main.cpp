// qloupe: every operation of the product without a window.
#include "app/cli/command.h"
#include "app/cli/output.h"
#include "core/base/error.h"
#include "core/base/version.h"
#include "core/jobs/job_context.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace ql::cli {

#define X(name) std::unique_ptr<Command> make##name##Command();
#include "app/cli/commands.inc"
#undef X

namespace {

struct Registered {
  std::unique_ptr<Command> command;
  CLI::App* app = nullptr;
};

/// The parser for "plan set" below the one for "plan", which is made when it is first needed.
CLI::App* addParser(CLI::App& root, const Command& command) {
  const std::string words(command.words());
  const std::size_t space = words.find(' ');
  if (space == std::string::npos) return root.add_subcommand(words, std::string(command.sentence()));
  const std::string group = words.substr(0, space);
  CLI::App* parent = nullptr;
  for (CLI::App* known : root.get_subcommands([](const CLI::App*) { return true; }))
    if (known->get_name() == group) parent = known;
  if (parent == nullptr) {
    parent = root.add_subcommand(group, "Make, edit, show and compare plans.");
    parent->require_subcommand(1);
  }
  return parent->add_subcommand(words.substr(space + 1), std::string(command.sentence()));
}

std::vector<Registered> registerCommands(CLI::App& root) {
  std::vector<Registered> commands;
  const auto add = [&](std::unique_ptr<Command> command) {
    CLI::App* app = addParser(root, *command);
    command->setUp(*app);
    commands.push_back({std::move(command), app});
  };
#define X(name) add(make##name##Command());
#include "app/cli/commands.inc"
#undef X
  return commands;
}

/// The innermost parser that took part.
const CLI::App& innermost(const CLI::App& root) {
  const CLI::App* app = &root;
  for (auto chosen = app->get_subcommands(); !chosen.empty(); chosen = app->get_subcommands())
    app = chosen.front();
  return *app;
}

/// "qloupe plan --help"
std::string helpHint(const CLI::App& app) {
  std::string words = "--help";
  for (const CLI::App* part = &app; part != nullptr; part = part->get_parent())
    words = part->get_name() + " " + words;
  return words;
}

std::string usageSentence(const CLI::App& root, const CLI::ParseError& error) {
  const CLI::App& app = innermost(root);
  std::string sentence = error.what();
  std::replace(sentence.begin(), sentence.end(), '\n', ' ');
  while (!sentence.empty() && (sentence.back() == ' ' || sentence.back() == '.')) sentence.pop_back();
  const std::vector<std::string> rest = app.remaining();
  const bool takesCommand = !app.get_subcommands([](const CLI::App*) { return true; }).empty();
  if (takesCommand) sentence = rest.empty() ? "A command is required" : "There is no command " + rest.front();
  return sentence + "; see '" + helpHint(app) + "'.";
}

int parseAndRun(CLI::App& root, const std::vector<Registered>& commands, int argc, char** argv) {
  try {
    root.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    print(root.help());
    return kExitOk;
  } catch (const CLI::CallForAllHelp&) {
    print(root.help("", CLI::AppFormatMode::All));
    return kExitOk;
  } catch (const CLI::CallForVersion&) {
    print(std::string(kToolId) + "\n");
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    complain(usageSentence(root, error));
    return kExitBad;
  }
  for (const Registered& entry : commands)
    if (entry.app->parsed()) return entry.command->run();
  complain("No command was given; see 'qloupe --help'.");
  return kExitBad;
}

int guardedMain(int argc, char** argv) {
  CLI::App root("QuantLoupe: see what quantization does to a language model, and plan it.", "qloupe");
  root.set_version_flag("--version", std::string(kToolId));
  root.require_subcommand(1);
  root.footer(
      "Example:\n  qloupe diagnose path/to/model\n\n"
      "MODEL is a folder, a weight file or a statistics file. Exit codes: 0 done, 1 a check found\n"
      "something, 2 bad input or usage, 130 cancelled.");
  const std::vector<Registered> commands = registerCommands(root);
  return parseAndRun(root, commands, argc, argv);
}

}  // namespace
}  // namespace ql::cli

int main(int argc, char** argv) {
  using namespace ql::cli;
  prepareProcess();
  try {
    return guardedMain(argc, argv);
  } catch (const ql::Cancelled&) {
    complain("Cancelled.");
    return kExitCancelled;
  } catch (const ql::Error& error) {
    complain(error.what());
  } catch (const std::bad_alloc&) {
    complain("Out of memory; close other programs or use fewer threads with --threads.");
  } catch (const std::exception& error) {
    complain(std::string("Unexpected failure: ") + error.what() + ".");
  }
  return kExitBad;
}
