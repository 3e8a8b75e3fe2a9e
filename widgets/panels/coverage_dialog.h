#pragma once
// Which experts calibration reached: block x expert, tokens seen. Experts without tokens have no statistics,
// and every figure that rests on activations is missing for them.
#include "core/calib/calibration.h"
#include "widgets/canvas/canvas_view.h"

#include <QDialog>

class QLabel;

namespace ql {

class Canvas;
class Session;

class CoverageView : public CanvasView {
  Q_OBJECT
 public:
  using CanvasView::CanvasView;
  void setCoverage(ExpertCoverage coverage);

  std::size_t experts() const { return m_experts; }
  std::size_t unseen() const { return m_unseen; }
  std::uint64_t most() const { return m_most; }

  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  QString copyText() const override;
  std::unique_ptr<QAbstractItemModel> table() const override;
  QString tableTitle() const override;
  QString accessibleText() const override;

 private:
  struct Place {
    int block;
    std::size_t expert;
    std::uint64_t tokens;
  };
  QRectF cell(std::size_t row, std::size_t expert) const;
  std::optional<Place> placeAt(QPointF at) const;
  void layOut(const Painter& painter);
  ExpertCoverage m_coverage;
  std::size_t m_experts = 0, m_unseen = 0;
  std::uint64_t m_most = 0;
  QRectF m_grid;
  QPointF m_pointer{-1, -1};
};

class CoverageDialog : public QDialog {
  Q_OBJECT
 public:
  explicit CoverageDialog(Session* session, QWidget* parent = nullptr);
  CoverageView* view() const { return m_view; }

 private:
  void refresh();
  Session* m_session;
  CoverageView* m_view;
  Canvas* m_canvas;
  QLabel* m_summary;
};

}  // namespace ql
