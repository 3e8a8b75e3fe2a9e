// qloupe qat: what quantization-aware training starts from.
#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/numbers.h"
#include "app/cli/open_model.h"
#include "app/cli/output.h"
#include "app/cli/run_job.h"
#include "app/cli/selection.h"
#include "app/cli/text_table.h"
#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/workspace_qat.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

namespace ql::cli {
namespace {

constexpr std::size_t kMostJson = std::size_t{1} << 30;

class QatCommand : public Command {
 public:
  std::string_view words() const override { return "qat"; }
  std::string_view sentence() const override {
    return "Write the steps that quantization-aware training starts from.";
  }

  void setUp(CLI::App& app) override {
    app.add_option("MODEL", m_model, "Folder or weight file")->required()->type_name("");
    app.add_option("-o,--output", m_output, "Folder for qat.safetensors and qat.json")
        ->required()
        ->type_name("DIR");
    CLI::Option* plan =
        app.add_option("--plan", m_plan, "Every layer under the choice of this plan")->type_name("P");
    app.add_option("--scheme", m_scheme, "One choice for all layers")
        ->excludes(plan)
        ->capture_default_str()
        ->type_name("SPEC");
    app.add_option("--rule", m_request.rule, "How the first ranges are set")
        ->check(CLI::IsMember(initialRules()))
        ->capture_default_str()
        ->type_name("RULE");
    app.add_option("--percent", m_request.percent, "Share inside the range, for the rule percentile")
        ->check(CLI::Range(50.0, 100.0))
        ->capture_default_str()
        ->type_name("P");
    app.add_option("--threshold", m_request.threshold,
                   "Mark layers whose least error of all rules is larger (0.1 = 10 %)")
        ->capture_default_str()
        ->type_name("F");
    app.add_flag("--no-trials", m_isWithoutTrials, "Do not measure the other rules; marks no layers");
    app.add_option("--kv-bits", m_request.kvBits, "Bits of the cache's steps, a step a token")
        ->capture_default_str()
        ->type_name("B");
    CLI::Option* statistics =
        app.add_option("--stats", m_statistics, "Statistics file with activations (qloupe analyze)")
            ->type_name("S.h5");
    app.add_option("--activations", m_activations, "Take activations from this file instead")
        ->excludes(statistics)
        ->type_name("F");
    m_selection.addTo(app);
    m_job.addTo(app);
    app.add_flag("--force", m_isForced, "Replace files of an earlier export");
    app.add_flag("--json", m_isJson,
                 "The description on standard output, too (resources/schemas/qat.schema.json)");
    app.footer(
        "Rules: minmax; mse (least squares over 80 shrunken ranges); percentile; lsq, 2 mean|w| / sqrt(Qp); "
        "lsq-plus,\nmax |mean -+ 3 sigma| / 2^(b-1); easyquant (least squares, exactly). Activations get "
        "steps where the scheme is\nstatic. Caches and residual sums need qloupe analyze --calibration TEXT "
        "--points.\n\nExample:\n"
        "  qloupe qat path/to/model -o start/ --scheme w4a8:group=128,static,act=tensor --rule lsq --stats "
        "model.h5");
  }

  int run() override {
    requireFree();
    const auto workspace = openModel(m_model, m_statistics);
    QuantizationPlan plan = m_plan.empty() ? workspace->newPlan(parseSpec(m_scheme)) : loadPlan(m_plan);
    if (!m_plan.empty()) warnIfForeign(plan, *workspace);
    warnIfSmoothed(plan);
    m_request.linears = m_selection.resolve(workspace->model(), true);
    m_request.triesRules = !m_isWithoutTrials;
    QatReport report;
    const std::size_t told = workspace->warnings().size();
    runJob(m_job, [&](JobContext& job) {
      if (!m_activations.empty()) workspace->useActivations(m_activations, job);
      report = qatReport(*workspace, plan, m_request, job);
    });
    const std::vector<std::string> warnings = workspace->warnings();
    for (std::size_t i = told; i < warnings.size(); ++i) warn(warnings[i]);
    const auto written = writeQat(report, workspace->model(), m_output);
    if (m_isJson)
      print(readFile(written.back(), kMostJson));
    else
      print(table(workspace->model(), report, written));
    return kExitOk;
  }

 private:
  void requireFree() const {
    if (m_isForced) return;
    std::error_code ignored;
    for (const char* name : {"qat.safetensors", "qat.json"}) {
      const std::filesystem::path path = std::filesystem::path(m_output) / name;
      if (std::filesystem::exists(path, ignored))
        throw Error(ErrorCode::Usage,
                    "\"" + path.string() + "\" is there already; give another folder, or --force.");
    }
  }

  static std::string table(const Model& model, const QatReport& report,
                           const std::vector<std::filesystem::path>& written) {
    TextTable table({{"layer"},
                     {"scheme"},
                     {"steps", true},
                     {"clipped", true},
                     {"rms error", true},
                     {"best rule"},
                     {"its error", true},
                     {""}});
    std::size_t beyond = 0, without = 0;
    for (const QatWeight& weight : report.weights) {
      const bool hasSteps = weight.steps.has_value();
      beyond += weight.isBeyondRepair ? 1 : 0;
      without += hasSteps ? 0 : 1;
      table.addRow({model.linears[weight.id].name, weightSchemeText(weight.choice),
                    hasSteps ? thousands(static_cast<std::uint64_t>(weight.steps->steps.size())) : "-",
                    hasSteps ? percent(weight.steps->clipFraction) : "-",
                    hasSteps ? figure(std::sqrt(weight.steps->mse)) : "-",
                    weight.best ? weight.best->rule : "-", weight.best ? percent(weight.best->error) : "-",
                    weight.isBeyondRepair ? "beyond repair by rounding" : ""});
    }
    std::string text = table.text();
    text += qatCriterion(report) + " Here " + percent(report.request.threshold) + ": " +
            counted(beyond, "layer") + ".\n";
    if (without > 0) text += counted(without, "layer") + " without steps; qat.json says why.\n";
    text += pointsText(report);
    for (const auto& path : written) text += printable(path.string()) + "\n";
    return text;
  }

  static std::string pointsText(const QatReport& report) {
    if (report.caches.empty() && report.residuals.empty()) return {};
    std::size_t kept = 0;
    for (const QatResidual& residual : report.residuals) kept += residual.keeps16 ? 1 : 0;
    return "Caches: steps a token of " + counted(report.caches.size(), "point") +
           "; residual sums: " + std::to_string(kept) + " of " + std::to_string(report.residuals.size()) +
           " should stay in 16 bits.\n";
  }

  std::string m_model, m_output, m_plan, m_statistics, m_activations, m_scheme = "w4a8:group=128";
  QatRequest m_request;
  SelectionOptions m_selection;
  JobOptions m_job;
  bool m_isWithoutTrials = false, m_isForced = false, m_isJson = false;
};

}  // namespace

std::unique_ptr<Command> makeQatCommand() {
  return std::make_unique<QatCommand>();
}

}  // namespace ql::cli
