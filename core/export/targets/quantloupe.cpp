// The plan itself: complete, for another QuantLoupe or a script.
#include "core/export/exporter.h"

namespace ql {
namespace {

ExportResult make(const QuantizationPlan& plan, const Model&, const OptionValues& given) {
  completeOptions("quantloupe", {}, given);
  return {{{"plan.qlplan.json", planJson(plan)}}, {}, {}};
}

}  // namespace

const Exporter& quantloupeExporter() {
  static const Exporter exporter = {
      "quantloupe", "The plan as QuantLoupe stores it; nothing is lost.", "plan.qlplan.json", {}, &make};
  return exporter;
}

}  // namespace ql
