#pragma once
// Where in the matrix GPTQ errs, where rounding to nearest does, and what GPTQ changed before it rounded:
// root mean squares of tiles, both errors under one colour scale.
#include "core/workspace_gptq.h"
#include "widgets/bridge/selection.h"
#include "widgets/canvas/canvas_view.h"
#include "widgets/canvas/color_bar.h"

#include <QImage>

#include <memory>

namespace ql {

class GptqMapView : public CanvasView {
  Q_OBJECT
 public:
  enum class Layer { Gptq, Rounding, Updates };

  explicit GptqMapView(Selection* selection, QObject* parent = nullptr);
  void setReport(std::shared_ptr<const GptqReport> report);
  void setLayer(Layer layer);
  Layer layer() const { return m_layer; }
  void setHint(const QString& hint);

  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  QString copyText() const override;
  QString accessibleText() const override;

 protected:
  void resized() override { layOut(); }

 private:
  void layOut();
  void rebuild();
  const std::vector<float>& values() const;
  std::optional<std::size_t> tileAt(QPointF at) const;
  QString layerName() const;
  void drawHover(Painter& painter, const Theme& theme) const;

  Selection* m_selection;
  std::shared_ptr<const GptqReport> m_report;
  Layer m_layer = Layer::Gptq;
  QString m_hint;
  QImage m_image;
  ColorScale m_scale;
  ColorBar m_bar;
  QRectF m_plot;
  Axis m_x, m_y;
  QPointF m_pointer{-1, -1};
};

}  // namespace ql
