// The files each target gets, read back with a parser and a regex engine of the test's own.
#include "core/base/error.h"
#include "core/export/exporter.h"
#include "core/plan/plan_edit.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "tests/support/model_names.h"

#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include <yaml-cpp/yaml.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>

using namespace ql;
using namespace ql::test;
using Json = nlohmann::json;

namespace {

bool targetHits(const std::string& target, const std::string& name) {
  if (!target.starts_with("re:")) return target == name;
  const QRegularExpression regex(QString::fromStdString("\\A(?:" + target.substr(3) + ")"));
  return regex.match(QString::fromStdString(name)).hasMatch();
}

bool anyHits(const std::vector<std::string>& targets, const std::string& name) {
  return std::any_of(targets.begin(), targets.end(),
                     [&](const auto& target) { return targetHits(target, name); });
}

ExportResult make(const std::string& target, const QuantizationPlan& plan, const Model& model) {
  return findExporter(target).make(plan, model, {});
}

Json configOf(const ExportResult& result) {
  return Json::parse(result.files.front().content)["quantization_config"];
}

/// Plan P of the format notes: groups of 128 for q, k, v, gate, up of blocks 0-2, channels elsewhere.
QuantizationPlan planP(const Model& model, const std::string& edit = "group=128") {
  QuantizationPlan plan = newPlan(model, "f", parseSpec("w8a8"));
  std::vector<std::string> names;
  LinearFilter filter;
  filter.blocks = {{0, 2}};
  filter.roles = parseRoles("q,k,v,gate,up,qkv,gate_up,fc1");
  for (const LinearId id : selectLinears(model, filter)) names.push_back(model.linears[id].name);
  return setChoices(plan, names, [&](const Choice& choice) { return editChoice(choice, edit); }).plan;
}

bool contains(const std::vector<std::string>& texts, const std::string& part) {
  return std::any_of(texts.begin(), texts.end(),
                     [&](const auto& text) { return text.find(part) != std::string::npos; });
}

bool misses(const ExportResult& result, const std::string& layer, const std::string& feature) {
  return std::any_of(result.notExpressible.begin(), result.notExpressible.end(),
                     [&](const NotExpressible& item) {
                       return item.layer == layer && item.feature.find(feature) != std::string::npos;
                     });
}

}  // namespace

class TstTargets : public QObject {
  Q_OBJECT
 private slots:
  void planPAsCompressedTensors();
  void argumentsHaveExactlyTheFormatsKeys();
  void everyLinearIsHitOnce_data();
  void everyLinearIsHitOnce();
  void planPAsRecipe();
  void recipeWithSmoothingAndGptq();
  void whatCannotBeExpressedIsListed();
  void loaderWarningsFollowThePlan();
  void tiedHeadIsIgnored();
  void similarNamesElsewhereAreNotHit();
  void csvHasOneLineALinear();
  void quantloupeIsThePlan();
  void writingIsAllOrNothing();
  void writingIntoFolders();
  void unknownTargetAndOption();
  void emptyPlanSaysSo();
};

void TstTargets::planPAsCompressedTensors() {
  const Model model = llamaModel().build();
  const ExportResult result = make("compressed-tensors", planP(model), model);
  QVERIFY(result.notExpressible.empty());
  const Json config = configOf(result);
  QCOMPARE(config["format"].get<std::string>(), std::string("mixed-precision"));
  QCOMPARE(config["quantization_status"].get<std::string>(), std::string("initialized"));
  QVERIFY(config["ignore"] == Json::array({"lm_head"}));
  const Json& groups = config["config_groups"];
  QCOMPARE(groups.size(), std::size_t{2});
  QCOMPARE(groups["group_0"]["format"].get<std::string>(), std::string("pack-quantized"));
  QCOMPARE(groups["group_1"]["format"].get<std::string>(), std::string("int-quantized"));
  QCOMPARE(groups["group_0"]["weights"]["group_size"].get<int>(), 128);
  const auto targets = groups["group_0"]["targets"].get<std::vector<std::string>>();
  QCOMPARE(targets.size(), std::size_t{1});
  // Servers ask for the fused names.
  QVERIFY(anyHits(targets, "model.layers.1.self_attn.qkv_proj"));
  QVERIFY(anyHits(targets, "model.layers.2.mlp.gate_up_proj"));
  QVERIFY(!anyHits(targets, "model.layers.12.mlp.gate_up_proj"));
  const auto others = groups["group_1"]["targets"].get<std::vector<std::string>>();
  QVERIFY(anyHits(others, "model.layers.12.mlp.gate_up_proj"));
  QVERIFY(!anyHits(others, "model.layers.2.mlp.gate_up_proj"));
}

