#pragma once
// Runs the engine on a tiny checkpoint, from the folder to the logits, and says where it first differs from
// the reference: hidden states, what hooks see at every site and point, tokens of experts, logits.
#include "core/calib/forward.h"
#include "core/model/model.h"
#include "tests/core/calib/reference_math.h"

#include <filesystem>
#include <set>

namespace ql::test {

/// Float32 against double. PyTorch's own float32 pass differs from these references by up to 2.1e-5 on the
/// same models (logits of about 50, whose neighbours in float32 are 4e-6 apart); another order of sums may do
/// so once more. A wrong formula is off by 1e-2 and more.
inline constexpr double kForwardTolerance = 4e-5;

/// A checkpoint's folder opened as the product opens one.
struct OpenedModel {
  TempFolder folder;
  std::shared_ptr<const Checkpoint> checkpoint;
  Model model;
  std::unique_ptr<ForwardModel> forward;

  explicit OpenedModel(const TinyCheckpoint& tiny) {
    tiny.write(folder);
    checkpoint = openCheckpoint(folder.path());
    model = buildModel(*checkpoint);
    forward = ForwardModel::make(model, tiny.config.dump(), std::make_shared<CheckpointSource>(checkpoint));
  }
};

/// Windows of several lengths, one of a single token, made of ids below `vocabulary`.
inline std::vector<Ids> tinyWindows(int vocabulary, const std::vector<int>& lengths = {7, 1, 23, 12}) {
  std::vector<Ids> windows;
  int id = 3;
  for (const int length : lengths) {
    Ids window;
    for (int i = 0; i < length; ++i) window.push_back(id = (id * 17 + 11 + i) % vocabulary);
    windows.push_back(window);
  }
  return windows;
}

/// Keeps every row that passes, by window and position. Values must come once.
class RecordingHook : public ForwardHook {
 public:
  using Rows = std::map<std::pair<std::int32_t, std::int32_t>, std::vector<float>>;
  std::map<std::size_t, Rows> sites;
  std::map<std::pair<int, PointKind>, Rows> points;
  std::map<int, std::vector<std::uint64_t>> tokensOfExperts;
  std::set<LinearId> linears;
  bool sawTwice = false;

  void site(std::size_t site, const TokenRows& rows, std::span<const float> x, JobContext&) override {
    keep(sites[site], rows, x);
  }
  bool linearInput(LinearId id, std::span<const float>, std::span<float>, JobContext&) override {
    linears.insert(id);
    return false;
  }
  void point(PointId point, const TokenRows& rows, std::span<float> x, JobContext&) override {
    keep(points[{point.block, point.kind}], rows, x);
  }
  void experts(int block, std::span<const std::uint64_t> tokens) override {
    std::vector<std::uint64_t>& counts = tokensOfExperts[block];
    counts.resize(tokens.size());
    for (std::size_t e = 0; e < tokens.size(); ++e) counts[e] += tokens[e];
  }

 private:
  void keep(Rows& kept, const TokenRows& rows, std::span<const float> x) {
    if (rows.count() == 0) return;
    const std::size_t width = x.size() / static_cast<std::size_t>(rows.count());
    for (std::size_t r = 0; r < rows.ids.size(); ++r) {
      const auto row = x.subspan(r * width, width);
      const auto place = std::pair{rows.windows[r], rows.positions[r]};
      if (!kept.emplace(place, std::vector<float>(row.begin(), row.end())).second) sawTwice = true;
    }
  }
};

class ForwardComparison {
 public:
  ForwardComparison(const OpenedModel& opened, const std::vector<Ids>& windows,
                    const ReferencePass& reference)
      : m_opened(opened), m_windows(windows) {
    for (const Ids& ids : windows) m_traces.push_back(reference(ids));
  }

