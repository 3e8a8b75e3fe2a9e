#include "app/cli/activations_record.h"

#include "app/cli/numbers.h"
#include "app/cli/output.h"
#include "core/stats/activation_stats.h"
#include "core/workspace.h"

#include <nlohmann/json.hpp>

namespace ql::cli {

std::string activationsText(const CalibrationRecord& record) {
  return "Activations of " + counted(record.sites, "site") + " from " + printable(record.source) + " (" +
         std::string(activationOriginName(record.origin)) + ", " + counted(record.tokens, "token") +
         (record.context > 0 ? " in windows of " + std::to_string(record.context) : std::string()) +
         (record.isComplete ? ")\n" : "; not finished)\n");
}

Json activationsJson(const CalibrationRecord& record) {
  return {{"origin", activationOriginName(record.origin)},
          {"source", record.source},
          {"data", record.data},
          {"tokens", record.tokens},
          {"context", record.context},
          {"windows", record.windows},
          {"sites", record.sites},
          {"complete", record.isComplete}};
}

}  // namespace ql::cli
