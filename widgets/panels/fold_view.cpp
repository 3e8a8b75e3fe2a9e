#include "widgets/panels/fold_view.h"

#include "widgets/bridge/number_format.h"
#include "widgets/canvas/role_fonts.h"

#include <QStandardItemModel>

#include <algorithm>

namespace ql {

namespace {

constexpr double kPadding = 8, kChip = 26, kFigureLine = 20, kFigureGap = 24;

double widthOf(const QString& text, FontRole role) {
  return RoleFonts::current()->metrics(role).horizontalAdvance(text);
}

}  // namespace

QString residualText(double fraction) {
  if (fraction == 0) return QStringLiteral("0");
  return fraction < 1e-4 ? scientificText(fraction) : percentText(fraction);
}

void FoldView::setFold(std::optional<FoldPicture> fold) {
  m_fold = std::move(fold);
  m_hot.clear();
  emit heightChanged();
  emit changed();
  emit cursorMoved();
}

// ---- Words

QString FoldView::verdict() const {
  if (!m_fold) return {};
  const FoldTarget& target = m_fold->target;
  if (!target.isFoldable) return tr("not possible: %1").arg(QString::fromStdString(target.reason));
  const auto count = static_cast<int>(m_fold->readers.size());
  const bool isOne = count == 1;
  if (target.kind == FoldKind::Norm)
    return isOne ? tr("possible: one norm, one reader, no other use of this norm")
                 : tr("possible: one norm, %1 readers, no other use of this norm").arg(count);
  if (target.kind == FoldKind::LinearRowsGrouped && target.kvHeads > 0 && target.queryHeads > target.kvHeads)
    return tr("possible: one linear in front; query heads of a key/value head share S");
  return isOne ? tr("possible: one linear in front, one reader")
               : tr("possible: one linear in front, %1 readers").arg(count);
}

QString FoldView::producerAction() const {
  const FoldTarget& target = m_fold->target;
  if (target.kind == FoldKind::Norm)
    return target.normOffset == 0.0f
               ? tr("weight × 1/S")
               : tr("(%1 + weight) × 1/S").arg(tickText(static_cast<double>(target.normOffset)));
  return tr("rows × 1/S");
}

QString FoldView::readerAction() const {
  return tr("columns × S");
}

QString FoldView::producerTip() const {
  const FoldTarget& target = m_fold->target;
  const QString name = QString::fromStdString(target.producer);
  if (!target.bias.empty())
    return tr("%1 and, if there is one, its bias %2 are divided by S.")
        .arg(name, QString::fromStdString(target.bias));
  return tr("%1 is divided by S.").arg(name);
}

std::vector<FoldView::Figure> FoldView::figures() const {
  if (!m_fold) return {};
  if (!m_fold->target.isFoldable)
    return {{tr("The curves show what it would give; it cannot be applied to this model."), {}, {}}};
  if (!m_fold->residual) return {{m_fold->unknown, {}, {}}};
  const SmoothingResidual& plain = m_fold->residual->plain;
  std::vector<Figure> figures;
  figures.push_back(
      {tr("Residual in float32"), residualText(plain.exact),
       tr("How far the readers' outputs move by folding alone, without quantization, all computed in "
          "float32: rounding errors, nothing else.")});
  if (plain.rounded) {
    QString tip = tr("The same with readers and producer rounded to %1, as a file of this model stores them.")
                      .arg(m_fold->dtype);
    if (plain.producer)
      tip += QLatin1Char('\n') +
             tr("That rounding moves the producer's own weights by %1.").arg(residualText(*plain.producer));
    figures.push_back({tr("after rounding to %1").arg(m_fold->dtype), residualText(*plain.rounded), tip});
  }
  if (const auto& powers = m_fold->residual->powersOfTwo) {
    Figure figure{
        tr("with S as powers of two"), residualText(powers->rounded.value_or(powers->exact)),
        tr("Factors that are powers of two change exponents only, so that folding is exact also in %1.")
            .arg(m_fold->dtype)};
    if (m_fold->residual->powersOfTwoError) {
      figure.after = tr("error");
      figure.afterValue = percentText(*m_fold->residual->powersOfTwoError);
      figure.tip +=
          QLatin1Char('\n') + tr("The error is that of all readers together, quantized, with those factors.");
    }
    figures.push_back(std::move(figure));
  }
  return figures;
}

// ---- Layout

std::vector<std::vector<FoldView::Figure>> FoldView::figureLines(double width) const {
  const double s = uiScale();
  std::vector<std::vector<Figure>> lines(1);
  double x = 0;
  for (Figure& figure : figures()) {
    double needed = widthOf(figure.label, FontRole::Body) + 5 * s + widthOf(figure.value, FontRole::Semibold);
    if (!figure.after.isEmpty())
      needed +=
          widthOf(figure.after, FontRole::Body) + 15 * s + widthOf(figure.afterValue, FontRole::Semibold);
    if (x > 0 && x + needed > width) {
      lines.emplace_back();
      x = 0;
    }
    x += needed + kFigureGap * s;
    lines.back().push_back(std::move(figure));
  }
  return lines;
}

double FoldView::heightFor(double width) const {
  const double s = uiScale();
  const auto lines = static_cast<double>(figureLines(width - 2 * kPadding * s).size());
  return (kPadding + 20 + 4 + kChip + 6 + lines * kFigureLine + kPadding) * s;
}

void FoldView::draw(Painter& painter, const Theme& theme) {
  m_hot.clear();
  m_shownReaders = 0;
  painter.fillRect(QRectF(QPointF(0, 0), size()), theme.window);
  if (!m_fold) return;
  const double s = uiScale();
  double y = kPadding * s;
  drawVerdict(painter, theme, y);
  y += 24 * s;
  drawChips(painter, theme, y);
  y += (kChip + 6) * s;
  drawFigures(painter, theme, y);
}

void FoldView::drawVerdict(Painter& painter, const Theme& theme, double y) {
  const double s = uiScale(), middle = y + 10 * s;
  const TextAlign align{TextAlign::Left, TextAlign::Middle};
  double x = kPadding * s;
  painter.text({x, middle}, tr("Fold"), theme.text, FontRole::Semibold, align);
  x += painter.textSize(tr("Fold"), FontRole::Semibold).width() + 12 * s;
  const bool isFoldable = m_fold->target.isFoldable;
  const QColor color = isFoldable ? theme.good : theme.warning;
  const double w = 8 * s;
  if (isFoldable) {
    const QPointF check[] = {{x, middle}, {x + w * 0.35, middle + w * 0.35}, {x + w, middle - w * 0.4}};
    painter.polyline(check, {color, 1.6 * s});
  } else {
    painter.line({x, middle - w / 2}, {x + w, middle + w / 2}, {color, 1.6 * s});
    painter.line({x, middle + w / 2}, {x + w, middle - w / 2}, {color, 1.6 * s});
  }
  x += w + 6 * s;
  const QString full = verdict(),
                shown = painter.elided(full, size().width() - x - kPadding * s, FontRole::Body);
  painter.text({x, middle}, shown, color, FontRole::Body, align);
  if (shown != full) m_hot.push_back({QRectF(x, y, size().width() - x, 20 * s), full});
}

double FoldView::chipWidth(const Painter& painter, const QString& name, const QString& action) const {
  const double s = uiScale();
  double width = painter.textSize(name, FontRole::Axis).width() + 16 * s;
  if (!action.isEmpty()) width += painter.textSize(action, FontRole::Mono).width() + 16 * s;
  return width;
}

void FoldView::drawChip(Painter& painter, const Theme& theme, QPointF at, const QString& name,
                        const QString& action, const QColor& color) const {
  const double s = uiScale(), radius = metrics::kRadius * s;
  const QRectF box(at, QSizeF(chipWidth(painter, name, action), kChip * s));
  const TextAlign align{TextAlign::Left, TextAlign::Middle};
  painter.fillRoundedRect(box, radius, theme.base);
  painter.strokeRoundedRect(box, radius, {theme.outline, 1});
  painter.text({box.left() + 8 * s, box.center().y()}, name, theme.text, FontRole::Axis, align);
  if (action.isEmpty()) return;
  const double edge = box.left() + painter.textSize(name, FontRole::Axis).width() + 16 * s;
  painter.line({edge, box.top() + 1}, {edge, box.bottom() - 1}, {theme.line});
  painter.text({edge + 8 * s, box.center().y()}, action, color, FontRole::Mono, align);
}

void FoldView::drawChips(Painter& painter, const Theme& theme, double y) {
  const double s = uiScale(), gap = 8 * s, right = size().width() - kPadding * s, height = kChip * s;
  const bool isFoldable = m_fold->target.isFoldable;
  const QString action = isFoldable ? producerAction() : QString(),
                read = isFoldable ? readerAction() : QString();
  double x = kPadding * s;
  const QString producer =
      painter.elided(m_fold->producer, std::max(60 * s, right - x - chipWidth(painter, {}, action) - 160 * s),
                     FontRole::Axis);
  drawChip(painter, theme, {x, y}, producer, action, theme.activation);
  const double producerWidth = chipWidth(painter, producer, action);
  if (isFoldable) m_hot.push_back({QRectF(x, y, producerWidth, height), producerTip()});
  x += producerWidth + gap;
  const double middle = y + height / 2, tip = x + 26 * s;
  painter.line({x, middle}, {tip, middle},
               {theme.secondary, 1, isFoldable ? 0.0 : 3.0, isFoldable ? 0.0 : 3.0});
  const QPointF head[] = {
      {tip - 5 * s, middle - 4 * s}, {tip + 1, middle + 0.5}, {tip - 5 * s, middle + 5 * s}};
  painter.polyline(head, {theme.secondary, 1.2});
  x = tip + gap;
  const auto& readers = m_fold->readers;
  const auto moreText = [&](qsizetype count) { return tr("+%1 more").arg(countText(count)); };
  for (qsizetype i = 0; i < readers.size(); ++i) {
    const double width = chipWidth(painter, readers[i], read);
    const bool isLast = i + 1 == readers.size();
    const double reserved = isLast ? 0 : gap + chipWidth(painter, moreText(readers.size() - i - 1), {});
    if (x + width + reserved > right) {
      const QString more = m_shownReaders == 0 ? tr("%1 readers").arg(countText(readers.size()))
                                               : moreText(readers.size() - i);
      drawChip(painter, theme, {x, y}, more, {}, theme.weight);
      QStringList rest = readers.mid(i, 24);
      if (readers.size() - i > 24) rest << moreText(readers.size() - i - 24);
      m_hot.push_back({QRectF(x, y, chipWidth(painter, more, {}), height), rest.join(QLatin1Char('\n'))});
      return;
    }
    drawChip(painter, theme, {x, y}, readers[i], read, theme.weight);
    if (isFoldable)
      m_hot.push_back(
          {QRectF(x, y, width, height), tr("The columns of %1 are multiplied by S.").arg(readers[i])});
    x += width + gap;
    ++m_shownReaders;
  }
}

void FoldView::drawFigures(Painter& painter, const Theme& theme, double y) {
  const double s = uiScale();
  const TextAlign align{TextAlign::Left, TextAlign::Middle};
  for (const auto& line : figureLines(size().width() - 2 * kPadding * s)) {
    double x = kPadding * s;
    const double middle = y + kFigureLine * s / 2;
    for (const Figure& figure : line) {
      const double begin = x;
      const auto put = [&](const QString& text, const QColor& color, FontRole role) {
        if (text.isEmpty()) return;
        const QString shown = painter.elided(text, size().width() - x - kPadding * s, role);
        painter.text({x, middle}, shown, color, role, align);
        x += painter.textSize(shown, role).width() + 5 * s;
      };
      put(figure.label, figure.value.isEmpty() ? theme.faint : theme.secondary, FontRole::Body);
      put(figure.value, theme.text, FontRole::Semibold);
      if (!figure.after.isEmpty()) x += 5 * s;
      put(figure.after, theme.secondary, FontRole::Body);
      put(figure.afterValue, theme.text, FontRole::Semibold);
      m_hot.push_back({QRectF(begin, y, x - begin, kFigureLine * s), figure.tip});
      x += (kFigureGap - 5) * s;
    }
    y += kFigureLine * s;
  }
}

// ---- Mouse and words

QString FoldView::tipAt(QPointF at) const {
  for (const Hot& hot : m_hot)
    if (hot.place.contains(at)) return hot.tip;
  return {};
}

bool FoldView::handle(const CanvasEvent& event) {
  if (event.type != CanvasEvent::Move && event.type != CanvasEvent::Leave) return false;
  const QString tip = event.type == CanvasEvent::Leave ? QString() : tipAt(event.position);
  if (tip == m_tip) return true;
  m_tip = tip;
  emit tipWanted(event.position, tip);
  return true;
}

QString FoldView::copyText() const {
  if (!m_fold) return {};
  QStringList lines{tr("fold\t%1").arg(verdict())};
  if (m_fold->target.isFoldable) {
    lines << m_fold->producer + QLatin1Char('\t') + producerAction();
    for (const QString& reader : m_fold->readers) lines << reader + QLatin1Char('\t') + readerAction();
  }
  for (const Figure& figure : figures()) {
    lines << figure.label + QLatin1Char('\t') + figure.value;
    if (!figure.after.isEmpty())
      lines << figure.label + QStringLiteral(", ") + figure.after + QLatin1Char('\t') + figure.afterValue;
  }
  return lines.join(QLatin1Char('\n'));
}

std::unique_ptr<QAbstractItemModel> FoldView::table() const {
  const QString text = copyText();
  if (text.isEmpty()) return nullptr;
  auto table = std::make_unique<QStandardItemModel>(0, 2);
  table->setHorizontalHeaderLabels({tr("part"), tr("what happens")});
  for (const QString& line : text.split(QLatin1Char('\n')))
    table->appendRow({new QStandardItem(line.section(QLatin1Char('\t'), 0, 0)),
                      new QStandardItem(line.section(QLatin1Char('\t'), 1))});
  return table;
}

QString FoldView::accessibleText() const {
  if (!m_fold) return tr("No smoothing group is chosen.");
  QStringList parts{tr("Folding is %1.").arg(verdict())};
  for (const Figure& figure : figures()) {
    parts << (figure.value.isEmpty() ? figure.label : tr("%1: %2.").arg(figure.label, figure.value));
    if (!figure.after.isEmpty()) parts << tr("%1: %2.").arg(figure.after, figure.afterValue);
  }
  return parts.join(QLatin1Char(' '));
}

}  // namespace ql
