#include "widgets/panels/demo_card.h"

#include "core/folders.h"
#include "core/workspace.h"
#include "widgets/bridge/core_text.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/value_scale.h"
#include "widgets/panels/form_parts.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QVBoxLayout>

#include <algorithm>

namespace ql {

namespace {

constexpr std::pair<double, double> kRange{0.003, 1.0};  // the scale under the cards

}  // namespace

DemoFigures measureDemo(const std::string& key, double target, JobContext& job) {
  const std::shared_ptr<Workspace> workspace = Workspace::open(prepareDemo(key, resourceFolder()));
  workspace->analyze({}, job);
  const Model& model = workspace->model();
  DemoFigures figures;
  figures.blocks = model.blockCount;
  figures.parameters = model.parameterCount;
  figures.sizeBytes = workspace->checkpoint() ? workspace->checkpoint()->sizeBytes() : 0;
  for (const TensorRole role : model.rolesPresent) {
    const std::string_view name = roleName(role);
    figures.roles.push_back(QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size())));
    figures.cells.emplace_back(static_cast<std::size_t>(model.blockCount));
  }
  for (LinearId id = 0; id < model.linears.size(); ++id) {
    const Linear& linear = model.linears[id];
    const auto role = std::find(model.rolesPresent.begin(), model.rolesPresent.end(), linear.role);
    if (!linear.isQuantizable || !linear.block || role == model.rolesPresent.end()) continue;
    const std::shared_ptr<const LayerError> error = workspace->error(id, defaultChoice());
    if (!error || !error->normWeightedRel) continue;
    ++figures.linears;
    if (*error->normWeightedRel > target) ++figures.aboveTarget;
    figures.worst = std::max(figures.worst, *error->normWeightedRel);
    figures.cells[static_cast<std::size_t>(role - model.rolesPresent.begin())]
                 [static_cast<std::size_t>(*linear.block)] = error->normWeightedRel;
  }
  return figures;
}

/// The overview in small.
class DemoThumbnail : public QWidget {
 public:
  explicit DemoThumbnail(QWidget* parent) : QWidget(parent) { setFixedSize(scaledPx(214), scaledPx(128)); }
  void setFigures(const DemoFigures& figures) {
    m_figures = figures;
    update();
  }

 protected:
  void paintEvent(QPaintEvent*) override {
    const Theme& theme = currentTheme();
    QPainter painter(this);
    painter.setFont(uiFont(FontRole::Axis));
    painter.setPen(theme.secondary);
    const auto rows = static_cast<int>(m_figures.roles.size());
    if (rows == 0) {
      painter.drawText(rect(), Qt::AlignCenter, DemoCard::tr("measuring…"));
      return;
    }
    const int left = scaledPx(34), bottom = scaledPx(18), columns = std::max(1, m_figures.blocks);
    const int cellWidth = (width() - left) / columns, cellHeight = (height() - bottom) / rows;
    for (int row = 0; row < rows; ++row) {
      painter.drawText(QRect(0, row * cellHeight, left - scaledPx(5), cellHeight),
                       Qt::AlignRight | Qt::AlignVCenter, m_figures.roles[static_cast<std::size_t>(row)]);
      for (int column = 0; column < columns; ++column) {
        const auto& value = m_figures.cells[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)];
        const QRect cell(left + column * cellWidth, row * cellHeight, cellWidth - 1, cellHeight - 1);
        painter.fillRect(cell, value ? valueColor(*value, kRange, ValueScale::Log) : theme.grid);
      }
    }
    for (int column = 0; column < columns; ++column)
      painter.drawText(QRect(left + column * cellWidth, rows * cellHeight, cellWidth, bottom),
                       Qt::AlignCenter, QString::number(column));
  }

 private:
  DemoFigures m_figures;
};

