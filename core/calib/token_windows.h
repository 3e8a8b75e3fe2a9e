#pragma once
// A stream of token ids cut into the windows that a model sees.
#include "core/calib/tokenizer.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace ql {

/// How windows are cut and what is predicted in them.
enum class WindowProtocol {
  Full,  // consecutive pieces of context - prefix ids, each behind the prefix; every id predicted once; short
         // rest kept
  LlamaCpp,  // chunks of `context` ids of the stream that begins with BOS; first id of each replaced by BOS;
             // only the predictions behind the middle of a chunk count; short rest dropped
};
std::optional<WindowProtocol> windowProtocolFromName(std::string_view name);  // "full", "llama.cpp"
std::string_view windowProtocolName(WindowProtocol protocol);

struct TokenWindow {
  std::vector<std::int32_t> ids;  // prefix included
  std::int64_t firstTarget = 1;   // predictions of ids[firstTarget..targetEnd) count
  std::int64_t targetEnd = 0;
};

struct TokenWindows {
  std::vector<TokenWindow> windows;
  std::int64_t context = 0;
  std::string sha256;                // of ids and cuts: the identity of the data in every provenance
  std::int64_t tokenCount() const;   // prefixes included
  std::int64_t targetCount() const;  // predictions that count
  std::int64_t longest() const;
};

struct WindowOptions {
  std::int64_t context = 0;    // ids a window, prefix included; 0 = the model's own, at most 2048
  std::int64_t maxTokens = 0;  // stop after so many ids (prefixes included), 0 = all
  WindowProtocol protocol = WindowProtocol::Full;
};

/// Cuts a stream of ids. `prefix` and `suffix` as of the tokenizer. Throws Error(Usage) when the text is
/// shorter than one window (a Full stream may consist of one short window when `maxTokens` does not ask for
/// more), or when an id is outside [0, vocabulary): names the place.
TokenWindows cutWindows(const std::vector<std::int32_t>& ids, const std::vector<std::int32_t>& prefix,
                        const std::vector<std::int32_t>& suffix, std::int64_t vocabulary,
                        const WindowOptions& options);

}  // namespace ql
