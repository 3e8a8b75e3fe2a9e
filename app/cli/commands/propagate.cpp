// qloupe propagate: how a plan's errors grow from block to block.
#include "app/cli/command.h"
#include "app/cli/fallbacks.h"
#include "app/cli/json_output.h"
#include "app/cli/numbers.h"
#include "app/cli/open_model.h"
#include "app/cli/output.h"
#include "app/cli/run_job.h"
#include "app/cli/text_options.h"
#include "app/cli/text_table.h"
#include "core/workspace_propagation.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ql::cli {
namespace {

constexpr std::int64_t kDefaultTokens = 2048;

Json numberOrNull(const std::optional<double>& value) {
  return value ? jsonNumber(*value) : Json(nullptr);
}

std::string percentOrDash(const std::optional<double>& value) {
  return value ? percent(*value) : "-";
}

std::string csvNumber(const std::optional<double>& value) {
  return value ? jsonNumber(*value).dump() : std::string();
}

Json blockJson(const BlockPropagation& block) {
  return {{"block", block.block},
          {"isolated", numberOrNull(block.isolated)},
          {"accumulated", numberOrNull(block.accumulated)},
          {"isolated_of_update", numberOrNull(block.isolatedOfUpdate)},
          {"accumulated_of_update", numberOrNull(block.accumulatedOfUpdate)},
          {"exl2_isolated", numberOrNull(block.exl2Isolated)},
          {"cosine_mean", numberOrNull(block.cosineMean)},
          {"cosine_min", numberOrNull(block.cosineMin)}};
}

class PropagateCommand : public Command {
 public:
  std::string_view words() const override { return "propagate"; }
  std::string_view sentence() const override {
    return "How a plan's errors grow from block to block: each alone, and all together.";
  }

  void setUp(CLI::App& app) override {
    app.add_option("MODEL", m_model, "Folder or weight file")->required()->type_name("");
    app.add_option("--plan", m_plan, "The plan to follow")->required()->type_name("P");
    app.add_option("--text", m_text, "UTF-8 text, or token ids (see --ids)")->required()->type_name("F");
    app.add_option("--stats", m_statistics,
                   "Statistics file with activations, for static ranges and methods that need them")
        ->type_name("S.h5");
    app.add_flag("--blocks-only", m_isBlocksOnly, "Leave the linears out: half the time");
    m_options.addTo(app, kDefaultTokens);
    m_strict.addTo(app);
    m_job.addTo(app);
    CLI::Option* csv = app.add_flag("--csv", m_isCsv, "CSV with a header on standard output");
    app.add_flag("--json", m_isJson, "JSON on standard output (resources/schemas/propagate.schema.json)")
        ->excludes(csv);
    app.footer(
        "isolated: only this block (or linear) is quantized, its input is that of the model as it is.\n"
        "accumulated: everything before it is quantized too. Errors are |Y' - Y| / |Y|; of update: over what "
        "the\nblock adds to the hidden states.\n\nExample:\n"
        "  qloupe propagate path/to/model --plan my.qlplan.json --text held.txt");
  }

  int run() override {
    const QuantizationPlan plan = loadPlan(m_plan);
    const auto workspace = openModel(m_model, m_statistics);
    warnIfForeign(plan, *workspace);
    PropagateOptions options;
    options.source = m_options.source(m_text);
    options.windows = m_options.windows();
    options.memoryBytes = m_options.memoryBytes();
    options.planFolder = std::filesystem::path(m_plan).parent_path();
    options.withLinears = !m_isBlocksOnly;
    Propagation propagation;
    const std::size_t told = workspace->warnings().size();
    runJob(m_job, [&](JobContext& job) { propagation = propagate(*workspace, plan, options, job); });
    const std::vector<std::string> warnings = workspace->warnings();
    for (std::size_t i = told; i < warnings.size(); ++i) warn(warnings[i]);
    if (m_isJson)
      printJson(json(*workspace, propagation));
    else
      print(m_isCsv ? csv(workspace->model(), propagation) : text(*workspace, propagation));
    return m_strict.report(propagation.fallbacks);
  }

