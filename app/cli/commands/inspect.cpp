// qloupe inspect: what a checkpoint is made of.
#include "app/cli/activations_record.h"
#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/numbers.h"
#include "app/cli/open_model.h"
#include "app/cli/output.h"
#include "app/cli/run_job.h"
#include "app/cli/text_table.h"
#include "core/base/shape.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <vector>

namespace ql::cli {
namespace {

struct RoleCount {
  TensorRole role = TensorRole::Other;
  std::uint64_t layers = 0, weights = 0;
  std::map<std::string, std::uint64_t> shapes, dtypes;  // text -> how often
};

/// Roles of the linears in network order.
std::vector<RoleCount> countRoles(const Model& model) {
  std::vector<RoleCount> roles;
  for (const Linear& linear : model.linears) {
    RoleCount* entry = nullptr;
    for (RoleCount& known : roles)
      if (known.role == linear.role) entry = &known;
    if (entry == nullptr) entry = &roles.emplace_back(RoleCount{linear.role, 0, 0, {}, {}});
    const Shape shape{linear.out(), linear.in()};
    ++entry->layers;
    entry->weights += elementCount(shape).value_or(0);
    ++entry->shapes[shapeText(shape)];
    ++entry->dtypes[std::string(dtypeInfo(linear.dtype).name)];
  }
  return roles;
}

std::string keysText(const std::map<std::string, std::uint64_t>& counts) {
  std::string text;
  for (const auto& [key, count] : counts) text += (text.empty() ? "" : ", ") + key;
  return text;
}

struct DtypeCount {
  std::uint64_t tensors = 0, bytes = 0;
};

std::map<std::string, DtypeCount> countDtypes(const Workspace& workspace) {
  std::map<std::string, DtypeCount> counts;
  for (const TensorInfo& tensor : workspace.tensors()) {
    DtypeCount& entry = counts[std::string(dtypeInfo(tensor.dtype).name)];
    ++entry.tensors;
    entry.bytes += tensor.sizeBytes;
  }
  return counts;
}

Json filesJson(const Checkpoint& checkpoint) {
  Json files = Json::array();
  for (const Shard& shard : checkpoint.shards())
    files.push_back({{"name", shard.name}, {"bytes", shard.sizeBytes}});
  return files;
}

Json dtypesJson(const Workspace& workspace) {
  Json dtypes = Json::array();
  for (const auto& [name, count] : countDtypes(workspace))
    dtypes.push_back({{"dtype", name}, {"tensors", count.tensors}, {"bytes", count.bytes}});
  return dtypes;
}

Json layersJson(const Model& model) {
  Json layers = Json::array();
  for (const Linear& linear : model.linears) {
    Json entry = layerJson(linear);
    entry["dtype"] = dtypeInfo(linear.dtype).name;
    entry["quantizable"] = linear.isQuantizable;
    layers.push_back(std::move(entry));
  }
  return layers;
}

Json namesJson(const Model& model, const std::vector<LinearId>& ids) {
  Json names = Json::array();
  for (const LinearId id : ids) names.push_back(model.linears[id].name);
  return names;
}

Json modelJson(const Workspace& workspace) {
  const Model& model = workspace.model();
  Json json;
  json["name"] = model.name;
  json["architecture"] = model.architecture;
  json["family"] = model.family;
  json["fingerprint"] = workspace.fingerprint();
  json["parameters"] = model.parameterCount;
  json["blocks"] = model.blockCount;
  json["measured_layers"] = workspace.measuredCount();
  const auto activations = workspace.calibrationRecord();
  json["activations"] = activations ? activationsJson(*activations) : Json(nullptr);
  const Checkpoint* checkpoint = workspace.checkpoint();
  json["format"] = checkpoint == nullptr ? Json(nullptr) : Json(checkpoint->format());
  json["bytes"] = workspace.sizeBytes();
  json["files"] = checkpoint == nullptr ? Json::array() : filesJson(*checkpoint);
  json["dtypes"] = dtypesJson(workspace);
  json["layers"] = layersJson(model);
  json["sites"] = Json::array();
  for (const Site& site : model.sites)
    json["sites"].push_back(
        {{"name", site.name}, {"width", site.width}, {"consumers", namesJson(model, site.consumers)}});
  json["smoothing_groups"] = Json::array();
  for (const SmoothingGroup& group : model.smoothingGroups)
    json["smoothing_groups"].push_back(
        {{"producer", group.producer}, {"consumers", namesJson(model, group.consumers)}});
  json["fused_groups"] = Json::array();
  for (const FusedGroup& group : model.fusedGroups)
    json["fused_groups"].push_back({{"name", group.name}, {"members", namesJson(model, group.members)}});
  json["warnings"] = workspace.warnings();
  return json;
}

Json scanJson(const std::vector<Workspace::ScanResult>& results) {
  Json tensors = Json::array();
  for (const auto& r : results)
    tensors.push_back({{"tensor", r.tensor},
                       {"count", r.count},
                       {"nans", r.nans},
                       {"pos_infs", r.posInfs},
                       {"neg_infs", r.negInfs},
                       {"zeros", r.zeros}});
  return tensors;
}

std::string headText(const Workspace& workspace) {
  const Model& model = workspace.model();
  std::string text = printable(model.name) + ": " + printable(model.architecture) + ", " +
                     thousands(model.parameterCount) + " parameters, " +
                     counted(static_cast<std::uint64_t>(model.blockCount), "block") + "\n";
  text += counted(workspace.tensors().size(), "tensor");
  if (const Checkpoint* checkpoint = workspace.checkpoint())
    text += " in " + counted(checkpoint->shards().size(), "file") + " (" + checkpoint->format() + ")";
  text += ", " + bytesText(static_cast<double>(workspace.sizeBytes())) + ":";
  for (const auto& [name, count] : countDtypes(workspace))
    text += " " + name + " " + bytesText(static_cast<double>(count.bytes));
  text += workspace.checkpoint() == nullptr ? "; statistics only, the weights are not here\n" : "\n";
  text += counted(model.sites.size(), "site") + ", " +
          counted(model.smoothingGroups.size(), "smoothing group") + ", " +
          counted(model.fusedGroups.size(), "fused group") + "; " +
          std::to_string(workspace.measuredCount()) + " of " + counted(model.linears.size(), "layer") +
          " measured\n";
  if (const auto record = workspace.calibrationRecord()) text += activationsText(*record);
  return text + "Fingerprint " + workspace.fingerprint() + "\n\n";
}

std::string rolesText(const Model& model) {
  TextTable table(
      {{"role", false}, {"layers", true}, {"weights", true}, {"shape (out x in)", false}, {"dtype", false}});
  for (const RoleCount& role : countRoles(model))
    table.addRow({std::string(roleName(role.role)), thousands(role.layers), thousands(role.weights),
                  keysText(role.shapes), keysText(role.dtypes)});
  return table.text();
}

bool isSound(const Workspace::ScanResult& r) {
  return r.nans + r.posInfs + r.negInfs == 0;
}

std::string scanText(const std::vector<Workspace::ScanResult>& results) {
  TextTable table(
      {{"tensor", false}, {"values", true}, {"NaN", true}, {"+Inf", true}, {"-Inf", true}, {"zeros", true}});
  std::uint64_t values = 0, zeros = 0;
  for (const auto& r : results) {
    values += r.count;
    zeros += r.zeros;
    if (!isSound(r))
      table.addRow({r.tensor, thousands(r.count), thousands(r.nans), thousands(r.posInfs),
                    thousands(r.negInfs), thousands(r.zeros)});
  }
  std::string text = "\n" + counted(results.size(), "tensor") + " scanned, " + thousands(values) +
                     " values, " + thousands(zeros) + " zeros; ";
  return table.isEmpty() ? text + "no NaN, no infinities\n" : text + "not finite in:\n" + table.text();
}

class InspectCommand : public Command {
 public:
  std::string_view words() const override { return "inspect"; }
  std::string_view sentence() const override {
    return "What a checkpoint is made of: architecture, layers, dtypes, sizes.";
  }