void TstTargets::argumentsHaveExactlyTheFormatsKeys() {
  std::ifstream file(dataFile("export/compressed_tensors_config.json"));
  const Json example = Json::parse(file)["quantization_config"];
  const Model model = llamaModel(kLlama3_8b).build();
  const Json ours = configOf(make("compressed-tensors", planP(model), model));
  const auto keys = [](const Json& object) {
    std::set<std::string> names;
    for (const auto& [key, value] : object.items()) names.insert(key);
    return names;
  };
  QVERIFY(keys(ours) == keys(example));
  for (const char* group : {"group_0", "group_1"}) {
    const Json& a = ours["config_groups"][group];
    const Json& b = example["config_groups"][group];
    QVERIFY(keys(a) == keys(b));
    QVERIFY(a["weights"] == b["weights"]);
    QVERIFY(a["input_activations"] == b["input_activations"]);
    QVERIFY(a["format"] == b["format"]);
    // The example's patterns and ours must sort every linear into the same group.
    for (const Linear& linear : model.linears) {
      const bool isTheirs = anyHits(b["targets"].get<std::vector<std::string>>(), linear.name);
      QCOMPARE(anyHits(a["targets"].get<std::vector<std::string>>(), linear.name), isTheirs);
    }
  }
}

void TstTargets::everyLinearIsHitOnce_data() {
  QTest::addColumn<int>("family");
  const char* names[] = {"llama",     "qwen2", "qwen3", "mixtral",   "qwen2_moe",
                         "qwen3_moe", "phi3",  "gpt2",  "gpt2 bare", "opt"};
  for (int i = 0; i < 10; ++i) QTest::newRow(names[i]) << i;
}

void TstTargets::everyLinearIsHitOnce() {
  QFETCH(int, family);
  const NamedModel lists[] = {llamaModel(kLlama3_8b),
                              llamaModel(kQwen2_7b, "qwen2", "Qwen2ForCausalLM"),
                              llamaModel(kQwen3_8b, "qwen3", "Qwen3ForCausalLM"),
                              mixtralModel({12, 4096, 14336, 4096, 1024, 32000}),
                              qwenMoeModel(true),
                              qwenMoeModel(false),
                              phi3Model(),
                              gpt2Model("transformer."),
                              gpt2Model(""),
                              optModel("model.")};
  const Model model = lists[family].build();
  const QuantizationPlan plan = planP(model, "group=64");
  const Json config = configOf(make("compressed-tensors", plan, model));
  const auto ignore = config["ignore"].get<std::vector<std::string>>();
  for (const Linear& linear : model.linears) {
    const Choice choice = plan.choiceFor(linear.name);
    int hits = 0;
    for (const Json& group : config["config_groups"]) {
      if (!anyHits(group["targets"].get<std::vector<std::string>>(), linear.name)) continue;
      ++hits;
      const bool isGrouped = choice.weight->granularity == Granularity::Group;
      QCOMPARE(group["weights"]["strategy"].get<std::string>(), std::string(isGrouped ? "group" : "channel"));
    }
    QCOMPARE(hits, linear.isQuantizable ? 1 : 0);
    const bool isEmbedding = linear.role == TensorRole::Embedding || linear.role == TensorRole::Position;
    QCOMPARE(anyHits(ignore, linear.name), !linear.isQuantizable && !isEmbedding);
  }
  for (const Json& group : config["config_groups"]) {
    for (const Json& target : group["targets"]) QVERIFY(target.get<std::string>().ends_with('$'));
  }
}

