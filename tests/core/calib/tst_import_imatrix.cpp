// llama.cpp's imatrix in both formats: files laid out as the tool writes them, and damaged ones.
#include "core/calib/activation_import.h"
#include "core/calib/imports/imatrix.h"
#include "core/calib/imports/llama_names.h"
#include "tests/core/calib/import_models.h"
#include "tests/support/compare.h"
#include "tests/support/temp_folder.h"

#include <QTest>

#include <cstring>
#include <limits>

using namespace ql;
using namespace ql::test;

namespace {

ImportedActivations import(const std::filesystem::path& path, const Model& model) {
  JobContext job(1);
  return importActivations(path, model, {}, job);
}

std::span<const std::byte> bytesOf(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// s + c / 16 + 1/2, as in make_imports.py.
float scale(int site, std::size_t channel) {
  return static_cast<float>(site) + static_cast<float>(channel) / 16 + 0.5f;
}

const std::vector<std::pair<std::string, int>>& sitesOfBlocks() {
  static const std::vector<std::pair<std::string, int>> sites{
      {"model.layers.0.self_attn.q_proj", 0}, {"model.layers.0.self_attn.o_proj", 1},
      {"model.layers.0.mlp.up_proj", 2},      {"model.layers.0.mlp.down_proj", 3},
      {"model.layers.1.self_attn.q_proj", 4}, {"model.layers.1.mlp.down_proj", 7}};
  return sites;
}

template <class T>
std::string raw(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string datEntry(const std::string& name, std::int32_t chunks, const std::vector<float>& values) {
  std::string bytes = raw(static_cast<std::int32_t>(name.size())) + name + raw(chunks) +
                      raw(static_cast<std::int32_t>(values.size()));
  for (const float value : values) bytes += raw(value);
  return bytes;
}

}  // namespace

class TstImportImatrix : public QObject {
  Q_OBJECT
 private slots:
  void ggufKeepsSumsAndTokensExactly() {
    const Model model = tinyLlama();
    const ImportedActivations imported = import(importFile("imatrix.gguf"), model);
    QVERIFY(imported.origin == ActivationOrigin::Imatrix);
    QCOMPARE(imported.sites.size(), std::size_t{8});  // four inputs in each of two blocks
    for (const auto& [linear, number] : sitesOfBlocks()) {
      const ActivationStats* stats = statsOf(imported, model, linear);
      QVERIFY(stats != nullptr);
      QCOMPARE(stats->all.tokens, std::uint64_t{1024});
      for (std::size_t c = 0; c < stats->all.sumSq.size(); ++c) {
        const float squares = scale(number, c) * scale(number, c) * 1024;
        QCOMPARE(stats->all.sumSq[c], static_cast<double>(squares));
      }
      QVERIFY(!stats->hasExtremes() && !stats->hasSample() && stats->hasDiagonal());
      QVERIFY(!missingReason(*stats, ActivationNeed::Sample).empty());
      QVERIFY(missingReason(*stats, ActivationNeed::Diagonal).empty());
      QCOMPARE(stats->evidence.method, std::string("llama.cpp imatrix, 2 chunks of 512 tokens"));
      QCOMPARE(stats->evidence.n, std::int64_t{1024});
      QCOMPARE(stats->evidence.data.value(), imported.sha256);
    }
    QCOMPARE(imported.warnings.size(), std::size_t{1});
    QVERIFY(imported.warnings[0].find("blk.0.attn_sinks_of_tomorrow.weight") != std::string::npos);
  }
  void datKeepsTheMean() {
    const Model model = tinyLlama();
    const ImportedActivations imported = import(importFile("imatrix.dat"), model);
    QCOMPARE(imported.sites.size(), std::size_t{8});
    for (const auto& [linear, number] : sitesOfBlocks()) {
      const ActivationStats* stats = statsOf(imported, model, linear);
      QCOMPARE(stats->all.tokens, std::uint64_t{2});  // chunks
      for (std::size_t c = 0; c < stats->all.sumSq.size(); ++c) {
        const float square = scale(number, c) * scale(number, c);
        QCOMPARE(stats->all.meanSq(c), static_cast<double>(square));
      }
      QVERIFY(stats->evidence.method.find("number of tokens is unknown") != std::string::npos);
    }
  }
  void expertsAreCountedOneByOne() {
    const Model model = tinyMixtral();
    for (const char* name : {"imatrix_moe.gguf", "imatrix_moe.dat"}) {
      const ImportedActivations imported = import(importFile(name), model);
      const bool isGguf = std::string(name).ends_with("gguf");
      QCOMPARE(imported.sites.size(), std::size_t{2 + 2 + 1});  // two experts that saw tokens, and the router
      for (const int e : {0, 2}) {
        const std::string expert = "model.layers.0.block_sparse_moe.experts." + std::to_string(e);
        for (const char* leaf : {".w1", ".w3", ".w2"}) {
          const ActivationStats* stats = statsOf(imported, model, expert + leaf);
          QVERIFY(stats != nullptr);
          QCOMPARE(stats->all.tokens, std::uint64_t{isGguf ? (e == 0 ? 96u : 32u) : 1u});
          for (std::size_t c = 0; c < static_cast<std::size_t>(stats->width); ++c)
            QCOMPARE(stats->all.meanSq(c), static_cast<double>(e) + static_cast<double>(c) / 4 + 1);
        }
      }
      QVERIFY(statsOf(imported, model, "model.layers.0.block_sparse_moe.experts.1.w1") == nullptr);
      QCOMPARE(statsOf(imported, model, "model.layers.0.block_sparse_moe.gate")->all.meanSq(0), 2.0);
      QCOMPARE(imported.warnings.size(), std::size_t{1});
      QVERIFY(imported.warnings[0].find("3 entries of") == 0);
      QVERIFY(imported.warnings[0].find("expert 1") != std::string::npos);
    }
  }
  void otherModelsAreRefused() {
    QL_THROWS(import(importFile("imatrix_moe.gguf"), mixtralModel(kTinyMixtral).build()),
              "8 experts of 12 channels");
    QL_THROWS(import(importFile("imatrix_moe.dat"), mixtralModel(kTinyMixtral).build()),
              "8 experts of 8 channels");
    const Model wide = llamaModel({2, 16, 12, 16, 16, 16}).build();
    QL_THROWS(import(importFile("imatrix.gguf"), wide),
              "\" has 8 channels, but the input of \"model.layers.0.self_attn");
    QL_THROWS(import(importFile("imatrix.dat"), wide), "Activations of the wrong width");
    QL_THROWS(import(importFile("imatrix.gguf"), gpt2Model("", 1).build()), "wrong width");
  }
  void namesOfOtherFamiliesAreKnown() {
    const Model phi = phi3Model(1).build(), gpt2 = gpt2Model("transformer.", 1).build(),
                qwen = qwenMoeModel(true, 1, 3).build();
    const auto name = [](const Model& model, const char* weight) {
      const auto target = LlamaNames(model).find(weight);
      return target ? model.linears[target->linears[0]].name : std::string("none");
    };
    QCOMPARE(name(phi, "blk.0.attn_qkv.weight"), std::string("model.layers.0.self_attn.qkv_proj"));
    QCOMPARE(name(phi, "blk.0.ffn_up.weight"), std::string("model.layers.0.mlp.gate_up_proj"));
    QCOMPARE(name(gpt2, "blk.0.ffn_up.weight"), std::string("transformer.h.0.mlp.c_fc"));
    QCOMPARE(name(gpt2, "blk.0.ffn_down.weight"), std::string("transformer.h.0.mlp.c_proj"));
    QCOMPARE(name(qwen, "blk.0.ffn_down_shexp.weight"),
             std::string("model.layers.0.mlp.shared_expert.down_proj"));
    QCOMPARE(name(qwen, "blk.0.ffn_gate_inp.weight"), std::string("model.layers.0.mlp.gate"));
    QCOMPARE(name(qwen, "blk.0.ffn_up.2.weight"), std::string("model.layers.0.mlp.experts.2.up_proj"));
    QCOMPARE(name(qwen, "output.weight"), std::string("lm_head"));
    QCOMPARE(LlamaNames(qwen).find("blk.0.ffn_gate_exps.weight")->linears.size(), std::size_t{3});
    for (const char* none : {"blk.7.attn_q.weight", "blk.x.attn_q.weight", "attn_q", "blk.0.ffn_up.9",
                             "blk.0.", "", "blk.0.ffn_gate_exps.1.weight", "rope_freqs.weight"})
      QCOMPARE(name(qwen, none), std::string("none"));
  }
  void datIsRefusedWhenDamaged() {
    const std::string bytes = contentOf(importFile("imatrix.dat"));
    const std::size_t whole =
        bytes.size() - 8 - std::string("calibration.txt").size();  // without the trailer
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const std::string cut = bytes.substr(0, size);
      if (size == whole)
        QCOMPARE(parseImatrixDat(bytesOf(cut), "x").entries.size(), std::size_t{15});
      else
        QL_THROWS(parseImatrixDat(bytesOf(cut), "\"x.dat\""), "x.dat");
    }
    QCOMPARE(parseImatrixDat(bytesOf(bytes), "x").dataset, std::string("calibration.txt"));
    const auto refused = [](const std::string& text, const char* part) {
      QL_THROWS(parseImatrixDat(bytesOf(text), "\"x.dat\""), part);
    };
    refused(raw(std::int32_t{-1}), "claims -1 entries");
    refused(raw(std::int32_t{1}) + raw(std::int32_t{-4}), "name of -4 bytes");
    refused(raw(std::int32_t{1}) + raw(std::int32_t{1}) + "a" + raw(std::int32_t{1}) + raw(std::int32_t{-1}),
            "-1 values");
    refused(raw(std::int32_t{1}) + raw(std::int32_t{1}) + "a" + raw(std::int32_t{1}) +
                raw(std::int32_t{0x7fffffff}),
            "needs 8,589,934,588 bytes");
    refused(raw(std::int32_t{2}) + datEntry("a", 1, {1}) + datEntry("a", 1, {1}), "twice");
    refused(bytes + "x", "left over");
  }
  void damagedPairsAreRefused() {
    const TempFolder folder;
    const std::string bytes = contentOf(importFile("imatrix.gguf"));
    const auto changed = [&](const std::string& from, const std::string& to) {
      std::string text = bytes;
      text.replace(text.find(from), from.size(), to);
      return folder.write("x.gguf", text);
    };
    QL_THROWS(import(changed("attn_q.weight.counts", "attn_q.weight.county"), tinyLlama()),
              "lacks its counts");
    QL_THROWS(import(changed("attn_q.weight.in_sum2", "attn_q.weight.in_sum3"), tinyLlama()),
              "lacks its in_sum2");
    std::string model = bytes;
    model.replace(model.find("imatrix"), 7, "modelxx");
    QL_THROWS(import(folder.write("m.gguf", model), tinyLlama()), "no imatrix");
    const auto withTokens = [&](float tokens) {
      std::string text = bytes;
      text.replace(text.find(raw(1024.0f)), 4, raw(tokens));
      return folder.write("t.gguf", text);
    };
    for (const float tokens :
         {-1.0f, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
      QL_THROWS(import(withTokens(tokens), tinyLlama()), "no number of tokens");
  }
  void sumsThatCannotBeAreLeftOut() {
    const TempFolder folder;
    const Model model = tinyLlama();
    const auto file = [&](float bad) {
      return folder.write("x.dat", raw(std::int32_t{2}) +
                                       datEntry("blk.0.attn_output.weight", 1, std::vector<float>(8, 1)) +
                                       datEntry("blk.1.attn_output.weight", 1, {1, 2, 3, bad, 5, 6, 7, 8}));
    };
    for (const float bad :
         {-1.0f, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      const ImportedActivations imported = import(file(bad), model);
      QCOMPARE(imported.sites.size(), std::size_t{1});
      QCOMPARE(imported.warnings.size(), std::size_t{1});
      QVERIFY(imported.warnings[0].find("negative or not finite") != std::string::npos);
    }
  }
  void unequalTwinsAreRefused() {
    const TempFolder folder;
    std::vector<float> sums(8, 1);
    const auto file = [&] {
      return folder.write("x.dat", raw(std::int32_t{2}) +
                                       datEntry("blk.0.attn_q.weight", 1, std::vector<float>(8, 1)) +
                                       datEntry("blk.0.attn_k.weight", 1, sums));
    };
    sums[2] = 1.000001f;  // another order of addition
    QCOMPARE(import(file(), tinyLlama()).sites.size(), std::size_t{1});
    sums[2] = 1.001f;
    QL_THROWS(import(file(), tinyLlama()), "are the same input");
  }
};

QTEST_APPLESS_MAIN(TstImportImatrix)
#include "tst_import_imatrix.moc"
