#pragma once
// The provenance mark beside every figure: a filled circle is exact, a half one sampled; faint while
// recomputed.
#include <QWidget>

namespace ql {

class EvidenceDot : public QWidget {
  Q_OBJECT
 public:
  enum class Kind { None, Exact, Sampled };
  explicit EvidenceDot(QWidget* parent = nullptr);
  void setKind(Kind kind);
  Kind kind() const { return m_kind; }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  Kind m_kind = Kind::None;
};

}  // namespace ql
