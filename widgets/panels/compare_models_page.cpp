#include "widgets/panels/compare_models_page.h"

#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/metric_info.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/settings.h"
#include "widgets/canvas/canvas.h"
#include "widgets/panels/form_parts.h"

#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QMenu>
#include <QMimeData>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

constexpr CompareFigureKind kKinds[] = {CompareFigureKind::NormWeighted, CompareFigureKind::Output,
                                        CompareFigureKind::RelFrobenius};
constexpr Metric kMetrics[] = {Metric::NormWeighted, Metric::OutputError, Metric::RelFrobenius};

QPixmap swatch(const QColor& color) {
  QPixmap picture(scaledPx(10), scaledPx(10));
  picture.fill(color);
  return picture;
}

}  // namespace

CompareModelsPage::CompareModelsPage(Session* session, CompareChoices* choices, QWidget* parent)
    : QWidget(parent),
      m_session(session),
      m_choices(choices),
      m_list(new CompareModelList(session, this)),
      m_view(new CompareModelsView(this)),
      m_canvas(new Canvas(m_view, this)),
      m_side(new SegmentedControl(tr("Under which choice"), this)),
      m_kind(new SegmentedControl(tr("Which error"), this)),
      m_depth(new SegmentedControl(tr("Order of the layers"), this)),
      m_add(makeSmallButton(tr("Add model…"), this)),
      m_menu(new QMenu(this)),
      m_bar(new QWidget(this)),
      m_rows(new QWidget(this)),
      m_rowLayout(new QVBoxLayout(m_rows)) {
  setAccessibleName(tr("Errors of several models"));
  setAcceptDrops(true);
  m_soon.setSingleShot(true);
  m_soon.setInterval(60);
  setupBar();
  setupLayout();
  connect(&m_soon, &QTimer::timeout, this, &CompareModelsPage::refresh);
  connect(m_list, &CompareModelList::changed, this, [this] {
    if (!m_soon.isActive()) m_soon.start();
    m_view->setSettled(!m_list->isBusy());
  });
  for (SegmentedControl* control : {m_side, m_kind})
    connect(control, &SegmentedControl::picked, this, &CompareModelsPage::ask);
  connect(m_depth, &SegmentedControl::picked, this,
          [this](int index) { m_view->setRelativeDepth(index == 1); });
  connect(choices, &CompareChoices::changed, this, [this] {
    if (m_choices->of(m_side->current() == 1 ? CompareSide::B : CompareSide::A) != m_list->choice()) ask();
  });
  connect(session, &Session::viewChanged, this, [this] { m_view->setTarget(m_session->view().target); });
  connect(m_view, &CompareModelsView::layerPicked, this, [this](int curve, int layer) {
    const ComparedModel& model = m_list->models().at(static_cast<std::size_t>(curve));
    if (model.isCurrent)
      m_session->selection()->selectOnly(model.linears.at(static_cast<std::size_t>(layer)));
  });
  connect(m_canvas, &Canvas::message, session, &Session::message);
  m_view->setTarget(session->view().target);
  ask();
  refresh();
}

void CompareModelsPage::setupBar() {
  m_side->addSegment(tr("Under A"), tr("Every model under choice A"));
  m_side->addSegment(tr("Under B"), tr("Every model under choice B"));
  m_kind->addSegment(tr("Norm-weighted"), tr("Output error if normalised activations had unit variance"));
  m_kind->addSegment(tr("Output"), tr("Output error on calibration data, for models that have activations"));
  m_kind->addSegment(tr("Frobenius"), tr("Relative Frobenius error of the weights"));
  m_depth->addSegment(tr("Layer"), tr("Layers by their number in network order"));
  m_depth->addSegment(tr("Depth"),
                      tr("Layers by their share of the model's depth, for models of different depth"));
  m_add->setToolTip(tr("Add a model or a statistics file to the plot; it can also be dropped here"));
  m_add->setProperty("hasMenu", true);
  m_add->setMenu(m_menu);
  connect(m_menu, &QMenu::aboutToShow, this, &CompareModelsPage::fillMenu);
  m_bar->setFixedHeight(scaledPx(metrics::kViewToolbar));
  auto* line = new QHBoxLayout(m_bar);
  line->setContentsMargins(scaledPx(metrics::kGap), 0, scaledPx(metrics::kGap), 0);
  line->setSpacing(metrics::kGap);
  for (QWidget* control :
       {static_cast<QWidget*>(m_side), static_cast<QWidget*>(m_kind), static_cast<QWidget*>(m_depth)})
    line->addWidget(control);
  line->addStretch(1);
  line->addWidget(m_add);
}