void TstTargets::planPAsRecipe() {
  const Model model = llamaModel().build();
  const ExportResult result = make("llm-compressor", planP(model), model);
  const std::string& text = result.files.front().content;
  QVERIFY(text.find("'re:.*layers\\.[0-2]\\.") != std::string::npos);
  const YAML::Node recipe = YAML::Load(text);
  QCOMPARE(recipe.size(), std::size_t{1});
  const YAML::Node stage = recipe["quant_stage"];
  QCOMPARE(stage.size(), std::size_t{1});
  const YAML::Node modifier = stage["quant_modifiers"]["QuantizationModifier"];
  QVERIFY(modifier.IsMap());
  QCOMPARE(modifier["ignore"][0].as<std::string>(), std::string("lm_head"));
  const YAML::Node group = modifier["config_groups"]["group_0"];
  QCOMPARE(group["weights"]["strategy"].as<std::string>(), std::string("group"));
  QCOMPARE(group["weights"]["group_size"].as<int>(), 128);
  QCOMPARE(group["weights"]["num_bits"].as<int>(), 8);
  QVERIFY(group["input_activations"]["dynamic"].as<bool>());
  QCOMPARE(group["format"].as<std::string>(), std::string("pack-quantized"));
  const auto targets = modifier["config_groups"]["group_1"]["targets"].as<std::vector<std::string>>();
  QVERIFY(anyHits(targets, "model.layers.79.mlp.down_proj"));
}

void TstTargets::recipeWithSmoothingAndGptq() {
  const Model model = llamaModel(kLlama2_7b).build();
  QuantizationPlan plan = planP(model);
  for (const SmoothingGroup& group : model.smoothingGroups) {
    if (!group.producer.ends_with("layernorm")) continue;
    PlanSmoothing entry;
    entry.producer = group.producer;
    for (const LinearId id : group.consumers) entry.consumers.push_back(model.linears[id].name);
    entry.method = "smoothquant";
    entry.alpha = group.producer.starts_with("model.layers.3.") ? 0.75 : 0.5;
    plan.smoothing.push_back(entry);
  }
  plan.smoothing.push_back(
      {"model.layers.1.mlp.up_proj", {"model.layers.1.mlp.down_proj"}, "bismooth", "median", 0.5, {}, ""});
  plan = setChoices(plan, {"model.layers.7.mlp.down_proj"}, [](const Choice& choice) {
           return editChoice(choice, "algorithm=gptq");
         }).plan;
  const ExportResult result = make("llm-compressor", plan, model);
  QVERIFY(misses(result, "model.layers.1.mlp.up_proj", "bismooth"));
  QCOMPARE(result.notExpressible.size(), std::size_t{1});
  const YAML::Node stage = YAML::Load(result.files.front().content)["quant_stage"];
  int smooth = 0, quant = 0;
  for (const auto& entry : stage) {
    const auto key = entry.first.as<std::string>();
    QVERIFY(key.ends_with("_modifiers"));
    QCOMPARE(entry.second.size(), std::size_t{1});
    smooth += entry.second["SmoothQuantModifier"].IsDefined();
    quant += entry.second["QuantizationModifier"].IsDefined() + entry.second["GPTQModifier"].IsDefined();
  }
  QCOMPARE(smooth, 2);
  QCOMPARE(quant, 2);
  const YAML::Node mappings = stage["smooth_1_modifiers"]["SmoothQuantModifier"]["mappings"];
  QCOMPARE(stage["smooth_1_modifiers"]["SmoothQuantModifier"]["smoothing_strength"].as<double>(), 0.5);
  QCOMPARE(mappings.size(), std::size_t{2});
  for (const auto& mapping : mappings) {
    QCOMPARE(mapping.size(), std::size_t{2});
    const auto smoothLayer = mapping[1].as<std::string>();
    QVERIFY(targetHits(smoothLayer, mapping[0].size() == 3 ? "model.layers.13.input_layernorm"
                                                           : "model.layers.13.post_attention_layernorm"));
    QVERIFY(!targetHits(smoothLayer, "model.layers.3.input_layernorm"));
  }
  QVERIFY(stage["quant_2_modifiers"]["GPTQModifier"]["dampening_frac"].as<double>() == 0.01);
  QVERIFY(contains(result.loaderWarnings, "SmoothQuantModifier measures"));
  QVERIFY(contains(result.loaderWarnings, "GPTQ needs calibration"));
}

