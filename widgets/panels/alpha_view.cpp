#include "widgets/panels/alpha_view.h"

#include "widgets/bridge/number_format.h"

#include <QMenu>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace ql {

namespace {

constexpr double kStep = 0.05, kFineStep = 0.01;  // of the keys; a drag snaps to the fine one

double snapped(double alpha) {
  return std::clamp(std::round(alpha / kFineStep) * kFineStep, 0.0, 1.0);
}

const std::optional<double>& errorOf(const SmoothingPoint& point) {
  return point.error.together.wa;
}

bool hasOption(const SmoothingOptions& options, const char* key, const OptionValue& value) {
  const auto found = options.options.find(key);
  return found != options.options.end() && found->second == value;
}

/// Grid and refined points by ascending alpha.
std::vector<CurvePoint> pointsOf(const SmoothingCurve& curve) {
  std::vector<CurvePoint> points;
  const auto take = [&](const std::vector<SmoothingPoint>& from, bool isMinor) {
    for (const SmoothingPoint& point : from)
      if (errorOf(point))
        points.push_back({point.alpha, *errorOf(point), point.error.together.interval, isMinor});
  };
  take(curve.grid, false);
  take(curve.refined, true);
  std::stable_sort(points.begin(), points.end(),
                   [](const CurvePoint& a, const CurvePoint& b) { return a.x < b.x; });
  points.erase(
      std::unique(points.begin(), points.end(),
                  [](const CurvePoint& a, const CurvePoint& b) { return std::abs(a.x - b.x) < 1e-9; }),
      points.end());
  return points;
}

}  // namespace

QString smoothingLabel(const SmoothingOptions& options) {
  QString label;
  if (options.method == "smoothquant") {
    label = hasOption(options, "formula", std::string("llm-compressor"))
                ? AlphaView::tr("SmoothQuant (llm-compressor)")
                : AlphaView::tr("SmoothQuant = bi-smoothing (max)");
  } else if (hasOption(options, "data_free", true)) {
    label = options.statistic == "median" ? AlphaView::tr("Bi-smoothing (median, data-free)")
                                          : AlphaView::tr("Bi-smoothing (max, data-free)");
  } else {
    label = options.statistic == "median" ? AlphaView::tr("Bi-smoothing (median)")
                                          : AlphaView::tr("Bi-smoothing (max)");
  }
  return options.powersOfTwo ? AlphaView::tr("%1, S as powers of two").arg(label) : label;
}

AlphaView::AlphaView(QObject* parent) : CurvePlot(parent) {
  setXRange({0, 1, AxisScale::Linear, 1});
}

void AlphaView::setTitle(const QString& group) {
  m_group = group;
}

void AlphaView::setCurves(std::shared_ptr<const SmoothingCurve> smoothQuant,
                          std::shared_ptr<const SmoothingCurve> bismooth) {
  m_smoothQuant = std::move(smoothQuant);
  m_bismooth = std::move(bismooth);
  rebuild();
}

void AlphaView::setTrial(const SmoothingTrial& trial) {
  if (trial == m_trial) return;
  m_trial = trial;
  rebuild();
  emit cursorMoved();
}

void AlphaView::setFigures(std::optional<SmoothingControl::Figures> figures) {
  m_figures = std::move(figures);
  emit changed();
  emit cursorMoved();
}

bool AlphaView::isSmoothQuantActive() const {
  return m_trial.method == SmoothingTrial::Method::SmoothQuant ||
         (m_trial.method == SmoothingTrial::Method::Bismooth && !m_trial.usesMedian && !m_trial.dataFree);
}

const SmoothingCurve* AlphaView::activeCurve() const {
  if (m_trial.method == SmoothingTrial::Method::None) return nullptr;
  return isSmoothQuantActive() ? m_smoothQuant.get() : m_bismooth.get();
}

void AlphaView::rebuild() {
  std::vector<PlotCurve> curves;
  std::vector<PlotReference> references;
  const bool isTried = m_trial.method != SmoothingTrial::Method::None;
  if (m_smoothQuant)
    curves.push_back({smoothingLabel(m_smoothQuant->smoothing), tr("SmoothQuant"), &Theme::weight,
                      pointsOf(*m_smoothQuant), isTried && isSmoothQuantActive()});
  if (m_bismooth)
    curves.push_back({smoothingLabel(m_bismooth->smoothing), tr("Bi-smoothing"), &Theme::smoothing,
                      pointsOf(*m_bismooth), isTried && !isSmoothQuantActive()});
  const SmoothingCurve* any = m_smoothQuant ? m_smoothQuant.get() : m_bismooth.get();
  if (any && errorOf(any->none)) references.push_back({tr("no smoothing"), *errorOf(any->none)});
  CurvePlot::setCurves(std::move(curves), std::move(references));
}

