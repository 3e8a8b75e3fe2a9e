#include "widgets/panels/method_panel.h"

#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/core_text.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/panels/form_parts.h"

#include <QHBoxLayout>
#include <QStackedWidget>
#include <QTabBar>
#include <QVBoxLayout>

namespace ql {

#define X(name) const MethodViewEntry& name##MethodEntry();
#include "widgets/panels/method_views.inc"
#undef X

namespace {

const std::vector<MethodViewEntry>& entries() {
  static const std::vector<MethodViewEntry> all{
#define X(name) name##MethodEntry(),
#include "widgets/panels/method_views.inc"
#undef X
  };
  return all;
}

QString linearText(const Linear& linear, const Choice& choice) {
  const QString shape = dimensionsText(linear.out(), linear.in());
  return MethodPanel::tr("%1, %2, %3")
      .arg(QString::fromStdString(linear.name), shape, QString::fromStdString(weightSchemeText(choice)));
}

}  // namespace

MethodPanel::MethodPanel(Session* session, QWidget* parent)
    : QWidget(parent), m_session(session), m_views(entries().size(), nullptr) {
  setAccessibleName(tr("Methods"));
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(makeHead());
  column->addWidget(makeSeparator(Qt::Horizontal, this));
  column->addWidget(m_stack = new QStackedWidget(this), 1);
  m_message = makeDimLabel(tr("Select a linear to see what the methods do to it."), FontRole::Body, this);
  m_message->setAlignment(Qt::AlignCenter);
  m_message->setWordWrap(true);
  m_stack->addWidget(m_message);
  m_refresh.setSingleShot(true);
  m_refresh.setInterval(0);
  connect(&m_refresh, &QTimer::timeout, this, &MethodPanel::refresh);
  const auto later = [this] {
    if (isVisible()) m_refresh.start();
  };
  connect(session, &Session::workspaceChanged, this, later);
  connect(session->calibration(), &CalibrationControl::changed, this, later);
  connect(session->plan(), &PlanDocument::planChanged, this, later);
  connect(session->plan(), &PlanDocument::whatIfChanged, this, later);
  connect(session->selection(), &Selection::changed, this, later);
  connect(m_tabs, &QTabBar::currentChanged, this, &MethodPanel::pickView);
}

QWidget* MethodPanel::makeHead() {
  auto* bar = new QWidget(this);
  bar->setFixedHeight(scaledPx(metrics::kViewToolbar + 4));
  bar->setAutoFillBackground(true);
  bar->setBackgroundRole(QPalette::Base);
  auto* row = new QHBoxLayout(bar);
  row->setContentsMargins(scaledPx(metrics::kGap), 0, scaledPx(metrics::kGap), 0);
  row->setSpacing(scaledPx(metrics::kGap));
  m_tabs = new QTabBar(bar);
  m_tabs->setAccessibleName(tr("Methods"));
  m_tabs->setObjectName(QStringLiteral("method-tabs"));
  m_tabs->setDrawBase(false);
  for (const MethodViewEntry& entry : entries()) {
    const int tab = m_tabs->addTab(MethodView::tr(entry.title));
    m_tabs->setTabToolTip(tab, MethodView::tr(entry.tip));
  }
  row->addWidget(m_tabs);
  m_name = new ElidedLabel(bar, Qt::ElideMiddle);
  m_name->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
  m_name->setProperty("dim", true);
  row->addWidget(m_name, 1);
  return bar;
}

std::vector<std::string> MethodPanel::viewNames() {
  std::vector<std::string> names;
  for (const MethodViewEntry& entry : entries()) names.emplace_back(entry.name);
  return names;
}

bool MethodPanel::showView(const std::string& name) {
  for (std::size_t i = 0; i < entries().size(); ++i) {
    if (entries()[i].name != name) continue;
    m_tabs->setCurrentIndex(static_cast<int>(i));
    return true;
  }
  return false;
}

MethodView* MethodPanel::currentView() const {
  const int tab = m_tabs->currentIndex();
  return tab < 0 ? nullptr : m_views[static_cast<std::size_t>(tab)];
}

QString MethodPanel::message() const {
  return m_stack->currentWidget() == m_message ? m_message->text() : QString();
}

void MethodPanel::pickView(int) {
  refresh();
}

void MethodPanel::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  m_refresh.start();
}

void MethodPanel::hideEvent(QHideEvent* event) {
  QWidget::hideEvent(event);
  if (m_entered) m_entered->leave();
  m_entered = nullptr;
}

void MethodPanel::refresh() {
  if (!isVisible()) return;
  MethodTarget target;
  if (m_session->model()) target.id = m_session->selection()->current();
  if (target.id && !m_session->model()->linears[*target.id].isQuantizable) target.id.reset();
  if (target.id) target.choice = m_session->shownChoice(*target.id);
  showTarget(target);
}

void MethodPanel::showTarget(const MethodTarget& target) {
  m_name->setFullText(target.id ? linearText(m_session->model()->linears[*target.id], target.choice)
                                : QString());
  const int tab = m_tabs->currentIndex();
  MethodView* shown = nullptr;
  if (target.id && tab >= 0) {
    MethodView*& view = m_views[static_cast<std::size_t>(tab)];
    if (!view) m_stack->addWidget(view = entries()[static_cast<std::size_t>(tab)].make(m_session, m_stack));
    shown = view;
  }
  if (m_entered && m_entered != shown) m_entered->leave();
  m_entered = shown;
  m_stack->setCurrentWidget(shown ? static_cast<QWidget*>(shown) : m_message);
  if (shown) shown->setTarget(target);
}

}  // namespace ql
