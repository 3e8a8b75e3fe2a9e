// qloupe plan point, qloupe plan kv: schemes of tensors that are no weights: inputs of layers, residual sums,
// key and value caches.
#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/numbers.h"
#include "app/cli/open_model.h"
#include "app/cli/output.h"
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/forward.h"
#include "core/quant/act_spec.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ql::cli {
namespace {

constexpr std::array<std::pair<std::string_view, PointKind>, 4> kKinds{{
    {"residual_after_attn", PointKind::ResidualAfterAttention},
    {"residual_after_mlp", PointKind::ResidualAfterMlp},
    {"k_cache", PointKind::KCache},
    {"v_cache", PointKind::VCache},
}};

constexpr const char* kSpecHelp = "Scheme, e.g. int8:token or int8:tensor,static,asym; none = 16 bit";

std::optional<ActScheme> schemeOf(const std::string& text) {
  return text == "none" ? std::nullopt : std::optional(parseActSpec(text));
}

Json schemeJson(const std::optional<ActScheme>& scheme) {
  return scheme ? choiceAsJson({std::nullopt, *scheme}) : Json(nullptr);
}

std::string schemeWords(const std::optional<ActScheme>& scheme) {
  return scheme ? actSchemeText({std::nullopt, *scheme}) : "16 bit";
}

class PlanPointCommand : public Command {
 public:
  std::string_view words() const override { return "plan point"; }
  std::string_view sentence() const override {
    return "Give a tensor point of a plan (an input, a residual sum, a cache) a scheme.";
  }

  void setUp(CLI::App& app) override {
    app.add_option("PLAN", m_plan, "Plan to edit")->required()->type_name("");
    app.add_option(
           "NAME", m_name,
           "Tensor point: model.layers.3.residual_after_mlp, a layer whose input is meant, or a kind in "
           "every block: residual_after_attn, residual_after_mlp, k_cache, v_cache")
        ->required()
        ->type_name("");
    app.add_option("SPEC", m_spec, kSpecHelp)->required()->type_name("");
    app.add_option("--model", m_model, "Model of the plan, where the plan does not list its layers")
        ->type_name("MODEL");
    app.add_flag("--json", m_isJson, "JSON on standard output (resources/schemas/plan-point.schema.json)");
    app.footer(
        "A point's scheme goes before that of the layers that read it.\n\nExample:\n"
        "  qloupe plan point my.qlplan.json residual_after_mlp int8:tensor,static,asym,flavour=qualcomm\n"
        "  qloupe plan point my.qlplan.json model.layers.2.residual_after_mlp none");
  }

  int run() override {
    const std::optional<ActScheme> scheme = schemeOf(m_spec);
    QuantizationPlan plan = loadPlan(m_plan);
    const std::vector<std::string> names = pointsOf(modelOfPlan(plan, m_plan, m_model));
    std::vector<std::string> changed;
    for (const std::string& name : names) {
      const auto found = plan.points.find(name);
      const bool isSame = found == plan.points.end() ? !scheme : scheme && found->second == *scheme;
      if (isSame) continue;
      changed.push_back(name);
      if (scheme)
        plan.points.insert_or_assign(name, *scheme);
      else
        plan.points.erase(name);
    }
    if (!changed.empty()) savePlan(plan, m_plan);
    if (m_isJson) {
      printJson({{"plan", m_plan}, {"scheme", schemeJson(scheme)}, {"points", names}, {"changed", changed}});
    } else {
      print(counted(names.size(), "tensor point") + ", " + std::to_string(changed.size()) + " changed to " +
            schemeWords(scheme) + "\n");
    }
    return kExitOk;
  }

 private:
  std::vector<std::string> pointsOf(const Model& model) const {
    for (const auto& [word, kind] : kKinds) {
      if (word != m_name) continue;
      std::vector<std::string> names;
      for (int block = 0; block < model.blockCount; ++block) names.push_back(pointName(model, block, kind));
      return names;
    }
    if (findPoint(model, m_name)) return {m_name};
    const auto id = model.find(m_name);
    if (id && model.linears[*id].site) return {model.sites[*model.linears[*id].site].name};
    const std::string example = model.blockCount > 0 ? pointName(model, 0, PointKind::ResidualAfterMlp)
                                                     : std::string("model.layers.0.residual_after_mlp");
    throw Error(ErrorCode::Usage,
                quotedText(m_name) +
                    " is no tensor point of this model; give a layer whose input is meant, a "
                    "name such as " +
                    example +
                    ", or residual_after_attn, residual_after_mlp, k_cache or v_cache for "
                    "every block.");
  }

  std::string m_plan, m_name, m_spec, m_model;
  bool m_isJson = false;
};

class PlanKvCommand : public Command {
 public:
  std::string_view words() const override { return "plan kv"; }
  std::string_view sentence() const override { return "Give the key and value caches of a plan a scheme."; }

  void setUp(CLI::App& app) override {
    app.add_option("PLAN", m_plan, "Plan to edit")->required()->type_name("");
    app.add_option("SPEC", m_spec, kSpecHelp)->required()->type_name("");
    app.add_flag("--json", m_isJson, "JSON on standard output (resources/schemas/plan-kv.schema.json)");
    app.footer(
        "Keys are rounded behind the rotary embedding, as they lie in the cache. Single caches that have a "
        "scheme\nof their own (qloupe plan point) keep it.\n\nExample:\n"
        "  qloupe plan kv my.qlplan.json int4:token,flavour=llm-qat\n"
        "  qloupe perplexity path/to/model --text held.txt --plan my.qlplan.json");
  }

  int run() override {
    const std::optional<ActScheme> scheme = schemeOf(m_spec);
    QuantizationPlan plan = loadPlan(m_plan);
    const bool isChanged = plan.kvCache != scheme;
    plan.kvCache = scheme;
    if (isChanged) savePlan(plan, m_plan);
    if (m_isJson)
      printJson({{"plan", m_plan}, {"scheme", schemeJson(scheme)}, {"changed", isChanged}});
    else
      print("Key and value caches: " + schemeWords(scheme) + (isChanged ? "\n" : ", as before\n"));
    return kExitOk;
  }

 private:
  std::string m_plan, m_spec;
  bool m_isJson = false;
};

}  // namespace

std::unique_ptr<Command> makePlanPointCommand() {
  return std::make_unique<PlanPointCommand>();
}
std::unique_ptr<Command> makePlanKvCommand() {
  return std::make_unique<PlanKvCommand>();
}

}  // namespace ql::cli