 private:
  Json json(const Workspace& workspace, const Propagation& propagation) const {
    Json json;
    json["model"] = workspace.model().name;
    json["fingerprint"] = workspace.fingerprint();
    json["plan"] = m_plan;
    json["context"] = propagation.context;
    json["tokens"] = propagation.tokens;
    json["windows"] = propagation.windows;
    json["blocks"] = Json::array();
    for (const BlockPropagation& block : propagation.blocks) json["blocks"].push_back(blockJson(block));
    json["linears"] = Json::array();
    for (const LinearPropagation& entry : propagation.linears) {
      Json linear = layerJson(workspace.model().linears[entry.id]);
      linear["isolated"] = numberOrNull(entry.isolated);
      linear["accumulated"] = numberOrNull(entry.accumulated);
      json["linears"].push_back(std::move(linear));
    }
    json["kl"] = numberOrNull(propagation.kl);
    json["top_agreement"] = numberOrNull(propagation.topAgreement);
    json["fallbacks"] = fallbacksJson(propagation.fallbacks);
    json["provenance"] = evidenceJson(propagation.evidence);
    return json;
  }

  /// Blocks and linears in one table: a block's name is its number.
  static std::string csv(const Model& model, const Propagation& propagation) {
    std::string text = csvRecord({"block", "layer", "isolated", "accumulated", "isolated_of_update",
                                  "accumulated_of_update", "exl2_isolated", "cosine_mean", "cosine_min"});
    for (const BlockPropagation& block : propagation.blocks) {
      for (const LinearPropagation& entry : propagation.linears) {
        const Linear& linear = model.linears[entry.id];
        if (linear.block == block.block)
          text += csvRecord({std::to_string(block.block), linear.name, csvNumber(entry.isolated),
                             csvNumber(entry.accumulated), "", "", "", "", ""});
      }
      text +=
          csvRecord({std::to_string(block.block), "", csvNumber(block.isolated), csvNumber(block.accumulated),
                     csvNumber(block.isolatedOfUpdate), csvNumber(block.accumulatedOfUpdate),
                     csvNumber(block.exl2Isolated), csvNumber(block.cosineMean), csvNumber(block.cosineMin)});
    }
    return text;
  }

  static std::string text(const Workspace& workspace, const Propagation& propagation) {
    TextTable blocks({{"block", true},
                      {"isolated", true},
                      {"accumulated", true},
                      {"isolated of update", true},
                      {"accumulated of update", true},
                      {"mean cosine", true},
                      {"least cosine", true}});
    const auto cosine = [](const std::optional<double>& value) {
      return value ? fixedText(*value, 5) : std::string("-");
    };
    for (const BlockPropagation& block : propagation.blocks)
      blocks.addRow({std::to_string(block.block), percentOrDash(block.isolated),
                     percentOrDash(block.accumulated), percentOrDash(block.isolatedOfUpdate),
                     percentOrDash(block.accumulatedOfUpdate), cosine(block.cosineMean),
                     cosine(block.cosineMin)});
    std::string text = blocks.text();
    if (!propagation.linears.empty()) {
      TextTable linears({{"layer", false}, {"isolated", true}, {"accumulated", true}});
      for (const LinearPropagation& entry : propagation.linears)
        linears.addRow({workspace.model().linears[entry.id].name, percentOrDash(entry.isolated),
                        percentOrDash(entry.accumulated)});
      text += "\n" + linears.text();
    }
    text += "\n" + counted(static_cast<std::uint64_t>(propagation.tokens), "token") + " in " +
            counted(static_cast<std::uint64_t>(propagation.windows), "window") + " of " +
            std::to_string(propagation.context) + "\n";
    if (propagation.kl)
      text += "logit KL " + figure(*propagation.kl) + " nats a token, same most likely token " +
              percent(*propagation.topAgreement) + "\n";
    return text;
  }

  std::string m_model, m_plan, m_text, m_statistics;
  TextOptions m_options;
  JobOptions m_job;
  StrictOption m_strict;
  bool m_isCsv = false, m_isJson = false, m_isBlocksOnly = false;
};

}  // namespace

std::unique_ptr<Command> makePropagateCommand() {
  return std::make_unique<PropagateCommand>();
}

}  // namespace ql::cli
