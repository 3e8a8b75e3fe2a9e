// A plan written into a checkpoint: what stays byte for byte, what is rounded how, interrupted runs,
// refusals.
#include "core/base/error.h"
#include "core/planned_source.h"
#include "tests/core/workspace/applied_models.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "tests/support/fast_folder.h"

#include <QTemporaryDir>
#include <QTest>

#include <fstream>

using namespace ql;
using namespace ql::test;
namespace fs = std::filesystem;

namespace {

struct Family {
  const char* name;
  TinyCheckpoint checkpoint;
};

TinyLlama experts(ExpertNames names, const char* type, const char* architecture) {
  TinyLlama m;
  m.type = type;
  m.architecture = architecture;
  m.experts.count = 4;
  m.experts.width = names == ExpertNames::Mixtral ? m.mlpWidth : 24;
  m.experts.names = names;
  if (names == ExpertNames::Mixtral) {
    m.keys = {{"num_local_experts", 4}, {"num_experts_per_tok", 2}};
    return m;
  }
  m.hasHeadNorms = true;
  m.keys = {{"num_experts", 4},
            {"num_experts_per_tok", 2},
            {"moe_intermediate_size", 24},
            {"norm_topk_prob", true},
            {"head_dim", m.headWidth}};
  return m;
}

TinyCheckpoint family(const std::string& name) {
  if (name == "mixtral")
    return makeCheckpoint(experts(ExpertNames::Mixtral, "mixtral", "MixtralForCausalLM"));
  if (name == "stacked")
    return makeCheckpoint(experts(ExpertNames::Stacked, "qwen3_moe", "Qwen3MoeForCausalLM"));
  if (name == "gpt2") return makeCheckpoint(TinyGpt2{});
  if (name == "opt") return makeCheckpoint(TinyOpt{});
  return makeCheckpoint(TinyLlama{});
}

/// Names in a folder, and hidden ones too.
std::set<std::string> listing(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& item : fs::directory_iterator(folder)) names.insert(item.path().filename().string());
  return names;
}

}  // namespace

