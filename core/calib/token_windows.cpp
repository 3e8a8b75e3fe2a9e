#include "core/calib/token_windows.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/base/sha256.h"

#include <algorithm>
#include <utility>

namespace ql {
namespace {

constexpr std::int64_t kDefaultContext = 2048;

using Ids = std::vector<std::int32_t>;

[[noreturn]] void failUsage(const std::string& message) {
  throw Error(ErrorCode::Usage, message);
}

std::string countText(std::int64_t count) {
  return withThousands(static_cast<std::uint64_t>(count));
}

std::int64_t countOf(const Ids& ids) {
  return static_cast<std::int64_t>(ids.size());
}

void checkIds(const Ids& ids, std::int64_t vocabulary, const std::string& what) {
  const auto wrong = std::ranges::find_if(ids, [&](std::int32_t id) { return id < 0 || id >= vocabulary; });
  if (wrong == ids.end()) return;
  failUsage("token " + countText(wrong - ids.begin() + 1) + " of the " + what + " has the id " +
            std::to_string(*wrong) + ", but the model knows 0 to " + std::to_string(vocabulary - 1) +
            "; use the tokenizer that belongs to this model");
}

[[noreturn]] void failShort(std::int64_t has, std::int64_t context) {
  failUsage("the text gives " + countText(has) + (has == 1 ? " token" : " tokens") +
            ", fewer than one window of " + countText(context) +
            "; give a longer text or a smaller --context");
}

/// Pieces of the stream, each between prefix and suffix; the last one may be short.
void cutFull(const Ids& ids, const Ids& prefix, const Ids& suffix, std::int64_t maxTokens,
             TokenWindows& result) {
  const std::int64_t frame = countOf(prefix) + countOf(suffix);
  const std::int64_t firstTarget = std::max<std::int64_t>(countOf(prefix), 1);
  if (countOf(ids) + frame < result.context && maxTokens > countOf(ids) + frame)
    failShort(countOf(ids) + frame, result.context);
  std::int64_t room = maxTokens > 0 ? maxTokens : -1;
  for (std::int64_t begin = 0; begin < countOf(ids);) {
    const std::int64_t most = room < 0 ? result.context : std::min(result.context, room);
    const std::int64_t piece = std::min(most - frame, countOf(ids) - begin);
    // Nothing to predict: the first id of a window without prefix is only given.
    if (piece < 1 || countOf(prefix) + piece <= firstTarget) break;
    TokenWindow window{prefix, firstTarget, countOf(prefix) + piece};
    window.ids.insert(window.ids.end(), ids.begin() + begin, ids.begin() + begin + piece);
    window.ids.insert(window.ids.end(), suffix.begin(), suffix.end());
    if (room >= 0) room -= countOf(window.ids);
    result.windows.push_back(std::move(window));
    begin += piece;
  }
  if (result.windows.empty())
    failShort(countOf(ids) + frame, std::min<std::int64_t>(result.context, frame + 2));
}

/// Chunks of the stream that begins with BOS, as llama-perplexity cuts them: the first id of every chunk
/// gives way to BOS, and predictions count from the middle (tools/perplexity/perplexity.cpp).
void cutLlamaCpp(const Ids& ids, const Ids& prefix, std::int64_t maxTokens, TokenWindows& result) {
  Ids stream = prefix;
  stream.insert(stream.end(), ids.begin(), ids.end());
  if (countOf(stream) < result.context) failShort(countOf(stream), result.context);
  if (maxTokens > 0 && maxTokens < result.context) {
    failUsage("--tokens " + countText(maxTokens) + " is less than one window of " +
              countText(result.context) + "; give more tokens or a smaller --context");
  }
  const std::int64_t end = maxTokens > 0 ? std::min(maxTokens, countOf(stream)) : countOf(stream);
  for (std::int64_t begin = 0; begin + result.context <= end; begin += result.context) {
    TokenWindow window{{stream.begin() + begin, stream.begin() + begin + result.context},
                       result.context / 2 + 1,
                       result.context};
    if (!prefix.empty()) window.ids.front() = prefix.front();
    result.windows.push_back(std::move(window));
  }
}

std::string identity(const TokenWindows& windows) {
  Sha256 hash;
  hash.add(static_cast<std::uint64_t>(windows.windows.size()));
  for (const TokenWindow& window : windows.windows) {
    hash.add(static_cast<std::uint64_t>(window.ids.size()));
    hash.add(static_cast<std::uint64_t>(window.firstTarget));
    hash.add(static_cast<std::uint64_t>(window.targetEnd));
    hash.add(std::as_bytes(std::span(window.ids)));  // little endian, as every machine that is supported
  }
  return hash.finish();
}

template <class Value>
std::int64_t sumOver(const std::vector<TokenWindow>& windows, Value value) {
  std::int64_t sum = 0;
  for (const TokenWindow& window : windows) sum += value(window);
  return sum;
}

}  // namespace

std::optional<WindowProtocol> windowProtocolFromName(std::string_view name) {
  if (name == "full") return WindowProtocol::Full;
  if (name == "llama.cpp") return WindowProtocol::LlamaCpp;
  return std::nullopt;
}

std::string_view windowProtocolName(WindowProtocol protocol) {
  return protocol == WindowProtocol::Full ? "full" : "llama.cpp";
}

std::int64_t TokenWindows::tokenCount() const {
  return sumOver(windows, [](const TokenWindow& window) { return countOf(window.ids); });
}

std::int64_t TokenWindows::targetCount() const {
  return sumOver(windows, [](const TokenWindow& window) { return window.targetEnd - window.firstTarget; });
}

std::int64_t TokenWindows::longest() const {
  std::int64_t most = 0;
  for (const TokenWindow& window : windows) most = std::max(most, countOf(window.ids));
  return most;
}

TokenWindows cutWindows(const Ids& ids, const Ids& prefix, const Ids& suffix, std::int64_t vocabulary,
                        const WindowOptions& options) {
  TokenWindows result;
  result.context = options.context == 0 ? kDefaultContext : options.context;
  const bool isFull = options.protocol == WindowProtocol::Full;
  const std::int64_t least = isFull ? std::max<std::int64_t>(countOf(prefix) + countOf(suffix) + 1, 2) : 3;
  if (result.context < least) {
    failUsage("--context " + std::to_string(result.context) + " leaves nothing to predict; give at least " +
              std::to_string(least));
  }
  if (options.maxTokens < 0)
    failUsage("--tokens must not be negative; give a count, or 0 for the whole text");
  if (isFull && options.maxTokens > 0 && options.maxTokens < least) {
    failUsage("--tokens " + std::to_string(options.maxTokens) + " leaves nothing to predict; give at least " +
              std::to_string(least) + ", or 0 for the whole text");
  }
  if (ids.empty()) failUsage("the text gives no tokens; give a longer text");
  checkIds(ids, vocabulary, "text");
  checkIds(prefix, vocabulary, "tokenizer's beginning");
  checkIds(suffix, vocabulary, "tokenizer's end");
  if (isFull) {
    cutFull(ids, prefix, suffix, options.maxTokens, result);
  } else {
    cutLlamaCpp(ids, prefix, options.maxTokens, result);
  }
  result.sha256 = identity(result);
  return result;
}

}  // namespace ql