DemoCard::DemoCard(const DemoModel& demo, QWidget* parent) : QFrame(parent), m_key(demo.key) {
  const QString title = coreText(demo.title), sentence = coreText(demo.sentence);
  setProperty("card", true);
  setFixedHeight(scaledPx(158));
  setFocusPolicy(Qt::StrongFocus);
  setCursor(Qt::PointingHandCursor);
  setAccessibleName(tr("Demo model %1: %2").arg(title, sentence));
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(scaledPx(16), scaledPx(14), scaledPx(16), scaledPx(10));
  row->setSpacing(scaledPx(20));
  row->addWidget(m_thumbnail = new DemoThumbnail(this));
  auto* words = new QVBoxLayout;
  words->setSpacing(scaledPx(4));
  words->addWidget(makeLabel(title, FontRole::Semibold, this));
  QLabel* text = makeDimLabel(sentence, FontRole::Body, this);
  text->setWordWrap(true);
  words->addWidget(text);
  words->addStretch();
  row->addLayout(words, 1);
  auto* figures = new QGridLayout;
  figures->setHorizontalSpacing(scaledPx(24));
  figures->setVerticalSpacing(scaledPx(4));
  figures->addWidget(makeDimLabel(tr("Above 2 %"), FontRole::Body, this), 0, 0);
  figures->addWidget(m_above = makeLabel(kDash, FontRole::Body, this), 0, 1, Qt::AlignRight);
  figures->addWidget(makeDimLabel(tr("Worst error, W8"), FontRole::Body, this), 1, 0);
  figures->addWidget(m_worst = makeLabel(kDash, FontRole::Body, this), 1, 1, Qt::AlignRight);
  figures->setRowStretch(2, 1);
  auto* open = new QHBoxLayout;
  open->addStretch();
  m_enter = makeLabel(tr("Enter"), FontRole::Mono, this);
  m_enter->setProperty("keycap", true);
  QSizePolicy keeps = m_enter->sizePolicy();
  keeps.setRetainSizeWhenHidden(true);
  m_enter->setSizePolicy(keeps);
  m_enter->hide();
  open->setSpacing(scaledPx(8));
  open->addWidget(m_enter);
  QPushButton* button = makeSmallButton(tr("Open"), this);
  button->setFocusPolicy(Qt::NoFocus);  // the card itself has it
  button->setAccessibleName(tr("Open %1").arg(title));
  open->addWidget(button);
  figures->addLayout(open, 3, 0, 1, 2);
  row->addLayout(figures);
  connect(button, &QPushButton::clicked, this, &DemoCard::opened);
}

void DemoCard::setFigures(const DemoFigures& figures, double target) {
  m_isMeasured = true;
  m_thumbnail->setFigures(figures);
  m_above->setText(tr("%1 of %2").arg(figures.aboveTarget).arg(figures.linears));
  m_worst->setText(percentText(figures.worst));
  setStyleProperty(m_worst, "bad", figures.worst > target * 10);
  m_above->setToolTip(
      tr("Linears whose norm-weighted error is above the target under int8 per channel, measured"));
  m_worst->setToolTip(tr("Largest norm-weighted error under int8 per channel, exact, all weights"));
}

void DemoCard::setFocused(bool isFocused) {
  setStyleProperty(this, "current", isFocused);
  m_enter->setVisible(isFocused);
}

void DemoCard::focusInEvent(QFocusEvent* event) {
  QFrame::focusInEvent(event);
  setFocused(true);
}

void DemoCard::focusOutEvent(QFocusEvent* event) {
  QFrame::focusOutEvent(event);
  setFocused(false);
}

void DemoCard::keyPressEvent(QKeyEvent* event) {
  const bool isOpen =
      event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter || event->key() == Qt::Key_Space;
  if (isOpen)
    emit opened();
  else
    QFrame::keyPressEvent(event);
}

void DemoCard::mouseReleaseEvent(QMouseEvent* event) {
  if (event->button() == Qt::LeftButton && rect().contains(event->position().toPoint())) emit opened();
}

}  // namespace ql
