#include "widgets/panels/compare_choices.h"

#include <array>

namespace ql {

CompareChoices::CompareChoices(QObject* parent)
    : QObject(parent), m_a(parseSpec("w8a8")), m_b(parseSpec("w8a8:group=32")) {}

void CompareChoices::set(CompareSide side, const Choice& choice) {
  Choice& mine = side == CompareSide::A ? m_a : m_b;
  if (mine == choice) return;
  mine = choice;
  emit changed();
}

void CompareChoices::swap() {
  if (m_a == m_b) return;
  std::swap(m_a, m_b);
  emit changed();
}

QString sideName(CompareSide side) {
  return side == CompareSide::A ? QStringLiteral("A") : QStringLiteral("B");
}

QString compareChoiceText(const Choice& choice) {
  const QString weight = QString::fromStdString(weightSchemeText(choice));
  if (!choice.activation) return weight;
  return weight + QStringLiteral(" · ") + QString::fromStdString(actSchemeText(choice));
}

const QStringList& comparePresets() {
  static const QStringList presets{QStringLiteral("w8a8"),
                                   QStringLiteral("w8a8:group=128"),
                                   QStringLiteral("w8a8:group=64"),
                                   QStringLiteral("w8a8:group=32"),
                                   QStringLiteral("w8a8:act=tensor"),
                                   QStringLiteral("w8a8:tensor"),
                                   QStringLiteral("w8a16"),
                                   QStringLiteral("w4a16"),
                                   QStringLiteral("w4a16:group=128"),
                                   QStringLiteral("w4a16:group=64"),
                                   QStringLiteral("w4a16:group=32"),
                                   QStringLiteral("w4a16:group=128,asym"),
                                   QStringLiteral("w3a16:group=128"),
                                   QStringLiteral("w8a16:input_channel"),
                                   QStringLiteral("fp8_e4m3"),
                                   QStringLiteral("fp4_e2m1:group=32")};
  return presets;
}

QColor sideColor(CompareSide side, bool isDark) {
  if (side == CompareSide::A) return isDark ? QColor(0xa9, 0xa4, 0xff) : QColor(0x4f, 0x46, 0xc8);
  return isDark ? QColor(0xe6, 0xbe, 0x4a) : QColor(0x9a, 0x67, 0x00);
}

QColor modelColor(int index, bool isDark) {
  static constexpr std::array<QRgb, 8> kLight{0x0072b2, 0xc24e00, 0x00805c, 0xa8437f,
                                              0x7d5b00, 0x3f3f8f, 0x8c1c13, 0x5f6670};
  static constexpr std::array<QRgb, 8> kDark{0x56b4e9, 0xf0913a, 0x3ecf9f, 0xe093bd,
                                             0xe6c34a, 0xa9a4ff, 0xff9384, 0xb4bcc6};
  const auto at = static_cast<std::size_t>(index) % kLight.size();
  return QColor::fromRgb(isDark ? kDark[at] : kLight[at]);
}

}  // namespace ql
