#pragma once
// The table twin of the compared error maps: the weights that are seen, one a row, with their errors under A
// and B. Rows are read as they are shown.
#include "core/io/weight_source.h"
#include "core/stats/matrix_view.h"

#include <QAbstractTableModel>
#include <QCache>

#include <array>
#include <memory>
#include <optional>
#include <vector>

namespace ql {

class ComparePairTable : public QAbstractTableModel {
  Q_OBJECT
 public:
  /// `errors`: Q(W) - W of A and B, null = an error of zero; `part`: whole elements, clamped to the matrix.
  ComparePairTable(std::array<std::shared_ptr<const WeightSource>, 2> errors, MatrixRef matrix,
                   const MatrixViewport& part);

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
  QString tabSeparated() const;

 private:
  using Rows = std::array<std::vector<float>, 2>;
  /// Errors of one matrix row, empty where they cannot be read.
  const Rows& rowOf(std::int64_t row) const;
  std::optional<float> error(std::int64_t row, std::int64_t column, std::size_t side) const;

  std::array<std::shared_ptr<const WeightSource>, 2> m_errors;
  MatrixRef m_matrix;
  std::int64_t m_rowBegin, m_rowEnd, m_columnBegin, m_columnEnd;
  mutable QCache<std::int64_t, Rows> m_rows;
};

}  // namespace ql
