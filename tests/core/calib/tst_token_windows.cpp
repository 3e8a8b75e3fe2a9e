// How a stream of ids is cut: hand-worked cases, and the counts that models/README.md gives for the demo.
#include "core/base/error.h"
#include "core/calib/token_windows.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"

#include <QTest>

#include <numeric>
#include <string>
#include <vector>

using Ids = std::vector<std::int32_t>;
using ql::cutWindows;
using ql::WindowProtocol;

namespace {

/// 10, 11, 12, ...
Ids stream(std::size_t count) {
  Ids ids(count);
  std::iota(ids.begin(), ids.end(), 10);
  return ids;
}

constexpr WindowProtocol kLlamaCpp = WindowProtocol::LlamaCpp;

}  // namespace

class TokenWindowsTest : public QObject {
  Q_OBJECT
 private slots:
  void protocolNames();
  void fullPiecesBehindThePrefix();
  void fullWithoutPrefix();
  void fullBetweenPrefixAndSuffix();
  void fullStopsAtMaxTokens();
  void llamaCppChunks();
  void llamaCppWithoutPrefix();
  void countsOfTheDemo();
  void shortTexts();
  void wrongIds();
  void wrongOptions();
  void identity();
};

void TokenWindowsTest::protocolNames() {
  QVERIFY(ql::windowProtocolFromName("full") == WindowProtocol::Full);
  QVERIFY(ql::windowProtocolFromName("llama.cpp") == kLlamaCpp);
  QVERIFY(!ql::windowProtocolFromName("Full"));
  QCOMPARE(ql::windowProtocolName(kLlamaCpp), std::string_view("llama.cpp"));
  QCOMPARE(ql::windowProtocolName(WindowProtocol::Full), std::string_view("full"));
}

void TokenWindowsTest::fullPiecesBehindThePrefix() {
  const ql::TokenWindows cut = cutWindows(stream(7), {1}, {}, 100, {.context = 4});
  QCOMPARE(cut.windows.size(), std::size_t{3});
  QCOMPARE(cut.windows[0].ids, (Ids{1, 10, 11, 12}));
  QCOMPARE(cut.windows[1].ids, (Ids{1, 13, 14, 15}));
  QCOMPARE(cut.windows[2].ids, (Ids{1, 16}));
  QCOMPARE(cut.windows[0].firstTarget, std::int64_t{1});
  QCOMPARE(cut.windows[0].targetEnd, std::int64_t{4});
  QCOMPARE(cut.windows[2].targetEnd, std::int64_t{2});
  QCOMPARE(cut.targetCount(), std::int64_t{7});  // every id once
  QCOMPARE(cut.tokenCount(), std::int64_t{10});
  QCOMPARE(cut.longest(), std::int64_t{4});
}

void TokenWindowsTest::fullWithoutPrefix() {
  const ql::TokenWindows cut = cutWindows(stream(9), {}, {}, 100, {.context = 4});
  QCOMPARE(cut.windows.size(), std::size_t{2});  // the ninth alone would have nothing to predict
  QCOMPARE(cut.windows[1].ids, (Ids{14, 15, 16, 17}));
  QCOMPARE(cut.windows[1].firstTarget, std::int64_t{1});
  QCOMPARE(cut.targetCount(), std::int64_t{6});
}

void TokenWindowsTest::fullBetweenPrefixAndSuffix() {
  const ql::TokenWindows cut = cutWindows(stream(5), {2}, {3}, 100, {.context = 5});
  QCOMPARE(cut.windows.size(), std::size_t{2});
  QCOMPARE(cut.windows[0].ids, (Ids{2, 10, 11, 12, 3}));
  QCOMPARE(cut.windows[0].firstTarget, std::int64_t{1});
  QCOMPARE(cut.windows[0].targetEnd, std::int64_t{4});
  QCOMPARE(cut.windows[1].ids, (Ids{2, 13, 14, 3}));
  QCOMPARE(cut.targetCount(), std::int64_t{5});
}

void TokenWindowsTest::fullStopsAtMaxTokens() {
  const auto cut = [](std::int64_t maxTokens) {
    return cutWindows(stream(100), {1}, {}, 200, {.context = 8, .maxTokens = maxTokens});
  };
  QCOMPARE(cut(16).windows.size(), std::size_t{2});
  QCOMPARE(cut(16).tokenCount(), std::int64_t{16});
  QCOMPARE(cut(20).windows.back().ids, (Ids{1, 24, 25, 26}));
  QCOMPARE(cut(17).tokenCount(), std::int64_t{16});  // one more would be the prefix alone
  QCOMPARE(cut(1000).targetCount(), std::int64_t{100});
  QCOMPARE(cut(0).targetCount(), std::int64_t{100});
}

void TokenWindowsTest::llamaCppChunks() {
  const ql::TokenWindows cut = cutWindows(stream(18), {1}, {}, 100, {.context = 8, .protocol = kLlamaCpp});
  QCOMPARE(cut.windows.size(), std::size_t{2});  // 19 ids with BOS: two chunks, a rest of 3
  QCOMPARE(cut.windows[0].ids, (Ids{1, 10, 11, 12, 13, 14, 15, 16}));
  QCOMPARE(cut.windows[1].ids, (Ids{1, 18, 19, 20, 21, 22, 23, 24}));  // 17 gives way to BOS
  QCOMPARE(cut.windows[0].firstTarget, std::int64_t{5});               // predicted at position 4 = 8/2
  QCOMPARE(cut.windows[0].targetEnd, std::int64_t{8});
  QCOMPARE(cut.targetCount(), std::int64_t{6});
}

