// Plan files: round trips, the schema, unknown keys, and damaged files.
#include "core/base/error.h"
#include "core/plan/plan.h"
#include "core/plan/plan_edit.h"
#include "tests/core/plan/random_plan.h"
#include "tests/support/compare.h"
#include "tests/support/json_schema.h"
#include "tests/support/model_names.h"

#include <QTemporaryDir>
#include <QTest>

#include <nlohmann/json.hpp>

#include <fstream>

using namespace ql;
using namespace ql::test;
using Json = nlohmann::json;

namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t place = text.find(from);
  if (place == std::string::npos) qFatal("'%s' is not in the plan", from.c_str());
  return text.replace(place, from.size(), to);
}

std::string smallPlan() {
  QuantizationPlan plan;
  plan.defaultChoice = parseSpec("w8a8");
  plan.layers["a.b"] = parseSpec("w4a16:group=128");
  plan.ignore = {"lm_head"};
  plan.smoothing.push_back({"norm", {"a.b"}, "smoothquant", "max", 0.5, std::nullopt, ""});
  return planJson(plan);
}

}  // namespace

class TstPlan : public QObject {
  Q_OBJECT
 private slots:
  void randomPlansRoundTripToTheByte();
  void randomPlansFitTheSchema();
  void schemaKnowsEveryWord();
  void unknownKeysAreKeptEverywhere();
  void damagedPlansSayWhereAndWhat_data();
  void damagedPlansSayWhereAndWhat();
  void formatsOfLaterVersionsAreAccepted();
  void missingOptionsGetDefaults();
  void newPlanIgnoresHeadEmbeddingRouter();
  void precedenceIsIgnoreThenLayerThenDefault();
  void filesAreSavedAndLoaded();
  void namesThatAreNotUtf8DoNotStopSaving();
  void smoothingVariantsAreOptionalKeys();
};

void TstPlan::randomPlansRoundTripToTheByte() {
  std::mt19937 random(7);
  for (int i = 0; i < 300; ++i) {
    const QuantizationPlan plan = randomPlan(random);
    const std::string text = planJson(plan);
    const QuantizationPlan back = parsePlan(text, "random");
    QVERIFY2(back == plan, text.c_str());
    QCOMPARE(planJson(back), text);
  }
}

void TstPlan::randomPlansFitTheSchema() {
  const std::string schema = schemaFile("plan.schema.json");
  QVERIFY(!schema.empty());
  std::mt19937 random(8);
  for (int i = 0; i < 50; ++i) {
    const std::vector<std::string> errors = schemaErrors(schema, planJson(randomPlan(random)));
    QVERIFY2(errors.empty(), errors.empty() ? "" : errors.front().c_str());
  }
  QVERIFY(!schemaErrors(schema, replaced(smallPlan(), "\"int8\"", "\"int9\"")).empty());
  QVERIFY(!schemaErrors(schema, replaced(smallPlan(), "\"version\": 1", "\"version\": 2")).empty());
  QVERIFY(!schemaErrors(schema, replaced(smallPlan(), "\"alpha\":0.5", "\"alpha\":1.5")).empty());
  QVERIFY(!schemaErrors(schema, replaced(smallPlan(), "\"group_size\":128", "\"group_size\":0")).empty());
}

void TstPlan::schemaKnowsEveryWord() {
  const Json schema = Json::parse(schemaFile("plan.schema.json"));
  const Json& weight = schema["$defs"]["weight_scheme"]["properties"];
  std::vector<std::string> formats;
  for (const NumberFormatInfo& format : numberFormats()) formats.emplace_back(format.name);
  QVERIFY(weight["format"]["enum"] == Json(formats));
  QVERIFY(weight["flavour"]["enum"] == Json(flavourNames()));
  QVERIFY(weight["clip"]["properties"]["name"]["enum"] == Json(clipNames()));
  QVERIFY(weight["algorithm"]["properties"]["name"]["enum"] == Json(algorithmNames()));
}

void TstPlan::unknownKeysAreKeptEverywhere() {
  Json json = Json::parse(smallPlan());
  json["new_top"] = {{"deep", {1, 2, nullptr}}};
  json["model"]["new_in_model"] = 1;
  json["default"]["new_in_choice"] = "x";
  json["default"]["weight"]["new_in_weight"] = true;
  json["default"]["activation"]["new_in_activation"] = 2.5;
  json["layers"]["a.b"]["weight"]["clip"]["new_in_clip"] = Json::array();
  json["layers"]["a/~b"] = json["layers"]["a.b"];
  json["smoothing"][0]["new_in_smoothing"] = {{"a", 1}};
  const QuantizationPlan plan = parsePlan(json.dump(), "x");
  QVERIFY(Json::parse(planJson(plan)) == json);
  QVERIFY(parsePlan(planJson(plan), "x") == plan);
}