// ---- What is asked for

void AlphaView::wantAlpha(double alpha) {
  SmoothingTrial trial = m_trial;
  trial.alpha = snapped(alpha);
  if (trial.method == SmoothingTrial::Method::None) trial.method = SmoothingTrial::Method::Bismooth;
  if (!(trial == m_trial)) emit trialWanted(trial);
}

void AlphaView::wantMethod(bool isSmoothQuant) {
  if (m_trial.method != SmoothingTrial::Method::None && isSmoothQuant == isSmoothQuantActive()) return;
  SmoothingTrial trial = m_trial;
  trial.method = isSmoothQuant ? SmoothingTrial::Method::SmoothQuant : SmoothingTrial::Method::Bismooth;
  if (!isSmoothQuant && !trial.dataFree) trial.usesMedian = true;
  emit trialWanted(trial);
}

bool AlphaView::isOnHandle(QPointF at) const {
  const double s = uiScale(), distance = std::abs(at.x() - handlePosition().x());
  const bool isOnAxis = at.y() >= plot().bottom() - 8 * s && at.y() <= plot().bottom() + axisRoom() + 6 * s;
  return (isOnAxis && distance <= 9 * s) || (plot().contains(at) && distance <= 4 * s);
}

Qt::CursorShape AlphaView::cursorShape() const {
  if (curves().empty()) return Qt::ArrowCursor;
  if (m_isDragging || isOnHandle(pointer())) return Qt::SizeHorCursor;
  return plot().contains(pointer()) &&
                 (curveNear(pointer(), 6 * uiScale()) || offScaleBox().contains(pointer()))
             ? Qt::PointingHandCursor
             : Qt::ArrowCursor;
}

bool AlphaView::press(const CanvasEvent& event) {
  const double s = uiScale();
  const QRectF strip(plot().left() - 8 * s, plot().bottom() - 2, plot().width() + 16 * s,
                     axisRoom() + 20 * s);
  if (isOnHandle(event.position) || strip.contains(event.position)) {
    m_isDragging = true;
    wantAlpha(xAxis().toValue(event.position.x()));
    emit changed();
    return true;
  }
  if (const auto curve = curveNear(event.position, 8 * s); curve && plot().contains(event.position)) {
    wantMethod(curves()[*curve].color == &Theme::weight);
    return true;
  }
  return false;
}

bool AlphaView::handle(const CanvasEvent& event) {
  if (event.type == CanvasEvent::FocusIn || event.type == CanvasEvent::FocusOut) {
    m_hasFocus = event.type == CanvasEvent::FocusIn;
    emit changed();
    return true;
  }
  if (curves().empty()) return false;
  const bool isLeft = event.button == Qt::LeftButton;
  if (event.type == CanvasEvent::Move && m_isDragging) {
    if (event.buttons & Qt::LeftButton)
      wantAlpha(xAxis().toValue(event.position.x()));
    else
      m_isDragging = false;  // released outside the window
  }
  if (event.type == CanvasEvent::Release && isLeft && m_isDragging) {
    m_isDragging = false;
    emit changed();
    return true;
  }
  if (event.type == CanvasEvent::Key && stepKey(event)) return true;
  if (CurvePlot::handle(event)) return true;
  if (event.type == CanvasEvent::Press && isLeft) return press(event);
  return false;
}

bool AlphaView::stepKey(const CanvasEvent& event) {
  if (event.modifiers & ~Qt::KeyboardModifiers(Qt::ShiftModifier)) return false;
  const double step = event.has(Qt::ShiftModifier) ? kFineStep : kStep;
  switch (event.key) {
    case Qt::Key_Left:
      wantAlpha(m_trial.alpha - step);
      return true;
    case Qt::Key_Right:
      wantAlpha(m_trial.alpha + step);
      return true;
    case Qt::Key_Home:
      wantAlpha(0);
      return true;
    case Qt::Key_End:
      wantAlpha(1);
      return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      emit optimumWanted();
      return true;
    case Qt::Key_M:
      wantMethod(m_trial.method == SmoothingTrial::Method::None || !isSmoothQuantActive());
      return true;
    default:
      return false;
  }
}

