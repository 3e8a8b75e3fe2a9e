#pragma once
// Save figure: format, size, resolution, title, theme, numbers beside it, with a preview.
#include "widgets/canvas/figure.h"

#include <QDialog>
#include <QPointer>
#include <QTimer>

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QFormLayout;
class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace ql {

class SegmentedControl;

class FigureDialog : public QDialog {
  Q_OBJECT
 public:
  explicit FigureDialog(Canvas* canvas, QWidget* parent = nullptr);

  QLineEdit* titleBox() const { return m_title; }
  QComboBox* sizeBox() const { return m_preset; }
  QDoubleSpinBox* widthBox() const { return m_width; }
  QDoubleSpinBox* heightBox() const { return m_height; }
  QSpinBox* dpiBox() const { return m_dpi; }
  QCheckBox* numbersBox() const { return m_numbers; }
  SegmentedControl* formatControl() const { return m_format; }
  QLabel* preview() const { return m_preview; }

  FigureOptions options() const;
  /// Writes the figure, and the numbers beside it when asked for, over what is there. Empty, or why not.
  QString saveTo(const QString& path);

 protected:
  void resizeEvent(QResizeEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  enum class Unit { Millimeter, Pixel };
  void setupForm();
  void setupSize(QFormLayout* form);
  void setupPreview();
  void setupButtons();
  void presetPicked(int index);
  void unitPicked();
  void changed();
  void showPreview();
  void save();
  FigureFormat format() const;
  Unit unit() const;
  void setSizePixels(QSizeF size);
  QSizeF sizePixels() const;
  void showError(const QString& text);

  QPointer<Canvas> m_canvas;
  QLineEdit* m_title = nullptr;
  SegmentedControl* m_format = nullptr;
  SegmentedControl* m_theme = nullptr;
  QComboBox* m_preset = nullptr;
  QDoubleSpinBox* m_width = nullptr;
  QDoubleSpinBox* m_height = nullptr;
  QComboBox* m_unit = nullptr;
  QSpinBox* m_dpi = nullptr;
  QCheckBox* m_numbers = nullptr;
  QLabel* m_pixels = nullptr;
  QLabel* m_error = nullptr;
  QLabel* m_preview = nullptr;
  QPushButton* m_save = nullptr;
  QTimer m_redraw;
};

}  // namespace ql