void TstPlan::damagedPlansSayWhereAndWhat_data() {
  QTest::addColumn<std::string>("text");
  QTest::addColumn<std::string>("part");
  const std::string good = smallPlan();
  const auto row = [&](const char* name, const std::string& from, const std::string& to,
                       const std::string& part) { QTest::newRow(name) << replaced(good, from, to) << part; };
  QTest::newRow("empty") << std::string() << std::string("not valid JSON at byte 1");
  QTest::newRow("cut") << good.substr(0, good.size() / 2) << std::string("not valid JSON at byte");
  QTest::newRow("html") << std::string("<html>") << std::string("byte 1");
  QTest::newRow("list") << std::string("[]") << std::string("is array");
  QTest::newRow("deep") << std::string(1000, '[') << std::string("nested deeper");
  QTest::newRow("number") << std::string("{\"format\": 1e999}") << std::string("too large");
  QTest::newRow("other file") << std::string("{\"model_type\": \"llama\"}")
                              << std::string("format is missing");
  row("foreign", "quantloupe-plan", "other", "format is \"other\"");
  row("newer", "\"version\": 1", "\"version\": 2", "update QuantLoupe");
  row("fraction", "\"version\": 1", "\"version\": 1.5", "version is 1.5");
  row("twice", "\"version\": 1", "\"version\": 1, \"version\": 1", "\"version\" appears twice");
  row("word", "\"format\":\"int4\"", "\"format\":\"int9\"", "layers[\"a.b\"] contradicts itself");
  row("missing", "\"weight\":", "\"weigth\":", "default.weight is missing");
  row("type", "\"group_size\":128", "\"group_size\":\"128\"", "layers[\"a.b\"].weight.group_size is \"128\"");
  row("zero", "\"group_size\":128", "\"group_size\":0", "whole number from 1");
  row("huge", "\"group_size\":128", "\"group_size\":18446744073709551615",
      "group_size is 18446744073709551615");
  row("no size", "\"group_size\":128", "\"group_size\":null", "needs a group_size");
  row("granularity", "\"granularity\":\"group\"", "\"granularity\":\"row\"", "granularity is \"row\"");
  row("alpha", "\"alpha\":0.5", "\"alpha\":7", "smoothing[0].alpha");
  row("formula", "\"alpha\":0.5", "\"alpha\":0.5,\"formula\":\"mine\"", "smoothing[0].formula is \"mine\"");
  row("data-free", "\"alpha\":0.5", "\"alpha\":0.5,\"data_free\":true", "smoothing[0].data_free");
  row("pow2", "\"alpha\":0.5", "\"alpha\":0.5,\"pow2\":1", "smoothing[0].pow2 is number");
  row("method", "smoothquant", "magic", "smoothing[0].method is \"magic\"");
  row("consumers", "[\"a.b\"]", "[]", "consumers is empty");
  row("ignore", "\"lm_head\"", "7", "ignore[0] is number");
  row("block", "\"block\":null", "\"block\":[1]", "[rows, columns]");
  row("kv", "\"kv_cache\": null", "\"kv_cache\": 3", "kv_cache is number");
  row("layers", "\"layers\": {", "\"layers\": [], \"x\": {", "layers is array");
}

void TstPlan::damagedPlansSayWhereAndWhat() {
  QFETCH(std::string, text);
  QFETCH(std::string, part);
  QL_THROWS(parsePlan(text, "my.qlplan.json"), part);
  QL_THROWS(parsePlan(text, "my.qlplan.json"), "my.qlplan.json: ");
  // The last part of every sentence says what to write instead.
  if (part != "needs a group_size") QL_THROWS(parsePlan(text, "my.qlplan.json"), "; ");
}

void TstPlan::formatsOfLaterVersionsAreAccepted() {
  for (const NumberFormatInfo& format : numberFormats()) {
    const std::string text =
        replaced(smallPlan(), "\"format\":\"int8\"", "\"format\":\"" + std::string(format.name) + "\"");
    QCOMPARE(parsePlan(text, "x").defaultChoice.weight->format, std::string(format.name));
  }
}

