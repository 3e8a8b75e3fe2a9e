#include "widgets/panels/view_frame.h"

#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/session.h"
#include "widgets/panels/form_parts.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace ql {

namespace {

constexpr int kCellRoom = 24;          // left and right of the widest text of a column
constexpr int kFirstColumnLeast = 90;  // names are cut at the front below what they take

}  // namespace

QWidget* makeTitledBox(const QString& title, ElidedLabel** note, QWidget* content, int leastHeight,
                       QWidget* parent) {
  auto* box = new QWidget(parent);
  box->setAutoFillBackground(true);
  box->setBackgroundRole(QPalette::Base);
  auto* column = new QVBoxLayout(box);
  column->setContentsMargins(0, scaledPx(5), 0, 0);
  column->setSpacing(scaledPx(2));
  auto* row = new QHBoxLayout;
  row->setContentsMargins(scaledPx(metrics::kInspectorPadding), 0, scaledPx(metrics::kGap), 0);
  row->setSpacing(scaledPx(metrics::kGap));
  row->addWidget(makeLabel(title, FontRole::Semibold, box));
  auto* dim = new ElidedLabel(box);
  dim->setForegroundRole(QPalette::PlaceholderText);
  if (note) *note = dim;
  row->addWidget(dim, 1);
  column->addLayout(row);
  content->setMinimumHeight(scaledPx(leastHeight));
  content->setAccessibleName(title);
  column->addWidget(content, 1);
  return box;
}

MessagePage makeMessagePage(Session* session, QWidget* parent) {
  MessagePage made;
  made.page = new QWidget(parent);
  made.page->setAutoFillBackground(true);
  made.page->setBackgroundRole(QPalette::Base);
  auto* column = new QVBoxLayout(made.page);
  column->addStretch(2);
  made.text = makeDimLabel({}, FontRole::Body, made.page);
  made.text->setAlignment(Qt::AlignCenter);
  made.text->setWordWrap(true);
  column->addWidget(made.text);
  made.buttons = new QWidget(made.page);
  auto* row = new QHBoxLayout(made.buttons);
  row->addStretch(1);
  QPushButton* calibrate = makeAccentButton(QWidget::tr("Calibrate…"), made.buttons);
  calibrate->setToolTip(QWidget::tr("Run the model on text to see what its linears receive"));
  auto* import = new QPushButton(QWidget::tr("Import activations…"), made.buttons);
  row->addWidget(calibrate);
  row->addWidget(import);
  row->addStretch(1);
  column->addWidget(made.buttons);
  column->addStretch(3);
  CalibrationControl* const calibration = session->calibration();
  QObject::connect(calibrate, &QPushButton::clicked, calibration, &CalibrationControl::calibrateRequested);
  QObject::connect(import, &QPushButton::clicked, calibration, &CalibrationControl::importRequested);
  return made;
}

QTableWidget* makeFigureTable(QWidget* parent) {
  auto* table = new QTableWidget(parent);
  table->setShowGrid(false);
  table->setWordWrap(false);
  table->setTextElideMode(Qt::ElideLeft);  // the end of a name tells linears apart
  table->setFrameShape(QFrame::NoFrame);
  table->setSelectionBehavior(QAbstractItemView::SelectRows);
  table->setSelectionMode(QAbstractItemView::SingleSelection);
  table->verticalHeader()->hide();
  table->verticalHeader()->setDefaultSectionSize(scaledPx(metrics::kTableRow));
  table->horizontalHeader()->setMinimumSectionSize(scaledPx(30));
  table->horizontalHeader()->setHighlightSections(false);  // bold titles would not fit
  return table;
}

QTableWidgetItem* makeFigureCell(const QString& text, bool isNumber) {
  auto* item = new QTableWidgetItem(text);
  item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable);
  if (isNumber) item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
  return item;
}

void fitFigureColumns(QTableWidget* table) {
  QHeaderView* header = table->horizontalHeader();
  // a style sheet's padding is not in the header's own hint
  const QFontMetrics head(uiFont(FontRole::Semibold)), body(table->font());
  int others = 0;
  for (int column = 0; column < table->columnCount(); ++column) {
    QTableWidgetItem* title = table->horizontalHeaderItem(column);
    if (!title) continue;
    title->setTextAlignment((column == 0 ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    if (column == 0) continue;
    int width = head.horizontalAdvance(title->text());
    for (int row = 0; row < table->rowCount(); ++row)
      if (const QTableWidgetItem* item = table->item(row, column))
        width = std::max(width, body.horizontalAdvance(item->text()));
    header->setSectionResizeMode(column, QHeaderView::Fixed);
    header->resizeSection(column, width + scaledPx(kCellRoom));
    others += width + scaledPx(kCellRoom);
  }
  if (table->columnCount() > 0) header->setSectionResizeMode(0, QHeaderView::Stretch);
  table->setMinimumWidth(others + scaledPx(kFirstColumnLeast));
}

}  // namespace ql
