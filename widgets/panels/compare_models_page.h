#pragma once
// The third tab of the Compare page: per-layer error curves of several models under one choice.
#include "widgets/bridge/session.h"
#include "widgets/panels/compare_choices.h"
#include "widgets/panels/compare_model_list.h"

#include <QTimer>
#include <QWidget>

class QMenu;
class QPushButton;
class QVBoxLayout;

namespace ql {

class Canvas;
class ElidedLabel;
class SegmentedControl;

class CompareModelsPage : public QWidget {
  Q_OBJECT
 public:
  CompareModelsPage(Session* session, CompareChoices* choices, QWidget* parent = nullptr);
  CompareModelList* list() const { return m_list; }
  CompareModelsView* view() const { return m_view; }
  /// Buttons that take a model out, in the order of the list.
  std::vector<QWidget*> removeButtons() const;

 public slots:
  void addFolder();
  void addFile();

 protected:
  void showEvent(QShowEvent* event) override;
  void hideEvent(QHideEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  void setupBar();
  void setupLayout();
  void fillMenu();
  void ask();
  void refresh();
  struct Row {
    quint64 serial = 0;
    ElidedLabel* note = nullptr;
  };
  void makeRow(const ComparedModel& model);
  QString noteOf(const ComparedModel& model) const;

  Session* m_session;
  CompareChoices* m_choices;
  CompareModelList* m_list;
  CompareModelsView* m_view;
  Canvas* m_canvas;
  SegmentedControl *m_side, *m_kind, *m_depth;
  QPushButton* m_add;
  QMenu* m_menu;
  QWidget *m_bar, *m_rows;
  QVBoxLayout* m_rowLayout;
  std::vector<Row> m_shown;
  QTimer m_soon;  // many values = one repaint
};

}  // namespace ql
