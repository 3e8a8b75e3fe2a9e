#include "app/cli/selection.h"

#include "core/base/error.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>

namespace ql::cli {
namespace {

std::string rolesText(const Model& model) {
  std::vector<std::string> names;
  for (const Linear& linear : model.linears) {
    const std::string name(roleName(linear.role));
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

void SelectionOptions::addTo(CLI::App& app) {
  app.add_option("--layers", layers,
                 "Regular expression matched against the whole layer name with a free prefix")
      ->type_name("REGEX");
  app.add_option("--blocks", blocks, "Blocks, counted from 0: 0-2,5")->type_name("RANGES");
  app.add_option("--roles", roles, "Roles: q,k,v,o,gate,up,down, ...")->type_name("ROLES");
}

std::vector<LinearId> SelectionOptions::resolve(const Model& model, bool quantizableOnly) const {
  LinearFilter filter;
  filter.regex = layers;
  if (!blocks.empty()) filter.blocks = parseBlockRanges(blocks);
  if (!roles.empty()) filter.roles = parseRoles(roles);
  filter.quantizableOnly = quantizableOnly;
  std::vector<LinearId> ids = selectLinears(model, filter);
  if (!ids.empty()) return ids;
  if (isEmpty()) throw Error(ErrorCode::Usage, model.name + " has no matrices that can be quantized.");
  const std::string last = model.blockCount > 0 ? std::to_string(model.blockCount - 1) : "none";
  throw Error(ErrorCode::Usage, "The selection hits no layer of " + model.name + ", which has blocks 0 to " +
                                    last + " and the roles " + rolesText(model) +
                                    "; widen --layers, --blocks or --roles.");
}

}  // namespace ql::cli