class TestApply : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() {
    QVERIFY(m_owner.isValid());
    qputenv("XDG_CACHE_HOME", m_owner.path().toUtf8() + "/cache");
  }

  void everyTensorIsWhatThePlanSays_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<int>("dtype");
    for (const char* name : {"llama", "mixtral", "stacked", "gpt2", "opt"})
      for (const DType dtype : {DType::F32, DType::BF16, DType::F16})
        QTest::addRow("%s %s", name, std::string(dtypeInfo(dtype).name).c_str())
            << QString::fromLatin1(name) << static_cast<int>(dtype);
  }
  /// Every value of the new checkpoint is the source's, scaled in float32 and rounded by the test itself;
  /// headers, index and side files are the source's bytes.
  void everyTensorIsWhatThePlanSays() {
    QFETCH(QString, name);
    QFETCH(int, dtype);
    const TempFolder folder;
    writeSharded(family(name.toStdString()), static_cast<DType>(dtype), folder, "model");
    const auto workspace = Workspace::open(folder / "model");
    const std::string config = contentOf(folder / "model/config.json");
    const QuantizationPlan plan = smoothingPlan(*workspace, config, folder / "factors.safetensors", false);
    QVERIFY(!plan.smoothing.empty());
    JobContext job(2);
    const ApplyReport report = workspace->apply(plan, optionsFor(folder), job);
    QCOMPARE(job.done(), job.total());
    std::map<std::size_t, std::vector<float>> factors;
    for (std::size_t group = 0; group < workspace->model().smoothingGroups.size(); ++group)
      if (const auto& producer = workspace->model().smoothingGroups[group].producer;
          foldTarget(workspace->model(), group, config).isFoldable)
        factors[group] = readSmoothingFactors("factors.safetensors#" + producer, folder.path(),
                                              foldTarget(workspace->model(), group, config).channels);
    const SmoothedSource expected(workspace->weights(), workspace->model(), config, factors);
    compare(*workspace, expected, folder / "out");
    if (QTest::currentTestFailed()) return;
    QCOMPARE(report.isExact(), static_cast<DType>(dtype) == DType::F32);
    QVERIFY(report.worst()->sums.relativeFrobenius() <
            (static_cast<DType>(dtype) == DType::BF16 ? 4e-3 : 5e-4));
    for (const char* file : {"config.json", "tokenizer_config.json", "model.safetensors.index.json"})
      QCOMPARE(contentOf(folder / "out" / file), contentOf(folder / "model" / file));
    auto files = listing(folder / "model");
    files.insert(kApplyRecordFile);
    QCOMPARE(listing(folder / "out"), files);
    QVERIFY(!listing(folder.path()).contains(".out.partial"));
  }

  void powersOfTwoChangeNoLogit_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"llama", "mixtral", "stacked", "gpt2", "opt"})
      QTest::addRow("%s", name) << QString::fromLatin1(name);
  }
  void powersOfTwoChangeNoLogit() {
    QFETCH(QString, name);
    const TempFolder folder;
    writeSharded(family(name.toStdString()), DType::BF16, folder, "model");
    const auto workspace = Workspace::open(folder / "model");
    const QuantizationPlan plan = smoothingPlan(*workspace, contentOf(folder / "model/config.json"),
                                                folder / "factors.safetensors", false);
    JobContext job(2);
    ApplyOptions options = optionsFor(folder);
    options.powersOfTwo = true;
    const ApplyReport report = workspace->apply(plan, options, job);
    QVERIFY(report.isExact());
    QCOMPARE(report.rounding().underflows, std::int64_t{0});
    const std::vector<float> before = tinyLogits(folder / "model", 50),
                             after = tinyLogits(folder / "out", 50);
    QVERIFY(before == after);
    QVERIFY(bytesOf(*openCheckpoint(folder / "out"), plan.smoothing.front().producer + ".weight") !=
            bytesOf(*openCheckpoint(folder / "model"), plan.smoothing.front().producer + ".weight"));
  }

  void slicesThePlanLeavesAloneAreCopied() {
    const TempFolder folder;
    writeSharded(family("stacked"), DType::BF16, folder, "model");
    const auto workspace = Workspace::open(folder / "model");
    QuantizationPlan plan = workspace->newPlan(Choice{});
    const std::string tensor = "model.layers.0.mlp.experts.gate_up_proj";
    QVERIFY(workspace->model().find(tensor + "[2]").has_value());
    plan.layers[tensor + "[2]"] = parseSpec("int4");
    JobContext job(2);
    ApplyOptions options = optionsFor(folder);
    options.kind = ApplyKind::FakeQuantized;
    const ApplyReport report = workspace->apply(plan, options, job);
    QCOMPARE(report.changedTensors, std::size_t{1});
    const std::string before = bytesOf(*openCheckpoint(folder / "model"), tensor);
    const std::string after = bytesOf(*openCheckpoint(folder / "out"), tensor);
    const std::size_t slice = before.size() / 4;
    for (std::size_t e = 0; e < 4; ++e)
      QCOMPARE(before.substr(e * slice, slice) == after.substr(e * slice, slice), e != 2);
  }

  /// Q(W) of a row by the definition: d = absmax / 7, q = round half even, rounded to the file's BF16.
  void fakeQuantizedWeightsAreRoundedTwice() {
    const TempFolder folder;
    writeSharded(family("llama"), DType::BF16, folder, "model");
    const auto workspace = Workspace::open(folder / "model");
    const QuantizationPlan plan = workspace->newPlan(parseSpec("int4:flavour=smoothquant"));
    JobContext job(2);
    ApplyOptions options = optionsFor(folder);
    options.kind = ApplyKind::FakeQuantized;
    const ApplyReport report = workspace->apply(plan, options, job);
    QVERIFY(!report.isExact() && report.worst()->sums.relativeFrobenius() < 4e-3);
    const auto written = openCheckpoint(folder / "out");
    const Linear& linear =
        workspace->model().linears[*workspace->model().find("model.layers.1.mlp.down_proj")];
    std::vector<float> rows(static_cast<std::size_t>(linear.out() * linear.in())), stored(rows.size());
    workspace->weights()->readRows(linear.matrix, 0, linear.out(), rows);
    CheckpointSource(written).readRows(linear.matrix, 0, linear.out(), stored);
    for (std::size_t r = 0, in = static_cast<std::size_t>(linear.in()); r < rows.size(); r += in) {
      float largest = 0;
      for (std::size_t j = 0; j < in; ++j) largest = std::max(largest, std::abs(rows[r + j]));
      const float step = largest / 7;
      for (std::size_t j = 0; j < in; ++j) {
        const float q = std::clamp(std::nearbyint(rows[r + j] / step), -7.0f, 7.0f) * step;
        QCOMPARE(stored[r + j], bf16ToFloat(nearest16(q, true)));
      }
    }
    QCOMPARE(bytesOf(*written, "lm_head.weight"),
             bytesOf(*openCheckpoint(folder / "model"), "lm_head.weight"));
  }

  void interruptedRunsGoOn() {
    const TempFolder folder;
    writeSharded(family("llama"), DType::BF16, folder, "model");
    const auto workspace = Workspace::open(folder / "model");
    const QuantizationPlan plan = smoothingPlan(*workspace, contentOf(folder / "model/config.json"),
                                                folder / "factors.safetensors", false);
    ApplyOptions options = optionsFor(folder);
    {
      JobContext job(2);
      options.shardDone = [&job](const std::string&) { job.cancel(); };
      QVERIFY_EXCEPTION_THROWN(workspace->apply(plan, options, job), Cancelled);
    }
    const fs::path staging = folder / ".out.partial";
    QVERIFY(!fs::exists(folder / "out"));
    const std::string first = "model-00001-of-00002.safetensors", second = "model-00002-of-00002.safetensors";
    QCOMPARE(listing(staging), (std::set<std::string>{first, kApplyRecordFile}));
    // a kill leaves what a cancel does not
    std::ofstream(staging / (second + ".part")) << "half";
    const auto written = fs::last_write_time(staging / first);
    options.shardDone = {};
    options.resume = true;
    JobContext job(2);
    const ApplyReport report = workspace->apply(plan, options, job);
    QVERIFY(report.shards[0].isKept && !report.shards[1].isKept);
    QVERIFY(fs::last_write_time(folder / "out" / first) == written);
    QVERIFY(!fs::exists(staging));
    // as one run writes it, with the same account of the rounding
    options.output = folder / "whole";
    options.resume = false;
    const ApplyReport whole = workspace->apply(plan, options, job);
    for (const std::string& name : {first, second})
      QCOMPARE(contentOf(folder / "out" / name), contentOf(folder / "whole" / name));
    QCOMPARE(report.rounding().error, whole.rounding().error);
    QCOMPARE(report.worst()->name, whole.worst()->name);
  }

  void staleOrDamagedShardsAreWrittenAgain() {
    const TempFolder folder;
    writeSharded(family("llama"), DType::BF16, folder, "model");
    const auto workspace = Workspace::open(folder / "model");
    QuantizationPlan plan = smoothingPlan(*workspace, contentOf(folder / "model/config.json"),
                                          folder / "factors.safetensors", false);
    ApplyOptions options = optionsFor(folder);
    const auto interrupt = [&] {
      JobContext job(2);
      options.shardDone = [&job](const std::string&) { job.cancel(); };
      QVERIFY_EXCEPTION_THROWN(workspace->apply(plan, options, job), Cancelled);
      options.shardDone = {};
    };
    interrupt();
    const fs::path shard = folder / ".out.partial/model-00001-of-00002.safetensors";
    std::fstream(shard, std::ios::in | std::ios::out | std::ios::binary).seekp(-1, std::ios::end).put('!');
    options.resume = true;
    JobContext job(2);
    QVERIFY(!workspace->apply(plan, options, job).shards[0].isKept);
    const std::string right = contentOf(folder / "out/model-00001-of-00002.safetensors");
    QVERIFY(right.size() > 1000 && right.back() != '!');
    options.resume = false;
    interrupt();
    plan.smoothing.pop_back();  // another plan
    options.resume = true;
    const ApplyReport other = workspace->apply(plan, options, job);
    QVERIFY(!other.shards[0].isKept && !other.notes.empty());
    QCOMPARE(listing(folder.path()).count(".out.partial"), std::size_t{0});
  }

  void placesAreRefused() {
    const TempFolder folder;
    writeSharded(family("llama"), DType::BF16, folder, "model");
    const auto workspace = Workspace::open(folder / "model");
    const QuantizationPlan plan = smoothingPlan(*workspace, contentOf(folder / "model/config.json"),
                                                folder / "factors.safetensors", false);
    const auto into = [&](const fs::path& output) {
      ApplyOptions options = optionsFor(folder);
      options.output = output;
      JobContext job(2);
      return workspace->apply(plan, options, job);
    };
    const auto before = listing(folder / "model");
    QL_THROWS(into({}), "No folder");
    QL_THROWS(into(folder / "model"), "folder of the model itself");
    QL_THROWS(into(folder / "model/../model/"), "folder of the model itself");
    QL_THROWS(into(folder / "model/inside"), "folder of the model itself");
    QL_THROWS(into(folder.path()), "folder of the model itself");
    fs::create_directory_symlink(folder / "model", folder / "link");
    QL_THROWS(into(folder / "link"), "folder of the model itself");
    folder.write("taken", "text");
    QL_THROWS(into(folder / "taken"), "it is a file");
    folder.write("mine/notes.txt", "text");
    QL_THROWS(into(folder / "mine"), "notes.txt");
    folder.write(".new.partial/notes.txt", "text");
    QL_THROWS(into(folder / "new"), "notes.txt");
    QL_THROWS(into("/proc/none"), "cannot write");
    QCOMPARE(listing(folder / "model"), before);
    QCOMPARE(contentOf(folder / "mine/notes.txt"), std::string("text"));
    // its own earlier output may be replaced, unless something was added to it
    into(folder / "out");
    into(folder / "out");
    folder.write("out/notes.txt", "text");
    QL_THROWS(into(folder / "out"), "notes.txt");
    QVERIFY(fs::exists(folder / "out/notes.txt"));
  }

  void plansAreRefused() {
    const TempFolder folder;
    writeSharded(family("llama"), DType::BF16, folder, "model");
    const auto workspace = Workspace::open(folder / "model");
    const QuantizationPlan good = smoothingPlan(*workspace, contentOf(folder / "model/config.json"),
                                                folder / "factors.safetensors", false);
    const auto apply = [&](const QuantizationPlan& plan, ApplyKind kind = ApplyKind::Smoothed) {
      ApplyOptions options = optionsFor(folder);
      options.kind = kind;
      JobContext job(2);
      return workspace->apply(plan, options, job);
    };
    QL_THROWS(apply(workspace->newPlan(Choice{})), "smooths nothing");
    QL_THROWS(apply(workspace->newPlan(Choice{}), ApplyKind::FakeQuantized), "changes no weight");
    const auto changed = [&](auto edit) {
      QuantizationPlan plan = good;
      edit(plan);
      return plan;
    };
    QL_THROWS(apply(changed([](auto& p) { p.smoothing[0].producer = "model.nowhere"; })), "model.nowhere");
    QL_THROWS(apply(changed([](auto& p) { p.smoothing[0].consumers.pop_back(); })), "list them all");
    QL_THROWS(apply(changed([](auto& p) { p.smoothing.push_back(p.smoothing[0]); })), "twice");
    QL_THROWS(apply(changed([](auto& p) { p.smoothing[0].scales = "factors.safetensors#x"; })),
              "not in the file");
    QL_THROWS(apply(changed([](auto& p) { p.smoothing[0].scales.reset(); })), "calibrate");
    QL_THROWS(apply(changed([](auto& p) { p.rotations = "[{}]"; })), "rotates");
    writeFactorsFile(folder / "bad.safetensors", {{"a", std::vector<float>(32, -1.0f)}, {"b", {1.0f}}}, {});
    QL_THROWS(apply(changed([](auto& p) { p.smoothing[0].scales = "bad.safetensors#a"; })), "above 0");
    QL_THROWS(apply(changed([](auto& p) { p.smoothing[0].scales = "bad.safetensors#b"; })), "32 channels");
    QVERIFY(!fs::exists(folder / "out"));
  }

  void overflowIsNamed() {
    const TempFolder folder;
    TinyCheckpoint tiny = family("llama");
    tiny.tensors.at("model.layers.0.self_attn.k_proj.weight").values[5 * 32 + 7] = 30000;
    tiny.tensors.at("lm_head.weight").values[3] = INFINITY;  // data: it is copied
    writeSharded(tiny, DType::F16, folder, "model");
    const auto workspace = Workspace::open(folder / "model");
    QuantizationPlan plan = workspace->newPlan(Choice{});
    const std::string producer = "model.layers.0.input_layernorm";
    std::vector<float> s(32, 1.0f);
    plan.smoothing.push_back({producer, {}, "smoothquant", "max", 0.5, "f.safetensors#" + producer, {}});
    const auto applyWith = [&](float factor) {
      s[7] = factor;
      writeFactorsFile(folder / "f.safetensors", {{producer, s}}, {});
      JobContext job(2);
      return workspace->apply(plan, optionsFor(folder), job);
    };
    QL_THROWS(applyWith(4), "row 5, column 7");
    QL_THROWS(applyWith(4), "\"model.layers.0.self_attn.k_proj\" becomes 120000");
    QL_THROWS(applyWith(1e-5f), "input_layernorm.weight");  // the gain of about 1 becomes 1e5
    QVERIFY(!fs::exists(folder / "out"));
    QCOMPARE(listing(folder / ".out.partial").count("model-00001-of-00002.safetensors.part"), std::size_t{0});
    QVERIFY(applyWith(2).changedTensors >= 4);
    QVERIFY(fs::exists(folder / "out"));
  }

  void underflowIsCounted() {
    const TempFolder folder;
    TinyCheckpoint tiny = family("llama");
    tiny.tensors.at("model.layers.0.self_attn.k_proj.weight").values[7] = 6e-8f;  // the least F16
    writeSharded(tiny, DType::F16, folder, "model");
    const auto workspace = Workspace::open(folder / "model");
    QuantizationPlan plan = workspace->newPlan(Choice{});
    const std::string producer = "model.layers.0.input_layernorm";
    std::vector<float> s(32, 1.0f);
    s[7] = 0.25f;
    writeFactorsFile(folder / "f.safetensors", {{producer, s}}, {});
    plan.smoothing.push_back({producer, {}, "smoothquant", "max", 0.5, "f.safetensors#" + producer, {}});
    JobContext job(2);
    const ApplyReport report = workspace->apply(plan, optionsFor(folder), job);
    QVERIFY(!report.isExact());
    QVERIFY(report.rounding().underflows >= 1);
  }

  void quantizedTypesAreRefused() {
    const TempFolder folder;
    const auto write = [&](const std::string& type, std::size_t bytes) {
      folder.write("model/config.json",
                   R"({"model_type":"llama","architectures":["LlamaForCausalLM"],"num_hidden_layers":1})");
      const std::string name = "model.layers.0.self_attn.q_proj.weight";
      folder.write(
          "model/model.safetensors",
          safetensorsBytes("{" + entry(name, type, "[4,8]", 0, bytes) + "}", std::string(bytes, '\x11')));
    };
    write("F8_E4M3", 32);
    const auto workspace = Workspace::open(folder / "model");
    JobContext job(2);
    ApplyOptions options = optionsFor(folder);
    options.kind = ApplyKind::FakeQuantized;
    QL_THROWS(workspace->apply(workspace->newPlan(parseSpec("int4")), options, job), "F8_E4M3");
  }

 private:
  static ApplyOptions optionsFor(const TempFolder& folder) {
    ApplyOptions options;
    options.output = folder / "out";
    options.planFolder = folder.path();
    return options;
  }

  /// Every tensor against the expected source, rounded by nearest16().
  static void compare(const Workspace& workspace, const WeightSource& expected, const fs::path& folder) {
    const auto written = openCheckpoint(folder);
    const Checkpoint& source = *workspace.checkpoint();
    QCOMPARE(written->tensors().size(), source.tensors().size());
    std::set<std::string> seen;
    for (const Linear& linear : workspace.model().linears) {
      seen.insert(linear.matrix.tensor);
      std::vector<float> rows(static_cast<std::size_t>(linear.out() * linear.in())), actual(rows.size());
      expected.readRows(linear.matrix, 0, linear.out(), rows);
      CheckpointSource(written).readRows(linear.matrix, 0, linear.out(), actual);
      requireRounded(rows, actual, linear.dtype, linear.name);
      if (QTest::currentTestFailed()) return;
    }
    for (const TensorInfo& tensor : source.tensors()) {
      const TensorInfo* same = written->find(tensor.name);
      QVERIFY2(same != nullptr, tensor.name.c_str());
      QVERIFY(same->dtype == tensor.dtype && same->shape == tensor.shape && same->offset == tensor.offset);
      QCOMPARE(written->shards()[same->shard].name, source.shards()[tensor.shard].name);
      QCOMPARE(written->shards()[same->shard].headerSha256, source.shards()[tensor.shard].headerSha256);
      if (seen.contains(tensor.name) || tensor.shape.size() > 1) continue;
      requireRounded(expected.readVector(tensor.name), readVector(*written, tensor.name), tensor.dtype,
                     tensor.name);
      if (QTest::currentTestFailed()) return;
    }
  }

  static void requireRounded(const std::vector<float>& exact, const std::vector<float>& actual, DType dtype,
                             const std::string& name) {
    QCOMPARE(exact.size(), actual.size());
    for (std::size_t i = 0; i < exact.size(); ++i) {
      float rounded = exact[i];
      if (dtype == DType::BF16) rounded = bf16ToFloat(nearest16(exact[i], true));
      if (dtype == DType::F16) rounded = fp16ToFloat(nearest16(exact[i], false));
      if (rounded != actual[i])
        QFAIL(qPrintable(QStringLiteral("%1[%2]: %3, expected %4")
                             .arg(QString::fromStdString(name))
                             .arg(i)
                             .arg(static_cast<double>(actual[i]))
                             .arg(static_cast<double>(rounded))));
    }
  }

  QTemporaryDir m_owner{fastFolderTemplate()};
};

QTEST_GUILESS_MAIN(TestApply)
#include "tst_apply.moc"