  void setUp(CLI::App& app) override {
    app.add_option("MODEL", m_model, "Folder, weight file or statistics file")->required()->type_name("");
    app.add_flag(
        "--scan", m_isScan,
        "Read every value and count NaN, infinities and zeros; exit code 1 if there are NaN or infinities");
    m_job.addTo(app);
    app.add_flag("--json", m_isJson, "JSON on standard output (resources/schemas/inspect.schema.json)");
    app.footer("Example:\n  qloupe inspect path/to/model --scan");
  }

  int run() override {
    const auto workspace = openModel(m_model);
    std::vector<Workspace::ScanResult> scan;
    if (m_isScan) runJob(m_job, [&](JobContext& job) { scan = workspace->scan(job); });
    bool isFound = false;
    for (const auto& result : scan) isFound = isFound || !isSound(result);
    if (m_isJson) {
      Json json = modelJson(*workspace);
      json["scan"] = m_isScan ? scanJson(scan) : Json(nullptr);
      printJson(json);
    } else {
      print(headText(*workspace) + rolesText(workspace->model()) +
            (m_isScan ? scanText(scan) : std::string()));
    }
    return isFound ? kExitFound : kExitOk;
  }

 private:
  std::string m_model;
  bool m_isScan = false, m_isJson = false;
  JobOptions m_job;
};

}  // namespace

std::unique_ptr<Command> makeInspectCommand() {
  return std::make_unique<InspectCommand>();
}

}  // namespace ql::cli