void TstPlan::missingOptionsGetDefaults() {
  const std::string text =
      replaced(smallPlan(), R"({"name":"rtn","options":{}})", R"({"name":"gptq","options":{"damp":1}})");
  const MethodChoice algorithm = parsePlan(text, "x").defaultChoice.weight->algorithm;
  QVERIFY(algorithm.options.at("damp") == OptionValue(1.0));
  QVERIFY(algorithm.options.at("block_size") == OptionValue(std::int64_t{128}));
  QL_THROWS(parsePlan(replaced(text, "\"damp\":1", "\"damp\":7"), "x"),
            "default.weight.algorithm has a wrong option");
}

void TstPlan::newPlanIgnoresHeadEmbeddingRouter() {
  const Model model = mixtralModel({2, 64, 128, 64, 64, 100}).build("m");
  const QuantizationPlan plan = newPlan(model, "abc", parseSpec("w8a8"));
  const std::set<std::string> expected = {"lm_head", "model.embed_tokens",
                                          "model.layers.0.block_sparse_moe.gate",
                                          "model.layers.1.block_sparse_moe.gate"};
  QVERIFY(plan.ignore == expected);
  QVERIFY(plan.layers.empty());
  QCOMPARE(plan.model.fingerprint, std::string("abc"));
}

void TstPlan::precedenceIsIgnoreThenLayerThenDefault() {
  QuantizationPlan plan = parsePlan(smallPlan(), "x");
  QVERIFY(plan.choiceFor("other") == parseSpec("w8a8"));
  QVERIFY(plan.choiceFor("a.b") == parseSpec("w4a16:group=128"));
  plan.ignore.insert("a.b");
  QVERIFY(plan.choiceFor("a.b") == Choice{});
}

void TstPlan::filesAreSavedAndLoaded() {
  QTemporaryDir folder;
  const std::filesystem::path path =
      std::filesystem::path(folder.path().toStdString()) / "plän 計画.qlplan.json";
  const QuantizationPlan plan = parsePlan(smallPlan(), "x");
  savePlan(plan, path);
  QVERIFY(loadPlan(path) == plan);
  QL_THROWS(loadPlan(path.parent_path() / "none.json"), "none.json");
  QL_THROWS(savePlan(plan, path / "inside.json"), "inside.json");
  QL_THROWS(parsePlan(std::string(kMaxPlanBytes + 1, ' '), "big"), "larger than any plan");
}

void TstPlan::namesThatAreNotUtf8DoNotStopSaving() {
  QuantizationPlan plan = parsePlan(smallPlan(), "x");
  plan.model.name = "caf\xe9";
  QVERIFY(parsePlan(planJson(plan), "x").model.name.starts_with("caf"));
}

/// Plans of before these keys were known read and write as they did.
void TstPlan::smoothingVariantsAreOptionalKeys() {
  const std::string text = smallPlan();
  for (const char* key : {"formula", "data_free", "pow2"}) QVERIFY(text.find(key) == std::string::npos);
  const PlanSmoothing plain = parsePlan(text, "test").smoothing.front();
  QVERIFY(plain.formula.empty() && !plain.dataFree && !plain.powersOfTwo);
  const auto with = [&](const std::string& keys) {
    return parsePlan(replaced(text, "\"alpha\":0.5", "\"alpha\":0.5," + keys), "test");
  };
  QCOMPARE(with("\"formula\":\"llm-compressor\"").smoothing.front().formula, std::string("llm-compressor"));
  QVERIFY(with("\"pow2\":true").smoothing.front().powersOfTwo);
  // what says the same as nothing is not written
  QCOMPARE(planJson(with("\"formula\":\"official\",\"pow2\":false")), text);
  QCOMPARE(planJson(with("\"formula\":null")), text);
  QuantizationPlan plan = parsePlan(text, "test");
  plan.smoothing.front() = {"norm", {"a.b"}, "bismooth", "median", 0.25, std::nullopt, ""};
  plan.smoothing.front().dataFree = plan.smoothing.front().powersOfTwo = true;
  QVERIFY(parsePlan(planJson(plan), "test") == plan);
  QVERIFY(schemaErrors(schemaFile("plan.schema.json"), planJson(plan)).empty());
  const auto differences = diffPlans(parsePlan(text, "test"), plan);
  QCOMPARE(differences.size(), std::size_t{1});
  QVERIFY(differences.front().after.find("data-free, powers of two") != std::string::npos);
}

QTEST_APPLESS_MAIN(TstPlan)
#include "tst_plan.moc"