void TokenWindowsTest::llamaCppWithoutPrefix() {
  const ql::TokenWindows cut = cutWindows(stream(9), {}, {}, 100, {.context = 4, .protocol = kLlamaCpp});
  QCOMPARE(cut.windows.size(), std::size_t{2});
  QCOMPARE(cut.windows[1].ids, (Ids{14, 15, 16, 17}));
}

// models/README.md: 191 pieces of 255 and one of 163; 24,130 predictions in 190 chunks.
void TokenWindowsTest::countsOfTheDemo() {
  const Ids ids = ql::readTokenIds(ql::test::dataFile("tokenizers/ids.safetensors").string() + "#heldout");
  const ql::TokenWindows full = cutWindows(ids, {0}, {}, 2048, {.context = 256});
  QCOMPARE(full.windows.size(), std::size_t{192});
  QCOMPARE(full.windows.back().ids.size(), std::size_t{164});
  QCOMPARE(full.targetCount(), std::int64_t{48868});
  const ql::TokenWindows llama = cutWindows(ids, {0}, {}, 2048, {.context = 256, .protocol = kLlamaCpp});
  QCOMPARE(llama.windows.size(), std::size_t{190});
  QCOMPARE(llama.targetCount(), std::int64_t{24130});
}

void TokenWindowsTest::shortTexts() {
  const auto cut = [](std::size_t count, const ql::WindowOptions& options) {
    return cutWindows(stream(count), {1}, {}, 100, options);
  };
  QCOMPARE(cut(3, {.context = 8}).tokenCount(), std::int64_t{4});  // one short window is fine
  QCOMPARE(cut(3, {.context = 8, .maxTokens = 4}).tokenCount(), std::int64_t{4});
  QL_THROWS(cut(3, {.context = 8, .maxTokens = 16}), "the text gives 4 tokens, fewer than one window of 8");
  QL_THROWS(cut(3, {.context = 8, .protocol = kLlamaCpp}), "fewer than one window of 8; give a longer text");
  QL_THROWS(cut(0, {.context = 8}), "the text gives no tokens");
  QL_THROWS(cutWindows(stream(1), {}, {}, 100, {.context = 8}), "the text gives 1 token, fewer than");
  QL_THROWS(cut(50, {.context = 8, .maxTokens = 4, .protocol = kLlamaCpp}),
            "--tokens 4 is less than one window");
}

void TokenWindowsTest::wrongIds() {
  Ids ids = stream(5);
  ids[2] = 100;
  QL_THROWS(cutWindows(ids, {1}, {}, 100, {.context = 4}),
            "token 3 of the text has the id 100, but the model knows 0 to 99");
  ids[2] = -1;
  QL_THROWS(cutWindows(ids, {1}, {}, 100, {.context = 4}), "token 3 of the text has the id -1");
  QL_THROWS(cutWindows(stream(5), {100}, {}, 100, {.context = 4}), "token 1 of the tokenizer's beginning");
  QL_THROWS(cutWindows(stream(5), {1}, {200}, 100, {.context = 4}), "token 1 of the tokenizer's end");
}

void TokenWindowsTest::wrongOptions() {
  QL_THROWS(cutWindows(stream(5), {1}, {}, 100, {.context = 1}), "--context 1 leaves nothing to predict");
  QL_THROWS(cutWindows(stream(5), {1}, {3}, 100, {.context = 2}), "give at least 3");
  QL_THROWS(cutWindows(stream(5), {1}, {}, 100, {.context = -4}), "--context -4");
  QL_THROWS(cutWindows(stream(5), {1}, {}, 100, {.context = 2, .protocol = kLlamaCpp}), "give at least 3");
  QL_THROWS(cutWindows(stream(5), {1}, {}, 100, {.context = 4, .maxTokens = -1}), "--tokens");
  QL_THROWS(cutWindows(stream(5), {1}, {}, 100, {.context = 4, .maxTokens = 1}),
            "--tokens 1 leaves nothing to predict; give at least 2");
  QCOMPARE(cutWindows(stream(5), {1}, {}, 100, {.context = 4, .maxTokens = 2}).targetCount(),
           std::int64_t{1});
  QCOMPARE(cutWindows(stream(5), {1}, {}, 100, {}).context, std::int64_t{2048});
}

void TokenWindowsTest::identity() {
  const auto sha = [](const Ids& ids, const ql::WindowOptions& options) {
    return cutWindows(ids, {1}, {}, 100, options).sha256;
  };
  const std::string first = sha(stream(20), {.context = 8});
  QCOMPARE(first.size(), std::size_t{64});
  QCOMPARE(sha(stream(20), {.context = 8}), first);
  QVERIFY(sha(stream(19), {.context = 8}) != first);
  QVERIFY(sha(stream(20), {.context = 7}) != first);
  QVERIFY(sha(stream(20), {.context = 8, .protocol = kLlamaCpp}) != first);
}

QTEST_APPLESS_MAIN(TokenWindowsTest)
#include "tst_token_windows.moc"
