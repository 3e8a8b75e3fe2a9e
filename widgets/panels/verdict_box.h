#pragma once
// A sentence made of numbers on a green or red ground: what a trial comes to.
#include <QFrame>

class QLabel;

namespace ql {

class VerdictBox : public QFrame {
  Q_OBJECT
 public:
  enum class Kind { Good, Bad, Plain };
  explicit VerdictBox(QWidget* parent = nullptr);
  void setVerdict(Kind kind, const QString& title, const QString& sentence);
  QString sentence() const;
  Kind kind() const { return m_kind; }

 private:
  Kind m_kind = Kind::Plain;
  QLabel *m_mark, *m_title, *m_sentence;
};

}  // namespace ql
