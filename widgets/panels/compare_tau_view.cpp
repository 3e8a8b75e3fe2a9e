#include "widgets/panels/compare_tau_view.h"

#include "widgets/bridge/metric_info.h"
#include "widgets/bridge/number_format.h"
#include "widgets/canvas/colormap.h"
#include "widgets/canvas/read_out.h"

#include <QStandardItemModel>

#include <algorithm>

namespace ql {
namespace {

/// -1 blue, 0 dark, 1 orange.
QColor tauColor(double tau) {
  return QColor::fromRgb(Colormap::diverging().atFraction((tau + 1) / 2));
}

}  // namespace

void CompareTauView::setRanks(const CompareRanks& ranks) {
  m_ranks = ranks;
  repaint();
}

void CompareTauView::layOut(Painter& painter) {
  const double s = uiScale();
  double label = 0;
  for (const Metric metric : m_ranks.metrics)
    label = std::max(label, painter.textSize(metricInfo(metric).shortName, FontRole::Axis).width());
  const double count = std::max(1.0, static_cast<double>(m_ranks.metrics.size()));
  label = std::min(label, size().width() * 0.4);
  const double left = label + 16 * s, top = 44 * s;
  const double room = std::min(size().width() - left - 10 * s, size().height() - top - label - 14 * s);
  m_cell = std::clamp(room / count, 8.0, 56 * s);
  m_grid = QRectF(left, top, m_cell * count, m_cell * count);
}

QRectF CompareTauView::cell(std::size_t row, std::size_t column) const {
  return {m_grid.left() + static_cast<double>(column) * m_cell,
          m_grid.top() + static_cast<double>(row) * m_cell, m_cell, m_cell};
}

void CompareTauView::draw(Painter& painter, const Theme& theme) {
  const double s = uiScale();
  if (m_ranks.metrics.empty() || m_ranks.linears.empty()) {
    painter.text({size().width() / 2, size().height() / 2}, tr("Nothing is ranked yet."), theme.secondary,
                 FontRole::Body, {TextAlign::Center, TextAlign::Middle});
    return;
  }
  layOut(painter);
  painter.text({8 * s, 6 * s},
               painter.elided(tr("Agreement of the metrics (Kendall's tau over layers)"),
                              size().width() - 16 * s, FontRole::AxisSemibold),
               theme.text, FontRole::AxisSemibold);
  painter.text({8 * s, 22 * s},
               painter.elided(tr("1 = the same order of layers, 0 = unrelated, −1 = the opposite order"),
                              size().width() - 16 * s, FontRole::Axis),
               theme.secondary, FontRole::Axis);
  const std::size_t count = m_ranks.metrics.size();
  for (std::size_t row = 0; row < count; ++row) {
    const QString name = metricInfo(m_ranks.metrics[row]).shortName;
    const double room = m_grid.left() - 14 * s;
    painter.text({m_grid.left() - 6 * s, cell(row, 0).center().y()},
                 painter.elided(name, room, FontRole::Axis), theme.text, FontRole::Axis,
                 {TextAlign::Right, TextAlign::Middle});
    painter.text({cell(0, row).center().x(),
                  m_grid.bottom() + 6 * s + painter.textSize(name, FontRole::Axis).width() / 2},
                 name, theme.text, FontRole::Axis, {TextAlign::Center, TextAlign::Middle, true});
    for (std::size_t column = 0; column < count; ++column) {
      const QRectF box = cell(row, column).adjusted(0.5, 0.5, -0.5, -0.5);
      const auto tau = m_ranks.tau[row][column];
      painter.fillRect(box, tau ? tauColor(*tau) : blend(theme.base, theme.grid, 0.6));
      if (m_cell < 24 * s) continue;  // no room for "0.78"
      painter.text(box.center(), tau ? fixedText(*tau, 2) : QString(kDash),
                   tau ? contrastText(tauColor(*tau)) : theme.secondary, FontRole::Axis,
                   {TextAlign::Center, TextAlign::Middle});
    }
  }
  drawHover(painter, theme);
}

void CompareTauView::drawHover(Painter& painter, const Theme& theme) const {
  if (!m_grid.contains(m_pointer)) return;
  const auto row = static_cast<std::size_t>((m_pointer.y() - m_grid.top()) / m_cell);
  const auto column = static_cast<std::size_t>((m_pointer.x() - m_grid.left()) / m_cell);
  if (row >= m_ranks.metrics.size() || column >= m_ranks.metrics.size()) return;
  const auto tau = m_ranks.tau[row][column];
  std::vector<ReadOutRow> rows;
  rows.push_back({metricInfo(m_ranks.metrics[row]).name, {}, false, {}});
  if (row != column) rows.push_back({metricInfo(m_ranks.metrics[column]).name, {}, false, {}});
  rows.push_back({tr("Kendall's tau"), tau ? fixedText(*tau, 3) : QString(kDash), true, {}});
  painter.strokeRect(cell(row, column), {theme.text, 2});
  drawReadOut(painter, theme, m_pointer, QRectF(QPointF(0, 0), size()), {}, rows);
}

bool CompareTauView::handle(const CanvasEvent& event) {
  if (event.type != CanvasEvent::Move && event.type != CanvasEvent::Leave) return false;
  m_pointer = event.type == CanvasEvent::Leave ? QPointF(-1, -1) : event.position;
  repaint();
  return true;
}

QString CompareTauView::copyText() const {
  QString text = tr("metric");
  for (const Metric metric : m_ranks.metrics)
    text += QLatin1Char('\t') + QString::fromLatin1(metricInfo(metric).key);
  for (std::size_t row = 0; row < m_ranks.metrics.size(); ++row) {
    text += QLatin1Char('\n') + QString::fromLatin1(metricInfo(m_ranks.metrics[row]).key);
    for (const std::optional<double>& tau : m_ranks.tau[row])
      text += QLatin1Char('\t') + (tau ? plainNumber(static_cast<float>(*tau)) : QString());
  }
  return text;
}

std::unique_ptr<QAbstractItemModel> CompareTauView::table() const {
  if (m_ranks.metrics.empty()) return nullptr;
  const int count = static_cast<int>(m_ranks.metrics.size());
  auto model = std::make_unique<QStandardItemModel>(count, count);
  for (int i = 0; i < count; ++i) {
    const QString name = metricInfo(m_ranks.metrics[static_cast<std::size_t>(i)]).shortName;
    model->setHorizontalHeaderItem(i, new QStandardItem(name));
    model->setVerticalHeaderItem(i, new QStandardItem(name));
    for (int j = 0; j < count; ++j) {
      const auto tau = m_ranks.tau[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)];
      model->setItem(i, j, new QStandardItem(tau ? fixedText(*tau, 3) : QString(kDash)));
    }
  }
  return model;
}

QString CompareTauView::accessibleText() const {
  std::optional<double> least;
  std::size_t a = 0, b = 0;
  for (std::size_t i = 0; i < m_ranks.metrics.size(); ++i)
    for (std::size_t j = i + 1; j < m_ranks.metrics.size(); ++j)
      if (const auto tau = m_ranks.tau[i][j]; tau && (!least || *tau < *least)) least = tau, a = i, b = j;
  if (!least) return tr("Nothing is ranked yet.");
  return tr("The metrics that agree least are %1 and %2: Kendall's tau %3.")
      .arg(metricInfo(m_ranks.metrics[a]).name, metricInfo(m_ranks.metrics[b]).name, fixedText(*least, 2));
}

}  // namespace ql
