// qloupe report: everything known of a model and a plan as one HTML file.
#include "app/cli/command.h"
#include "app/cli/numbers.h"
#include "app/cli/open_model.h"
#include "app/cli/output.h"
#include "app/cli/run_job.h"
#include "core/base/atomic_file.h"
#include "core/workspace_report.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <filesystem>
#include <string>

namespace ql::cli {
namespace {

constexpr std::size_t kMaxPerplexityBytes = 64u << 20;  // one entry a window

class ReportCommand : public Command {
 public:
  std::string_view words() const override { return "report"; }
  std::string_view sentence() const override { return "A model and its plan as one HTML file."; }

  void setUp(CLI::App& app) override {
    app.add_option("MODEL", m_model, "Folder, weight file or statistics file")->required()->type_name("");
    app.add_option("-o,--output", m_output, "The file to write")->required()->type_name("FILE.html");
    auto* plan = app.add_option("--plan", m_plan, "Plan the report is about")->type_name("PLAN");
    app.add_option("--scheme", m_scheme, "Without a plan: the scheme of every layer")
        ->capture_default_str()
        ->excludes(plan)
        ->type_name("SPEC");
    app.add_option("--stats", m_statistics, "Statistics file with earlier results")->type_name("S.h5");
    app.add_option("--target", m_target, "Error above which a layer is in trouble, a fraction")
        ->capture_default_str()
        ->type_name("X");
    app.add_option("--worst", m_worst, "Layers looked at closely, 1 to " + std::to_string(kMaxWorstLayers))
        ->capture_default_str()
        ->type_name("N");
    app.add_option("--perplexity", m_perplexity, "Output of qloupe perplexity --json, to be shown")
        ->type_name("FILE.json");
    m_job.addTo(app);
    app.footer(
        "The file needs no network and no scripts. What is missing is measured; activations are used when "
        "they\nare at hand (qloupe analyze --calibration).\n\nExample:\n  qloupe report path/to/model --plan "
        "my.qlplan.json -o report.html");
  }

  int run() override {
    ReportOptions options;
    options.defaultChoice = parseSpec(m_scheme);
    if (!m_plan.empty()) options.plan = loadPlan(m_plan);
    if (!m_perplexity.empty()) options.perplexityJson = readFile(m_perplexity, kMaxPerplexityBytes);
    options.planPath = m_plan;
    options.modelPath = m_model;
    options.statisticsPath = m_statistics;
    options.target = m_target;
    options.worst = m_worst;
    const auto workspace = openModel(m_model, m_statistics);
    if (options.plan) warnIfForeign(*options.plan, *workspace);
    runJob(m_job, [&](JobContext& job) { writeReport(*workspace, options, m_output, job); });
    std::error_code ignored;
    const auto size = std::filesystem::file_size(m_output, ignored);
    print("Wrote " + printable(m_output) + " (" + bytesText(static_cast<double>(size)) + ")\n");
    return kExitOk;
  }

 private:
  std::string m_model, m_plan, m_statistics, m_output, m_perplexity, m_scheme = "w8a8";
  double m_target = 0.02;
  std::size_t m_worst = 10;
  JobOptions m_job;
};

}  // namespace

std::unique_ptr<Command> makeReportCommand() {
  return std::make_unique<ReportCommand>();
}

}  // namespace ql::cli
