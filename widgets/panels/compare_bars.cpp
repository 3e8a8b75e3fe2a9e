#include "widgets/panels/compare_bars.h"

#include "widgets/bridge/number_format.h"
#include "widgets/panels/form_parts.h"

#include <QPainter>
#include <QVBoxLayout>

#include <algorithm>

namespace ql {

namespace {

/// The entries worth keeping where there is little room.
std::vector<CompareEntry> fewest(const std::vector<CompareEntry>& entries) {
  std::vector<CompareEntry> kept;
  const auto best =
      std::min_element(entries.begin(), entries.end(), [](const CompareEntry& a, const CompareEntry& b) {
        return a.error.value_or(INFINITY) < b.error.value_or(INFINITY);
      });
  for (auto entry = entries.begin(); entry != entries.end(); ++entry)
    if (entry == entries.begin() || entry->isShown || entry->isSmoothing || entry == best)
      kept.push_back(*entry);
  return kept;
}

}  // namespace

CompareBar::CompareBar(const CompareEntry& entry, double largest, double target, QWidget* parent)
    : QAbstractButton(parent) {
  setCursor(Qt::PointingHandCursor);
  setFocusPolicy(Qt::TabFocus);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setEntry(entry, largest, target);
}

void CompareBar::setEntry(const CompareEntry& entry, double largest, double target) {
  m_entry = entry;
  m_largest = largest;
  m_target = target;
  const QString error = entry.error ? percentText(*entry.error) : tr("not measured yet");
  setText(entry.label);
  setAccessibleName(tr("%1: error %2, %3 bits per weight").arg(entry.label, error, bitsText(entry.bits)));
  setToolTip(tr("%1: %4 %2, %3 bits per weight.\nClick to try it; Apply writes it into the plan.")
                 .arg(entry.label, error, bitsText(entry.bits), entry.figure.toLower()));
  update();
}

QSize CompareBar::sizeHint() const {
  return {scaledPx(260), scaledPx(metrics::kReadoutRow)};
}

void CompareBar::paintEvent(QPaintEvent*) {
  const Theme& theme = currentTheme();
  QPainter painter(this);
  if (m_entry.isShown)
    painter.fillRect(rect(), theme.current);
  else if (underMouse())
    painter.fillRect(rect(), theme.selected);
  const int bitsWidth = scaledPx(46), errorWidth = scaledPx(60), labelWidth = scaledPx(82), pad = scaledPx(4);
  painter.setFont(uiFont(m_entry.isShown ? FontRole::Semibold : FontRole::Body));
  painter.setPen(theme.text);
  painter.drawText(QRect(pad, 0, labelWidth, height()), Qt::AlignVCenter | Qt::AlignLeft, m_entry.label);
  const int right = width() - pad;
  painter.drawText(QRect(right - bitsWidth - errorWidth, 0, errorWidth, height()),
                   Qt::AlignVCenter | Qt::AlignRight,
                   m_entry.error ? percentText(*m_entry.error) : QString(kDash));
  painter.setFont(uiFont(FontRole::Axis));
  painter.setPen(m_entry.isShown ? theme.text : theme.secondary);
  painter.drawText(QRect(right - bitsWidth, 0, bitsWidth, height()), Qt::AlignVCenter | Qt::AlignRight,
                   bitsText(m_entry.bits));
  paintBar(painter, QRect(pad + labelWidth, 0, right - bitsWidth - errorWidth - pad - labelWidth, height()));
  if (hasFocus()) {
    painter.setPen(theme.accent);
    painter.drawRect(rect().adjusted(0, 0, -1, -1));
  }
}

void CompareBar::paintBar(QPainter& painter, const QRect& area) const {
  const Theme& theme = currentTheme();
  const double largest = std::max(m_largest, m_target * 1.2);
  if (m_entry.error && largest > 0) {
    const int barHeight = scaledPx(9);
    const int barWidth =
        std::max(1, static_cast<int>(area.width() * std::clamp(*m_entry.error / largest, 0.0, 1.0)));
    const QColor color = *m_entry.error <= m_target ? theme.good
                         : m_entry.isShown          ? theme.accent
                                                    : theme.outline;
    painter.fillRect(area.left(), area.center().y() - barHeight / 2, barWidth, barHeight, color);
  }
  const int x = area.left() + static_cast<int>(area.width() * std::clamp(m_target / largest, 0.0, 1.0));
  painter.setPen(QPen(theme.finding, 1, Qt::DashLine));
  painter.drawLine(x, 0, x, height());
}

CompareBars::CompareBars(QWidget* parent) : QWidget(parent) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
}

void CompareBars::setEntries(std::vector<CompareEntry> entries, double target, bool fewRows) {
  if (fewRows) entries = fewest(entries);
  double largest = 0;
  for (const CompareEntry& entry : entries) largest = std::max(largest, entry.error.value_or(0));
  while (m_bars.size() > entries.size()) {
    delete m_bars.back();
    m_bars.pop_back();
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i < m_bars.size()) {
      m_bars[i]->setEntry(entries[i], largest, target);
      continue;
    }
    auto* bar = new CompareBar(entries[i], largest, target, this);
    layout()->addWidget(bar);
    connect(bar, &QAbstractButton::clicked, this, [this, bar] {
      if (bar->entry().isSmoothing)
        emit smoothingPicked();
      else
        emit picked(bar->entry().choice);
    });
    m_bars.push_back(bar);
  }
}

}  // namespace ql
