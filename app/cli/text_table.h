#pragma once
// Rows of text as an aligned table for people or as CSV for programs.
#include <string>
#include <vector>

namespace ql::cli {

struct TableColumn {
  std::string title;      // with the unit: "size (MiB)"
  bool isNumber = false;  // right-aligned
};

class TextTable {
 public:
  explicit TextTable(std::vector<TableColumn> columns) : m_columns(std::move(columns)) {}
  /// One cell a column.
  void addRow(std::vector<std::string> cells);
  /// Header, then rows; two spaces between columns; control characters made visible.
  std::string text() const;
  bool isEmpty() const { return m_rows.empty(); }

 private:
  std::vector<TableColumn> m_columns;
  std::vector<std::vector<std::string>> m_rows;
};

/// One CSV record with its line end; a field with a comma, a quote or a line break is quoted (RFC 4180).
std::string csvRecord(const std::vector<std::string>& fields);

}  // namespace ql::cli
