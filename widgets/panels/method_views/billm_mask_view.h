#pragma once
// The three parts of BiLLM over the matrix: salient columns, dense and sparse weights. Tiles of several
// weights mix the colours by share.
#include "widgets/bridge/selection.h"
#include "widgets/canvas/axis.h"
#include "widgets/canvas/canvas_view.h"
#include "widgets/panels/method_views/billm_state.h"

#include <QImage>

#include <memory>
#include <optional>

namespace ql {

class BillmMaskView : public CanvasView {
  Q_OBJECT
 public:
  explicit BillmMaskView(Selection* selection, QObject* parent = nullptr);
  void setState(std::shared_ptr<const BillmState> state);
  void setHint(const QString& hint);

  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  QString copyText() const override;
  QString accessibleText() const override;
  bool isSettled() const override { return m_state != nullptr; }

 protected:
  void resized() override { layOut(); }

 private:
  struct Tile {
    std::int64_t row = 0, column = 0;
  };
  void layOut();
  void paintImage(const Theme& theme);
  std::optional<Tile> tileAt(QPointF at) const;
  void drawLegend(Painter& painter, const Theme& theme) const;
  void drawBlocks(Painter& painter, const Theme& theme) const;
  void drawHover(Painter& painter, const Theme& theme) const;

  Selection* m_selection;
  std::shared_ptr<const BillmState> m_state;
  QString m_hint;
  QImage m_image;
  std::optional<bool> m_isImageDark;
  QRectF m_plot;
  Axis m_x, m_y;
  QPointF m_pointer{-1, -1};
};

}  // namespace ql
