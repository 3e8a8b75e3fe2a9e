// qloupe rotate: what rotations would do to layers, and into a plan with them.
#include "app/cli/command.h"
#include "app/cli/figure_rows.h"
#include "app/cli/json_output.h"
#include "app/cli/metrics.h"
#include "app/cli/numbers.h"
#include "app/cli/open_model.h"
#include "app/cli/output.h"
#include "app/cli/rotation_options.h"
#include "app/cli/run_job.h"
#include "app/cli/selection.h"
#include "core/base/error.h"
#include "core/base/shape.h"
#include "core/workspace_rotation.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ql::cli {
namespace {

const std::vector<std::string> kWeightKeys = {"absmax", "kurtosis", "max_over_median", "column_peak_ratio",
                                              "row_peak_ratio"};
const std::vector<std::string> kInputKeys = {"act_absmax", "act_kurtosis", "act_channel_peak_ratio"};
const std::vector<std::string> kErrorKeys = {"weight_rel_fro", "sqnr_db",      "norm_weighted_rel",
                                             "output_rel_w",   "output_rel_a", "output_rel_wa"};
/// The table, without and with activations.
const std::vector<std::string> kTableKeys = {"kurtosis",       "max_over_median", "column_peak_ratio",
                                             "row_peak_ratio", "weight_rel_fro",  "norm_weighted_rel"};
const std::vector<std::string> kActTableKeys = {
    "kurtosis",     "column_peak_ratio", "act_channel_peak_ratio", "weight_rel_fro",
    "output_rel_w", "output_rel_a",      "output_rel_wa"};

/// The same keys whatever is known, so that rows fit one header.
std::vector<Metric> sideMetrics(const RotationSide& side) {
  std::vector<Metric> all = pickMetrics(metricsOf(side.summary), kWeightKeys);
  LayerError error = side.error.value_or(LayerError{});
  if (side.output && !side.error) {
    error.outputRelW = side.output->w, error.outputRelA = side.output->a, error.outputRelWa = side.output->wa;
  }
  for (Metric& metric : pickMetrics(metricsOf(side.input.value_or(ActivationSummary{})), kInputKeys)) {
    if (!side.input) metric.value = std::monostate();
    all.push_back(metric);
  }
  for (Metric& metric : pickMetrics(metricsOf(error), kErrorKeys)) {
    if (!side.error && !metric.info.key.starts_with("output")) metric.value = std::monostate();
    all.push_back(metric);
  }
  return all;
}

Json sideJson(const RotationSide& side) {
  Json json = Json::object();
  for (const Metric& metric : sideMetrics(side)) json[std::string(metric.info.key)] = metricJson(metric);
  json["provenance"] = side.error ? evidenceJson(side.error->evidence) : Json(nullptr);
  json["output_provenance"] = nullptr;
  if (side.output)
    json["output_provenance"] = {{"weights", evidenceJson(side.output->weightEvidence)},
                                 {"sample", evidenceJson(side.output->sampleEvidence)}};
  return json;
}

class RotateCommand : public Command {
 public:
  std::string_view words() const override { return "rotate"; }
  std::string_view sentence() const override {
    return "What rotations would do to layers: outliers and errors before and after.";
  }

  void setUp(CLI::App& app) override {
    app.add_option("MODEL", m_model, "Folder or weight file")->required()->type_name("");
    m_options.addTo(app);
    app.add_option("--scheme", m_scheme, "Scheme that errors are measured under")
        ->capture_default_str()
        ->type_name("SPEC");
    CLI::Option* statistics =
        app.add_option("--stats", m_statistics,
                       "Statistics file with activations (qloupe analyze --calibration)")
            ->type_name("S.h5");
    app.add_option("--activations", m_activations,
                   "Take activations from this file instead (.safetensors, ...)")
        ->excludes(statistics)
        ->type_name("F");
    m_selection.addTo(app);
    app.add_flag("--preview", m_isPreview, "Only show; the default without --plan")
        ->excludes(
            app.add_option("--plan", m_plan, "Also write the rotations into this plan")->type_name("P"));
    m_job.addTo(app);
    CLI::Option* csv = app.add_flag("--csv", m_isCsv, "CSV with a header on standard output");
    app.add_flag("--json", m_isJson, "JSON on standard output (resources/schemas/rotate.schema.json)")
        ->excludes(csv);
    app.footer(
        "Without --r1 and --r2 both are Hadamard rotations, as far as the model can take them. Nothing is\n"
        "written but the plan; 'qloupe apply --as rotated' writes the rotated checkpoint.\n\nExample:\n"
        "  qloupe rotate path/to/model --r1 hadamard --scheme w4a16 --blocks 0-2");
  }

