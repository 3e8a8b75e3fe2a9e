#pragma once
// The numbers of the matrix view as item models: the accessible twin of the picture. Rows are read when they
// are asked for and kept in a small cache.
#include "core/io/weight_source.h"
#include "core/stats/weight_stats.h"

#include <QAbstractTableModel>
#include <QCache>

#include <memory>
#include <vector>

namespace ql {

/// Elements [rowBegin, rowEnd) x [columnBegin, columnEnd) of a matrix; clamped to it.
class MatrixTableModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  MatrixTableModel(std::shared_ptr<const WeightSource> source, MatrixRef matrix, std::int64_t rowBegin,
                   std::int64_t rowEnd, std::int64_t columnBegin, std::int64_t columnEnd);

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
  /// Everything with row and column numbers, full precision.
  QString tabSeparated() const;

 private:
  const std::vector<float>* row(std::int64_t index) const;  // null when it cannot be read

  std::shared_ptr<const WeightSource> m_source;
  MatrixRef m_matrix;
  std::int64_t m_rowBegin, m_rowEnd, m_columnBegin, m_columnEnd;
  mutable QCache<std::int64_t, std::vector<float>> m_rows;
};

/// Largest |w| by tile of the stored pyramid's finest level, when the weights themselves are not open.
class PyramidTableModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  explicit PyramidTableModel(std::shared_ptr<const WeightStats> stats);

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  std::shared_ptr<const WeightStats> m_stats;
};

}  // namespace ql
