// Activations from .safetensors and .npz: statistics as if captured, and everything that can be wrong.
#include "core/calib/activation_import.h"
#include "tests/core/calib/import_models.h"
#include "tests/support/compare.h"
#include "tests/support/safetensors_bytes.h"
#include "tests/support/temp_folder.h"

#include <QTest>

#include <cmath>
#include <cstring>
#include <limits>

using namespace ql;
using namespace ql::test;

namespace {

const std::string kQ = "model.layers.0.self_attn.q_proj", kK = "model.layers.0.self_attn.k_proj";
const std::string kDown = "model.layers.0.mlp.down_proj";

template <class T>
std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

struct Part {
  std::string name, dtype, shape, data;
};

std::string safetensors(const std::vector<Part>& parts) {
  std::string json, data;
  for (const Part& part : parts) {
    json += (json.empty() ? "{" : ",") +
            entry(part.name, part.dtype, part.shape, data.size(), data.size() + part.data.size());
    data += part.data;
  }
  return safetensorsBytes(json + "}", data);
}

/// [tokens, 8]: (8 t + c - 20) / 8, as in make_imports.py.
std::vector<float> ramp(std::int64_t tokens) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < tokens * 8; ++i) values.push_back(static_cast<float>(i - 20) / 8);
  return values;
}

ImportedActivations import(const std::filesystem::path& path, const Model& model = tinyLlama(),
                           const AccumulatorOptions& options = {}) {
  JobContext job(1);
  return importActivations(path, model, options, job);
}

}  // namespace

