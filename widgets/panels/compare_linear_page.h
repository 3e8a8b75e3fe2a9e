#pragma once
// The first tab of the Compare page: one linear under A and B. Error maps, all metrics, codes used, error by
// row and column.
#include "core/evaluate/code_histogram.h"
#include "widgets/bridge/session.h"
#include "widgets/panels/compare_choices.h"

#include <QWidget>

#include <array>
#include <memory>
#include <optional>

class QLabel;
class QTableView;

namespace ql {

class Canvas;
class CompareCodesView;
class CompareMapLoader;
class CompareMapView;
class CompareMetricTable;
class CompareProfileView;
class ElidedLabel;

class CompareLinearPage : public QWidget {
  Q_OBJECT
 public:
  CompareLinearPage(Session* session, CompareChoices* choices, QWidget* parent = nullptr);

  CompareMapView* map() const { return m_map; }
  Canvas* mapCanvas() const { return m_mapCanvas; }
  CompareCodesView* codes() const { return m_codes; }
  CompareProfileView* rows() const { return m_rows; }
  CompareProfileView* columns() const { return m_columns; }
  CompareMetricTable* figures() const { return m_figures; }
  QString verdict() const;

 protected:
  void showEvent(QShowEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  struct Counted {  // what a histogram is of
    std::weak_ptr<Workspace> workspace;
    std::optional<LinearId> id;
    std::optional<WeightScheme> scheme;
    bool isAsked = false;
  };
  void setupTable();
  void setupLayout();
  void setupLinks();
  void refresh();
  void refreshFigures();
  void countCodes(CompareSide side);
  void showCodes(CompareSide side, const std::shared_ptr<const CodeHistogram>& histogram);
  void showPinned();
  void fitColumns();
  QString headline(CompareSide side);

  Session* m_session;
  CompareChoices* m_choices;
  CompareMapView* m_map;
  CompareMapLoader* m_loader;
  CompareCodesView* m_codes;
  CompareProfileView *m_rows, *m_columns;
  CompareMetricTable* m_figures;
  Canvas *m_mapCanvas, *m_codesCanvas, *m_rowsCanvas, *m_columnsCanvas;
  QTableView* m_table;
  ElidedLabel* m_verdict;
  std::array<Counted, 2> m_counted;
  std::array<std::shared_ptr<const CodeHistogram>, 2> m_histograms;
};

}  // namespace ql