void CompareModelsPage::setupLayout() {
  m_rows->setProperty("ground", QStringLiteral("base"));
  m_rowLayout->setContentsMargins(scaledPx(metrics::kGap), scaledPx(4), scaledPx(metrics::kGap), scaledPx(4));
  m_rowLayout->setSpacing(0);
  m_canvas->setMinimumSize(200, 140);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(m_bar);
  layout->addWidget(m_canvas, 1);
  layout->addWidget(makeSeparator(Qt::Horizontal, this));
  layout->addWidget(m_rows);
}

void CompareModelsPage::fillMenu() {
  m_menu->clear();
  m_menu->addAction(tr("Model folder…"), this, &CompareModelsPage::addFolder);
  m_menu->addAction(tr("Weight or statistics file…"), this, &CompareModelsPage::addFile);
  bool isFirst = true;
  for (const RecentFile& recent : settings::recentFiles()) {
    if (recent.kind == RecentFile::Kind::Plan || !QFileInfo::exists(recent.path)) continue;
    if (std::exchange(isFirst, false)) m_menu->addSeparator();
    QAction* action = m_menu->addAction(QFileInfo(recent.path).fileName(), this,
                                        [this, path = recent.path] { m_list->add(path); });
    action->setToolTip(recent.path);
  }
}

void CompareModelsPage::addFolder() {
  const QString path =
      QFileDialog::getExistingDirectory(this, tr("Add a model to the comparison"), settings::lastFolder());
  if (path.isEmpty()) return;
  settings::setLastFolder(QFileInfo(path).absolutePath());
  m_list->add(path);
}

void CompareModelsPage::addFile() {
  const QString path = QFileDialog::getOpenFileName(
      this, tr("Add a weight or statistics file to the comparison"), settings::lastFolder(),
      tr("Models and statistics (*.safetensors *.json *.h5 *.hdf5);;All files (*)"));
  if (path.isEmpty()) return;
  settings::setLastFolder(QFileInfo(path).absolutePath());
  m_list->add(path);
}

void CompareModelsPage::ask() {
  const Choice& choice = m_choices->of(m_side->current() == 1 ? CompareSide::B : CompareSide::A);
  const auto kind = static_cast<std::size_t>(m_kind->current());
  m_view->setWords(metricInfo(kMetrics[kind]).name, compareChoiceText(choice));
  m_list->setQuestion(choice, kKinds[kind]);
}

void CompareModelsPage::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  m_list->setActive(true);
}

void CompareModelsPage::hideEvent(QHideEvent* event) {
  m_list->setActive(false);
  QWidget::hideEvent(event);
}

void CompareModelsPage::changeEvent(QEvent* event) {
  if (event->type() == QEvent::PaletteChange) {
    m_shown.clear();  // swatches have the theme's colours
    refresh();
  }
  QWidget::changeEvent(event);
}

