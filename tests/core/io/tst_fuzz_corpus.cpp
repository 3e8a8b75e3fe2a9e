// Replays what the fuzzers started from and what they found, with the ordinary compiler.
#include "tests/fuzz/io_targets.h"
#include "tests/support/data.h"
#include "tests/support/temp_folder.h"

#include <QTest>

#include <filesystem>
#include <functional>

namespace fs = std::filesystem;

namespace {

int replay(const std::string& target, const std::function<void(const std::string&)>& run) {
  int count = 0;
  for (const auto& entry :
       fs::directory_iterator(fs::path(ql::test::sourceDirectory()) / "tests/fuzz/corpus" / target)) {
    run(ql::test::contentOf(entry.path()));
    ++count;
  }
  return count;
}

std::span<const std::byte> bytesOf(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace

class FuzzCorpusTest : public QObject {
  Q_OBJECT

 private slots:
  void safetensorsHeaders() {
    const auto run = [](const std::string& input) { ql::fuzz::safetensorsHeader(bytesOf(input)); };
    QVERIFY(replay("fuzz_safetensors_header", run) >= 10);
  }
  void indexes() {
    QVERIFY(replay("fuzz_index", [](const std::string& input) { ql::fuzz::index(input); }) >= 5);
  }
};

QTEST_APPLESS_MAIN(FuzzCorpusTest)
#include "tst_fuzz_corpus.moc"
