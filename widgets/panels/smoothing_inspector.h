#pragma once
// The inspector while the Smoothing page is shown: what smoothing comes to for the group, the trial, its
// errors before and after, its factors, what else would help, what it costs, and Apply.
#include "widgets/bridge/session.h"

#include <QTimer>
#include <QWidget>

#include <vector>

class QGridLayout;
class QLabel;
class QPushButton;
class QScrollArea;
class QVBoxLayout;

namespace ql {

class ElidedLabel;
class EvidenceDot;
class ScalesView;
class SmoothingControl;
class SmoothingForm;
class VerdictBox;
struct SmoothedFigures;

class SmoothingInspector : public QWidget {
  Q_OBJECT
 public:
  explicit SmoothingInspector(Session* session, QWidget* parent = nullptr);
  SmoothingForm* form() const { return m_form; }
  VerdictBox* verdict() const { return m_verdict; }
  QPushButton* applyButton() const { return m_apply; }
  QPushButton* revertButton() const { return m_revert; }
  /// Texts of the read-out of a figure: 0 = W+A, 1 = W only, 2 = A only.
  QString beforeText(int row) const;
  QString afterText(int row) const;
  QString originText(int row) const;

 public slots:
  void applyToBlocks();  // asks for a range of blocks

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  struct Row {
    QLabel *name, *before, *arrow, *after, *origin;
    EvidenceDot* dot;
  };
  void setupHeader(QVBoxLayout* column);
  void setupErrors(QVBoxLayout* column);
  void setupScales(QVBoxLayout* column);
  void setupInstead(QVBoxLayout* column);
  void setupCost(QVBoxLayout* column);
  void setupFooter(QVBoxLayout* column);
  void fillApplyMenu(class QMenu* menu);
  void refreshLater();
  void refresh();
  void refreshHeader(std::size_t group);
  void refreshErrors();
  void refreshScales();
  void refreshInstead(std::size_t group);
  void refreshCost(std::size_t group);
  void refreshFooter();

  Session* m_session;
  SmoothingControl* m_control;
  QLabel *m_empty, *m_name, *m_shape, *m_errorCaption, *m_scalesCaption, *m_insteadCaption, *m_costCaption;
  QScrollArea* m_scroll;
  QWidget *m_content, *m_footer;
  ElidedLabel* m_path;
  VerdictBox* m_verdict;
  SmoothingForm* m_form;
  std::vector<Row> m_rows;
  QLabel* m_note;
  ScalesView* m_scales;
  QLabel *m_smallest, *m_median, *m_largest, *m_clamped;
  struct Instead {
    std::int64_t size;
    QLabel *name, *errors, *bits;
  };
  std::vector<Instead> m_instead;
  QLabel *m_worstName, *m_worst, *m_bits, *m_work;
  QPushButton *m_apply, *m_applyTo, *m_revert;
  QTimer m_refresh;
};

}  // namespace ql
