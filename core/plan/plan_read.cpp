// A plan from text. The file may come from anywhere: every type, word and number is checked.
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/plan/choice_json.h"
#include "core/plan/plan.h"

#include <nlohmann/json.hpp>

namespace ql {
namespace {

using Json = nlohmann::json;

class PlanReader {
 public:
  PlanReader(const Json& value, const std::string& file)
      : m_fields(value, PlanPlace{file, "", "", &m_plan.unknownInside}) {}

  QuantizationPlan run() {
    checkHeader();
    readModel();
    m_plan.defaultChoice =
        choiceFromJson(m_fields.need("default", "the choice for all linears"), at("default"));
    readLayers();
    for (std::string& name : m_fields.names("ignore")) m_plan.ignore.insert(std::move(name));
    for (std::string& name : m_fields.names("locks")) m_plan.locks.insert(std::move(name));
    readSmoothing();
    readPoints();
    if (const Json* cache = m_fields.find("kv_cache"); cache != nullptr && !cache->is_null()) {
      m_plan.kvCache = actSchemeFromJson(*cache, at("kv_cache"));
    }
    m_plan.rotations = keptText("rotations", Json::value_t::array, m_plan.rotations, "a list []");
    m_plan.evidence = keptText("evidence", Json::value_t::object, m_plan.evidence, "an object {}");
    const std::string rest = m_fields.leftOver();
    if (!rest.empty()) m_plan.unknown = rest;
    return std::move(m_plan);
  }

 private:
  PlanPlace at(const char* key) const { return m_fields.place().key(key); }

  void checkHeader() {
    const std::string format = m_fields.text("format", "\"quantloupe-plan\"");
    if (format != "quantloupe-plan") {
      at("format").fail("is " + quotedText(format) +
                        "; this is no plan, open a file that says \"quantloupe-plan\"");
    }
    const std::optional<std::int64_t> version = m_fields.wholeNumber("version", 1);
    if (!version) at("version").fail("is missing; write 1");
    if (*version != 1) {
      at("version").fail("is " + std::to_string(*version) +
                         " but this program knows version 1; update QuantLoupe");
    }
  }

  void readModel() {
    const Json* value = m_fields.find("model");
    if (value == nullptr || value->is_null()) return;
    JsonFields model(*value, at("model"));
    m_plan.model.name = optionalText(model, "name");
    m_plan.model.architecture = optionalText(model, "architecture");
    m_plan.model.fingerprint = optionalText(model, "fingerprint");
    model.keepLeftOver();
  }

  static std::string optionalText(JsonFields& fields, const char* key) {
    const Json* value = fields.find(key);
    return value == nullptr || value->is_null() ? "" : fields.text(key, "a text");
  }

  /// An object keyed by names, or nothing.
  const Json* namedObject(const char* key) {
    const Json* value = m_fields.find(key);
    if (value == nullptr || value->is_null()) return nullptr;
    if (!value->is_object())
      at(key).fail("is " + std::string(value->type_name()) + "; write an object in braces {}");
    return value;
  }

  void readLayers() {
    const Json* layers = namedObject("layers");
    if (layers == nullptr) return;
    for (const auto& [name, value] : layers->items()) {
      m_plan.layers.emplace(name, choiceFromJson(value, at("layers").entry(name)));
    }
  }

  void readPoints() {
    const Json* points = namedObject("points");
    if (points == nullptr) return;
    for (const auto& [name, value] : points->items()) {
      m_plan.points.emplace(name, actSchemeFromJson(value, at("points").entry(name)));
    }
  }

  void readSmoothing() {
    const Json* list = m_fields.find("smoothing");
    if (list == nullptr || list->is_null()) return;
    if (!list->is_array()) at("smoothing").fail("is " + std::string(list->type_name()) + "; write a list []");
    for (std::size_t i = 0; i < list->size(); ++i) {
      m_plan.smoothing.push_back(smoothingEntry((*list)[i], at("smoothing").item(i)));
    }
  }

