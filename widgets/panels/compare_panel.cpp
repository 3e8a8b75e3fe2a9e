#include "widgets/panels/compare_panel.h"

#include "widgets/panels/compare_choice_edit.h"
#include "widgets/panels/compare_linear_page.h"
#include "widgets/panels/compare_map_view.h"
#include "widgets/panels/compare_metrics_page.h"
#include "widgets/panels/compare_models_page.h"
#include "widgets/panels/form_parts.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QShortcut>
#include <QStackedWidget>
#include <QTabBar>

namespace ql {
namespace {

// Each picture stays a whole second: far from the three flashes a second that can harm (WCAG 2.1, 2.3.1).
constexpr int kAlternateMs = 1000;
constexpr int kHoldMs = 300;  // Space down for longer is a look, shorter is a change

QToolButton* textButton(const QString& text, const QString& tip, QWidget* parent) {
  auto* button = new QToolButton(parent);
  button->setText(text);
  button->setToolTip(tip);
  button->setAccessibleName(tip);
  button->setProperty("boxed", true);
  button->setProperty("small", true);
  button->setFocusPolicy(Qt::TabFocus);
  return button;
}

}  // namespace

ComparePanel::ComparePanel(Session* session, QWidget* parent)
    : QWidget(parent),
      m_session(session),
      m_choices(new CompareChoices(this)),
      m_a(new CompareChoiceEdit(CompareSide::A, m_choices, this)),
      m_b(new CompareChoiceEdit(CompareSide::B, m_choices, this)),
      m_choiceBar(new QWidget(this)),
      m_tabBar(new QWidget(this)),
      m_tabs(new QTabBar(this)),
      m_stack(new QStackedWidget(this)),
      m_mode(new SegmentedControl(tr("How A and B are shown"), this)),
      m_flicker(textButton(tr("A"), tr("Show the other one of A and B (Space; hold it to look)"), this)),
      m_auto(textButton(tr("Alternate"), tr("Show A and B in turn, one second each"), this)),
      m_linear(new CompareLinearPage(session, m_choices, this)),
      m_metrics(new CompareMetricsPage(session, m_choices, this)),
      m_models(new CompareModelsPage(session, m_choices, this)) {
  setAccessibleName(tr("Compare"));
  setFocusPolicy(Qt::ClickFocus);
  setupChoices();
  setupTabs();
  setupKeys();
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(m_choiceBar);
  layout->addWidget(m_tabBar);
  layout->addWidget(m_stack, 1);
  showModeControls();
}

void ComparePanel::setupChoices() {
  m_choiceBar->setFixedHeight(scaledPx(metrics::kToolbar - 4));
  auto* line = new QHBoxLayout(m_choiceBar);
  line->setContentsMargins(scaledPx(metrics::kGap), 0, scaledPx(metrics::kGap), 0);
  line->setSpacing(metrics::kGap);
  QToolButton* swapButton = textButton(QStringLiteral("⇄"), tr("Swap A and B (key X)"), this);
  line->addWidget(m_a, 1);
  line->addWidget(swapButton);
  line->addWidget(m_b, 1);
  line->addStretch(1);
  connect(swapButton, &QToolButton::clicked, this, &ComparePanel::swap);
  for (CompareChoiceEdit* edit : {m_a, m_b}) {
    const CompareSide side = edit == m_a ? CompareSide::A : CompareSide::B;
    connect(edit, &CompareChoiceEdit::pinRequested, this, [this, side] { pin(side); });
    connect(edit, &CompareChoiceEdit::refused, this,
            [this](const QString& sentence) { emit m_session->message(sentence, true); });
  }
}

void ComparePanel::setupTabs() {
  m_tabs->setAccessibleName(tr("Parts of the comparison"));
  m_tabs->addTab(tr("This linear"));
  m_tabs->addTab(tr("Metrics"));
  m_tabs->addTab(tr("Models"));
  m_tabs->setExpanding(false);
  m_stack->addWidget(m_linear);
  m_stack->addWidget(m_metrics);
  m_stack->addWidget(m_models);
  m_mode->addSegment(tr("Side by side"), tr("Both error maps with one zoom and one colour range"));
  m_mode->addSegment(tr("Flicker"), tr("Both error maps in one place; Space shows the other one"));
  m_mode->addSegment(tr("Difference"), tr("|error| under B minus |error| under A, symmetric about 0"));
  m_auto->setCheckable(true);
  m_flicker->setMinimumWidth(scaledPx(28));
  m_tabBar->setProperty("ground", QStringLiteral("dockTitle"));
  m_tabBar->setAttribute(Qt::WA_StyledBackground);
  auto* line = new QHBoxLayout(m_tabBar);
  line->setContentsMargins(0, 0, scaledPx(metrics::kGap), 0);
  line->setSpacing(metrics::kGap);
  line->addWidget(m_tabs);
  line->addStretch(1);
  line->addWidget(m_auto);
  line->addWidget(m_flicker);
  line->addWidget(m_mode);
  connect(m_tabs, &QTabBar::currentChanged, this, [this](int index) {
    m_stack->setCurrentIndex(index);
    showModeControls();
  });
  connect(m_mode, &SegmentedControl::picked, this, &ComparePanel::setMode);
  connect(m_flicker, &QToolButton::clicked, this, &ComparePanel::flicker);
  m_alternate.setInterval(kAlternateMs);
  connect(&m_alternate, &QTimer::timeout, this, &ComparePanel::flicker);
  connect(m_auto, &QToolButton::toggled, this, [this](bool isOn) {
    if (isOn)
      m_alternate.start();
    else
      m_alternate.stop();
  });
}

void ComparePanel::setupKeys() {
  const auto on = [this](int key, auto run) {
    auto* shortcut = new QShortcut(QKeySequence(key), this);
    shortcut->setContext(Qt::WidgetWithChildrenShortcut);
    connect(shortcut, &QShortcut::activated, this, run);
  };
  on(Qt::Key_A, [this] { pin(CompareSide::A); });
  on(Qt::Key_B, [this] { pin(CompareSide::B); });
  on(Qt::Key_X, [this] { swap(); });
}

void ComparePanel::showTab(Tab tab) {
  m_tabs->setCurrentIndex(static_cast<int>(tab));
}

ComparePanel::Tab ComparePanel::tab() const {
  return static_cast<Tab>(m_tabs->currentIndex());
}

void ComparePanel::setMode(int mode) {
  m_mode->setCurrent(mode);
  m_linear->map()->setMode(static_cast<CompareMode>(mode));
  if (mode != 1) m_auto->setChecked(false);
  showModeControls();
}

void ComparePanel::showModeControls() {
  const bool isLinear = tab() == Tab::Linear, isFlicker = m_mode->current() == 1;
  m_mode->setVisible(isLinear);
  m_flicker->setVisible(isLinear && isFlicker);
  m_auto->setVisible(isLinear && isFlicker);
  if (!isLinear) m_auto->setChecked(false);
}

void ComparePanel::pin(CompareSide side) {
  const auto current = m_session->selection()->current();
  if (!m_session->model() || !current) {
    emit m_session->message(tr("Select a linear first: its choice becomes %1.").arg(sideName(side)), false);
    return;
  }
  const Choice choice = m_session->shownChoice(*current);
  m_choices->set(side, choice);
  emit m_session->message(tr("%1 is now %2.").arg(sideName(side), compareChoiceText(choice)), false);
}

void ComparePanel::swap() {
  m_choices->swap();
}

void ComparePanel::showSide(CompareSide side) {
  m_linear->map()->setShownSide(side);
  m_flicker->setText(sideName(side));
}

void ComparePanel::flicker() {
  if (m_mode->current() != 1) setMode(1);
  showSide(m_linear->map()->shownSide() == CompareSide::A ? CompareSide::B : CompareSide::A);
}

void ComparePanel::keyPressEvent(QKeyEvent* event) {
  if (event->key() != Qt::Key_Space || tab() != Tab::Linear || event->modifiers() != Qt::NoModifier)
    return QWidget::keyPressEvent(event);
  if (event->isAutoRepeat()) return;
  m_spaceSince.start();
  flicker();
}

void ComparePanel::keyReleaseEvent(QKeyEvent* event) {
  if (event->key() != Qt::Key_Space || !m_spaceSince.isValid()) return QWidget::keyReleaseEvent(event);
  if (event->isAutoRepeat()) return;
  const bool wasHeld = m_spaceSince.elapsed() >= kHoldMs;
  m_spaceSince.invalidate();
  if (wasHeld) flicker();  // back again
}

void ComparePanel::hideEvent(QHideEvent* event) {
  m_auto->setChecked(false);
  QWidget::hideEvent(event);
}

}  // namespace ql
