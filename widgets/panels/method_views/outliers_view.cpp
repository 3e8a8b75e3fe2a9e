#include "widgets/panels/method_views/outliers_view.h"

#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/canvas/canvas.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/method_views/plain_plot.h"
#include "widgets/panels/view_frame.h"

#include <QHBoxLayout>
#include <QSplitter>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace ql {

namespace {

constexpr std::uint64_t kMeasuredAtOnce = std::uint64_t{4} << 30;  // bytes; larger models are asked for
constexpr int kViewHeight = 130;
constexpr double kUsualN = 3;  // EasyQuant's default

constexpr QColor Theme::*kColors[] = {&Theme::weight, &Theme::activation, &Theme::gain,     &Theme::smoothing,
                                      &Theme::accent, &Theme::warning,    &Theme::secondary};

double shareOf(const OutlierSums& sums, std::size_t n) {
  return sums.weights > 0 ? static_cast<double>(sums.counts[n]) / static_cast<double>(sums.weights) : 0;
}

std::size_t placeOf(const std::vector<double>& ns, double n) {
  const auto found = std::find(ns.begin(), ns.end(), n);
  return found == ns.end() ? 0 : static_cast<std::size_t>(found - ns.begin());
}

}  // namespace

OutliersView::OutliersView(Session* session, QWidget* parent)
    : MethodView(parent),
      m_session(session),
      m_byThreshold(new PlainPlot(this)),
      m_byBlock(new PlainPlot(this)),
      m_table(makeFigureTable(this)) {
  setAccessibleName(tr("Outlier weights"));
  setAutoFillBackground(true);
  setBackgroundRole(QPalette::Base);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  auto* head = new QHBoxLayout;
  head->setContentsMargins(scaledPx(metrics::kInspectorPadding), scaledPx(6), scaledPx(metrics::kGap),
                           scaledPx(6));
  head->addWidget(m_state = makeDimLabel({}, FontRole::Body, this), 1);
  m_state->setWordWrap(true);
  head->addWidget(m_start = makeSmallButton(tr("Count outlier weights"), this));
  m_start->setToolTip(tr("Four reads of every matrix; runs as a job that can be cancelled"));
  column->addLayout(head);
  column->addWidget(makeSeparator(Qt::Horizontal, this));
  auto* split = new QSplitter(Qt::Horizontal, this);
  split->setChildrenCollapsible(false);
  split->setHandleWidth(1);
  auto* left = new QWidget(split);
  auto* leftColumn = new QVBoxLayout(left);
  leftColumn->setContentsMargins(0, 0, 0, 0);
  leftColumn->addWidget(
      makeTitledBox(tr("Share of weights beyond n standard deviations"), nullptr, m_table, kViewHeight, this),
      1);
  auto* foot = new QHBoxLayout;
  foot->setContentsMargins(scaledPx(metrics::kInspectorPadding), 0, scaledPx(metrics::kGap), scaledPx(8));
  foot->addWidget(m_linear = makeLabel({}, FontRole::Body, left), 1);
  m_linear->setWordWrap(true);
  foot->addWidget(m_try = makeSmallButton(tr("Try EasyQuant"), left), 0, Qt::AlignBottom);
  m_try->setToolTip(tr("What-if: int4 by output channel, outlier weights kept exact, the range searched"));
  leftColumn->addLayout(foot);
  auto* right = new QSplitter(Qt::Vertical, split);
  right->setChildrenCollapsible(false);
  right->setHandleWidth(1);
  right->addWidget(
      makeTitledBox(tr("By threshold"), nullptr, new Canvas(m_byThreshold, right), kViewHeight, this));
  right->addWidget(makeTitledBox(tr("By block, beyond 3 standard deviations"), nullptr,
                                 new Canvas(m_byBlock, right), kViewHeight, this));
  split->addWidget(left);
  split->addWidget(right);
  split->setSizes({500, 500});
  column->addWidget(split, 1);
  for (PlainPlot* plot : {m_byThreshold, m_byBlock}) plot->setHint(tr("Nothing is counted yet."));
  connect(m_start, &QPushButton::clicked, this, &OutliersView::measure);
  connect(m_try, &QPushButton::clicked, this, &OutliersView::tryEasyQuant);
  connect(session->jobs(), &JobRunner::changed, this, [this] {
    if (!m_isMeasuring || m_session->jobs()->isBusy()) return;
    m_isMeasuring = false;  // cancelled or failed
    m_start->setEnabled(true);
    if (!m_report) m_state->setText(tr("Nothing is counted yet."));
  });
}

void OutliersView::setTarget(const MethodTarget& target) {
  m_target = target;
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  if (m_report && m_reported.lock() != workspace) {
    m_report.reset();
    m_table->setRowCount(0);
    for (PlainPlot* plot : {m_byThreshold, m_byBlock}) plot->showCurves({}, true);
  }
  const bool hasWeights = workspace && workspace->weights();
  m_start->setEnabled(hasWeights && !m_isMeasuring);
  if (!hasWeights) m_state->setText(tr("Counting needs the weights, and only a statistics file is open."));
  if (hasWeights && !m_report && !m_isMeasuring) {
    m_state->setText(
        tr("How many weights are far from the mean of their matrix decides what EasyQuant keeps "
           "apart (arXiv:2403.02775)."));
    if (workspace->sizeBytes() <= kMeasuredAtOnce) measure();
  }
  showLinear();
}