void TstTargets::whatCannotBeExpressedIsListed() {
  const Model model = llamaModel(kLlama3_8b).build();
  QuantizationPlan plan = newPlan(model, "f", parseSpec("w8a8"));
  const auto set = [&](const std::string& name, const std::string& edit) {
    plan = setChoices(plan, {name}, [&](const Choice& choice) { return editChoice(choice, edit); }).plan;
  };
  set("model.layers.0.mlp.up_proj", "input_channel");
  set("model.layers.1.mlp.up_proj", "group_in_channel=32");
  set("model.layers.2.mlp.up_proj", "group=100");
  set("model.layers.3.mlp.up_proj", "nf4");
  set("model.layers.4.mlp.up_proj", "clip=percentile");
  set("model.layers.5.mlp.up_proj", "algorithm=awq");
  plan.ignore.erase("model.embed_tokens");
  plan.rotations = R"([{"kind":"hadamard"}])";
  const ExportResult result = make("compressed-tensors", plan, model);
  QVERIFY(misses(result, "model.layers.0.mlp.up_proj", "per input channel"));
  QVERIFY(misses(result, "model.layers.1.mlp.up_proj", "output channels"));
  QVERIFY(misses(result, "model.layers.2.mlp.up_proj", "do not divide 4096"));
  QVERIFY(misses(result, "model.layers.3.mlp.up_proj", "nf4"));
  QVERIFY(misses(result, "model.layers.4.mlp.up_proj", "percentile"));
  QVERIFY(misses(result, "model.layers.5.mlp.up_proj", "awq"));
  QVERIFY(misses(result, "model.embed_tokens", "embedding"));
  QVERIFY(misses(result, "", "rotations"));
  QCOMPARE(result.notExpressible.size(), std::size_t{8});
  const auto ignore = configOf(result)["ignore"].get<std::vector<std::string>>();
  QVERIFY(anyHits(ignore, "model.layers.0.mlp.up_proj"));
  QVERIFY(!anyHits(ignore, "model.layers.4.mlp.up_proj"));
  QVERIFY(misses(make("llm-compressor", plan, model), "model.layers.5.mlp.up_proj", "awq"));
}

void TstTargets::loaderWarningsFollowThePlan() {
  const Model model = llamaModel(kLlama3_8b).build();
  const QuantizationPlan uniform = newPlan(model, "f", parseSpec("w8a8"));
  std::vector<std::string> warnings = make("compressed-tensors", uniform, model).loaderWarnings;
  QCOMPARE(warnings.size(), std::size_t{1});
  QVERIFY(contains(warnings, "TensorRT-LLM misreads"));
  warnings = make("compressed-tensors", planP(model), model).loaderWarnings;
  QVERIFY(contains(warnings, "Humming"));
  QVERIFY(contains(warnings, "SGLang refuses weight groups"));
  QVERIFY(contains(warnings, "SGLang reads one global format"));
  warnings = make("compressed-tensors", planP(model, "group=16"), model).loaderWarnings;
  QVERIFY(contains(warnings, "groups of 16"));
  const QuantizationPlan split =
      setChoices(uniform, {"model.layers.0.self_attn.q_proj"}, [](const Choice& choice) {
        return editChoice(choice, "group=128,flavour=gptq");
      }).plan;
  warnings = make("llm-compressor", split, model).loaderWarnings;
  QVERIFY(contains(warnings, "model.layers.0.self_attn.qkv_proj"));
  QVERIFY(contains(warnings, "127.5"));
  const QuantizationPlan weightsOnly = newPlan(model, "f", parseSpec("w4a16:group=128"));
  QVERIFY(make("compressed-tensors", weightsOnly, model).loaderWarnings.empty());
  const QuantizationPlan isStatic = newPlan(model, "f", parseSpec("w8a8:act=tensor,static"));
  QVERIFY(contains(make("compressed-tensors", isStatic, model).loaderWarnings, "static activation scales"));
  QVERIFY(contains(
      make("compressed-tensors", newPlan(gpt2Model("").build(), "", parseSpec("w8a8")), model).loaderWarnings,
      "another model"));
}

void TstTargets::tiedHeadIsIgnored() {
  NamedModel named = llamaModel({4, 64, 128, 64, 64, 100});
  std::erase_if(named.tensors, [](const TensorInfo& tensor) { return tensor.name == "lm_head.weight"; });
  const Model model = named.build();
  const Json config = configOf(make("compressed-tensors", newPlan(model, "", parseSpec("w8a8")), model));
  QVERIFY(config["ignore"] == Json::array({"lm_head"}));
  QCOMPARE(config["format"].get<std::string>(), std::string("int-quantized"));
}

