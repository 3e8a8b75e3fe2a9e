// Replays what the fuzzers of imported files started from and what they found, with the ordinary compiler.
#include "tests/fuzz/import_targets.h"
#include "tests/support/data.h"
#include "tests/support/temp_folder.h"

#include <QTest>

#include <filesystem>

namespace fs = std::filesystem;

namespace {

int replay(const std::string& target, void (*run)(std::span<const std::byte>)) {
  int count = 0;
  for (const auto& entry :
       fs::directory_iterator(fs::path(ql::test::sourceDirectory()) / "tests/fuzz/corpus" / target)) {
    const std::string text = ql::test::contentOf(entry.path());
    run(std::as_bytes(std::span(text.data(), text.size())));
    ++count;
  }
  return count;
}

}  // namespace

class TstImportFuzzCorpus : public QObject {
  Q_OBJECT
 private slots:
  void imatrixes() { QVERIFY(replay("fuzz_imatrix", ql::fuzz::imatrix) >= 4); }
  void torchPickles() { QVERIFY(replay("fuzz_torch_pickle", ql::fuzz::torchPickle) >= 7); }
  void archives() { QVERIFY(replay("fuzz_npz", ql::fuzz::npz) >= 3); }
};

QTEST_APPLESS_MAIN(TstImportFuzzCorpus)
#include "tst_import_fuzz_corpus.moc"