void OutliersView::measure() {
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  if (!workspace || !workspace->weights() || m_isMeasuring) return;
  m_isMeasuring = true;
  m_start->setEnabled(false);
  m_state->setText(tr("Counting outlier weights…"));
  m_session->jobs()->run<OutlierReport>(
      this, QStringLiteral("outlier-weights"), tr("Counting outlier weights"), false,
      [workspace](JobContext& job) { return outlierReport(*workspace, OutlierRequest{}, job); },
      [this, workspace](OutlierReport report) {
        m_isMeasuring = false;
        m_reported = workspace;
        m_report = std::make_shared<const OutlierReport>(std::move(report));
        m_start->setEnabled(true);
        show(*m_report);
      });
}

void OutliersView::show(const OutlierReport& report) {
  const std::size_t usual = placeOf(report.request.ns, kUsualN);
  m_state->setText(tr("%1 of %2 weights in %3 linears lie beyond 3 standard deviations of their matrix: %4. "
                      "A Gaussian would have 0.27 %.")
                       .arg(countText(static_cast<std::int64_t>(report.total.counts[usual])),
                            countText(static_cast<std::int64_t>(report.total.weights)),
                            countText(static_cast<std::int64_t>(report.total.layers)),
                            percentText(shareOf(report.total, usual))));
  showTable(report);
  showPlots(report);
  showLinear();
}

void OutliersView::showTable(const OutlierReport& report) {
  QStringList titles{tr("Module"), tr("Weights")};
  for (const double n : report.request.ns) titles << tr("≥ %1 σ").arg(tickText(n));
  m_table->setColumnCount(static_cast<int>(titles.size()));
  m_table->setHorizontalHeaderLabels(titles);
  m_table->setRowCount(static_cast<int>(report.roles.size()) + 1);
  int row = 0;
  const auto add = [&](const QString& name, const OutlierSums& sums) {
    m_table->setItem(row, 0, makeFigureCell(name, false));
    m_table->setItem(row, 1, makeFigureCell(countText(static_cast<std::int64_t>(sums.weights)), true));
    for (std::size_t n = 0; n < report.request.ns.size(); ++n)
      m_table->setItem(row, static_cast<int>(n) + 2, makeFigureCell(percentText(shareOf(sums, n)), true));
    ++row;
  };
  for (const auto& [role, sums] : report.roles) add(QString::fromStdString(role), sums);
  add(tr("all"), report.total);
  fitFigureColumns(m_table);
}

void OutliersView::showPlots(const OutlierReport& report) {
  const std::vector<double>& ns = report.request.ns;
  PlainPlotWords words{
      tr("n, standard deviations"), tr("Outlier weights by threshold"), tr("beyond %1 σ"), {}};
  for (const double n : ns) words.places << tickText(n);
  m_byThreshold->setWords(words);
  std::vector<PlotCurve> curves;
  for (const auto& [role, sums] : report.roles) {
    const QString name = QString::fromStdString(role);
    PlotCurve curve{name, name, kColors[curves.size() % std::size(kColors)], {}, false};
    for (std::size_t n = 0; n < ns.size(); ++n)
      if (sums.counts[n] > 0) curve.points.push_back({static_cast<double>(n), shareOf(sums, n), {}, false});
    curves.push_back(std::move(curve));
  }
  m_byThreshold->showCurves(std::move(curves), true);

  PlainPlotWords blockWords{tr("block"), tr("Outlier weights by block"), tr("Block %1"), {}};
  PlotCurve curve{tr("all linears of the block"), tr("all"), &Theme::weight, {}, true};
  const std::size_t usual = placeOf(ns, kUsualN);
  for (const auto& [block, sums] : report.blocks) {
    curve.points.push_back({static_cast<double>(blockWords.places.size()), shareOf(sums, usual), {}, false});
    blockWords.places << QString::number(block);
  }
  m_byBlock->setWords(blockWords);
  m_byBlock->showCurves({std::move(curve)}, true);
}

void OutliersView::showLinear() {
  m_try->setEnabled(m_target.id.has_value());
  m_linear->clear();
  if (!m_report || !m_target.id) return;
  for (const LayerOutliers& layer : m_report->layers) {
    if (layer.id != *m_target.id) continue;
    const PrunedWeights &large = layer.outliers.largest, &small = layer.outliers.smallest;
    const QString name = QString::fromStdString(m_session->model()->linears[layer.id].name);
    m_linear->setText(tr("%1: zeroing the largest 1 % of the weights (from %2) changes W by %3, zeroing the "
                         "smallest 1 % (up to %4) by %5.")
                          .arg(name, valueText(large.magnitude), percentText(large.weightRel),
                               valueText(small.magnitude), percentText(small.weightRel)));
  }
}

void OutliersView::tryEasyQuant() {
  Choice choice = m_target.choice;
  WeightScheme scheme;
  scheme.format = "int4";
  scheme.algorithm = algorithmChoice("easyquant");
  choice.weight = scheme;
  m_session->plan()->setWhatIf(choice);
}

const MethodViewEntry& outliersMethodEntry();

const MethodViewEntry& outliersMethodEntry() {
  static const MethodViewEntry entry{
      "outliers", QT_TRANSLATE_NOOP("ql::MethodView", "Outlier weights"),
      QT_TRANSLATE_NOOP("ql::MethodView", "Weights far from the mean, which EasyQuant keeps exact"),
      [](Session* session, QWidget* parent) -> MethodView* { return new OutliersView(session, parent); }};
  return entry;
}

}  // namespace ql