void AlphaView::fillMenu(QMenu& menu) {
  menu.addAction(tr("Take the optimum"), QKeySequence(Qt::Key_Return), this, &AlphaView::optimumWanted)
      ->setEnabled(activeCurve() && activeCurve()->best());
  menu.addAction(tr("Other method"), QKeySequence(Qt::Key_M), this,
                 [this] { wantMethod(!isSmoothQuantActive()); });
  menu.addSeparator();
  CurvePlot::fillMenu(menu);
}

// ---- Axis

QString AlphaView::xText(double x) const {
  return tr("alpha %1").arg(fixedText(x, 2));
}

QString AlphaView::xNumber(double x) const {
  return plainNumber(static_cast<float>(x));
}

std::vector<double> AlphaView::xTicks() const {
  return {0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1};
}

QString AlphaView::xTickText(double x) const {
  const bool isOdd = static_cast<int>(std::lround(x * 10)) % 2 == 1;  // every second line has a number
  return isOdd ? QString() : fixedText(x, 1);
}

double AlphaView::axisRoom() const {
  return 6 * uiScale();
}

// ---- The numbers

QString AlphaView::copyText() const {
  if (curves().empty()) return {};
  QString text = tr("method\talpha\terror\tlow\thigh\tw\ta\tclamped\tdead");
  const auto number = [](const std::optional<double>& value) {
    return value ? plainNumber(static_cast<float>(*value)) : QString();
  };
  const auto add = [&](const QString& name, const QString& alpha, const SmoothingPoint& point) {
    const SmoothedFigures& figures = point.error.together;
    std::optional<double> low, high;
    if (figures.interval) low = figures.interval->first, high = figures.interval->second;
    const QStringList cells{name,
                            alpha,
                            number(figures.wa),
                            number(low),
                            number(high),
                            number(figures.w),
                            number(figures.a),
                            QString::number(point.clampedChannels),
                            QString::number(point.deadChannels)};
    text += QLatin1Char('\n') + cells.join(QLatin1Char('\t'));
  };
  const SmoothingCurve* any = m_smoothQuant ? m_smoothQuant.get() : m_bismooth.get();
  add(tr("no smoothing"), {}, any->none);
  for (const SmoothingCurve* curve : {m_smoothQuant.get(), m_bismooth.get()}) {
    if (!curve) continue;
    for (const auto* points : {&curve->grid, &curve->refined})
      for (const SmoothingPoint& point : *points)
        add(smoothingLabel(curve->smoothing), plainNumber(static_cast<float>(point.alpha)), point);
  }
  for (const auto& [label, curve] : pinnedCurves())
    for (const CurvePoint& pinned : curve->points) {
      SmoothingPoint point;
      point.error.together.wa = pinned.y;
      point.error.together.interval = pinned.interval;
      add(label, xNumber(pinned.x), point);
    }
  return text;
}

QString AlphaView::tableTitle() const {
  return tr("Error by alpha, %1").arg(m_group);
}

QString AlphaView::accessibleText() const {
  if (curves().empty()) return tr("Error by alpha: nothing is measured yet.");
  QStringList parts;
  if (m_trial.method == SmoothingTrial::Method::None)
    parts << tr("Error by alpha of %1, no smoothing is tried.").arg(m_group);
  else if (m_figures && errorOf(m_figures->point))
    parts << tr("Error by alpha of %1: at alpha %2 the error is %3.")
                 .arg(m_group, fixedText(m_figures->trial.alpha, 2),
                      percentTextFine(*errorOf(m_figures->point)));
  else
    parts << tr("Error by alpha of %1, alpha %2 is tried.").arg(m_group, fixedText(m_trial.alpha, 2));
  for (const SmoothingCurve* curve : {m_smoothQuant.get(), m_bismooth.get()}) {
    const SmoothingPoint* best = curve ? curve->best() : nullptr;
    if (best && errorOf(*best))
      parts << tr("%1 is best at alpha %2 with %3.")
                   .arg(smoothingLabel(curve->smoothing), fixedText(best->alpha, 2),
                        percentTextFine(*errorOf(*best)));
  }
  const SmoothingCurve* any = m_smoothQuant ? m_smoothQuant.get() : m_bismooth.get();
  if (any && errorOf(any->none))
    parts << tr("Without smoothing it is %1.").arg(percentText(*errorOf(any->none)));
  return parts.join(QLatin1Char(' '));
}

}  // namespace ql
