#pragma once
// Hand-made curves, channels and folds for tests of the Smoothing page, and a view that is poked without a
// window.
#include "widgets/bridge/smoothing_control.h"
#include "widgets/panels/alpha_view.h"
#include "widgets/panels/fold_view.h"

#include <QImage>

#include <cmath>

namespace ql::test {

inline SmoothingPoint point(double alpha, double error) {
  SmoothingPoint result;
  result.alpha = alpha;
  result.error.together.wa = error;
  result.error.together.interval = std::pair(error * 0.98, error * 1.02);
  return result;
}

/// A parabola over alpha with its least error at `best`; 0.873 without smoothing.
inline std::shared_ptr<SmoothingCurve> parabola(const std::string& method, double best, double least,
                                                int points = 21) {
  auto curve = std::make_shared<SmoothingCurve>();
  curve->smoothing.method = method;
  curve->smoothing.statistic = method == "bismooth" ? "median" : "max";
  curve->none = point(0, 0.873);
  for (int i = 0; i < points; ++i) {
    const double alpha = i * 0.05;
    curve->grid.push_back(point(alpha, least + 0.004 * (alpha - best) * (alpha - best)));
  }
  curve->isComplete = points == 21;
  curve->evidence.n = 4096;
  return curve;
}

/// Both curves in a view of 520 x 480, drawn once.
struct AlphaScene {
  AlphaView view;
  explicit AlphaScene(double noSmoothing = 0.873) {
    auto quant = parabola("smoothquant", 0.5, 0.0087), bi = parabola("bismooth", 0.45, 0.0085);
    quant->none = bi->none = point(0, noSmoothing);
    QObject::connect(&view, &AlphaView::trialWanted, &view, &AlphaView::setTrial);
    view.setTitle(QStringLiteral("block 0 attention"));
    view.setPinTopic(QStringLiteral("0"), QStringLiteral("int8 channel"));
    view.setCurves(quant, bi);
    draw();
  }
  QImage draw(const Theme& theme = lightTheme()) { return renderToImage(view, {520, 480}, 1, theme); }
  bool send(CanvasEvent::Type type, QPointF at, Qt::MouseButton button = Qt::NoButton,
            Qt::MouseButtons buttons = Qt::NoButton, Qt::KeyboardModifiers modifiers = Qt::NoModifier,
            double wheel = 0) {
    CanvasEvent event;
    event.type = type;
    event.position = at;
    event.button = button;
    event.buttons = buttons;
    event.modifiers = modifiers;
    event.wheel = wheel;
    return view.handle(event);
  }
  bool key(int code, Qt::KeyboardModifiers modifiers = Qt::NoModifier) {
    CanvasEvent event;
    event.type = CanvasEvent::Key;
    event.key = code;
    event.modifiers = modifiers;
    return view.handle(event);
  }
};

/// Pixels near `at` that look like `color`.
inline int pixelsOf(const QImage& picture, QPointF at, double radius, const QColor& color) {
  int count = 0;
  const int r = static_cast<int>(std::ceil(radius));
  for (int dy = -r; dy <= r; ++dy)
    for (int dx = -r; dx <= r; ++dx) {
      const QPoint p = at.toPoint() + QPoint(dx, dy);
      if (!picture.rect().contains(p)) continue;
      const QColor c = picture.pixelColor(p);
      count += std::abs(c.red() - color.red()) + std::abs(c.green() - color.green()) +
                   std::abs(c.blue() - color.blue()) <
               40;
    }
  return count;
}

/// 64 channels; 18 and 26 have large weights, 40 a large activation.
inline std::shared_ptr<SmoothingChannels> someChannels() {
  auto channels = std::make_shared<SmoothingChannels>();
  for (int c = 0; c < 64; ++c) {
    channels->weightAbsmax.push_back(c == 18   ? 170.0f
                                     : c == 26 ? 150.0f
                                               : 0.4f + 0.001f * static_cast<float>(c));
    channels->actAbsmax.push_back(c == 40 ? 90.0f : 0.8f);
    channels->s.push_back(c == 18 || c == 26 ? 0.005f : c == 40 ? 10.0f : 2.0f);
  }
  return channels;
}

inline FoldPicture somePicture(int readers) {
  FoldPicture picture;
  picture.target.isFoldable = true;
  picture.target.producer = "model.layers.0.input_layernorm.weight";
  picture.producer = QStringLiteral("input_layernorm");
  for (int i = 0; i < readers; ++i) picture.readers << QStringLiteral("experts.%1.w1").arg(i);
  picture.dtype = QStringLiteral("BF16");
  FoldResidual residual;
  residual.plain.exact = 1.2e-7;
  residual.plain.rounded = 0.0018;
  SmoothingResidual powers;
  powers.exact = 0;
  powers.rounded = 0;
  residual.powersOfTwo = powers;
  residual.powersOfTwoError = 0.0096;
  picture.residual = residual;
  return picture;
}

/// Pixels around `at` with a green tint, however thin the line.
inline int greenPixels(const QImage& picture, QPointF at) {
  int count = 0;
  for (int dx = -9; dx <= 9; ++dx)
    for (int dy = -4; dy <= 4; ++dy) {
      const QColor c = picture.pixelColor(at.toPoint() + QPoint(dx, dy));
      count += c.green() > c.red() + 20;
    }
  return count;
}

}  // namespace ql::test
