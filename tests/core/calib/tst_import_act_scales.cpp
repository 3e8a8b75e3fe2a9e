// SmoothQuant's act_scales: files of torch.save (tests/data/imports) and safetensors; and site groups of a
// capture.
#include "core/calib/activation_import.h"
#include "tests/core/calib/import_models.h"
#include "tests/support/compare.h"
#include "tests/support/safetensors_bytes.h"
#include "tests/support/temp_folder.h"

#include <QTest>

#include <limits>

using namespace ql;
using namespace ql::test;

namespace {

ImportedActivations import(const std::filesystem::path& path, const Model& model) {
  JobContext job(1);
  return importActivations(path, model, {}, job);
}

template <class T>
std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

std::string oneScale(const std::string& name, const std::vector<float>& values) {
  return safetensorsBytes(
      "{" + entry(name, "F32", "[" + std::to_string(values.size()) + "]", 0, values.size() * 4) + "}",
      raw(values));
}

/// Statistics of three tokens as a capture keeps them.
DataTree captured(std::int64_t width, float factor = 1) {
  ActivationStats stats;
  stats.width = width;
  stats.origin = ActivationOrigin::Capture;
  stats.all.tokens = 3;
  for (std::int64_t c = 0; c < width; ++c) {
    stats.all.absmax.push_back(factor * static_cast<float>(c + 1));
    stats.all.sumSq.push_back(static_cast<double>(c + 1));
  }
  return toDataTree(stats, false);
}

}  // namespace

class TstImportActScales : public QObject {
  Q_OBJECT
 private slots:
  void torchFilesGiveTheExtremes() {
    const Model model = tinyLlama();
    for (const char* name : {"act_scales.pt", "act_scales_legacy.pt"}) {
      const ImportedActivations imported = import(importFile(name), model);
      QVERIFY(imported.origin == ActivationOrigin::ActScales);
      QVERIFY(imported.warnings.empty());
      QCOMPARE(imported.sites.size(), std::size_t{9});
      const ActivationStats* down = statsOf(imported, model, "model.layers.1.mlp.down_proj");
      QCOMPARE(down->all.absmax.size(), std::size_t{12});
      for (std::size_t c = 0; c < 12; ++c)
        QCOMPARE(down->all.absmax[c], 7 + static_cast<float>(c) / 16 + 0.5f);
      QVERIFY(statsOf(imported, model, "lm_head") != nullptr);
      QVERIFY(missingReason(*down, ActivationNeed::Extremes).empty());
      QVERIFY(!missingReason(*down, ActivationNeed::Diagonal).empty());
      QVERIFY(!missingReason(*down, ActivationNeed::OutputErrorW).empty());
      QCOMPARE(down->summary.absmax, 7 + 11.0 / 16 + 0.5);
      QCOMPARE(down->evidence.n, std::int64_t{0});
      QVERIFY(down->evidence.method.find("act_scales") != std::string::npos);
    }
  }
  void safetensorsGiveTheSame() {
    const Model model = tinyLlama();
    const TempFolder folder;
    const auto path = folder.write("s.safetensors", oneScale("lm_head", {1, 2, 3, 4, 5, 6, 7, 8}));
    const ImportedActivations imported = import(path, model);
    QCOMPARE(statsOf(imported, model, "lm_head")->all.absmax, (std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8}));
  }
  void nothingOfAHostileFileIsExecuted() {
    QL_THROWS(import(importFile("hostile.pt"), tinyLlama()), "nothing of such a file is executed");
    QL_THROWS(import(importFile("hostile.pkl"), tinyLlama()), "posix system");
  }
  void otherTorchFilesAreRefused() {
    QL_THROWS(import(importFile("views.pt"), tinyLlama()), "None of the 10 entries");
  }
  void wrongScalesAreRefused() {
    const TempFolder folder;
    const Model model = tinyLlama();
    QL_THROWS(import(folder.write("s", oneScale("lm_head", std::vector<float>(9, 1))), model),
              "\"lm_head\" has 9 channels, but the input of \"lm_head\" has 8");
    QL_THROWS(import(folder.write("s", oneScale("lm_head", {1, 2, 3, -4, 5, 6, 7, 8})), model), "negative");
    const float nan = std::numeric_limits<float>::quiet_NaN();
    QL_THROWS(import(folder.write("s", oneScale("lm_head", {1, 2, 3, nan, 5, 6, 7, 8})), model),
              "not finite");
  }
  void truncatedFilesAreRefused() {
    const TempFolder folder;
    for (const char* name : {"act_scales.pt", "act_scales_legacy.pt"}) {
      const std::string bytes = contentOf(importFile(name));
      for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 32)
        QL_THROWS(import(folder.write("cut.pt", bytes.substr(0, size)), tinyLlama()), "cut.pt");
    }
  }

  void capturedGroupsAreMappedByAnyConsumer() {
    const Model model = tinyLlama();
    DataTree site;  // /sites/<name> with its input group is taken too
    site.children["input"] = captured(12);
    const ImportedActivations imported =
        activationsFromTrees({{"layers.0.self_attn.k_proj", captured(8)},
                              {"model.layers.0.self_attn.q_proj", captured(8)},
                              {"model.layers.1.mlp.down_proj", site},
                              {"stranger", captured(3)}},
                             model, "abc");
    QVERIFY(imported.origin == ActivationOrigin::Capture);
    QCOMPARE(imported.sites.size(), std::size_t{2});
    QCOMPARE(imported.warnings.size(), std::size_t{1});
    const ActivationStats* q = statsOf(imported, model, "model.layers.0.self_attn.v_proj");
    QCOMPARE(q->all.tokens, std::uint64_t{3});
    QCOMPARE(q->evidence.data.value(), std::string("abc"));
    QCOMPARE(q->evidence.n, std::int64_t{3});
    QVERIFY(q->origin == ActivationOrigin::Capture);
  }
  void unfitGroupsAreRefused() {
    const Model model = tinyLlama();
    const std::string q = "model.layers.0.self_attn.q_proj", k = "model.layers.0.self_attn.k_proj";
    QL_THROWS(activationsFromTrees({{q, captured(9)}}, model, ""), "wrong width");
    QL_THROWS(activationsFromTrees({{q, captured(8)}, {k, captured(8, 2)}}, model, ""), "are the same input");
    QL_THROWS(activationsFromTrees({{q, DataTree{}}}, model, ""), "width");
    QL_THROWS(activationsFromTrees({{"x", captured(8)}}, model, ""), "None of the 1 entries");
  }
};

QTEST_APPLESS_MAIN(TstImportActScales)
#include "tst_import_act_scales.moc"
