#include "widgets/bridge/app_style.h"

#include "widgets/bridge/theme.h"

#include <QApplication>
#include <QFile>
#include <QFontInfo>
#include <QRegularExpression>
#include <QStyle>
#include <QStyleFactory>

#include <cmath>

namespace ql {

namespace {

bool g_isSystemDark = false;

// Lengths are for a 12 px font; scaled() multiplies every one of them. "@name" is a colour of the theme.
const char* const kSheet = R"(
QMainWindow, QDialog, QStackedWidget, QScrollArea, QSplitter { background: @window; }
QMainWindow::separator { background: @line; width: 1px; height: 1px; }
QMainWindow::separator:hover { background: @accent; }
QSplitter::handle { background: @line; }
QMenuBar { background: @window; border-bottom: 1px solid @line; padding: 0px 4px; }
QMenuBar::item { padding: 6px 8px; background: transparent; border-radius: 3px; }
QMenuBar::item:selected { background: @current; }
QMenu { background: @base; border: 1px solid @outline; padding: 4px 0px; }
QMenu::item { padding: 4px 28px 4px 28px; }
QMenu::item:selected { background: @current; color: @text; }
QMenu::item:disabled { color: @disabled; }
QMenu::separator { height: 1px; background: @line; margin: 4px 8px; }
QMenu::icon { padding-left: 8px; }
QToolBar { background: @window; border: 0px; border-bottom: 1px solid @line; spacing: 4px; padding: 0px 8px; }
QToolBar::separator { width: 1px; background: @line; margin: 8px 4px; }
QStatusBar { background: @window; border-top: 1px solid @line; }
QStatusBar::item { border: 0px; }
QToolTip { background: @base; color: @text; border: 1px solid @outline; padding: 4px; }

QToolButton { border: 1px solid transparent; border-radius: 3px; padding: 3px; background: transparent; }
QToolButton:hover { background: @hover; }
QToolButton:pressed, QToolButton:checked { background: @selected; color: @accent; }
QToolButton:focus { border-color: @accent; }
QToolButton::menu-indicator { image: none; }
QToolButton[segment] { background: @field; border: 1px solid @outline; padding: 0px 7px; border-radius: 0px;
  margin: 0px; min-height: 22px; color: @text; }
QToolButton[segment="middle"], QToolButton[segment="last"] { border-left: 0px; }
QToolButton[segment="first"] { border-top-left-radius: 3px; border-bottom-left-radius: 3px; }
QToolButton[segment="last"] { border-top-right-radius: 3px; border-bottom-right-radius: 3px; }
*[tight="true"] QToolButton[segment] { padding: 0px 4px; }
QToolButton[segment]:checked { background: @selected; color: @accent; font-weight: 600; }
QToolButton[segment]:hover:!checked { background: @hover; }
QToolButton[segment]:disabled { color: @disabled; }
QToolButton[segment]:focus { border: 1px solid @accent; }

QPushButton, QToolButton[boxed="true"] { background: @field; border: 1px solid @outline; border-radius: 3px;
  padding: 0px 10px; min-height: 24px; color: @text; }
QPushButton:hover, QToolButton[boxed="true"]:hover { background: @hover; }
QPushButton:pressed, QToolButton[boxed="true"]:pressed { background: @current; }
QPushButton:focus, QToolButton[boxed="true"]:focus { border-color: @accent; }
QPushButton:disabled, QToolButton[boxed="true"]:disabled { color: @disabled; border-color: @line; }
QPushButton:checked { background: @selected; color: @accent; }
QPushButton[small="true"], QToolButton[small="true"] { min-height: 20px; padding: 0px 8px; }
QPushButton::menu-indicator { image: url(:/icons/@chevron); subcontrol-origin: padding;
  subcontrol-position: center right; right: 6px; width: 10px; height: 10px; }
QPushButton[big="true"] { min-height: 34px; }
QPushButton[hasMenu="true"] { padding-right: 22px; }
QPushButton[accent="true"] { background: @accent; color: @onAccent; border-color: @accent; font-weight: 600; }
QPushButton[accent="true"]:hover { background: @accentHover; }
QPushButton[accent="true"]:focus { border: 2px solid @text; }
QPushButton[accent="true"]:disabled { background: @line; color: @disabled; border-color: @line; }
QPushButton[link="true"] { background: transparent; border: 1px solid transparent; color: @accent; padding: 0px;
  text-align: left; min-height: 18px; }
QPushButton[link="true"]:focus { border-color: @accent; }
QPushButton[link="true"]:hover { text-decoration: underline; }

QLineEdit, QComboBox, QSpinBox, QDoubleSpinBox, QPlainTextEdit, QTextBrowser { background: @field; color: @text;
  border: 1px solid @outline; border-radius: 3px; selection-background-color: @accent;
  selection-color: @onAccent; }
QLineEdit, QSpinBox, QDoubleSpinBox { min-height: 22px; padding: 0px 6px; }
QComboBox { min-height: 22px; padding: 0px 4px 0px 8px; }
QLineEdit:focus, QComboBox:focus, QSpinBox:focus, QDoubleSpinBox:focus, QPlainTextEdit:focus, QTextBrowser:focus
  { border-color: @accent; }
QLineEdit:disabled, QComboBox:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled
  { color: @disabled; border-color: @line; }
*[changed="true"] { border: 2px solid @accent; }
QComboBox::drop-down { border: 0px; width: 18px; }
QComboBox::down-arrow { image: url(:/icons/@chevron); width: 10px; height: 10px; }
QComboBox QAbstractItemView { background: @base; border: 1px solid @outline; selection-background-color: @current;
  selection-color: @text; outline: 0px; }
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button, QDoubleSpinBox::down-button
  { border: 0px; width: 16px; background: transparent; }
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow { image: url(:/icons/@up); width: 9px; height: 9px; }
QSpinBox::down-arrow, QDoubleSpinBox::down-arrow { image: url(:/icons/@chevron); width: 9px; height: 9px; }

QTreeView, QTableView, QListView { background: @base; border: 0px; gridline-color: @grid; outline: 0px;
  selection-background-color: @selected; selection-color: @text; alternate-background-color: @base; }
QTreeView::item { border: 0px; padding: 0px; }
QTreeView::branch { background: transparent; }
QTreeView::branch:has-children:closed { image: url(:/icons/@right); }
QTreeView::branch:has-children:open { image: url(:/icons/@chevron); }
QTableView#jobs::item, QTableView#scores::item { padding: 0px 8px; }
QListWidget#palette { border: 1px solid @outline; }
QListWidget#palette::item, QListWidget#guides::item { padding: 4px 8px; border: 0px; }
QListWidget#palette::item:selected, QListWidget#guides::item:selected { background: @current; color: @text; }
QTextBrowser { padding: 8px; }
QTableView QTableCornerButton::section { background: @tableHeader; border: 0px; }
QHeaderView { background: @tableHeader; border: 0px; }
QHeaderView::section { background: @tableHeader; color: @secondary; border: 0px; border-bottom: 1px solid @line;
  padding: 0px 8px; height: 23px; }
QTreeView QHeaderView::section { padding: 0px 4px; }
QHeaderView::section:hover { color: @text; }
QHeaderView::down-arrow { image: url(:/icons/@chevron); width: 9px; height: 9px; subcontrol-position: center right; }
QHeaderView::up-arrow { image: url(:/icons/@up); width: 9px; height: 9px; subcontrol-position: center right; }

QTabWidget::pane { border: 0px; }
QTabBar { background: @dockTitle; qproperty-drawBase: 0; }
QTabWidget::tab-bar { left: 0px; }
QTabBar::tab { background: @dockTitle; color: @secondary; border: 0px; border-top: 2px solid transparent;
  border-right: 1px solid @line; padding: 0px 12px; height: 26px; }
QTabBar::tab:selected { background: @base; color: @text; border-top: 2px solid @accent; }
QTabBar::tab:hover:!selected { color: @text; }
QTabBar::tab:focus { color: @accent; }

QScrollBar:vertical { background: transparent; width: 9px; margin: 0px; }
QScrollBar:horizontal { background: transparent; height: 9px; margin: 0px; }
QScrollBar::handle { background: @scroll; border-radius: 3px; margin: 1px; }
QScrollBar::handle:vertical { min-height: 24px; }
QScrollBar::handle:horizontal { min-width: 24px; }
QScrollBar::handle:hover { background: @faint; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0px; height: 0px; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QProgressBar { background: @line; border: 0px; border-radius: 3px; max-height: 6px; min-height: 6px; }
QProgressBar::chunk { background: @accent; border-radius: 3px; }
QCheckBox { spacing: 6px; }
QLabel[dim="true"] { color: @secondary; }
QLabel[faint="true"] { color: @faint; }
QLabel[good="true"] { color: @good; }
QLabel[warn="true"] { color: @warning; }
QLabel[bad="true"] { color: @finding; }
QLabel[onAccent="true"] { color: @onAccent; }
QLabel[keycap="true"] { border: 1px solid @outline; border-radius: 3px; padding: 0px 4px; color: @secondary;
  background: @field; }
QWidget[ground="base"] { background: @base; }
QWidget[ground="window"] { background: @window; }
QWidget[ground="dockTitle"] { background: @dockTitle; border-bottom: 1px solid @line; }
QFrame[separator="true"] { background: @line; border: 0px; }
QFrame[finding="true"] { background: @findingGround; border: 0px; border-left: 3px solid @finding; }
QFrame[finding="true"] QLabel { background: transparent; color: @text; }
QFrame[verdict="good"] { background: @groundGood; border: 0px; border-left: 3px solid @good; }
QFrame[verdict="bad"] { background: @findingGround; border: 0px; border-left: 3px solid @finding; }
QFrame[verdict="plain"] { background: @field; border: 0px; border-left: 3px solid @outline; }
QFrame[verdict] QLabel { background: transparent; }
QSlider:focus { border: 1px solid @accent; border-radius: 3px; }
QSlider { border: 1px solid transparent; min-height: 20px; background: transparent; }
QSlider::groove:horizontal { height: 3px; background: @outline; border-radius: 1px; }
QSlider::sub-page:horizontal { height: 3px; background: @accent; border-radius: 1px; }
QSlider::handle:horizontal { width: 10px; height: 10px; margin: -6px 0px; border-radius: 7px; background: @base;
  border: 2px solid @accent; }
QSlider::handle:horizontal:disabled { border-color: @outline; }
QSlider::sub-page:horizontal:disabled { background: @outline; }
QFrame[card="true"] { background: @base; border: 1px solid @line; border-radius: 4px; }
QFrame[card="true"][current="true"] { border: 2px solid @accent; }
QFrame[box="true"] { background: @base; border: 1px solid @line; }
QFrame[dropZone="true"] { background: transparent; border: 1px dashed @outline; border-radius: 3px; }
QFrame[dropZone="true"][hot="true"] { background: @selected; border: 1px dashed @accent; }
QFrame[messageKind="error"] { background: @findingGround; border: 1px solid @finding; border-radius: 4px; }
QFrame[messageKind="info"] { background: @selected; border: 1px solid @outline; border-radius: 4px; }
)";

QString colored(QString sheet, const Theme& t) {
  const QColor field = t.isDark ? t.dockTitle : t.base;
  const std::pair<const char*, QColor> colors[] = {
      {"@window", t.window},
      {"@findingGround", t.findingGround},
      {"@finding", t.finding},
      {"@dockTitle", t.dockTitle},
      {"@tableHeader", t.tableHeader},
      {"@disabled", blend(t.window, t.text, 0.45)},
      {"@accentHover", blend(t.accent, t.isDark ? QColor(Qt::white) : QColor(Qt::black), 0.12)},
      {"@accent", t.accent},
      {"@onAccent", t.onAccent},
      {"@outline", t.outline},
      {"@line", t.line},
      {"@grid", t.grid},
      {"@base", t.base},
      {"@secondary", t.secondary},
      {"@selected", t.selected},
      {"@current", t.current},
      {"@faint", t.faint},
      {"@text", t.text},
      {"@hover", blend(field, t.accent, t.isDark ? 0.14 : 0.08)},
      {"@field", field},
      {"@scroll", blend(t.window, t.secondary, 0.5)},
      {"@groundGood", t.goodGround},
      {"@good", t.good},
      {"@warning", t.warning},
  };
  for (const auto& [name, color] : colors) sheet.replace(QLatin1String(name), color.name());
  const QString suffix = t.isDark ? QStringLiteral("-dark.svg") : QStringLiteral("-light.svg");
  sheet.replace(QLatin1String("@chevron"), QStringLiteral("arrow-down") + suffix);
  sheet.replace(QLatin1String("@right"), QStringLiteral("arrow-right") + suffix);
  return sheet.replace(QLatin1String("@up"), QStringLiteral("arrow-up") + suffix);
}

/// Every length above 2 px grows with the application's font.
QString scaled(const QString& sheet) {
  static const QRegularExpression kLength(QStringLiteral("(\\d+)px"));
  QString result;
  qsizetype end = 0;
  for (auto it = kLength.globalMatch(sheet); it.hasNext();) {
    const QRegularExpressionMatch match = it.next();
    const int length = match.captured(1).toInt();
    const int pixels = length <= 2 ? length : static_cast<int>(std::lround(length * uiScale()));
    result += sheet.mid(end, match.capturedStart() - end);
    result += QString::number(pixels) + QStringLiteral("px");
    end = match.capturedEnd();
  }
  return result + sheet.mid(end);
}

}  // namespace

QPalette themePalette(const Theme& t) {
  QPalette p;
  p.setColor(QPalette::Window, t.window);
  p.setColor(QPalette::WindowText, t.text);
  p.setColor(QPalette::Base, t.base);
  p.setColor(QPalette::AlternateBase, t.tableHeader);
  p.setColor(QPalette::Text, t.text);
  p.setColor(QPalette::Button, t.isDark ? t.dockTitle : t.window);
  p.setColor(QPalette::ButtonText, t.text);
  p.setColor(QPalette::BrightText, t.finding);
  p.setColor(QPalette::ToolTipBase, t.base);
  p.setColor(QPalette::ToolTipText, t.text);
  p.setColor(QPalette::PlaceholderText, t.faint);
  p.setColor(QPalette::Highlight, t.accent);
  p.setColor(QPalette::HighlightedText, t.onAccent);
  p.setColor(QPalette::Link, t.accent);
  p.setColor(QPalette::LinkVisited, t.accent);
  p.setColor(QPalette::Light, t.base);
  p.setColor(QPalette::Midlight, t.tableHeader);
  p.setColor(QPalette::Mid, t.line);
  p.setColor(QPalette::Dark, t.outline);
  p.setColor(QPalette::Shadow, t.line);
  const QColor disabled = blend(t.window, t.text, 0.45);
  for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
    p.setColor(QPalette::Disabled, role, disabled);
  return p;
}

QString themeStyleSheet(const Theme& theme) {
  return scaled(colored(QString::fromLatin1(kSheet), theme));
}

void rememberSystemPalette() {
  g_isSystemDark = QGuiApplication::palette().color(QPalette::Window).lightness() < 128;
}

void applyFont() {
  QFont font = QApplication::font();
  const QString family = font.family();
  // Without a desktop the platform hands out a nameless default.
  static const QStringList kNameless{QStringLiteral("Sans Serif"), QStringLiteral("Sans"),
                                     QStringLiteral("sans"), QStringLiteral("DejaVu Sans"), QString()};
  if (kNameless.contains(family)) font.setFamily(preferredFontFamily());
  if (QFontInfo(font).pixelSize() <= 13) font.setPixelSize(12);
  QApplication::setFont(font);
}

void applyTheme(ThemeMode mode) {
  const bool isDark = mode == ThemeMode::Dark || (mode == ThemeMode::System && g_isSystemDark);
  const Theme& theme = isDark ? darkTheme() : lightTheme();
  if (QApplication::style()->name() != QLatin1String("fusion"))
    QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
  QApplication::setPalette(themePalette(theme));
  qApp->setStyleSheet(themeStyleSheet(theme));
}

}  // namespace ql
