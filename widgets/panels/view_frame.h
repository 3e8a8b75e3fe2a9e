#pragma once
// What pages made of several views have around them: a box with a title, the sentence shown while activations
// are missing, and small tables of figures.
#include <QString>
#include <QWidget>

class QLabel;
class QTableWidget;
class QTableWidgetItem;

namespace ql {

class ElidedLabel;
class Session;

/// A title in semibold with a dim note beside it (`note` is set to it; null = none), the content below, which
/// gets the title as its accessible name and is at least so high (12 px font).
QWidget* makeTitledBox(const QString& title, ElidedLabel** note, QWidget* content, int leastHeight,
                       QWidget* parent);

/// A sentence in the middle of a page, and buttons that bring activations.
struct MessagePage {
  QWidget* page = nullptr;
  QLabel* text = nullptr;
  QWidget* buttons = nullptr;  // Calibrate, Import: shown only when they would help
};
MessagePage makeMessagePage(Session* session, QWidget* parent);

/// A table to read, without grid, row numbers and frame.
QTableWidget* makeFigureTable(QWidget* parent);
/// Cannot be edited; numbers stand right.
QTableWidgetItem* makeFigureCell(const QString& text, bool isNumber);
/// The first column takes what the others, as wide as their widest text, leave. After every change of texts.
void fitFigureColumns(QTableWidget* table);

}  // namespace ql
