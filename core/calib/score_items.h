#pragma once
// What perplexity runs and scores: whole windows for decoders, one masked copy a target for encoders, grouped
// into batches. Internal to perplexity.
#include "core/calib/forward.h"
#include "core/calib/token_windows.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace ql {

/// One target: the row of a batch whose logits predict `token`.
struct ScoreTarget {
  std::size_t window = 0;
  std::int64_t row = 0;
  std::int32_t token = 0;
};

struct ScoreBatch {
  HiddenBatch hidden;  // without values
  std::vector<ScoreTarget> targets;
  std::size_t windowsDone = 0;  // windows that are complete with this batch
};

/// Deals windows to batches of at most `batchTokens` tokens (one item at least), in order.
class ScoreItems {
 public:
  /// A mask makes the items of an encoder.
  ScoreItems(const TokenWindows& windows, std::optional<std::int32_t> mask, std::int64_t batchTokens);
  /// The next batch; nothing at the end. Windows without targets are passed over.
  std::optional<ScoreBatch> next();
  void restart() { m_window = 0, m_target = -1; }

 private:
  bool settle();  // moves on to the next item there is
  void add(ScoreBatch& batch) const;
  void advance();

  const TokenWindows& m_windows;
  std::optional<std::int32_t> m_mask;
  std::int64_t m_batchTokens;
  std::size_t m_window = 0;
  std::int64_t m_target = -1;  // place in the window, encoders only; -1 = the first
};

}  // namespace ql