  /// Empty when all agrees within kForwardTolerance, else the first difference.
  std::string run() {
    const ForwardModel& forward = *m_opened.forward;
    HiddenBatch batch = makeBatch(m_windows, kFirstWindow);
    forward.embed(batch, &m_hook, m_job);
    compareHidden("embed", batch, [](const Trace& t) -> const Matrix& { return t.embedded; });
    if (forward.blockCount() != static_cast<int>(m_traces[0].blocks.size())) differ("blocks", "their count");
    for (int block = 0; block < forward.blockCount(); ++block) {
      forward.runBlock(block, batch, &m_hook, m_job);
      compareHidden("block " + std::to_string(block), batch, [block](const Trace& t) -> const Matrix& {
        return t.blocks[static_cast<std::size_t>(block)];
      });
    }
    if (!m_traces[0].logits.values.empty()) {
      forward.finalNorm(batch, &m_hook, m_job);
      compareHidden("final norm", batch, [](const Trace& t) -> const Matrix& { return t.final; });
      compareLogits(batch);
    }
    compareSites();
    comparePoints();
    compareExperts();
    return m_difference;
  }
  double largest() const { return m_largest; }

 private:
  static constexpr std::int32_t kFirstWindow = 5;

  void differ(const std::string& where, const std::string& what) {
    if (m_difference.empty()) m_difference = where + ": " + what;
  }

  void compareValue(const std::string& where, double actual, double expected) {
    const double difference = std::abs(actual - expected);
    if (!(difference <= kForwardTolerance))
      differ(where, std::to_string(actual) + " where " + std::to_string(expected) + " was expected");
    m_largest = std::max(m_largest, difference);
  }

  void compareRow(const std::string& where, std::span<const float> actual, const Matrix& expected,
                  std::int64_t row) {
    if (static_cast<std::int64_t>(actual.size()) != expected.columns)
      return differ(where, std::to_string(actual.size()) + " channels, " + std::to_string(expected.columns) +
                               " were expected");
    for (std::int64_t c = 0; c < expected.columns; ++c) {
      const std::string place = where + ", row " + std::to_string(row) + ", channel " + std::to_string(c);
      compareValue(place, static_cast<double>(actual[static_cast<std::size_t>(c)]), expected(row, c));
    }
  }

  template <typename Pick>
  void compareHidden(const std::string& where, const HiddenBatch& batch, const Pick& pick) {
    const auto width = static_cast<std::size_t>(batch.width);
    for (std::size_t w = 0; w < m_windows.size(); ++w) {
      const Matrix& expected = pick(m_traces[w]);
      for (std::int64_t r = 0; r < expected.rows; ++r) {
        const std::size_t begin = static_cast<std::size_t>(batch.begins[w] + r) * width;
        compareRow(where + ", window " + std::to_string(w), std::span(batch.values).subspan(begin, width),
                   expected, r);
      }
    }
  }

  /// In two parts that do not end at windows.
  void compareLogits(const HiddenBatch& batch) {
    const auto vocabulary = static_cast<std::size_t>(m_opened.forward->vocabularySize());
    const std::int64_t middle = batch.count() / 3;
    std::vector<float> logits(static_cast<std::size_t>(batch.count()) * vocabulary);
    const auto first = static_cast<std::size_t>(middle) * vocabulary;
    m_opened.forward->logits(batch, 0, middle, std::span(logits).first(first), m_job);
    m_opened.forward->logits(batch, middle, batch.count(), std::span(logits).subspan(first), m_job);
    for (std::size_t w = 0; w < m_windows.size(); ++w) {
      for (std::int64_t r = 0; r < m_traces[w].logits.rows; ++r) {
        const std::size_t begin = static_cast<std::size_t>(batch.begins[w] + r) * vocabulary;
        compareRow("logits, window " + std::to_string(w), std::span(logits).subspan(begin, vocabulary),
                   m_traces[w].logits, r);
      }
    }
  }

  void compareRows(const std::string& where, const RecordingHook::Rows& rows, std::size_t window,
                   const SeenRows& expected, std::size_t& count) {
    for (std::size_t i = 0; i < expected.positions.size(); ++i) {
      const auto place = std::pair{static_cast<std::int32_t>(window) + kFirstWindow,
                                   static_cast<std::int32_t>(expected.positions[i])};
      const auto found = rows.find(place);
      if (found == rows.end()) return differ(where, "a row was not seen");
      compareRow(where, found->second, expected.x, static_cast<std::int64_t>(i));
      ++count;
    }
  }

