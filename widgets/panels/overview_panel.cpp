#include "widgets/panels/overview_panel.h"

#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/metric_info.h"
#include "widgets/bridge/number_format.h"
#include "widgets/canvas/canvas.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/linear_menu.h"
#include "widgets/panels/overview_view.h"

#include <QHBoxLayout>
#include <QVBoxLayout>

namespace ql {

OverviewPanel::OverviewPanel(Session* session, QWidget* parent)
    : QWidget(parent),
      m_session(session),
      m_view(new OverviewView(session, this)),
      m_canvas(new Canvas(m_view, this)),
      m_show(new SegmentedControl(tr("What the overview shows"), this)),
      m_scale(new SegmentedControl(tr("Scale of the colours"), this)),
      m_provenance(new ElidedLabel(this)) {
  setAccessibleName(tr("Overview: error by block and role"));
  setupControls();
  m_view->setMenuFiller(
      [this](QMenu& menu) { fillLinearMenu(menu, *m_session, m_session->selection()->selected()); });
  connect(session, &Session::viewChanged, this, &OverviewPanel::showSettings);
  connect(session, &Session::layersMeasured, this, &OverviewPanel::showProvenance);
  connect(session, &Session::workspaceChanged, this, &OverviewPanel::showProvenance);
  connect(session->calibration(), &CalibrationControl::changed, this, &OverviewPanel::showProvenance);
  connect(m_canvas, &Canvas::message, session, &Session::message);
  showSettings();
}

void OverviewPanel::setupControls() {
  m_show->addSegment(tr("Plan"),
                     tr("Errors under the plan's choices; a what-if on the selection is shown at once"));
  m_show->addSegment(tr("All W8 channel"), tr("Errors if every linear were int8 per output channel"));
  m_show->addSegment(tr("Change"), tr("The plan against W8 per channel: hollow dots are before"));
  m_scale->addSegment(tr("Linear"), tr("Colours by value (L)"));
  m_scale->addSegment(tr("Log"), tr("Colours by the logarithm of the value (L)"));
  m_scale->addSegment(tr("Quantile"), tr("Colours by rank: every colour as often (L)"));
  connect(m_show, &SegmentedControl::picked, this, [this](int index) {
    ViewSettings view = m_session->view();
    view.show = static_cast<OverviewShow>(index);
    m_session->setView(view);
  });
  connect(m_scale, &SegmentedControl::picked, this, [this](int index) {
    ViewSettings view = m_session->view();
    view.scale = static_cast<ValueScale>(index);
    view.range.reset();
    m_session->setView(view);
  });
  auto* toolbar = new QWidget(this);
  toolbar->setFixedHeight(scaledPx(metrics::kViewToolbar));
  auto* bar = new QHBoxLayout(toolbar);
  bar->setContentsMargins(scaledPx(metrics::kGap), 0, scaledPx(metrics::kGap), 0);
  bar->setSpacing(metrics::kGap);
  bar->addWidget(makeDimLabel(tr("Show"), FontRole::Body, this));
  bar->addWidget(m_show);
  bar->addSpacing(metrics::kGap);
  bar->addWidget(makeDimLabel(tr("Scale"), FontRole::Body, this));
  bar->addWidget(m_scale);
  m_provenance->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
  setStyleProperty(m_provenance, "dim", true);
  bar->addWidget(m_provenance, 1);  // all the room there is: it says what the colours rest on
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(toolbar);
  layout->addWidget(m_canvas, 1);
}

void OverviewPanel::showSettings() {
  m_show->setCurrent(static_cast<int>(m_session->view().show));
  m_scale->setCurrent(static_cast<int>(m_session->view().scale));
  showProvenance();
}

QString OverviewPanel::dataProvenance() const {
  const CalibrationControl& calibration = *m_session->calibration();
  if (!calibration.record()) return tr("no activations");
  const Metric metric = m_session->view().metric;
  const QString record = calibration.recordText();
  if (metric == Metric::OutputW || metric == Metric::OutputA ||
      metricSource(metric) == MetricSource::Activation)
    return record;
  return calibration.missing(ActivationNeed::OutputErrorWa).isEmpty()
             ? tr("W+A on the token sample · %1").arg(record)
             : tr("W alone: no token sample · %1").arg(record);
}

void OverviewPanel::showProvenance() {
  const Model* model = m_session->model();
  if (!model) {
    m_provenance->setFullText(QString());
    return;
  }
  const auto measured = static_cast<qint64>(m_session->workspace()->measuredCount());
  const auto total = static_cast<qint64>(model->linears.size());
  QString text;
  switch (metricSource(m_session->view().metric)) {
    case MetricSource::Error:
      text = m_session->view().metric == Metric::NormWeighted
                 ? tr("exact, no data: g of the norm; o, down by column")
                 : tr("exact, from the weights alone");
      break;
    case MetricSource::Statistics:
      text = tr("exact, of the weights; does not depend on the choice");
      break;
    case MetricSource::Output:
    case MetricSource::Activation:
      text = dataProvenance();
      break;
    case MetricSource::Plan:
      text = tr("of the plan; float32 scales and zero points included");
      break;
  }
  if (measured < total && metricSource(m_session->view().metric) != MetricSource::Activation)
    text = tr("%1 of %2 measured · %3").arg(countText(measured), countText(total), text);
  m_provenance->setFullText(text);
}

}  // namespace ql