  int run() override {
    const Choice choice = parseSpec(m_scheme);
    const auto workspace = openModel(m_model, m_statistics);
    const ModelRotation rotation = m_options.isEmpty() ? usualRotation(*workspace) : m_options.rotation();
    std::vector<RotationPreview> previews;
    runJob(m_job, [&](JobContext& job) {
      if (!m_activations.empty()) workspace->useActivations(m_activations, job);
      const RotationLab lab(workspace, rotation, job);
      for (const LinearId id : m_selection.resolve(workspace->model(), true))
        if (lab.reaches(id)) previews.push_back(lab.preview(id, choice, job));
    });
    if (!m_plan.empty()) writePlan(rotation, *workspace);
    if (m_isJson)
      printJson(json(*workspace, rotation, choice, previews));
    else
      print(rows(*workspace, rotation, choice, previews));
    return kExitOk;
  }

 private:
  /// Hadamard wherever the model can take it.
  ModelRotation usualRotation(const Workspace& workspace) const {
    static_cast<void>(m_options.rotation());  // --block without --r1 is told all the same
    const RotationReach reach = rotationReach(workspace);
    ModelRotation rotation = m_options.usual();
    if (!reach.residualProblem.empty()) {
      warn("The residual stream is left as it is: " + reach.residualProblem + ".");
      rotation.residual.reset();
    }
    if (!reach.headProblem.empty()) {
      warn("The heads are left as they are: " + reach.headProblem + ".");
      rotation.headValues.reset();
    }
    if (rotation.isEmpty())
      throw Error(ErrorCode::Unsupported, "This model cannot be rotated: " + reach.residualProblem + ".");
    return rotation;
  }

  void writePlan(const ModelRotation& rotation, const Workspace& workspace) const {
    QuantizationPlan plan = loadPlan(m_plan);
    warnIfForeign(plan, workspace);
    plan.rotations = rotationsJson(rotation);
    requireRotationAlone(plan);
    savePlan(plan, m_plan);
  }

  Json json(const Workspace& workspace, const ModelRotation& rotation, const Choice& choice,
            const std::vector<RotationPreview>& previews) const {
    Json json;
    json["model"] = workspace.model().name;
    json["rotations"] = Json::parse(rotationsJson(rotation));
    json["scheme"] = specText(choice);
    json["layers"] = Json::array();
    for (const RotationPreview& preview : previews) {
      Json layer = layerJson(workspace.model().linears[preview.id]);
      layer["input_block"] = preview.inputBlock > 0 ? Json(preview.inputBlock) : Json(nullptr);
      layer["output_block"] = preview.outputBlock > 0 ? Json(preview.outputBlock) : Json(nullptr);
      layer["folds_norm"] = preview.foldsNorm;
      layer["before"] = sideJson(preview.before);
      layer["after"] = sideJson(preview.after);
      json["layers"].push_back(std::move(layer));
    }
    return json;
  }

  std::string rows(const Workspace& workspace, const ModelRotation& rotation, const Choice& choice,
                   const std::vector<RotationPreview>& previews) const {
    std::vector<FigureRow> rows;
    for (const RotationPreview& preview : previews) {
      const Linear& linear = workspace.model().linears[preview.id];
      for (const bool isAfter : {false, true}) {
        const RotationSide& side = isAfter ? preview.after : preview.before;
        std::vector<Metric> metrics = sideMetrics(side);
        if (!m_isCsv) metrics = pickMetrics(metrics, side.input ? kActTableKeys : kTableKeys);
        rows.push_back({{{"layer", linear.name},
                         {"shape", shapeText({linear.out(), linear.in()})},
                         {"side", isAfter ? "after" : "before"}},
                        std::move(metrics)});
      }
    }
    if (m_isCsv) return figureCsv(rows);
    if (rows.empty()) return "No layer of the selection is rotated.\n";
    return rotationText(rotation) + "; errors under " + specText(choice) + "\n" + figureTable(rows);
  }

  std::string m_model, m_plan, m_statistics, m_activations, m_scheme = "w4a16";
  RotationOptions m_options;
  SelectionOptions m_selection;
  JobOptions m_job;
  bool m_isPreview = false, m_isCsv = false, m_isJson = false;
};

}  // namespace

std::unique_ptr<Command> makeRotateCommand() {
  return std::make_unique<RotateCommand>();
}

}  // namespace ql::cli
