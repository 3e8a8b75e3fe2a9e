#pragma once
// The fold line: whether a smoothing can be folded into the weights, what takes 1/S and what takes S, and the
// residual that proves it; or, in the same place, why it cannot.
#include "widgets/bridge/smoothing_control.h"
#include "widgets/canvas/canvas_view.h"

#include <optional>
#include <vector>

namespace ql {

/// What the fold line says.
struct FoldPicture {
  FoldTarget target;
  QString producer;                      // "input_layernorm"
  QStringList readers;                   // "q_proj", in network order
  QString dtype;                         // of the file: "BF16"
  std::optional<FoldResidual> residual;  // nothing while unknown
  QString unknown;                       // what stands in its place: "measuring…"
};

class FoldView : public CanvasView {
  Q_OBJECT
 public:
  explicit FoldView(QObject* parent = nullptr) : CanvasView(parent) {}

  void setFold(std::optional<FoldPicture> fold);
  const std::optional<FoldPicture>& fold() const { return m_fold; }
  /// Pixels it needs at that width: the figures wrap.
  double heightFor(double width) const;
  /// "possible: ..." or "not possible: ...".
  QString verdict() const;
  /// The explanation of what lies there, for a tooltip; empty where nothing does.
  QString tipAt(QPointF at) const;
  /// Readers that have a chip of their own in the picture drawn last.
  std::size_t shownReaders() const { return m_shownReaders; }

  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  QString copyText() const override;
  std::unique_ptr<QAbstractItemModel> table() const override;
  QString tableTitle() const override { return tr("Fold"); }
  QString accessibleText() const override;

 signals:
  void heightChanged();
  void tipWanted(QPointF at, const QString& text);

 private:
  struct Figure {
    QString label, value, tip;
    QString after = {};  // a second label and value of the same figure
    QString afterValue = {};
  };
  struct Hot {
    QRectF place;
    QString tip;
  };
  std::vector<Figure> figures() const;
  std::vector<std::vector<Figure>> figureLines(double width) const;
  QString producerAction() const;
  QString readerAction() const;
  QString producerTip() const;
  double chipWidth(const Painter& painter, const QString& name, const QString& action) const;
  void drawChip(Painter& painter, const Theme& theme, QPointF at, const QString& name, const QString& action,
                const QColor& color) const;
  void drawVerdict(Painter& painter, const Theme& theme, double y);
  void drawChips(Painter& painter, const Theme& theme, double y);
  void drawFigures(Painter& painter, const Theme& theme, double y);

  std::optional<FoldPicture> m_fold;
  std::vector<Hot> m_hot;  // of the picture drawn last
  std::size_t m_shownReaders = 0;
  QString m_tip;
};

/// A residual, as a fraction: "0", "1.2e-7", "0.18 %".
QString residualText(double fraction);

}  // namespace ql
