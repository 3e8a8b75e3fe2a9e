#include "widgets/panels/start_page.h"

#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/bridge/settings.h"
#include "widgets/bridge/value_scale.h"
#include "widgets/panels/demo_card.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/help_dialog.h"
#include "widgets/panels/list_row.h"

#include <QClipboard>
#include <QFileInfo>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QPainter>
#include <QVBoxLayout>

#include <algorithm>

namespace ql {

namespace {

constexpr double kTarget = 0.02;  // "Above 2 %"
constexpr int kShownRecent = 5;

QString whenText(const QDateTime& time) {
  const qint64 days = time.date().daysTo(QDate::currentDate());
  if (days <= 0) return StartPage::tr("today");
  if (days == 1) return StartPage::tr("yesterday");
  if (days < 7) return StartPage::tr("%1 days ago").arg(days);
  return time.date().toString(Qt::ISODate);
}

QString iconOf(RecentFile::Kind kind) {
  if (kind == RecentFile::Kind::Plan) return QStringLiteral("file");
  return kind == RecentFile::Kind::Statistics ? QStringLiteral("chip") : QStringLiteral("open");
}

QPushButton* makeBigButton(const QString& icon, const QString& text, const QString& keys, bool isAccent,
                           QWidget* parent) {
  auto* button = new QPushButton(parent);
  button->setAccessibleName(text);
  if (isAccent) button->setProperty("accent", true);
  button->setProperty("big", true);
  auto* row = new QHBoxLayout(button);
  row->setContentsMargins(scaledPx(14), 0, scaledPx(12), 0);
  row->setSpacing(scaledPx(12));
  auto* image = new QLabel(button);
  image->setPixmap(themeIcon(icon, isAccent ? IconColor::OnAccent : IconColor::Text).pixmap(scaledPx(16)));
  auto* label = makeLabel(text, isAccent ? FontRole::Semibold : FontRole::Body, button);
  auto* shortcut = makeLabel(keys, FontRole::Axis, button);
  for (QLabel* part : {image, label, shortcut}) {
    part->setAttribute(Qt::WA_TransparentForMouseEvents);
    if (isAccent) part->setProperty("onAccent", true);
  }
  row->addWidget(image);
  row->addWidget(label, 1);
  row->addWidget(shortcut);
  return button;
}

/// The colour bar under the cards.
class ScaleLegend : public QWidget {
 public:
  explicit ScaleLegend(QWidget* parent) : QWidget(parent) { setFixedSize(scaledPx(220), scaledPx(28)); }

