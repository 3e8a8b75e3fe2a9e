#include "widgets/panels/figure_dialog.h"

#include "core/base/error.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/settings.h"
#include "widgets/canvas/canvas.h"
#include "widgets/panels/form_parts.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QDir>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMessageBox>
#include <QSpinBox>
#include <QVBoxLayout>

#include <cmath>

namespace ql {

namespace {

constexpr double kMmPerPixel = 25.4 / kFigureDpi;
constexpr int kRedrawMs = 80;

/// What the next figure of this session begins with.
struct Remembered {
  int format = 0, unit = 0, dpi = 300;
  QSizeF pixels;  // empty: as the view is
  bool hasNumbers = false;
};
Remembered& remembered() {
  static Remembered last;
  return last;
}

struct Preset {
  const char* text;
  double widthMm, heightMm;  // 0 = as the view is
};
// Column widths are those of Nature's guide to authors.
constexpr Preset kPresets[] = {{QT_TRANSLATE_NOOP("ql::FigureDialog", "As on the screen"), 0, 0},
                               {QT_TRANSLATE_NOOP("ql::FigureDialog", "One column, 89 mm"), 89, 67},
                               {QT_TRANSLATE_NOOP("ql::FigureDialog", "Two columns, 183 mm"), 183, 112},
                               {QT_TRANSLATE_NOOP("ql::FigureDialog", "Slide, 16:9"), 338.7, 190.5},
                               {QT_TRANSLATE_NOOP("ql::FigureDialog", "Other"), 0, 0}};
constexpr int kOther = static_cast<int>(std::size(kPresets)) - 1;

QDoubleSpinBox* makeSide(const QString& name, QWidget* parent) {
  auto* box = new QDoubleSpinBox(parent);
  box->setAccessibleName(name);
  box->setToolTip(name);
  box->setKeyboardTracking(true);
  return box;
}

}  // namespace

FigureDialog::FigureDialog(Canvas* canvas, QWidget* parent) : QDialog(parent), m_canvas(canvas) {
  setWindowTitle(tr("Save figure"));
  const QSize room = parent ? parent->size() - QSize(40, 60) : QSize(960, 560);
  resize(QSize(scaledPx(920), scaledPx(470)).boundedTo(room.expandedTo(QSize(560, 380))));
  auto* row = new QHBoxLayout;
  auto* column = new QVBoxLayout(this);
  column->setSpacing(scaledPx(metrics::kGap));
  column->addLayout(row, 1);
  row->setSpacing(scaledPx(16));
  setupForm();
  setupPreview();
  setupButtons();
  m_redraw.setSingleShot(true);
  m_redraw.setInterval(kRedrawMs);
  connect(&m_redraw, &QTimer::timeout, this, &FigureDialog::showPreview);
  connect(canvas, &QObject::destroyed, this, &QObject::deleteLater);
  changed();
}

void FigureDialog::setupForm() {
  auto* side = new QVBoxLayout;
  static_cast<QHBoxLayout*>(layout()->itemAt(0)->layout())->addLayout(side);
  auto* form = new QFormLayout;
  form->setLabelAlignment(Qt::AlignRight);
  form->setVerticalSpacing(scaledPx(6));
  form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  side->addLayout(form);
  m_title = new QLineEdit(figureTitle(*m_canvas), this);
  m_title->setCursorPosition(0);
  m_title->setAccessibleName(tr("Title"));
  m_title->setToolTip(tr("The line above the view; empty: none"));
  m_title->setMinimumWidth(scaledPx(250));
  form->addRow(tr("&Title"), m_title);
  m_format = new SegmentedControl(tr("Format"), this);
  m_format->addSegment(QStringLiteral("SVG"), tr("A drawing for browsers and editors; text stays text"));
  m_format->addSegment(QStringLiteral("PDF"), tr("A drawing for papers; text stays text"));
  m_format->addSegment(QStringLiteral("PNG"), tr("Pixels"));
  m_format->setCurrent(remembered().format);
  form->addRow(tr("Format"), m_format);
  setupSize(form);
  m_theme = new SegmentedControl(tr("Colours"), this);
  m_theme->addSegment(tr("Light"), tr("Light colours, for paper"));
  m_theme->addSegment(tr("Dark"), tr("Dark colours, for dark slides"));
  form->addRow(tr("Colours"), m_theme);
  m_numbers = new QCheckBox(tr("&Numbers as CSV beside it"), this);
  m_numbers->setToolTip(tr("A file of the same name with the numbers that the view shows"));
  m_numbers->setChecked(remembered().hasNumbers);
  form->addRow(QString(), m_numbers);
  side->addStretch(1);
  side->addWidget(m_error = makeLabel({}, FontRole::Body, this));
  m_error->setProperty("bad", true);
  m_error->setWordWrap(true);
  connect(m_title, &QLineEdit::textChanged, this, &FigureDialog::changed);
  connect(m_format, &SegmentedControl::picked, this, &FigureDialog::changed);
  connect(m_theme, &SegmentedControl::picked, this, &FigureDialog::changed);
}

void FigureDialog::setupSize(QFormLayout* form) {
  m_preset = new QComboBox(this);
  for (const Preset& preset : kPresets) m_preset->addItem(tr(preset.text));
  m_preset->setAccessibleName(tr("Size"));
  m_preset->setToolTip(tr("Usual sizes"));
  form->addRow(tr("&Size"), m_preset);
  auto* sides = new QHBoxLayout;
  m_width = makeSide(tr("Width"), this);
  m_height = makeSide(tr("Height"), this);
  m_unit = new QComboBox(this);
  m_unit->addItems({tr("mm"), tr("px")});
  m_unit->setAccessibleName(tr("Unit"));
  m_unit->setToolTip(tr("Millimetres, or pixels of the screen (96 an inch)"));
  m_unit->setCurrentIndex(remembered().unit);
  sides->addWidget(m_width, 1);
  sides->addWidget(makeDimLabel(QString(kTimes), FontRole::Body, this));
  sides->addWidget(m_height, 1);
  sides->addWidget(m_unit);
  form->addRow(QString(), sides);
  m_dpi = new QSpinBox(this);
  m_dpi->setRange(48, 1200);
  m_dpi->setSuffix(tr(" dpi"));
  m_dpi->setValue(remembered().dpi);
  m_dpi->setAccessibleName(tr("Resolution"));
  m_dpi->setToolTip(tr("Pixels an inch of a PNG, and of the heatmaps inside SVG and PDF"));
  form->addRow(tr("&Resolution"), m_dpi);
  form->addRow(QString(), m_pixels = makeDimLabel({}, FontRole::Axis, this));
  unitPicked();
  const QSizeF last = remembered().pixels;
  setSizePixels(last.isEmpty() ? QSizeF(m_canvas->size()) : last);
  m_preset->setCurrentIndex(last.isEmpty() ? 0 : kOther);
  connect(m_preset, &QComboBox::activated, this, &FigureDialog::presetPicked);
  connect(m_unit, &QComboBox::activated, this, [this] {
    // the boxes still hold the other unit
    const double factor = unit() == Unit::Millimeter ? kMmPerPixel : 1 / kMmPerPixel;
    const QSizeF size(m_width->value() * factor, m_height->value() * factor);
    unitPicked();
    setSizePixels(unit() == Unit::Millimeter ? size / kMmPerPixel : size);
    changed();
  });
  for (QDoubleSpinBox* box : {m_width, m_height})
    connect(box, &QDoubleSpinBox::valueChanged, this, [this] {
      m_preset->setCurrentIndex(kOther);
      changed();
    });
  connect(m_dpi, &QSpinBox::valueChanged, this, &FigureDialog::changed);
}

void FigureDialog::setupPreview() {
  m_preview = new QLabel(this);
  m_preview->setAlignment(Qt::AlignCenter);
  m_preview->setMinimumSize(scaledPx(260), scaledPx(200));
  m_preview->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
  m_preview->setAccessibleName(tr("Preview of the figure"));
  static_cast<QHBoxLayout*>(layout()->itemAt(0)->layout())->addWidget(m_preview, 1);
}

void FigureDialog::setupButtons() {
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
  m_save = buttons->addButton(tr("&Save…"), QDialogButtonBox::AcceptRole);
  setStyleProperty(m_save, "accent", true);
  m_save->setDefault(true);
  layout()->addWidget(buttons);
  connect(m_save, &QPushButton::clicked, this, &FigureDialog::save);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
}

FigureFormat FigureDialog::format() const {
  const int index = m_format->current();
  return index == 0 ? FigureFormat::Svg : index == 1 ? FigureFormat::Pdf : FigureFormat::Png;
}

FigureDialog::Unit FigureDialog::unit() const {
  return m_unit->currentIndex() == 0 ? Unit::Millimeter : Unit::Pixel;
}

void FigureDialog::unitPicked() {
  const bool isMm = unit() == Unit::Millimeter;
  for (QDoubleSpinBox* box : {m_width, m_height}) {
    const QSignalBlocker quiet(box);
    box->setDecimals(isMm ? 1 : 0);
    box->setRange(isMm ? 17 : 64, isMm ? 1200 : 4500);
    box->setSingleStep(isMm ? 5 : 20);
  }
}

void FigureDialog::setSizePixels(QSizeF size) {
  const double factor = unit() == Unit::Millimeter ? kMmPerPixel : 1;
  const QSignalBlocker quietWidth(m_width), quietHeight(m_height);
  m_width->setValue(size.width() * factor);
  m_height->setValue(size.height() * factor);
}

QSizeF FigureDialog::sizePixels() const {
  const double factor = unit() == Unit::Millimeter ? 1 / kMmPerPixel : 1;
  return {m_width->value() * factor, m_height->value() * factor};
}

void FigureDialog::presetPicked(int index) {
  if (index == kOther) return;
  const Preset& preset = kPresets[index];
  setSizePixels(preset.widthMm > 0 ? QSizeF(preset.widthMm, preset.heightMm) / kMmPerPixel
                                   : QSizeF(m_canvas->size()));
  changed();
}

FigureOptions FigureDialog::options() const {
  FigureOptions options;
  options.size = sizePixels().toSize();
  options.dpi = m_dpi->value();
  options.title = m_title->text().simplified();
  options.isDark = m_theme->current() == 1;
  return options;
}

void FigureDialog::changed() {
  const FigureOptions figure = options();
  const QSizeF device = QSizeF(figure.size) * (figure.dpi / kFigureDpi);
  m_pixels->setText(
      format() == FigureFormat::Png
          ? tr("%1 × %2 pixels")
                .arg(countText(std::lround(device.width())), countText(std::lround(device.height())))
          : tr("%1 × %2 mm")
                .arg(fixedText(figure.size.width() * kMmPerPixel, 1),
                     fixedText(figure.size.height() * kMmPerPixel, 1)));
  const QString problem = figureProblem(figure);
  showError(problem);
  m_save->setEnabled(problem.isEmpty());
  m_redraw.start();
}

void FigureDialog::showError(const QString& text) {
  m_error->setText(text);
  m_error->setVisible(!text.isEmpty());
}

void FigureDialog::showPreview() {
  const FigureOptions figure = options();
  if (!m_canvas || !figureProblem(figure).isEmpty()) return;
  const QSize box = m_preview->size() - QSize(2, 2);
  m_preview->setPixmap(
      QPixmap::fromImage(figurePreview(*m_canvas->view(), figure, box, devicePixelRatioF())));
}

void FigureDialog::resizeEvent(QResizeEvent* event) {
  QDialog::resizeEvent(event);
  m_redraw.start();
}

void FigureDialog::keyPressEvent(QKeyEvent* event) {
  if (event->matches(QKeySequence::Save)) return save();
  QDialog::keyPressEvent(event);
}

QString FigureDialog::saveTo(const QString& path) {
  if (!m_canvas) return {};
  m_save->setEnabled(false);
  QString problem;
  try {
    saveFigure(*m_canvas->view(), options(), path);
    const bool hasNumbers = m_numbers->isChecked() && !figureNumbers(*m_canvas->view()).isEmpty();
    if (hasNumbers) saveNumbers(*m_canvas->view(), numbersPath(path));
    emit m_canvas->message(
        hasNumbers               ? tr("Saved %1 and %2").arg(path, QFileInfo(numbersPath(path)).fileName())
        : m_numbers->isChecked() ? tr("Saved %1; the view has no numbers to save").arg(path)
                                 : tr("Saved %1").arg(path),
        false);
  } catch (const Error& error) {
    problem = QString::fromUtf8(error.what());
    emit m_canvas->message(problem, true);
  }
  m_save->setEnabled(true);
  showError(problem);
  return problem;
}

void FigureDialog::save() {
  const QString ending = figureEnding(format());
  const QString filter = format() == FigureFormat::Png   ? tr("PNG picture (*.png)")
                         : format() == FigureFormat::Svg ? tr("SVG drawing (*.svg)")
                                                         : tr("PDF drawing (*.pdf)");
  QString path = QFileDialog::getSaveFileName(
      this, tr("Save figure"), settings::lastFolder() + QStringLiteral("/figure") + ending, filter);
  if (path.isEmpty()) return;
  const bool isNamed = figureFormatOf(path) == format();
  if (!isNamed) path += ending;
  QStringList replaced;
  if (!isNamed && QFileInfo::exists(path)) replaced << path;
  if (m_numbers->isChecked() && QFileInfo::exists(numbersPath(path))) replaced << numbersPath(path);
  if (!replaced.isEmpty() &&
      QMessageBox::question(
          this, tr("Save figure"),
          tr("%1 is there already. Replace it?").arg(replaced.join(QStringLiteral(", ")))) !=
          QMessageBox::Yes)
    return;
  settings::setLastFolder(QFileInfo(path).absolutePath());
  remembered() = {m_format->current(), m_unit->currentIndex(), m_dpi->value(),
                  m_preset->currentIndex() == 0 ? QSizeF() : sizePixels(), m_numbers->isChecked()};
  if (saveTo(path).isEmpty()) accept();
}

void showFigureDialog(Canvas& canvas) {
  auto* dialog = new FigureDialog(&canvas, canvas.window());
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->open();
}

}  // namespace ql
