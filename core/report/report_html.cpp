#include "core/report/report_html.h"

#include "core/report/html_text.h"
#include "core/report/number_words.h"
#include "core/report/picture.h"
#include "core/report/pictures.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace ql::report {
namespace {

std::string paragraph(const std::string& html, const char* style = nullptr) {
  return std::string("<p") + (style ? std::string(" class=\"") + style + "\"" : std::string()) + ">" + html +
         "</p>\n";
}

std::string cellOf(const std::string& html, const char* style = nullptr) {
  return std::string("<td") + (style ? std::string(" class=\"") + style + "\"" : std::string()) + ">" + html +
         "</td>";
}

std::string figureOf(const std::string& svg, const std::string& caption) {
  if (svg.empty()) return {};
  return "<figure>\n" + svg + "<figcaption>" + escaped(caption) + "</figcaption></figure>\n";
}

std::string number(std::size_t value) {
  return thousands(std::uint64_t{value});
}

std::string counted(std::size_t value, const std::string& word) {
  return report::counted(std::uint64_t{value}, word);
}

std::string factTable(const std::string& title, const std::vector<Fact>& facts) {
  if (facts.empty()) return {};
  std::string html = "<div><h3>" + escaped(title) + "</h3><table>\n";
  for (const Fact& fact : facts)
    html += "<tr><th scope=\"row\">" + escaped(fact.name) + "</th><td>" + escaped(typeset(fact.value)) +
            "</td></tr>\n";
  return html + "</table></div>\n";
}

bool isOver(const ReportData& data, const Layer& layer) {
  return layer.error && *layer.error > data.target;
}

std::string errorCell(const ReportData& data, const Layer& layer) {
  if (!layer.error) return cellOf("\xE2\x80\x93", "n");
  return cellOf(percentHtml(*layer.error), isOver(data, layer) ? "n bad" : "n");
}

const char* basisOf(const Layer& layer) {
  return !layer.error ? "" : layer.isOnData ? "tokens" : "weights";
}

std::string shapeOf(const Layer& layer) {
  return thousands(layer.out) + " \xC3\x97 " + thousands(layer.in);
}

/// One sentence that says what the reader came for.
std::string leadOf(const ReportData& data) {
  std::size_t over = 0, measured = 0;
  const Layer* worst = nullptr;
  for (const Layer& layer : data.layers) {
    over += isOver(data, layer) ? 1 : 0;
    measured += layer.error ? 1 : 0;
    if (layer.error && (!worst || *layer.error > *worst->error)) worst = &layer;
  }
  if (!worst) return "No error has been measured under " + escaped(data.scheme) + ".";
  const std::string target = percentTick(data.target);
  if (over == 0)
    return "All " + counted(measured, "measured layer") + " meet the target of " + target + " under " +
           escaped(data.scheme) + "; the largest error is " + percentHtml(*worst->error) + ".";
  return number(over) + " of " + counted(measured, "measured layer") + (over == 1 ? " misses" : " miss") +
         " the target of " + target + " under " + escaped(data.scheme) +
         "; the worst is <span class=\"mono\">" + escapedName(worst->name) + "</span> with " +
         percentHtml(*worst->error) + ".";
}

std::string headOf(const ReportData& data) {
  const std::string name = escapedName(data.model);
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
         "'unsafe-inline'\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<title>" +
         name + ": quantization report</title>\n<style>" + kReportStyle +
         "</style>\n</head>\n<body>\n<main>\n<h1>" + name + ": quantization report</h1>\n<p class=\"date\">" +
         escaped(data.date) + "</p>\n" + paragraph(leadOf(data), "lead");
}

std::string overviewSection(const ReportData& data) {
  const std::string grid = overviewPicture(data), dots = errorPicture(data);
  if (grid.empty() && dots.empty()) return {};
  return "<section>\n<h2>Overview</h2>\n" +
         figureOf(grid,
                  "Error by block and role, in percent. Bright is large; a red corner marks a finding; grey "
                  "was not measured. Where a cell holds several linears (experts, or neighbouring blocks of "
                  "very deep models) it shows the worst.") +
         figureOf(dots, "Error of every linear in network order; red dots miss the target.") + "</section>\n";
}

std::string worstTable(const ReportData& data) {
  std::string html =
      "<table>\n<thead><tr><th>layer</th><th>role</th><th class=\"n\">shape</th><th>weights</th>"
      "<th>activations</th><th class=\"n\">bits per weight</th><th class=\"n\">error</th><th>rests on</th>"
      "</tr></thead>\n<tbody>\n";
  for (const WorstLayer& worst : data.worst) {
    const Layer& layer = data.layers.at(worst.layer);
    html += "<tr>" + cellOf(escapedName(layer.name), "mono") + cellOf(escaped(layer.role)) +
            cellOf(shapeOf(layer), "n") + cellOf(escaped(layer.weights)) +
            cellOf(escaped(layer.activations)) + cellOf(bitsText(layer.bits), "n") + errorCell(data, layer) +
            cellOf(basisOf(layer)) + "</tr>\n";
  }
  return html + "</tbody></table>\n";
}

/// Lines do not break inside "--plan".
std::string commandHtml(const std::string& command) {
  constexpr std::size_t kLongestOption = 32;
  std::string html;
  for (std::size_t begin = 0; begin < command.size();) {
    const std::size_t end = std::min(command.find(' ', begin), command.size());
    const std::string word = escaped(std::string_view(command).substr(begin, end - begin));
    const bool isOption = word.starts_with("--") && word.size() <= kLongestOption;
    html += (begin > 0 ? " " : "") + (isOption ? "<span>" + word + "</span>" : word);
    begin = end + 1;
  }
  return html;
}

std::string findingHtml(const FindingText& finding, bool withLayer) {
  std::string html = "<div class=\"finding\">";
  if (withLayer) html += "<h3 class=\"mono\">" + escapedName(finding.layer) + "</h3>";
  html += paragraph(escaped(typeset(finding.sentence)));
  if (!finding.remedy.empty()) html += paragraph("What helps: " + escaped(typeset(finding.remedy)) + ".");
  if (!finding.command.empty()) html += "<code>" + commandHtml(finding.command) + "</code>";
  return html + "</div>\n";
}

std::string layerCard(const ReportData& data, const WorstLayer& worst) {
  const Layer& layer = data.layers.at(worst.layer);
  std::string html = "<article>\n<h3 class=\"mono\">" + escapedName(layer.name) + "</h3>\n";
  html += paragraph(escaped(layer.weights) + ", activations " + escaped(layer.activations) + ": error " +
                        (layer.error ? percentHtml(*layer.error) : std::string("not measured")),
                    "dim");
  html +=
      "<div class=\"pair\">\n" +
      figureOf(channelPicture(worst), worst.inputAbsmax.empty()
                                          ? "Largest magnitude of each input channel (no activations at hand)"
                                          : "Largest magnitude of each input channel") +
      figureOf(choicePicture(worst, data.target), "Error of this layer by choice") + "</div>\n";
  for (const FindingText& finding : worst.findings) html += findingHtml(finding, false);
  return html + "</article>\n";
}

std::string worstSection(const ReportData& data) {
  if (data.worst.empty()) return {};
  std::string html = "<section class=\"long\">\n<h2>Worst layers</h2>\n" +
                     paragraph("The " + counted(data.worst.size(), "layer") + " with the largest errors of " +
                               number(data.layers.size()) + ".") +
                     worstTable(data);
  for (const WorstLayer& worst : data.worst) html += layerCard(data, worst);
  return html + "</section>\n";
}

std::string findingSection(const ReportData& data) {
  std::string html = "<section class=\"long\">\n<h2>Diagnoses</h2>\n";
  if (data.findings.empty())
    return html + paragraph("Nothing stands out under " + escaped(data.scheme) + ".") + "</section>\n";
  std::string intro = counted(data.findingCount, "finding") + ", worst first";
  const std::size_t shown = std::min(data.findings.size(), kMaxFindings);
  if (data.findingCount > shown)
    intro += "; the first " + number(shown) + " are written out, qloupe diagnose --json lists them all";
  html += paragraph(intro + ". The commands edit a plan made by qloupe plan new.");
  for (std::size_t i = 0; i < shown; ++i) html += findingHtml(data.findings[i], true);
  return html + "</section>\n";
}

std::string smoothingSection(const ReportData& data) {
  if (data.smoothing.empty()) return {};
  std::string html = "<section>\n<h2>Smoothing</h2>\n" +
                     paragraph(
                         "Output error of all readers of a norm together over the migration strength "
                         "alpha, under the choices of the plan.") +
                     "<div class=\"pair\">\n";
  for (const SmoothingPicture& group : data.smoothing) {
    std::string readers;
    for (const std::string& reader : group.readers) readers += (readers.empty() ? "" : ", ") + reader;
    html += figureOf(smoothingCurvePicture(group, data.target), group.producer + ", read by " + readers);
  }
  return html + "</div>\n</section>\n";
}

/// Linears of one block, role and choice share a row: the experts of a mixture.
struct PlanRow {
  const Layer* first = nullptr;
  const Layer* worst = nullptr;
  std::size_t linears = 0;
};

std::vector<PlanRow> planRows(const ReportData& data) {
  std::vector<PlanRow> rows;
  std::map<std::string, std::size_t> experts;
  for (const Layer& layer : data.layers) {
    const std::string key = std::to_string(layer.block.value_or(-1)) + "/" + layer.role + "/" +
                            layer.weights + "/" + layer.activations + (layer.isLocked ? "L" : "") +
                            (layer.isIgnored ? "I" : "");
    const auto known = layer.expert ? experts.find(key) : experts.end();
    if (known == experts.end()) {
      if (layer.expert) experts[key] = rows.size();
      rows.push_back({&layer, &layer, 1});
      continue;
    }
    PlanRow& row = rows[known->second];
    ++row.linears;
    if (layer.error.value_or(-1) > row.worst->error.value_or(-1)) row.worst = &layer;
  }
  return rows;
}

std::string marksOf(const Layer& layer) {
  std::string marks = layer.isIgnored ? "ignored" : layer.isChanged ? "changed" : "";
  if (layer.isLocked) marks += marks.empty() ? "locked" : ", locked";
  return marks;
}

std::string planRowHtml(const ReportData& data, const PlanRow& row) {
  std::string name = escapedName(row.first->name);
  if (row.linears > 1) name += " and " + counted(row.linears - 1, "expert") + " like it (worst error shown)";
  return "<tr>" + cellOf(name, "mono") + cellOf(escaped(row.first->weights)) +
         cellOf(escaped(row.first->activations)) + cellOf(bitsText(row.first->bits), "n") +
         errorCell(data, *row.worst) + cellOf(basisOf(*row.worst)) + cellOf(marksOf(*row.first)) + "</tr>\n";
}

std::string totalsText(const Totals& totals) {
  return counted(totals.layers, "layer") + ", " + number(totals.changed) + " changed, " +
         number(totals.locked) + " locked, " + number(totals.ignored) + " ignored; " +
         bytesText(totals.storedBytes) + " -> " + bytesText(totals.plannedBytes) + ", " +
         bitsText(totals.averageBits) + " bits per weight";
}

std::string planSection(const ReportData& data) {
  const std::vector<PlanRow> rows = planRows(data);
  const std::size_t shown = std::min(rows.size(), kMaxPlanRows);
  std::string html = "<section class=\"long\">\n<h2>Plan</h2>\n";
  html +=
      paragraph(data.planName.empty() ? "No plan was named: every layer under " + escaped(data.scheme) + "."
                                      : "<span class=\"mono\">" + escapedName(data.planName) + "</span>");
  if (data.totals) html += paragraph(typeset(totalsText(*data.totals)) + ".");
  html +=
      "<table>\n<thead><tr><th>layer</th><th>weights</th><th>activations</th><th class=\"n\">bits per "
      "weight</th><th class=\"n\">error</th><th>rests on</th><th></th></tr></thead>\n<tbody>\n";
  for (std::size_t i = 0; i < shown; ++i) html += planRowHtml(data, rows[i]);
  html += "</tbody></table>\n";
  if (rows.size() > shown)
    html +=
        paragraph(number(rows.size() - shown) + " more rows are left out; qloupe plan show lists them all.");
  return html + "</section>\n";
}

std::string perplexitySection(const ReportData& data) {
  if (!data.perplexity) return {};
  const PerplexityFigures& p = *data.perplexity;
  std::string html =
      "<section>\n<h2>Perplexity</h2>\n<table>\n<thead><tr><th class=\"n\">as it is</th>"
      "<th class=\"n\">with the plan</th><th class=\"n\">KL, nats a token</th>"
      "<th class=\"n\">same most likely token</th></tr></thead>\n<tbody><tr>";
  const std::string none = "\xE2\x80\x93";
  html += cellOf(p.reference ? fixedText(*p.reference, 4) : none, "n") +
          cellOf(fixedText(p.planned, 4), "n") + cellOf(p.kl ? typeset(figure(*p.kl)) : none, "n") +
          cellOf(p.topAgreement ? percentHtml(*p.topAgreement) : none, "n") + "</tr></tbody></table>\n";
  if (!p.text.empty()) html += paragraph("Measured on " + escaped(p.text) + ".", "dim");
  return html + "</section>\n";
}

std::string notesSection(const ReportData& data) {
  std::string html =
      "<section>\n<h2>How to read this</h2>\n<ul>\n"
      "<li>Errors are relative: the square root of an energy ratio. On tokens: of the layer's "
      "output, both sides rounded as planned. On weights: of the output if normalised "
      "activations had unit variance (norm-weighted), or of the weights where that is not "
      "defined.</li>\n";
  for (const std::string& note : data.notes) html += "<li>" + escaped(typeset(note)) + "</li>\n";
  return html + "</ul>\n</section>\n";
}

}  // namespace

std::string reportHtml(const ReportData& data) {
  return headOf(data) + "<section class=\"pair\">\n" + factTable("Model", data.facts) +
         factTable("Evidence", data.evidence) + "</section>\n" + overviewSection(data) + worstSection(data) +
         findingSection(data) + smoothingSection(data) + planSection(data) + perplexitySection(data) +
         notesSection(data) + "</main>\n</body>\n</html>\n";
}

}  // namespace ql::report
