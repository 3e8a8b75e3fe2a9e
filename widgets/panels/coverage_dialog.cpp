#include "widgets/panels/coverage_dialog.h"

#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/canvas/axis.h"
#include "widgets/canvas/canvas.h"
#include "widgets/canvas/colormap.h"
#include "widgets/canvas/read_out.h"
#include "widgets/panels/form_parts.h"

#include <QDialogButtonBox>
#include <QStandardItemModel>
#include <QVBoxLayout>

#include <algorithm>
#include <numeric>

namespace ql {

namespace {

std::int64_t whole(std::uint64_t count) {
  return static_cast<std::int64_t>(count);
}

/// Tokens over what every expert of the block would have if they were dealt alike.
double fairShare(const std::vector<std::uint64_t>& tokens, std::uint64_t own) {
  const double all = std::accumulate(tokens.begin(), tokens.end(), 0.0);
  return all > 0 ? static_cast<double>(own) * static_cast<double>(tokens.size()) / all : 0;
}

}  // namespace

void CoverageView::setCoverage(ExpertCoverage coverage) {
  m_coverage = std::move(coverage);
  m_experts = m_unseen = 0;
  m_most = 0;
  for (const auto& [block, tokens] : m_coverage) {
    m_experts = std::max(m_experts, tokens.size());
    m_unseen += static_cast<std::size_t>(std::count(tokens.begin(), tokens.end(), 0u));
    for (const std::uint64_t count : tokens) m_most = std::max(m_most, count);
  }
  repaint();
}

void CoverageView::layOut(const Painter& painter) {
  const double s = uiScale(), line = painter.lineHeight(FontRole::Axis);
  const double left = painter.textSize(tr("block %1").arg(888), FontRole::Axis).width() + 10 * s;
  m_grid = QRectF(left, line + 8 * s, std::max(8.0, size().width() - left - 10 * s),
                  std::max(8.0, size().height() - line - 16 * s));
  const double rows = static_cast<double>(std::max<std::size_t>(1, m_coverage.size()));
  m_grid.setHeight(std::min(m_grid.height(), rows * 28 * s));
}

QRectF CoverageView::cell(std::size_t row, std::size_t expert) const {
  const double width = m_grid.width() / static_cast<double>(std::max<std::size_t>(1, m_experts));
  const double height = m_grid.height() / static_cast<double>(std::max<std::size_t>(1, m_coverage.size()));
  return {m_grid.left() + static_cast<double>(expert) * width,
          m_grid.top() + static_cast<double>(row) * height, width, height};
}

void CoverageView::draw(Painter& painter, const Theme& theme) {
  layOut(painter);
  if (m_coverage.empty()) {
    painter.text({size().width() / 2, size().height() / 2}, tr("No expert has been seen yet."),
                 theme.secondary, FontRole::Body, {TextAlign::Center, TextAlign::Middle});
    return;
  }
  const ColorScale colors{&Colormap::cividis(),
                          fitted(1, std::max(2.0, static_cast<double>(m_most)), AxisScale::Log), true};
  std::size_t row = 0;
  double nextLabel = -1e9;
  for (const auto& [block, tokens] : m_coverage) {
    for (std::size_t expert = 0; expert < tokens.size(); ++expert) {
      QRectF box = cell(row, expert);
      const double gap = box.width() < 5 || box.height() < 5 ? 0 : 0.5;
      box.adjust(gap, gap, -gap, -gap);
      if (tokens[expert] == 0) {
        painter.fillRect(box, theme.findingGround);
        painter.hatch(box, {theme.finding}, 5);
        continue;
      }
      const QColor color = QColor::fromRgb(colors.color(static_cast<double>(tokens[expert])));
      painter.fillRect(box, color);
      const QString text = countText(whole(tokens[expert]));
      const QSizeF needed = painter.textSize(text, FontRole::Axis);
      if (box.width() > needed.width() + 8 && box.height() > needed.height() + 2)
        painter.text(box.center(), text, contrastText(color), FontRole::Axis,
                     {TextAlign::Center, TextAlign::Middle});
    }
    const double y = cell(row, 0).center().y();
    if (y - nextLabel >= painter.lineHeight(FontRole::Axis)) {
      painter.text({m_grid.left() - 6, y}, tr("block %1").arg(block), theme.secondary, FontRole::Axis,
                   {TextAlign::Right, TextAlign::Middle});
      nextLabel = y;
    }
    ++row;
  }
  const Axis axis{{0, static_cast<double>(m_experts)}, m_grid.left(), m_grid.right()};
  for (const double expert : indexTicks(axis, 48)) {
    if (expert >= static_cast<double>(m_experts)) continue;
    painter.text({cell(0, static_cast<std::size_t>(expert)).center().x(), m_grid.top() - 4},
                 countText(static_cast<std::int64_t>(expert)), theme.secondary, FontRole::Axis,
                 {TextAlign::Center, TextAlign::Bottom});
  }
  const auto at = placeAt(m_pointer);
  if (!at) return;
  const std::vector<std::uint64_t>& tokens = m_coverage.at(at->block);
  drawReadOut(
      painter, theme, m_pointer, QRectF(QPointF(0, 0), size()),
      tr("block %1, expert %2").arg(at->block).arg(at->expert),
      {{tr("tokens"), countText(whole(at->tokens)), true, {}},
       {tr("of a fair share"), ratioText(fairShare(tokens, at->tokens)) + kNarrowSpace + kTimes, false, {}}});
}

std::optional<CoverageView::Place> CoverageView::placeAt(QPointF at) const {
  if (!m_grid.contains(at)) return std::nullopt;
  std::size_t row = 0;
  for (const auto& [block, tokens] : m_coverage) {
    const auto expert =
        static_cast<std::size_t>((at.x() - m_grid.left()) / m_grid.width() * static_cast<double>(m_experts));
    if (cell(row, 0).top() <= at.y() && at.y() < cell(row, 0).bottom() && expert < tokens.size())
      return Place{block, expert, tokens[expert]};
    ++row;
  }
  return std::nullopt;
}

bool CoverageView::handle(const CanvasEvent& event) {
  if (event.type != CanvasEvent::Move && event.type != CanvasEvent::Leave) return false;
  m_pointer = event.type == CanvasEvent::Leave ? QPointF(-1, -1) : event.position;
  repaint();
  return true;
}

QString CoverageView::copyText() const {
  QString text = tr("block\texpert\ttokens");
  for (const auto& [block, tokens] : m_coverage)
    for (std::size_t expert = 0; expert < tokens.size(); ++expert)
      text += QStringLiteral("\n%1\t%2\t%3").arg(block).arg(expert).arg(tokens[expert]);
  return text;
}

std::unique_ptr<QAbstractItemModel> CoverageView::table() const {
  auto table =
      std::make_unique<QStandardItemModel>(static_cast<int>(m_coverage.size()), static_cast<int>(m_experts));
  int row = 0;
  for (const auto& [block, tokens] : m_coverage) {
    table->setVerticalHeaderItem(row, new QStandardItem(tr("block %1").arg(block)));
    for (std::size_t expert = 0; expert < tokens.size(); ++expert)
      table->setItem(row, static_cast<int>(expert), new QStandardItem(countText(whole(tokens[expert]))));
    ++row;
  }
  for (std::size_t expert = 0; expert < m_experts; ++expert)
    table->setHorizontalHeaderItem(static_cast<int>(expert), new QStandardItem(tr("expert %1").arg(expert)));
  return table;
}

QString CoverageView::tableTitle() const {
  return tr("Tokens by block and expert");
}

QString CoverageView::accessibleText() const {
  return tr("Tokens of %1 experts in %2 blocks; %3 saw none.")
      .arg(m_experts)
      .arg(m_coverage.size())
      .arg(m_unseen);
}

CoverageDialog::CoverageDialog(Session* session, QWidget* parent)
    : QDialog(parent),
      m_session(session),
      m_view(new CoverageView(this)),
      m_canvas(new Canvas(m_view, this)),
      m_summary(makeLabel({}, FontRole::Body, this)) {
  setWindowTitle(tr("Expert coverage"));
  resize(scaledPx(760), scaledPx(420));
  auto* column = new QVBoxLayout(this);
  m_summary->setWordWrap(true);
  column->addWidget(m_summary);
  m_canvas->setAccessibleName(tr("Tokens by block and expert"));
  column->addWidget(m_canvas, 1);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
  column->addWidget(buttons);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  connect(session->calibration(), &CalibrationControl::changed, this, &CoverageDialog::refresh);
  connect(session, &Session::workspaceChanged, this, &QDialog::reject);
  refresh();
}

void CoverageDialog::refresh() {
  if (!m_session->workspace()) return;
  m_view->setCoverage(m_session->workspace()->expertCoverage());
  const QString record = m_session->calibration()->recordText();
  m_summary->setText(
      m_view->unseen() == 0
          ? tr("Every expert saw tokens (%1).").arg(record)
          : tr("%1 saw no token (%2): they have no activations, and keep their weight figures. "
               "More or more varied text reaches more experts.")
                .arg(pluralText(static_cast<std::int64_t>(m_view->unseen()), tr("expert"), tr("experts")),
                     record));
}

}  // namespace ql
