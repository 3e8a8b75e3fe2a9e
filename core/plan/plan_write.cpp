// A plan as text: fixed key order, one line a linear, so that two plans can be compared with any diff.
#include "core/plan/choice_json.h"
#include "core/plan/plan.h"

#include <nlohmann/json.hpp>

namespace ql {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

/// Names that are not UTF-8 (a folder's, say) must not make saving fail.
std::string dump(const OrderedJson& json) {
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

std::string escapePointer(const std::string& name) {
  std::string text;
  for (const char c : name) text += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return text;
}

class PlanWriter {
 public:
  explicit PlanWriter(const QuantizationPlan& plan) : m_plan(plan) {}

  std::string run() {
    add("format", "\"quantloupe-plan\"");
    add("version", "1");
    add("model", dump(model()));
    add("default", dump(choiceToJson(m_plan.defaultChoice, m_plan.unknownInside, "/default")));
    add("layers", layers());
    add("ignore", names(m_plan.ignore));
    add("locks", names(m_plan.locks));
    add("smoothing", smoothing());
    add("points", points());
    add("kv_cache",
        m_plan.kvCache ? dump(actSchemeToJson(*m_plan.kvCache, m_plan.unknownInside, "/kv_cache")) : "null");
    add("rotations", m_plan.rotations);
    add("evidence", m_plan.evidence);
    addUnknownKeys();
    return "{\n" + m_text + "\n}\n";
  }

 private:
  void add(const std::string& key, const std::string& value) {
    m_text += (m_text.empty() ? "  " : ",\n  ") + dump(key) + ": " + value;
  }

  OrderedJson model() const {
    OrderedJson json;
    json["name"] = m_plan.model.name;
    json["architecture"] = m_plan.model.architecture;
    json["fingerprint"] = m_plan.model.fingerprint;
    addUnknown(json, m_plan.unknownInside, "/model");
    return json;
  }

  std::string layers() const {
    std::string text;
    for (const auto& [name, choice] : m_plan.layers) {
      const OrderedJson json = choiceToJson(choice, m_plan.unknownInside, "/layers/" + escapePointer(name));
      text += (text.empty() ? "\n    " : ",\n    ") + dump(name) + ": " + dump(json);
    }
    return text.empty() ? "{}" : "{" + text + "\n  }";
  }

  static std::string names(const std::set<std::string>& values) {
    std::string text;
    for (const std::string& name : values) text += (text.empty() ? "\n    " : ",\n    ") + dump(name);
    return text.empty() ? "[]" : "[" + text + "\n  ]";
  }

  std::string smoothing() const {
    std::string text;
    for (const PlanSmoothing& entry : m_plan.smoothing) {
      OrderedJson json;
      json["producer"] = entry.producer;
      json["consumers"] = entry.consumers;
      json["method"] = entry.method;
      json["statistic"] = entry.statistic;
      json["alpha"] = entry.alpha;
      json["scales"] = entry.scales ? OrderedJson(*entry.scales) : OrderedJson(nullptr);
      if (!entry.formula.empty()) json["formula"] = entry.formula;
      if (entry.dataFree) json["data_free"] = true;
      if (entry.powersOfTwo) json["pow2"] = true;
      addUnknown(json, {{"", entry.unknown}}, "");
      text += (text.empty() ? "\n    " : ",\n    ") + dump(json);
    }
    return text.empty() ? "[]" : "[" + text + "\n  ]";
  }

  std::string points() const {
    std::string text;
    for (const auto& [name, scheme] : m_plan.points) {
      const OrderedJson json =
          actSchemeToJson(scheme, m_plan.unknownInside, "/points/" + escapePointer(name));
      text += (text.empty() ? "\n    " : ",\n    ") + dump(name) + ": " + dump(json);
    }
    return text.empty() ? "{}" : "{" + text + "\n  }";
  }

  void addUnknownKeys() {
    const Json rest = Json::parse(m_plan.unknown, nullptr, false);
    if (!rest.is_object()) return;
    for (const auto& [key, value] : rest.items()) add(key, value.dump());
  }

  const QuantizationPlan& m_plan;
  std::string m_text;
};

}  // namespace

std::string planJson(const QuantizationPlan& plan) {
  return PlanWriter(plan).run();
}

std::string choiceJson(const Choice& choice) {
  return dump(choiceToJson(choice, {}, ""));
}

}  // namespace ql