QString CompareModelsPage::noteOf(const ComparedModel& model) const {
  if (!model.problem.isEmpty()) return model.problem;
  const auto known = static_cast<std::int64_t>(std::count_if(
      model.curve.values.begin(), model.curve.values.end(), [](double v) { return !std::isnan(v); }));
  const auto total = static_cast<std::int64_t>(model.curve.values.size());
  if (known == 0) return model.isMeasuring ? tr("measuring…") : tr("not measured");
  const double target = m_session->view().target;
  const auto over = static_cast<std::int64_t>(std::count_if(
      model.curve.values.begin(), model.curve.values.end(), [target](double v) { return v > target; }));
  const QString counts = tr("%1 of %2 layers over the target").arg(countText(over), countText(total));
  return known < total && model.isMeasuring ? tr("%1, %2 measured").arg(counts, countText(known)) : counts;
}

void CompareModelsPage::makeRow(const ComparedModel& model) {
  auto* row = new QWidget(m_rows);
  row->setFixedHeight(scaledPx(metrics::kTableRow));
  auto* line = new QHBoxLayout(row);
  line->setContentsMargins(0, 0, 0, 0);
  line->setSpacing(metrics::kGap);
  auto* color = new QLabel(row);
  color->setPixmap(swatch(modelColor(model.curve.color, currentTheme().isDark)));
  line->addWidget(color);
  auto* name = makeLabel(model.curve.name, FontRole::Body, row);
  name->setToolTip(model.path);
  line->addWidget(name);
  if (model.isCurrent) line->addWidget(makeDimLabel(tr("in the window"), FontRole::Axis, row));
  auto* note = new ElidedLabel(row);
  note->setFont(uiFont(FontRole::Axis));
  line->addWidget(note, 1);
  if (!model.isCurrent) {
    QToolButton* remove = makeIconButton(QStringLiteral("close"),
                                         tr("Take %1 out of the comparison").arg(model.curve.name), row);
    connect(
        remove, &QToolButton::clicked, m_list,
        [list = m_list, serial = model.serial] { list->remove(serial); }, Qt::QueuedConnection);
    line->addWidget(remove);
  }
  m_rowLayout->addWidget(row);
  m_shown.push_back({model.serial, note});
}

std::vector<QWidget*> CompareModelsPage::removeButtons() const {
  std::vector<QWidget*> buttons;
  for (QToolButton* button : m_rows->findChildren<QToolButton*>())
    if (button->isVisible()) buttons.push_back(button);
  return buttons;
}

// Rows are made anew only when a model comes or goes: a button must not vanish under the mouse.
void CompareModelsPage::refresh() {
  const std::vector<ComparedModel>& models = m_list->models();
  const bool isSame =
      std::equal(models.begin(), models.end(), m_shown.begin(), m_shown.end(),
                 [](const ComparedModel& model, const Row& row) { return model.serial == row.serial; });
  if (!isSame) {
    m_shown.clear();
    while (QLayoutItem* item = m_rowLayout->takeAt(0)) {
      item->widget()->hide();
      item->widget()->deleteLater();
      delete item;
    }
    for (const ComparedModel& model : models) makeRow(model);
  }
  std::vector<ModelCurve> curves;
  for (std::size_t i = 0; i < models.size(); ++i) {
    curves.push_back(models[i].curve);
    m_shown[i].note->setFullText(noteOf(models[i]));
    setStyleProperty(m_shown[i].note, "warn", !models[i].problem.isEmpty());
    setStyleProperty(m_shown[i].note, "dim", models[i].problem.isEmpty());
  }
  m_rows->setVisible(!models.empty());
  m_view->setCurves(std::move(curves));
  m_view->setSettled(!m_list->isBusy());
}

void CompareModelsPage::dragEnterEvent(QDragEnterEvent* event) {
  const QList<QUrl> urls = event->mimeData()->urls();
  if (!urls.isEmpty() && urls.front().isLocalFile()) event->acceptProposedAction();
}

void CompareModelsPage::dropEvent(QDropEvent* event) {
  for (const QUrl& url : event->mimeData()->urls())
    if (url.isLocalFile()) m_list->add(url.toLocalFile());
  event->acceptProposedAction();
}

}  // namespace ql
