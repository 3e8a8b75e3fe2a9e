#pragma once
// All metrics of one linear under A and B: values, change, which one is better, and where the metrics
// disagree.
#include "core/evaluate/code_histogram.h"
#include "widgets/bridge/session.h"
#include "widgets/panels/compare_choices.h"

#include <QAbstractTableModel>

#include <array>
#include <optional>
#include <vector>

namespace ql {

/// One figure under A and B.
struct CompareFigure {
  enum class Unit { Fraction, Decibel, Bits, Count };
  QString name, sentence;
  Unit unit = Unit::Fraction;
  bool isLargerBetter = false;
  bool isJudge = true;  // false: a cost or a side note, it has no vote on which choice errs less
  std::array<std::optional<double>, 2> values;
  std::array<QString, 2> evidence;  // "exact, all 65,536 weights"
  /// The side with the better value; nothing when equal or unknown.
  std::optional<CompareSide> winner() const;
  bool operator==(const CompareFigure&) const = default;
};

/// What a linear's figures are under both choices; asks the session to measure what is missing.
std::vector<CompareFigure> compareFigures(Session& session, LinearId id, const CompareChoices& choices,
                                          const std::array<std::shared_ptr<const CodeHistogram>, 2>& codes);
/// The side that most judging metrics prefer; nothing on a tie or without any.
std::optional<CompareSide> majority(const std::vector<CompareFigure>& figures);
/// "7 of 8 metrics prefer B; dead codes prefers A.", one sentence for people.
QString verdictText(const std::vector<CompareFigure>& figures);

class CompareMetricTable : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { Name, ValueA, ValueB, Change, Better, ColumnCount };
  explicit CompareMetricTable(QObject* parent = nullptr) : QAbstractTableModel(parent) {}
  void setFigures(std::vector<CompareFigure> figures);
  const std::vector<CompareFigure>& figures() const { return m_figures; }
  /// True when this metric prefers the other side than most do.
  bool isDissenting(int row) const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
  QString tabSeparated() const;

 private:
  QString text(const CompareFigure& figure, int column) const;
  QVariant colorOf(const CompareFigure& figure, int row, int column) const;
  std::vector<CompareFigure> m_figures;
};

}  // namespace ql