  static PlanSmoothing smoothingEntry(const Json& value, const PlanPlace& place) {
    JsonFields fields(value, place);
    PlanSmoothing entry;
    entry.producer = fields.text("producer", "the module whose output is smoothed");
    entry.consumers = fields.names("consumers");
    if (entry.consumers.empty())
      place.key("consumers").fail("is empty; name every linear that reads the producer");
    entry.method = fields.text("method", "\"smoothquant\", \"bismooth\" or \"awq\"");
    if (entry.method != "smoothquant" && entry.method != "bismooth" && entry.method != "awq") {
      place.key("method").fail("is " + quotedText(entry.method) +
                               "; write \"smoothquant\", \"bismooth\" or \"awq\"");
    }
    readStatistic(fields, place, entry);
    entry.alpha = fields.number("alpha").value_or(entry.alpha);
    if (entry.alpha < 0 || entry.alpha > 1) place.key("alpha").fail("is outside 0 to 1; 0.5 is usual");
    if (const Json* scales = fields.find("scales"); scales != nullptr && !scales->is_null()) {
      entry.scales = fields.text("scales", "\"file.safetensors#name\", or null");
    }
    readVariant(fields, place, entry);
    entry.unknown = fields.leftOver();
    return entry;
  }

  static void readStatistic(JsonFields& fields, const PlanPlace& place, PlanSmoothing& entry) {
    const bool isAwq = entry.method == "awq";
    const std::string words = isAwq ? "\"mean\"" : "\"max\" or \"median\"";
    if (isAwq) entry.statistic = "mean";
    if (fields.find("statistic") != nullptr) entry.statistic = fields.text("statistic", words);
    const std::string& word = entry.statistic;
    if (isAwq ? word != "mean" : word != "max" && word != "median")
      place.key("statistic").fail("is " + quotedText(word) + "; write " + words);
  }

  /// Keys that plans of before they were known do not have.
  static void readVariant(JsonFields& fields, const PlanPlace& place, PlanSmoothing& entry) {
    if (const Json* formula = fields.find("formula"); formula != nullptr && !formula->is_null()) {
      entry.formula = fields.text("formula", "\"official\" or \"llm-compressor\"");
      if (entry.formula != "official" && entry.formula != "llm-compressor") {
        place.key("formula").fail("is " + quotedText(entry.formula) +
                                  "; write \"official\" or \"llm-compressor\"");
      }
      if (entry.method != "smoothquant" && entry.formula != "official")
        place.key("formula").fail("is one of \"smoothquant\"; remove it or change the method");
      if (entry.formula == "official") entry.formula.clear();
    }
    if (fields.find("data_free") != nullptr) entry.dataFree = fields.flag("data_free");
    if (entry.dataFree && entry.method != "bismooth")
      place.key("data_free").fail("is one of \"bismooth\"; remove it or change the method");
    if (fields.find("pow2") != nullptr) entry.powersOfTwo = fields.flag("pow2");
  }

  std::string keptText(const char* key, Json::value_t type, const std::string& fallback,
                       const char* expected) {
    const Json* value = m_fields.find(key);
    if (value == nullptr || value->is_null()) return fallback;
    if (value->type() != type) at(key).fail("is " + std::string(value->type_name()) + "; write " + expected);
    return value->dump();
  }

  QuantizationPlan m_plan;  // before m_fields, which points into it
  JsonFields m_fields;
};

}  // namespace

QuantizationPlan parsePlan(std::string_view json, const std::string& where) {
  if (json.size() > kMaxPlanBytes) {
    throw Error(ErrorCode::Plan, where + ": " + bytesText(json.size()) +
                                     " is larger than any plan (at most " + bytesText(kMaxPlanBytes) +
                                     "); open the plan, not the weights");
  }
  const Json value = parsePlanJson(json, where);
  return PlanReader(value, where).run();
}

Choice parseChoice(std::string_view json, const std::string& where) {
  const Json value = parsePlanJson(json, where);
  UnknownKeys dropped;
  return choiceFromJson(value, PlanPlace{where, "choice", "", &dropped});
}

}  // namespace ql
