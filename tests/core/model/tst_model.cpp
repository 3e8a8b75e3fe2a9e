// Unknown models, damaged configurations and hostile shapes; and the shipped demo model.
#include "core/base/error.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "tests/support/model_names.h"

#include <QTest>

#include <algorithm>
#include <set>

using namespace ql;
using namespace ql::test;

class TstModel : public QObject {
  Q_OBJECT
 private slots:
  void demoModelIsMapped();
  void roleNamesRoundTrip();
  void unknownModelsAreGuessed();
  void normOfAnotherWidthIsLeftOutAndNamed();
  void namesWithoutNumbersAreListed();
  void familyIsConcludedFromNames();
  void otherStacksAreNotBlocks();
  void malformedConfigIsAnError_data();
  void malformedConfigIsAnError();
  void absurdConfigValuesAreWarnings_data();
  void absurdConfigValuesAreWarnings();
  void hugeBlockNumbersAreNoBlocks();
  void oddShapesAreOthers();
  void layerCountContradiction();
  void quantizedCheckpointIsAnnounced();
  void duplicateNamesAreSetAside();
};

void TstModel::demoModelIsMapped() {
  const auto checkpoint = openCheckpoint(demoModel());
  const Model model = buildModel(*checkpoint);
  QCOMPARE(model.name, std::string("demo-llama-weight-outliers"));
  QCOMPARE(model.architecture, std::string("LlamaForCausalLM"));
  QCOMPARE(model.blockCount, 6);
  QCOMPARE(model.linears.size(), std::size_t{6 * 7 + 2});
  QVERIFY(model.warnings.empty());
  QCOMPARE(model.fusedGroups.size(), std::size_t{12});
  QCOMPARE(model.others.size(), std::size_t{13});
}

void TstModel::roleNamesRoundTrip() {
  std::set<std::string_view> names;
  for (int i = 0; i < kRoleCount; ++i) {
    const auto role = static_cast<TensorRole>(i);
    names.insert(roleName(role));
    QVERIFY(roleFromName(roleName(role)) == role);
  }
  QCOMPARE(names.size(), static_cast<std::size_t>(kRoleCount));
  QVERIFY(!roleFromName("query").has_value());
  QCOMPARE(std::string(roleName(TensorRole::Other)), std::string("other"));
}

void TstModel::unknownModelsAreGuessed() {
  NamedModel named{R"({"model_type":"brandnew","architectures":["BrandNewLM"],"num_hidden_layers":3})", {}};
  named.add("net.tok.weight", {100, 16});
  for (int i : {0, 1, 2}) {
    const std::string block = "net.stage." + std::to_string(i) + ".";
    named.add(block + "mix.weight", {16, 16});
    named.add(block + "mix.scale", {16, 16});
    named.add(block + "norm.weight", {16});
    named.add(block + "heads.0.out", {16, 16});
  }
  const Model model = named.build();
  QCOMPARE(model.family, std::string("generic"));
  QCOMPARE(model.architecture, std::string("BrandNewLM"));
  QCOMPARE(model.blockCount, 3);
  QCOMPARE(model.linears.size(), std::size_t{7});
  const Linear& mix = model.linears[*model.find("net.stage.2.mix")];
  QVERIFY(mix.role == TensorRole::Other);
  QVERIFY(mix.isQuantizable);
  QCOMPARE(*mix.block, 2);
  QVERIFY(!model.linears[*model.find("net.tok")].isQuantizable);
  QVERIFY(model.rolesPresent == std::vector<TensorRole>{TensorRole::Other});
  QCOMPARE(model.warnings.size(), std::size_t{1});
  QVERIFY(model.warnings.front().find("net.stage.") != std::string::npos);
}

