// The accessible twin of a canvas: the same numbers in a table that screen readers and the keyboard can walk.
#include "widgets/bridge/theme.h"
#include "widgets/canvas/canvas.h"

#include <QAbstractItemModel>
#include <QApplication>
#include <QClipboard>
#include <QDialog>
#include <QHeaderView>
#include <QShortcut>
#include <QTableView>
#include <QVBoxLayout>

namespace ql {
namespace {

// The selected cells, or everything, as tab-separated text with the headers.
QString tableText(const QTableView& table) {
  const QAbstractItemModel* const model = table.model();
  const QModelIndexList chosen = table.selectionModel()->selectedIndexes();
  QRect area(0, 0, model->columnCount(), model->rowCount());
  if (chosen.size() > 1) {
    area = QRect();
    for (const QModelIndex& index : chosen) area = area.united(QRect(index.column(), index.row(), 1, 1));
  }
  QString text;
  for (int column = area.left(); column <= area.right(); ++column)
    text += QLatin1Char('\t') + model->headerData(column, Qt::Horizontal).toString();
  for (int row = area.top(); row <= area.bottom(); ++row) {
    text += QLatin1Char('\n') + model->headerData(row, Qt::Vertical).toString();
    for (int column = area.left(); column <= area.right(); ++column)
      text += QLatin1Char('\t') + model->index(row, column).data().toString();
  }
  return text;
}

}  // namespace

void showTableWindow(QWidget* parent, std::unique_ptr<QAbstractItemModel> model, const QString& title) {
  auto* window = new QDialog(parent);
  window->setAttribute(Qt::WA_DeleteOnClose);
  window->setWindowTitle(title);
  auto* table = new QTableView(window);
  table->setTabKeyNavigation(false);  // Tab leaves it
  model->setParent(window);
  table->setModel(model.release());
  table->setAccessibleName(title);
  table->setEditTriggers(QAbstractItemView::NoEditTriggers);
  table->setAlternatingRowColors(false);
  table->horizontalHeader()->setDefaultSectionSize(static_cast<int>(72 * uiScale()));
  table->verticalHeader()->setDefaultSectionSize(static_cast<int>(metrics::kTableRow * uiScale()));
  auto* layout = new QVBoxLayout(window);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(table);
  auto* copy = new QShortcut(QKeySequence::Copy, table);
  QObject::connect(copy, &QShortcut::activated, table,
                   [table] { QApplication::clipboard()->setText(tableText(*table)); });
  window->resize(720, 480);
  window->show();
  table->setFocus();
}

}  // namespace ql