  /// Every linear of the reference reads what its site saw, and no site saw more.
  void compareSites() {
    if (m_hook.sawTwice) differ("hook", "a row came twice");
    std::set<std::size_t> expected;
    for (const Trace& trace : m_traces) {
      for (const auto& [name, seen] : trace.inputs) {
        const auto id = m_opened.model.find(name);
        if (!id || !m_opened.model.linears[*id].site) return differ(name, "no site");
        expected.insert(*m_opened.model.linears[*id].site);
        if (m_hook.linears.count(*id) == 0) differ(name, "was not asked for an input of its own");
      }
    }
    for (const auto& [site, rows] : m_hook.sites) {
      if (expected.count(site) == 0) differ(m_opened.model.sites[site].name, "was seen but is not used");
    }
    for (const std::size_t site : expected) {
      for (const LinearId id : m_opened.model.sites[site].consumers) compareConsumer(site, id);
    }
  }

  void compareConsumer(std::size_t site, LinearId id) {
    const std::string& name = m_opened.model.linears[id].name;
    std::size_t count = 0;
    for (std::size_t w = 0; w < m_traces.size(); ++w) {
      const auto seen = m_traces[w].inputs.find(name);
      if (seen != m_traces[w].inputs.end()) compareRows(name, m_hook.sites[site], w, seen->second, count);
    }
    if (m_hook.sites[site].size() != count) differ(name, "rows that the reference did not route there");
  }

  void comparePoints() {
    std::size_t expected = 0;
    for (std::size_t w = 0; w < m_traces.size(); ++w) {
      for (const auto& [name, x] : m_traces[w].points) {
        const auto point = findPoint(m_opened.model, name);
        if (!point) return differ(name, "is not found");
        if (pointName(m_opened.model, point->block, point->kind) != name) differ(name, "has another name");
        compareRows(name, m_hook.points[{point->block, point->kind}], w, {allRows(x), x}, expected);
      }
    }
    std::size_t seen = 0;
    for (const auto& [point, rows] : m_hook.points) seen += rows.size();
    if (seen != expected) differ("points", "rows that the reference does not have");
  }

  void compareExperts() {
    std::map<int, std::vector<std::uint64_t>> expected;
    for (const Trace& trace : m_traces) {
      for (const auto& [block, tokens] : trace.experts) {
        expected[block].resize(tokens.size());
        for (std::size_t e = 0; e < tokens.size(); ++e) expected[block][e] += tokens[e];
      }
    }
    if (expected != m_hook.tokensOfExperts) differ("experts", "other counts of tokens");
  }

  const OpenedModel& m_opened;
  const std::vector<Ids>& m_windows;
  std::vector<Trace> m_traces;
  RecordingHook m_hook;
  JobContext m_job{2};
  std::string m_difference;
  double m_largest = 0;
};

/// Empty when the engine and the reference agree on the windows, else where they first differ.
template <typename Tiny>
std::string firstDifference(const Tiny& tiny, const std::vector<Ids>& windows) {
  const TinyCheckpoint checkpoint = makeCheckpoint(tiny);
  const OpenedModel opened(checkpoint);
  ForwardComparison comparison(opened, windows,
                               [&](const Ids& ids) { return runReference(tiny, checkpoint, ids); });
  const std::string difference = comparison.run();
  if (qEnvironmentVariableIsSet("QL_TEST_VERBOSE")) qInfo("largest difference %g", comparison.largest());
  return difference;
}

template <typename Tiny>
std::string firstDifference(const Tiny& tiny) {
  return firstDifference(tiny, tinyWindows(tiny.vocabulary));
}

}  // namespace ql::test

/// The engine and the reference agree on a tiny model.
#define QL_AGREES(...)                                                    \
  do {                                                                    \
    const std::string qlFirst = ::ql::test::firstDifference(__VA_ARGS__); \
    QVERIFY2(qlFirst.empty(), qlFirst.c_str());                           \
  } while (false)
