#pragma once
// Errors and notices in one line that floats over the lower edge of its parent, so that nothing is moved:
// newest shown, the rest counted; details and copy; never a modal box.
#include <QFrame>
#include <QTimer>

#include <deque>

class QLabel;
class QPushButton;
class QToolButton;

namespace ql {

class ElidedLabel;

class MessageBar : public QFrame {
  Q_OBJECT
 public:
  explicit MessageBar(QWidget* parent = nullptr);
  void show(const QString& text, bool isError);
  QString text() const;  // of the message shown, empty when hidden

 public slots:
  void dismiss();  // shows the one before, hides after the last
  void clear();

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  struct Message {
    QString text;
    bool isError;
    int count = 1;
  };
  void update();
  void showDetails();
  void place();
  std::deque<Message> m_messages;  // newest in front
  ElidedLabel* m_label;
  QLabel* m_icon;
  QLabel* m_more;
  QPushButton* m_details;
  QTimer m_fade;  // notices go by themselves, errors stay
};

}  // namespace ql