 protected:
  void paintEvent(QPaintEvent*) override {
    const Theme& theme = currentTheme();
    QPainter painter(this);
    const int left = scaledPx(16), barWidth = width() - 2 * left, barHeight = scaledPx(8);
    const std::pair<double, double> range{0, 1};
    for (int x = 0; x < barWidth; ++x)
      painter.fillRect(left + x, 0, 1, barHeight,
                       valueColor(double(x) / barWidth, range, ValueScale::Linear));
    painter.setFont(uiFont(FontRole::Axis));
    painter.setPen(theme.secondary);
    for (const double tick : {0.003, 0.01, 0.1, 1.0}) {
      const int x = left + static_cast<int>(barWidth * scalePosition(tick, {0.003, 1.0}, ValueScale::Log));
      const QString text = tick == 0.003 || tick == 1.0
                               ? tickText(tick * 100) + kNarrowSpace + QLatin1Char('%')
                               : tickText(tick * 100);
      painter.drawText(QRect(x - scaledPx(24), barHeight, scaledPx(48), height() - barHeight),
                       Qt::AlignCenter, text);
    }
  }
};

void clearLayout(QLayout* layout) {
  while (QLayoutItem* item = layout->takeAt(0)) {
    if (item->widget()) item->widget()->deleteLater();
    delete item;
  }
}

}  // namespace

StartPage::StartPage(Session* session, QWidget* parent) : QScrollArea(parent), m_session(session) {
  setWidgetResizable(true);
  setFrameShape(QFrame::NoFrame);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setAccessibleName(tr("Start page"));
  setFocusPolicy(Qt::StrongFocus);
  m_page = new QWidget(this);
  m_page->setProperty("ground", QStringLiteral("window"));
  auto* centred = new QHBoxLayout(m_page);
  centred->setContentsMargins(scaledPx(24), scaledPx(48), scaledPx(24), scaledPx(24));
  auto* inner = new QWidget(m_page);
  inner->setMaximumWidth(scaledPx(1312));
  m_columns = new QHBoxLayout(inner);
  m_columns->setContentsMargins(0, 0, 0, 0);
  m_columns->setSpacing(scaledPx(40));
  centred->addStretch(1);
  centred->addWidget(inner, 100);
  centred->addStretch(1);
  m_leftColumn = new QWidget(inner);
  auto* left = new QVBoxLayout(m_leftColumn);
  left->setContentsMargins(0, 0, 0, 0);
  left->setSpacing(scaledPx(8));
  setupHead(left);
  setupRecent(left);
  setupHints(left);
  left->addStretch();
  auto* right = new QVBoxLayout;
  right->setSpacing(scaledPx(8));
  setupDemos(right);
  setupHub(right);
  right->addStretch();
  m_columns->addWidget(m_leftColumn, 28);
  m_columns->addLayout(right, 62);
  setWidget(m_page);
}

void StartPage::setupHead(QVBoxLayout* column) {
  auto* head = new QHBoxLayout;
  head->setSpacing(scaledPx(14));
  auto* logo = new QLabel(m_leftColumn);
  logo->setPixmap(programIcon().pixmap(scaledPx(40)));
  head->addWidget(logo);
  auto* names = new QVBoxLayout;
  names->setSpacing(0);
  names->addWidget(makeLabel(QStringLiteral("QuantLoupe"), FontRole::Title, m_leftColumn));
  names->addWidget(
      makeDimLabel(tr("Find out what quantization does to each layer"), FontRole::Body, m_leftColumn));
  head->addLayout(names, 1);
  column->addLayout(head);
  column->addSpacing(scaledPx(16));
  QPushButton* folder = makeBigButton(QStringLiteral("open"), tr("Open model folder…"),
                                      QStringLiteral("Ctrl+O"), true, m_leftColumn);
  QPushButton* file = makeBigButton(QStringLiteral("file"), tr("Open file: weights, statistics or plan…"),
                                    QStringLiteral("Ctrl+Shift+O"), false, m_leftColumn);
  column->addWidget(folder);
  column->addWidget(file);
  connect(folder, &QPushButton::clicked, this, &StartPage::openFolderRequested);
  connect(file, &QPushButton::clicked, this, &StartPage::openFileRequested);
}

void StartPage::setupRecent(QVBoxLayout* column) {
  column->addSpacing(scaledPx(16));
  column->addWidget(makeLabel(tr("Recent"), FontRole::Semibold, m_leftColumn));
  m_recent = new QFrame(m_leftColumn);
  m_recent->setProperty("box", true);
  auto* rows = new QVBoxLayout(m_recent);
  rows->setContentsMargins(1, 1, 1, 1);
  rows->setSpacing(0);
  column->addWidget(m_recent);
}

void StartPage::setupHints(QVBoxLayout* column) {
  column->addSpacing(scaledPx(12));
  auto* drop = new QFrame(m_leftColumn);
  drop->setProperty("dropZone", true);
  auto* lines = new QVBoxLayout(drop);
  lines->setContentsMargins(0, scaledPx(28), 0, scaledPx(28));
  QLabel* what = makeLabel(tr("Drop a folder or file here"), FontRole::Body, drop);
  QLabel* kinds =
      makeDimLabel(tr("safetensors, index.json, statistics .h5, plan .json"), FontRole::Axis, drop);
  for (QLabel* label : {what, kinds}) {
    label->setAlignment(Qt::AlignCenter);
    lines->addWidget(label);
  }
  column->addWidget(drop);
  column->addSpacing(scaledPx(12));
  column->addWidget(makeLabel(tr("The model is on another machine?"), FontRole::Semibold, m_leftColumn));
  QLabel* hint = makeDimLabel(tr("Measure there, then open the one statistics file here. Everything that "
                                 "does not need the raw weights works."),
                              FontRole::Body, m_leftColumn);
  hint->setWordWrap(true);
  column->addWidget(hint);
  const QString command = QStringLiteral("qloupe analyze MODEL -o stats.h5");
  auto* box = new QFrame(m_leftColumn);
  box->setProperty("box", true);
  auto* row = new QHBoxLayout(box);
  row->setContentsMargins(scaledPx(8), scaledPx(2), scaledPx(4), scaledPx(2));
  QLabel* text = makeLabel(command, FontRole::Mono, box);
  text->setTextInteractionFlags(Qt::TextSelectableByMouse);
  row->addWidget(text, 1);
  QToolButton* copy = makeIconButton(QStringLiteral("copy"), tr("Copy the command"), box);
  row->addWidget(copy);
  connect(copy, &QToolButton::clicked, this, [command] { QGuiApplication::clipboard()->setText(command); });
  column->addWidget(box);
  column->addSpacing(scaledPx(12));
  auto* head = new QHBoxLayout;
  head->addWidget(makeLabel(tr("Guides"), FontRole::Semibold, m_leftColumn));
  head->addWidget(makeDimLabel(QStringLiteral("F1"), FontRole::Axis, m_leftColumn), 1);
  column->addLayout(head);
  for (const auto& [key, title] : guides()) {
    auto* link = new QPushButton(title, m_leftColumn);
    link->setProperty("link", true);
    link->setCursor(Qt::PointingHandCursor);
    column->addWidget(link, 0, Qt::AlignLeft);
    connect(link, &QPushButton::clicked, this, [this, page = key] { emit guideRequested(page); });
  }
}

void StartPage::setupDemos(QVBoxLayout* column) {
  auto* head = new QHBoxLayout;
  head->setSpacing(scaledPx(8));
  head->addWidget(makeLabel(tr("Demo models"), FontRole::Semibold, m_page));
  head->addWidget(m_demoCaption = makeDimLabel(tr("error of W8 per channel by block and role, measured"),
                                               FontRole::Axis, m_page),
                  1);
  column->addLayout(head);
  for (const DemoModel& demo : demoModels()) {
    auto* card = new DemoCard(demo, m_page);
    column->addWidget(card);
    m_cards.push_back(card);
    connect(card, &DemoCard::opened, this,
            [this, key = QString::fromStdString(demo.key)] { emit demoRequested(key); });
  }
  auto* legend = new QHBoxLayout;
  legend->setSpacing(scaledPx(12));
  legend->addWidget(makeDimLabel(tr("Norm-weighted error"), FontRole::Axis, m_page));
  legend->addWidget(new ScaleLegend(m_page));
  legend->addWidget(makeDimLabel(tr("log scale, exact, all weights"), FontRole::Axis, m_page), 1);
  column->addLayout(legend);
}

void StartPage::setupHub(QVBoxLayout* column) {
  column->addSpacing(scaledPx(12));
  auto* head = new QHBoxLayout;
  head->setSpacing(scaledPx(8));
  head->addWidget(m_hubTitle = makeLabel(tr("Hugging Face cache"), FontRole::Semibold, m_page));
  head->addWidget(m_hubCaption = makeDimLabel(tr("looking…"), FontRole::Axis, m_page), 1);
  column->addLayout(head);
  m_hub = new QFrame(m_page);
  m_hub->setProperty("box", true);
  auto* rows = new QVBoxLayout(m_hub);
  rows->setContentsMargins(1, 1, 1, 1);
  rows->setSpacing(0);
  column->addWidget(m_hub);
  m_hub->hide();
}

void StartPage::reload() {
  fillRecent();
  measureDemos();
  m_session->jobs()->run<std::vector<HubModel>>(
      this, QStringLiteral("hub"), tr("Looking for models"), true,
      [folder = hubCacheFolder()](JobContext& job) { return findHubModels(folder, job); },
      [this](std::vector<HubModel> models) { showHub(models); });
}

void StartPage::fillRecent() {
  clearLayout(m_recent->layout());
  int shown = 0;
  for (const RecentFile& file : settings::recentFiles()) {
    if (shown == kShownRecent) break;
    auto* row = new ListRow(iconOf(file.kind), QFileInfo(file.path).fileName(), file.detail, m_recent);
    row->setColumns({whenText(file.opened)}, {90});
    row->setToolTip(file.path);
    if (shown > 0) m_recent->layout()->addWidget(makeSeparator(Qt::Horizontal, m_recent));
    m_recent->layout()->addWidget(row);
    connect(row, &QAbstractButton::clicked, this, [this, path = file.path] { emit pathRequested(path); });
    ++shown;
  }
  if (shown > 0) return;
  QLabel* empty =
      makeDimLabel(tr("Nothing opened yet. The first demo model is a good start."), FontRole::Body, m_recent);
  empty->setWordWrap(true);
  empty->setMargin(scaledPx(10));
  m_recent->layout()->addWidget(empty);
}

void StartPage::showHub(const std::vector<HubModel>& models) {
  m_isHubSearched = true;
  clearLayout(m_hub->layout());
  m_hub->setVisible(!models.empty());
  m_hubCaption->setText(models.empty() ? tr("no models in %1").arg(hubCacheFolder())
                                       : pluralText(static_cast<std::int64_t>(models.size()),
                                                    tr("model found on this machine"),
                                                    tr("models found on this machine")));
  for (const HubModel& model : models) {
    auto* row = new ListRow({}, model.name, {}, m_hub);
    row->setColumns(
        {model.architecture, pluralText(model.shards, tr("shard"), tr("shards")), sizeText(model.sizeBytes)},
        {190, 90, 100});
    row->setToolTip(model.path);
    m_hub->layout()->addWidget(row);
    connect(row, &QAbstractButton::clicked, this, [this, path = model.path] { emit pathRequested(path); });
  }
}

void StartPage::measureDemos() {
  // One after the other: a model that is opened meanwhile should not wait for all three.
  const auto next =
      std::find_if(m_cards.begin(), m_cards.end(), [](const DemoCard* c) { return !c->isMeasured(); });
  if (next == m_cards.end()) return;
  DemoCard* card = *next;
  m_session->jobs()->run<DemoFigures>(
      this, QStringLiteral("demos"), tr("Measuring a demo model"), true,
      [key = card->key()](JobContext& job) { return measureDemo(key, kTarget, job); },
      [this, card](DemoFigures figures) {
        card->setFigures(figures, kTarget);
        m_demoCaption->setText(
            tr("%1 M parameter Llama, %2 blocks, %3; error of W8 per channel by block and role, measured")
                .arg(static_cast<double>(figures.parameters) / 1e6, 0, 'f', 1)
                .arg(figures.blocks)
                .arg(sizeText(figures.sizeBytes)));
        measureDemos();
      });
}

bool StartPage::isComplete() const {
  return m_isHubSearched &&
         std::all_of(m_cards.begin(), m_cards.end(), [](const DemoCard* card) { return card->isMeasured(); });
}

std::vector<QWidget*> StartPage::stops() const {
  std::vector<QWidget*> found;
  for (QWidget* widget : m_page->findChildren<QWidget*>()) {
    const bool isStop = qobject_cast<DemoCard*>(widget) || qobject_cast<ListRow*>(widget);
    if (isStop && widget->isVisible()) found.push_back(widget);
  }
  // Cards first, then the cache, then recent files: the order of the eye from the first card.
  std::stable_sort(found.begin(), found.end(), [this](QWidget* a, QWidget* b) {
    const QPoint pa = a->mapTo(m_page, QPoint()), pb = b->mapTo(m_page, QPoint());
    return std::pair(-pa.x(), pa.y()) < std::pair(-pb.x(), pb.y());
  });
  return found;
}

void StartPage::keyPressEvent(QKeyEvent* event) {
  const bool isDown = event->key() == Qt::Key_Down || event->key() == Qt::Key_Right;
  const bool isUp = event->key() == Qt::Key_Up || event->key() == Qt::Key_Left;
  if (!isDown && !isUp) return QScrollArea::keyPressEvent(event);
  const std::vector<QWidget*> all = stops();
  if (all.empty()) return;
  const auto at = std::find_if(all.begin(), all.end(), [](QWidget* widget) { return widget->hasFocus(); });
  const auto count = static_cast<std::ptrdiff_t>(all.size());
  const std::ptrdiff_t now = at == all.end() ? (isDown ? -1 : 0) : at - all.begin();
  QWidget* next = all[static_cast<std::size_t>((now + (isDown ? 1 : count - 1)) % count)];
  next->setFocus(Qt::TabFocusReason);
  ensureWidgetVisible(next);
}

void StartPage::focusInEvent(QFocusEvent* event) {
  QScrollArea::focusInEvent(event);
  if (!m_cards.empty()) m_cards.front()->setFocus(Qt::OtherFocusReason);
}

void StartPage::resizeEvent(QResizeEvent* event) {
  QScrollArea::resizeEvent(event);
  m_columns->setDirection(width() < scaledPx(900) ? QBoxLayout::TopToBottom : QBoxLayout::LeftToRight);
}

}  // namespace ql