void TstModel::normOfAnotherWidthIsLeftOutAndNamed() {
  NamedModel named{R"({"model_type":"llama","architectures":["LlamaForCausalLM"],"num_hidden_layers":1})",
                   {}};
  const std::string block = "model.layers.0.";
  for (const char* part : {"self_attn.q_proj", "self_attn.k_proj"})
    named.add(block + part + ".weight", {8, 8});
  named.add(block + "input_layernorm.weight", {4});
  const Model model = named.build();
  QVERIFY(!model.linears[*model.find(block + "self_attn.q_proj")].norm);
  const auto told =
      std::count_if(model.warnings.begin(), model.warnings.end(), [](const std::string& warning) {
        return warning.find("input_layernorm.weight has shape 4 where 8 channels") != std::string::npos;
      });
  QCOMPARE(told, std::ptrdiff_t{1});  // once, not once a reader
}

void TstModel::namesWithoutNumbersAreListed() {
  NamedModel named;
  named.add("encoder.weight", {8, 4});
  named.add("bias", {8});
  const Model model = named.build();
  QCOMPARE(model.blockCount, 0);
  QCOMPARE(model.linears.size(), std::size_t{1});
  QVERIFY(!model.linears.front().isQuantizable);
  QVERIFY(model.warnings.front().find("no number") != std::string::npos);
}

void TstModel::familyIsConcludedFromNames() {
  NamedModel named = phi3Model(4);
  named.config.clear();
  Model model = named.build();
  QCOMPARE(model.family, std::string("phi3"));
  QVERIFY(model.warnings.front().find("config.json is missing") != std::string::npos);
  named = mixtralModel();
  named.config = "{}";
  model = named.build();
  QCOMPARE(model.family, std::string("mixtral"));
  QCOMPARE(model.architecture, std::string("unknown"));
  // A type nobody knows is believed: its norms may mean something else although the names are Llama's.
  named = llamaModel({2, 64, 128, 64, 64, 100}, "gemma9", "Gemma9ForCausalLM");
  QCOMPARE(named.build().family, std::string("generic"));
  // A known type whose names do not fit is not.
  named = phi3Model(2);
  named.config = R"({"model_type":"gpt2"})";
  QCOMPARE(named.build().family, std::string("generic"));
}

void TstModel::otherStacksAreNotBlocks() {
  NamedModel named;
  for (int i = 0; i < 3; ++i) {
    named.add("encoder.layer." + std::to_string(i) + ".a.weight", {32, 32});
    named.add("decoder.layer." + std::to_string(i) + ".a.weight", {64, 32});
  }
  const Model model = named.build();
  QCOMPARE(model.blockCount, 3);
  QVERIFY(model.linears[*model.find("decoder.layer.0.a")].block.has_value());
  QVERIFY(!model.linears[*model.find("encoder.layer.0.a")].block.has_value());
  QCOMPARE(model.warnings.size(), std::size_t{2});
}

void TstModel::malformedConfigIsAnError_data() {
  QTest::addColumn<std::string>("json");
  QTest::addColumn<std::string>("part");
  QTest::newRow("html") << std::string("<!DOCTYPE html>") << std::string("byte 1");
  QTest::newRow("cut") << std::string("{\"model_type\": \"lla") << std::string("byte 20");
  QTest::newRow("array") << std::string("[1,2]") << std::string("array");
  QTest::newRow("infinite") << std::string("{\"hidden_size\": 1e999}") << std::string("too large");
  QTest::newRow("utf8") << std::string("{\"a\": \"\xff\"}") << std::string("byte");
  QTest::newRow("deep") << std::string(200000, '[') << std::string("byte");
}

void TstModel::malformedConfigIsAnError() {
  QFETCH(std::string, json);
  QFETCH(std::string, part);
  const NamedModel named{json, {}};
  QL_THROWS(named.build("folder"), part);
  QL_THROWS(named.build("folder"), "folder/config.json");
  QL_THROWS(named.build("folder"), "copy config.json");
}

void TstModel::absurdConfigValuesAreWarnings_data() {
  QTest::addColumn<std::string>("value");
  for (const char* value : {"-1", "1e18", "\"many\"", "18446744073709551615", "[3]", "2.5", "true"}) {
    QTest::newRow(value) << std::string(value);
  }
}

void TstModel::absurdConfigValuesAreWarnings() {
  QFETCH(std::string, value);
  NamedModel named = llamaModel({2, 64, 128, 64, 64, 100});
  named.config =
      "{\"model_type\":\"llama\",\"num_hidden_layers\":" + value + ",\"text_config\":7,\"architectures\":3}";
  const Model model = named.build();
  QCOMPARE(model.blockCount, 2);
  QCOMPARE(model.warnings.size(), std::size_t{3});
}