class TstImportActivations : public QObject {
  Q_OBJECT
 private slots:
  void npzGivesStatisticsAsIfCaptured() {
    const Model model = tinyLlama();
    for (const char* name : {"activations.npz", "activations_packed.npz"}) {
      const ImportedActivations imported = import(importFile(name), model);
      QCOMPARE(imported.sites.size(), std::size_t{2});
      QVERIFY(imported.warnings.empty());
      QCOMPARE(imported.sha256.size(), std::size_t{64});
      const ActivationStats* q = statsOf(imported, model, kQ);
      QVERIFY(q != nullptr);
      QVERIFY(q->origin == ActivationOrigin::ActivationFile);
      QCOMPARE(q->width, std::int64_t{8});
      QCOMPARE(q->all.tokens, std::uint64_t{5});
      QCOMPARE(q->first.tokens, std::uint64_t{1});
      QCOMPARE(q->evidence.n, std::int64_t{5});
      QCOMPARE(q->evidence.data.value(), imported.sha256);
      const std::vector<float> x = ramp(5);
      for (std::size_t c = 0; c < 8; ++c) {
        double sum = 0, squares = 0, absmax = 0;
        for (std::size_t t = 0; t < 5; ++t) {
          const double v = x[t * 8 + c];
          sum += v, squares += v * v, absmax = std::max(absmax, std::abs(v));
        }
        QCOMPARE(q->all.sum[c], sum);
        QCOMPARE(q->all.sumSq[c], squares);
        QCOMPARE(static_cast<double>(q->all.absmax[c]), absmax);
        QCOMPARE(static_cast<double>(
                     q->secondMoment->sum(static_cast<std::int64_t>(c), static_cast<std::int64_t>(c))),
                 squares);
      }
      QCOMPARE(q->sample.values, x);
      QCOMPARE(q->sample.ids, (std::vector<std::int32_t>{100, 101, 102, 103, 104}));
      QCOMPARE(q->sample.positions, (std::vector<std::int32_t>{0, 1, 2, 3, 4}));
      QVERIFY(missingReason(*q, ActivationNeed::OutputErrorWa).empty());
    }
  }
  void windowsOfThreeDimensionsBeginAnew() {
    const Model model = tinyLlama();
    const ImportedActivations imported = import(importFile("activations.npz"), model);
    const ActivationStats* down =
        statsOf(imported, model, kDown);  // [2, 3, 12], float16; six tokens, five ids
    QVERIFY(down != nullptr);
    QCOMPARE(down->all.tokens, std::uint64_t{6});
    QCOMPARE(down->first.tokens, std::uint64_t{2});
    QCOMPARE(down->sample.windows, (std::vector<std::int32_t>{0, 0, 0, 1, 1, 1}));
    QCOMPARE(down->sample.positions, (std::vector<std::int32_t>{0, 1, 2, 0, 1, 2}));
    QCOMPARE(down->sample.ids, std::vector<std::int32_t>(6, -1));  // the list for the model does not fit
    for (std::size_t i = 0; i < 72; ++i)
      QCOMPARE(down->sample.values[i], static_cast<float>(static_cast<int>(i % 13) - 6) / 4);
  }
  void safetensorsOfEveryFloatType() {
    const Model model = tinyLlama();
    const std::vector<float> x = ramp(5);
    std::vector<std::uint16_t> halves, brains;
    std::vector<double> doubles(x.begin(), x.end());
    for (const float v : x) halves.push_back(floatToFp16(v)), brains.push_back(floatToBf16(v));
    const TempFolder folder;
    const ImportedActivations reference = import(importFile("activations.npz"), model);
    for (const auto& [dtype, data] : std::vector<std::pair<std::string, std::string>>{
             {"F32", raw(x)}, {"F64", raw(doubles)}, {"F16", raw(halves)}, {"BF16", raw(brains)}}) {
      const auto path = folder.write("x.bin", safetensors({{kQ + ".weight.input", dtype, "[5,8]", data}}));
      const ImportedActivations imported = import(path, model);
      QCOMPARE(imported.sites.size(), std::size_t{1});
      QCOMPARE(statsOf(imported, model, kQ)->all.sumSq, statsOf(reference, model, kQ)->all.sumSq);
      QCOMPARE(statsOf(imported, model, kQ)->sample.ids, std::vector<std::int32_t>(5, -1));
    }
  }
  void manyTilesGiveTheSameAsOnePass() {
    const Model model = tinyLlama();
    const TempFolder folder;
    const std::int64_t tokens = 9001;  // more than two tiles of 4096
    const std::vector<float> x = ramp(tokens);
    std::vector<std::int32_t> ids(static_cast<std::size_t>(tokens), 7);
    const auto path =
        folder.write("x.safetensors", safetensors({{kQ + ".input", "F32", "[9001,8]", raw(x)},
                                                   {kQ + ".token_ids", "I32", "[9001]", raw(ids)}}));
    const ImportedActivations imported = import(path, model);
    const ActivationStats* q = statsOf(imported, model, kQ);
    QCOMPARE(q->all.tokens, std::uint64_t{9001});
    QCOMPARE(q->sample.count(), std::int64_t{256});
    QCOMPARE(q->sample.ids, std::vector<std::int32_t>(256, 7));
    double sum = 0;
    for (std::size_t t = 0; t < static_cast<std::size_t>(tokens); ++t) sum += x[t * 8 + 3];
    QCOMPARE(q->all.sum[3], sum);  // eighths below 2^20: exact
    for (std::int64_t i = 0; i < 256; ++i)
      QCOMPARE(q->sample.row(i)[0],
               x[static_cast<std::size_t>(q->sample.positions[static_cast<std::size_t>(i)]) * 8]);
  }
  void namesMayLackOrAddTheOutermostModule() {
    const TempFolder folder;
    for (const std::string name : {"layers.0.self_attn.v_proj", "module.model.layers.0.self_attn.v_proj"}) {
      const auto path = folder.write("x", safetensors({{name + ".input", "F32", "[5,8]", raw(ramp(5))}}));
      QCOMPARE(import(path).sites.size(), std::size_t{1});
    }
  }
  void equalTwinsAreOneAndUnequalOnesAreRefused() {
    const TempFolder folder;
    std::vector<float> other = ramp(5);
    const auto file = [&] {
      return folder.write("x", safetensors({{kK + ".input", "F32", "[5,8]", raw(other)},
                                            {kQ + ".input", "F32", "[5,8]", raw(ramp(5))}}));
    };
    QCOMPARE(import(file()).sites.size(), std::size_t{1});
    other[39] += 0.125f;
    QL_THROWS(import(file()), "are the same input");
    const auto shapes = folder.write("y", safetensors({{kK + ".input", "F32", "[5,1,8]", raw(ramp(5))},
                                                       {kQ + ".input", "F32", "[5,8]", raw(ramp(5))}}));
    QL_THROWS(import(shapes), "are the same input");  // five windows are not one
  }
  void nonFiniteTokensAreCountedAndLeftOut() {
    const Model model = tinyLlama();
    const TempFolder folder;
    std::vector<float> x = ramp(5);
    x[8] = std::numeric_limits<float>::quiet_NaN();
    x[17] = std::numeric_limits<float>::infinity();
    const auto path = folder.write("x", safetensors({{kQ + ".input", "F32", "[5,8]", raw(x)}}));
    const ImportedActivations imported = import(path, model);
    const ActivationStats* q = statsOf(imported, model, kQ);
    QCOMPARE(q->all.tokens, std::uint64_t{3});
    QCOMPARE(q->summary.nans, std::uint64_t{1});
    QCOMPARE(q->summary.infs, std::uint64_t{1});
    QCOMPARE(imported.warnings.size(), std::size_t{1});
    QVERIFY(imported.warnings[0].find("1 NaN and 1 infinite") != std::string::npos);
    const std::vector<float> none(8, std::numeric_limits<float>::quiet_NaN());
    QL_THROWS(import(folder.write("y", safetensors({{kQ + ".input", "F32", "[1,8]", raw(none)}}))),
              "no usable activations");
  }
  void strangersAreCountedAndNamed() {
    const TempFolder folder;
    std::vector<Part> parts{{kQ + ".input", "F32", "[5,8]", raw(ramp(5))}};
    for (int i = 0; i < 5; ++i)
      parts.push_back({"a.stranger." + std::to_string(i) + ".input", "F32", "[0,8]", ""});
    parts.push_back({kDown + ".input", "F32", "[0,12]", ""});
    const ImportedActivations imported = import(folder.write("x", safetensors(parts)));
    QCOMPARE(imported.sites.size(), std::size_t{1});
    QCOMPARE(imported.warnings.size(), std::size_t{2});
    QVERIFY(imported.warnings[0].find("5 entries of") == 0);
    QVERIFY(imported.warnings[0].find("and 2 more") != std::string::npos);
    QVERIFY(imported.warnings[1].find("saw no token") != std::string::npos);
    parts = {{"a.stranger.input", "F32", "[0,8]", ""}};
    QL_THROWS(import(folder.write("y", safetensors(parts))), "None of the 1 entries");
  }
  void wrongFilesAreRefused_data() {
    QTest::addColumn<QByteArray>("file");
    QTest::addColumn<QString>("part");
    const auto row = [](const char* name, const std::string& bytes, const char* part) {
      QTest::newRow(name) << QByteArray::fromStdString(bytes) << QString(part);
    };
    const auto one = [](const std::string& name, const std::string& dtype, const std::string& shape,
                        std::size_t size) {
      return safetensors({{name, dtype, shape, std::string(size, '\0')}});
    };
    row("width", one(kQ + ".input", "F32", "[2,9]", 72), "Activations of the wrong width in \"");
    row("width names both", one(kQ + ".input", "F32", "[2,9]", 72),
        "has 9 channels, but the input of \"model.layers.0.self_attn.q_proj\" has 8;");
    row("rank", one(kQ + ".input", "F32", "[8]", 32), "[tokens, channels]");
    row("integers", one(kQ + ".input", "I32", "[1,8]", 32), "activations are F32, F16, BF16 or F64");
    row("nothing with zero channels", one(kQ + ".input", "F32", "[9223372036854775807,0]", 0), "");
    row("ids of another length",
        safetensors({{kQ + ".input", "F32", "[1,8]", std::string(32, '\0')},
                     {kQ + ".token_ids", "I32", "[2]", std::string(8, '\0')}}),
        "give one id a token");
    row("ids as floats",
        safetensors({{kQ + ".input", "F32", "[1,8]", std::string(32, '\0')},
                     {kQ + ".token_ids", "F32", "[1]", std::string(4, '\0')}}),
        "token ids are integers");
    row("weights", one("model.layers.0.self_attn.q_proj.weight", "F32", "[8,8]", 256), "\"<linear>.input\"");
    row("empty", "", "");
    row("noise", "hello, this is no activation file at all", "");
    row("HDF5", "\x89HDF\r\n\x1a\n and more", "statistics files are opened with the model");
    row("npy", "\x93NUMPY and more", "numpy.savez");
    row("web page", "<!DOCTYPE html><html></html>", "error page");
    row("a broken zip", "PK\x03\x04 and nothing else", "its directory cannot be read");
  }
  void wrongFilesAreRefused() {
    QFETCH(QByteArray, file);
    QFETCH(QString, part);
    const TempFolder folder;
    const auto path = folder.write("given.bin", file.toStdString());
    QL_THROWS(import(path), part.toStdString());
    QL_THROWS(import(path), "given.bin");
  }
  void truncatedFilesAreRefused() {
    const TempFolder folder;
    for (const std::string& bytes :
         {contentOf(importFile("activations.npz")), contentOf(importFile("activations_packed.npz")),
          safetensors({{kQ + ".input", "F32", "[5,8]", raw(ramp(5))}})}) {
      for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 64) {
        const auto path = folder.write("cut.bin", bytes.substr(0, size));
        QL_THROWS(import(path), "cut.bin");
      }
    }
  }
  void damagedValuesOfNpzAreNoticed() {
    const TempFolder folder;
    std::string bytes = contentOf(importFile("activations.npz"));
    const float first = -20.0f / 8;
    const std::size_t place = bytes.find(std::string(reinterpret_cast<const char*>(&first), 4));
    QVERIFY(place != std::string::npos);
    bytes[place] = static_cast<char>(bytes[place] ^ 1);
    QL_THROWS(import(folder.write("x.npz", bytes)), "wrong checksum");
  }
  void foldersAndMissingFilesAreRefused() {
    const TempFolder folder;
    QL_THROWS(import(folder.path()), "is a folder");
    QL_THROWS(import(folder / "absent.npz"), "absent.npz");
  }
  void sinksTakeSitesOneByOne() {
    JobContext job(2);
    const Model model = tinyLlama();
    std::vector<std::size_t> sites;
    const ActivationSink sink = [&](std::size_t site, ActivationStats) { sites.push_back(site); };
    const auto imported = importActivations(importFile("activations.npz"), model, {}, sink, job);
    QVERIFY(imported.sites.empty());
    QCOMPARE(sites.size(), std::size_t{2});
    QVERIFY(job.done() > 0);
  }
  void cancelledImportsStop() {
    JobContext job(1);
    job.cancel();
    QVERIFY_THROWS_EXCEPTION(Cancelled,
                             importActivations(importFile("activations.npz"), tinyLlama(), {}, job));
  }
};

QTEST_APPLESS_MAIN(TstImportActivations)
#include "tst_import_activations.moc"
