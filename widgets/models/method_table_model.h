#pragma once
// What a method decided, linear by linear: figures, verdict, and a check mark on every change that will be
// applied. A snapshot of one AutoReport; measures nothing.
#include "core/workspace_methods.h"

#include <QAbstractTableModel>

#include <vector>

namespace ql {

class MethodTableModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  using QAbstractTableModel::QAbstractTableModel;

  /// Of a method that compares two candidates: first error, second error, ratio; of fewest layers: now, then.
  enum Column { Layer, Now, Figure, First, Second, Ratio, Verdict, Why, kColumnCount };

  void setReport(AutoReport report, const Model& model);
  void clear(AutoMethod method);
  const AutoReport& report() const { return m_report; }
  bool hasReport() const { return m_hasReport; }
  /// The changes that are checked.
  std::vector<AutoDecision> checkedDecisions() const;
  std::size_t checkedCount() const;
  std::size_t changeCount() const { return m_report.changes(); }
  void setAllChecked(bool isChecked);
  LinearId linearAt(int row) const { return m_report.decisions[m_rows[static_cast<std::size_t>(row)]].id; }
  /// Tab-separated, with a header and numbers unrounded.
  QString asText() const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  bool setData(const QModelIndex& index, const QVariant& value, int role) override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
  Qt::ItemFlags flags(const QModelIndex& index) const override;

 signals:
  void checksChanged();

 private:
  const AutoDecision& decisionAt(int row) const {
    return m_report.decisions[m_rows[static_cast<std::size_t>(row)]];
  }
  bool isPair() const { return m_report.request.method != AutoMethod::FewestLayers; }
  bool isChange(const AutoDecision& decision) const { return !(decision.after == decision.before); }
  std::optional<double> number(const AutoDecision& decision, int column) const;
  QString text(int row, int column) const;
  QString tip(int row, int column) const;
  QString outcomeText(const AutoDecision& decision) const;
  std::optional<std::size_t> siblingsOf(const AutoDecision& decision) const;

  AutoReport m_report;
  std::vector<std::size_t> m_rows;  // decisions that are shown
  std::vector<char> m_checked;      // by decision
  std::vector<QString> m_names;     // by decision
  std::vector<std::optional<std::size_t>> m_fused;
  bool m_hasReport = false;
};

}  // namespace ql