void TstModel::hugeBlockNumbersAreNoBlocks() {
  for (const std::string number : {"2000000000", "99999999999999999999", "10000", "-1", "007"}) {
    NamedModel named = llamaModel({2, 64, 128, 64, 64, 100});
    named.add("model.layers." + number + ".self_attn.q_proj.weight", {64, 64});
    const Model model = named.build();
    QCOMPARE(model.blockCount, 2);
    NamedModel unknown;
    unknown.add("net." + number + ".a.weight", {4, 4});
    unknown.add("net.0.a.weight", {4, 4});
    unknown.add("net.1.a.weight", {4, 4});
    QCOMPARE(unknown.build().blockCount, 2);
  }
}

void TstModel::oddShapesAreOthers() {
  for (const bool isKnown : {true, false}) {
    NamedModel named = llamaModel({2, 64, 128, 64, 64, 100});
    if (!isKnown) named.config = R"({"model_type":"x"})";
    const std::size_t before = named.build().linears.size();
    const std::string block = "model.layers.0.";
    named.add(block + "a.weight", {});
    named.add(block + "b.weight", {5});
    named.add(block + "c.weight", {2, 3, 4});
    named.add(block + "d.weight", {0, 64});
    named.add(block + "e.weight", {64, 0});
    named.add(block + "f.weight", {-1, 64});
    named.add(block + "mlp.experts.gate_up_proj", {std::int64_t{1} << 60, 0, 4});
    named.add(block + "experts.g", {std::int64_t{1} << 60, 1, 1});
    named.add("", {4});
    named.add(".", {4, 4}, DType::I32);
    named.add("...weight", {1, 1, 1, 1});
    named.add(".weight", {});
    const Model model = named.build();
    QCOMPARE(model.linears.size(), before);
    QCOMPARE(model.linears.size() + model.others.size(), named.tensors.size());
  }
}

void TstModel::layerCountContradiction() {
  NamedModel named = llamaModel({3, 64, 128, 64, 64, 100});
  named.config = configOf("llama", "LlamaForCausalLM", 4, 64);
  std::erase_if(named.tensors,
                [](const TensorInfo& tensor) { return tensor.name.starts_with("model.layers.1."); });
  const Model model = named.build();
  QCOMPARE(model.warnings.size(), std::size_t{2});
  QVERIFY(model.warnings[0].find("1 of 3 blocks") != std::string::npos);
  QVERIFY(model.warnings[1].find("says 4 layers") != std::string::npos);
}

void TstModel::quantizedCheckpointIsAnnounced() {
  NamedModel named = llamaModel({2, 64, 128, 64, 64, 100});
  named.config.insert(1, R"("quantization_config":{"quant_method":"gptq"},)");
  for (TensorInfo& tensor : named.tensors) {
    if (tensor.name.find("q_proj") != std::string::npos) tensor.dtype = DType::I8;
    if (tensor.name.find("k_proj") != std::string::npos) tensor.dtype = DType::F4;
  }
  const Model model = named.build();
  QVERIFY(!model.linears[*model.find("model.layers.0.self_attn.q_proj")].isQuantizable);
  QVERIFY(!model.find("model.layers.0.self_attn.k_proj").has_value());
  QCOMPARE(model.warnings.size(), std::size_t{2});
  QVERIFY(model.warnings[1].find("gptq") != std::string::npos);
}

void TstModel::duplicateNamesAreSetAside() {
  NamedModel named = llamaModel({2, 64, 128, 64, 64, 100});
  named.add("module.model.layers.0.self_attn.q_proj.weight", {64, 64});
  named.add("model.layers.0.self_attn.q_proj", {64, 64});
  const Model model = named.build();
  QCOMPARE(model.linears.size(), std::size_t{16});
  QCOMPARE(model.warnings.size(), std::size_t{2});
}

QTEST_APPLESS_MAIN(TstModel)
#include "tst_model.moc"
