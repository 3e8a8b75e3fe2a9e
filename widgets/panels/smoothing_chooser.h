#pragma once
// The "Smoothing" line of the inspector of a linear: what its group gets, tried at the optimum when that is
// known, and the way to its curve. Adds itself as the last row of the form of the choice.
#include "core/model/model.h"

#include <QObject>

class QComboBox;
class QLabel;
class QPushButton;
class QWidget;

namespace ql {

class Session;

class SmoothingChooser : public QObject {
  Q_OBJECT
 public:
  /// `form` has a QGridLayout of three columns.
  SmoothingChooser(Session* session, QWidget* form);
  void refresh(LinearId id);
  QComboBox* combo() const { return m_combo; }
  void trySmoothing();  // bi-smoothing at its optimum

 private:
  void take(int method);
  Session* m_session;
  QLabel* m_name;
  QComboBox* m_combo;
  QPushButton* m_open;
};

}  // namespace ql