void TstTargets::similarNamesElsewhereAreNotHit() {
  NamedModel named = llamaModel({4, 64, 128, 64, 64, 100});
  for (TensorInfo& tensor : named.tensors) tensor.name = "language_model." + tensor.name;
  for (int i = 0; i < 4; ++i) {
    named.add("vision_tower.encoder.layers." + std::to_string(i) + ".self_attn.q_proj.weight", {32, 32});
  }
  const Model model = named.build();
  QCOMPARE(model.family, std::string("llama"));
  const Json config = configOf(make("compressed-tensors", newPlan(model, "", parseSpec("w8a8")), model));
  const auto targets = config["config_groups"]["group_0"]["targets"].get<std::vector<std::string>>();
  QVERIFY(anyHits(targets, "language_model.model.layers.1.self_attn.q_proj"));
  QVERIFY(!anyHits(targets, "vision_tower.encoder.layers.1.self_attn.q_proj"));
  QVERIFY(anyHits(config["ignore"].get<std::vector<std::string>>(),
                  "vision_tower.encoder.layers.1.self_attn.q_proj"));
}

void TstTargets::csvHasOneLineALinear() {
  const Model model = llamaModel({4, 64, 128, 64, 64, 100}).build();
  const std::string text = make("csv", planP(model, "group=32"), model).files.front().content;
  const QStringList lines = QString::fromStdString(text).split("\r\n");
  QCOMPARE(lines.size(), static_cast<qsizetype>(model.linears.size() + 2));
  for (const QString& line : lines) QVERIFY(line.isEmpty() || line.count(',') == lines[0].count(','));
  // int8 in groups of 32 with 32-bit scales: 8 + 32/32 = 9 bits; 64 x 64 weights are 4608 bytes.
  QVERIFY(lines[2].startsWith(
      "model.layers.0.self_attn.q_proj,0,q,,64,64,no,no,int8,group,32,,yes,compressed-tensors"));
  QVERIFY(lines[2].endsWith(",9,8192,4608"));
}

void TstTargets::quantloupeIsThePlan() {
  const Model model = llamaModel({4, 64, 128, 64, 64, 100}).build();
  const QuantizationPlan plan = planP(model, "group=32");
  QVERIFY(parsePlan(make("quantloupe", plan, model).files.front().content, "x") == plan);
}

void TstTargets::writingIsAllOrNothing() {
  QTemporaryDir folder;
  const std::filesystem::path path = std::filesystem::path(folder.path().toStdString()) / "recipe.yaml";
  const ExportResult result{{{"recipe.yaml", "x"}}, {{"layer 7", "nf4", "stays"}}, {}};
  QL_THROWS(writeExport(result, path, false), "layer 7: nf4");
  QVERIFY(!std::filesystem::exists(path));
  QCOMPARE(writeExport(result, path, true).front(), path);
  QVERIFY(std::filesystem::exists(path));
}

void TstTargets::writingIntoFolders() {
  QTemporaryDir folder;
  const std::filesystem::path root = folder.path().toStdString();
  const ExportResult result{{{"a.txt", "x"}, {"b.txt", "y"}}, {}, {}};
  QL_THROWS(writeExport(result, root / "file.txt", false), "give a folder");
  QCOMPARE(writeExport(result, root / "new" / "", false).size(), std::size_t{2});
  QVERIFY(std::filesystem::exists(root / "new" / "b.txt"));
  QCOMPARE(writeExport({{{"c.txt", "x"}}, {}, {}}, root, false).front(), root / "c.txt");
  QL_THROWS(writeExport({{{"c.txt", "x"}}, {}, {}}, root / "c.txt" / "deep" / "", false),
            "cannot make the folder");
}

void TstTargets::unknownTargetAndOption() {
  QL_THROWS(findExporter("gguf"), "llm-compressor");
  const Model model = llamaModel({2, 64, 128, 64, 64, 100}).build();
  for (const Exporter* exporter : exporters()) {
    QL_THROWS(exporter->make(newPlan(model, "", {}), model, {{"nonsense", true}}), "nonsense");
  }
}

void TstTargets::emptyPlanSaysSo() {
  const Model model = llamaModel({2, 64, 128, 64, 64, 100}).build();
  for (const char* target : {"compressed-tensors", "llm-compressor"}) {
    const ExportResult result = make(target, newPlan(model, "", {}), model);
    QVERIFY(result.notExpressible.empty());
    QVERIFY(contains(result.loaderWarnings, "quantizes nothing"));
  }
}

QTEST_APPLESS_MAIN(TstTargets)
#include "tst_targets.moc"
