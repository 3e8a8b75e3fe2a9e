// One line a linear, for spreadsheets (RFC 4180).
#include "core/export/exporter.h"

#include <charconv>

namespace ql {
namespace {

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? "\"\"" : std::string(1, c);
  return result + "\"";
}

std::string numberText(double value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return std::string(buffer.data(), end);
}

std::string yesNo(bool value) {
  return value ? "yes" : "no";
}

template <class T>
std::string orEmpty(const std::optional<T>& value) {
  return value ? std::to_string(*value) : "";
}

void addWeight(const std::optional<WeightScheme>& scheme, std::vector<std::string>& cells) {
  if (!scheme) {
    cells.insert(cells.end(), {"as stored", "", "", "", "", "", "", ""});
    return;
  }
  const std::string block =
      scheme->block ? std::to_string((*scheme->block)[0]) + "x" + std::to_string((*scheme->block)[1]) : "";
  cells.insert(cells.end(),
               {scheme->format, std::string(granularityName(scheme->granularity)), orEmpty(scheme->groupSize),
                block, yesNo(scheme->symmetric), scheme->flavour, scheme->clip.name, scheme->algorithm.name});
}

void addActivation(const std::optional<ActScheme>& scheme, std::vector<std::string>& cells) {
  if (!scheme) {
    cells.insert(cells.end(), {"16 bit", "", "", "", ""});
    return;
  }
  cells.insert(cells.end(), {scheme->format, std::string(granularityName(scheme->granularity)),
                             orEmpty(scheme->groupSize), yesNo(scheme->dynamic), yesNo(scheme->symmetric)});
}

std::string line(const QuantizationPlan& plan, const Linear& linear) {
  const Choice choice = plan.choiceFor(linear.name);
  const double stored = dtypeInfo(linear.dtype).bits;
  const double bits = bitsPerWeight(choice, linear.out(), linear.in(), stored);
  const double elements = static_cast<double>(linear.out()) * static_cast<double>(linear.in());
  std::vector<std::string> cells = {linear.name,
                                    orEmpty(linear.block),
                                    std::string(roleName(linear.role)),
                                    orEmpty(linear.expert),
                                    std::to_string(linear.out()),
                                    std::to_string(linear.in()),
                                    yesNo(plan.isIgnored(linear.name)),
                                    yesNo(plan.isLocked(linear.name))};
  addWeight(choice.weight, cells);
  addActivation(choice.activation, cells);
  cells.insert(cells.end(),
               {numberText(bits), numberText(elements * stored / 8), numberText(elements * bits / 8)});
  std::string text;
  for (const std::string& cell : cells) text += (text.empty() ? "" : ",") + quoted(cell);
  return text + "\r\n";
}

ExportResult make(const QuantizationPlan& plan, const Model& model, const OptionValues& given) {
  completeOptions("csv", {}, given);
  std::string text =
      "layer,block,role,expert,out,in,ignored,locked,weight_format,weight_granularity,weight_group_size,"
      "weight_block,"
      "weight_symmetric,weight_flavour,weight_clip,weight_algorithm,activation_format,activation_granularity,"
      "activation_group_size,activation_dynamic,activation_symmetric,bits_per_weight,stored_bytes,planned_"
      "bytes\r\n";
  for (const Linear& linear : model.linears) text += line(plan, linear);
  return {{{"plan.csv", std::move(text)}}, {}, {}};
}

}  // namespace

const Exporter& csvExporter() {
  static const Exporter exporter = {
      "csv", "A table with one line a matrix: choice, bits a weight, bytes.", "plan.csv", {}, &make};
  return exporter;
}

}  // namespace ql
