#pragma once
// The factors S of the trial by rank of |W|, on a log scale: a small plot for the inspector.
#include "widgets/canvas/axis.h"
#include "widgets/canvas/canvas_view.h"

#include <memory>
#include <vector>

namespace ql {

struct SmoothingChannels;

class ScalesView : public CanvasView {
  Q_OBJECT
 public:
  explicit ScalesView(QObject* parent = nullptr);
  void setChannels(std::shared_ptr<const SmoothingChannels> channels);

  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  QString copyText() const override;
  std::unique_ptr<QAbstractItemModel> table() const override;
  QString tableTitle() const override { return tr("Smoothing factors"); }
  QString accessibleText() const override;

 protected:
  void resized() override { layOut(); }

 private:
  void layOut();
  std::shared_ptr<const SmoothingChannels> m_channels;
  std::vector<std::size_t> m_order;  // channels by descending |W|
  std::vector<QPointF> m_points;
  QRectF m_plot;
  Axis m_x, m_y;
  double m_pointer = -1;
  std::ptrdiff_t m_cursor = -1;  // rank under the pointer or the keyboard
};

/// The channels whose |W| is over 50 times the median, largest first: those a smoothing is for.
std::vector<std::size_t> outlierChannels(const SmoothingChannels& channels);

}  // namespace ql
