#include "widgets/bridge/icons.h"

#include "core/base/error.h"
#include "widgets/bridge/theme.h"

#include <QFile>
#include <QIconEngine>
#include <QPainter>
#include <QSvgRenderer>

namespace ql {

namespace {

QByteArray iconText(const QString& name) {
  QFile file(QStringLiteral(":/icons/%1.svg").arg(name));
  QL_ASSERT(file.open(QIODevice::ReadOnly));
  return file.readAll();
}

QColor colorOf(IconColor color, QIcon::Mode mode) {
  const Theme& theme = currentTheme();
  if (mode == QIcon::Disabled) return blend(theme.window, theme.text, 0.35);
  switch (color) {
    case IconColor::Secondary:
      return theme.secondary;
    case IconColor::OnAccent:
      return theme.onAccent;
    case IconColor::Finding:
      return theme.finding;
    case IconColor::Good:
      return theme.good;
    case IconColor::Warning:
      return theme.warning;
    case IconColor::Accent:
      return theme.accent;
    default:
      return theme.text;
  }
}

class ThemeIconEngine : public QIconEngine {
 public:
  ThemeIconEngine(QByteArray svg, IconColor color) : m_svg(std::move(svg)), m_color(color) {}

  void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override {
    QByteArray tinted = m_svg;
    tinted.replace("currentColor", colorOf(m_color, mode).name().toLatin1());
    QSvgRenderer(tinted).render(painter, QRectF(rect));
  }
  QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override {
    QPixmap pixmap(size);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    paint(&painter, QRect(QPoint(), size), mode, state);
    return pixmap;
  }
  QIconEngine* clone() const override { return new ThemeIconEngine(*this); }

 private:
  QByteArray m_svg;
  IconColor m_color;
};

}  // namespace

QIcon themeIcon(const QString& name, IconColor color) {
  return QIcon(new ThemeIconEngine(iconText(name), color));
}

QIcon programIcon() {
  return QIcon(new ThemeIconEngine(iconText(QStringLiteral("quantloupe")), IconColor::Text));
}

}  // namespace ql
