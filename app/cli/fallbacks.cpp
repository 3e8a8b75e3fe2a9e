#include "app/cli/fallbacks.h"

#include "app/cli/command.h"
#include "app/cli/output.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

namespace ql::cli {

void StrictOption::addTo(CLI::App& app) {
  app.add_flag("--strict", isStrict,
               "Exit code 1 when a method did otherwise than asked for (more damping, a part left unscaled, "
               "...); it is a warning without");
}

int StrictOption::report(const std::vector<LayerFallback>& fallbacks) const {
  for (const std::string& line : fallbackLines(fallbacks)) warn(line);
  return isStrict && !fallbacks.empty() ? kExitFound : kExitOk;
}

Json fallbacksJson(const std::vector<Fallback>& fallbacks) {
  Json json = Json::array();
  for (const Fallback& fallback : fallbacks)
    json.push_back({{"reason", fallback.reason}, {"count", fallback.count}});
  return json;
}

Json fallbacksJson(const std::vector<LayerFallback>& fallbacks) {
  Json json = Json::array();
  for (const LayerFallback& entry : fallbacks)
    json.push_back(
        {{"layer", entry.layer}, {"reason", entry.fallback.reason}, {"count", entry.fallback.count}});
  return json;
}

}  // namespace ql::cli
