#include "app/cli/text_table.h"

#include "app/cli/output.h"
#include "core/base/error.h"

#include <algorithm>

namespace ql::cli {
namespace {

/// Code points, which is the width of everything but wide and combining characters.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t columns, bool isNumber) {
  const std::string gap(columns - std::min(columns, width(text)), ' ');
  return isNumber ? gap + text : text + gap;
}

void appendLine(std::string& out, const std::string& line) {
  out += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
}

}  // namespace

void TextTable::addRow(std::vector<std::string> cells) {
  QL_ASSERT(cells.size() == m_columns.size());
  for (std::string& cell : cells) cell = printable(cell);
  m_rows.push_back(std::move(cells));
}

std::string TextTable::text() const {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < m_columns.size(); ++c) {
    std::size_t most = width(m_columns[c].title);
    for (const auto& row : m_rows) most = std::max(most, width(row[c]));
    widths.push_back(most);
  }
  const auto line = [&](const auto& cellAt) {
    std::string text;
    for (std::size_t c = 0; c < m_columns.size(); ++c)
      text += (c == 0 ? "" : "  ") + padded(cellAt(c), widths[c], m_columns[c].isNumber);
    return text;
  };
  std::string out;
  appendLine(out, line([&](std::size_t c) { return m_columns[c].title; }));
  for (const auto& row : m_rows) appendLine(out, line([&](std::size_t c) { return row[c]; }));
  return out;
}

std::string csvRecord(const std::vector<std::string>& fields) {
  std::string record;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) record += ',';
    const std::string& field = fields[i];
    if (field.find_first_of(",\"\r\n") == std::string::npos) {
      record += field;
      continue;
    }
    record += '"';
    for (const char c : field) record += c == '"' ? std::string("\"\"") : std::string(1, c);
    record += '"';
  }
  return record + '\n';
}

}  // namespace ql::cli
