#include "widgets/panels/compare_metric_table.h"

#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/metric_info.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/theme.h"

#include <QBrush>
#include <QFont>

#include <cmath>

namespace ql {
namespace {

using Unit = CompareFigure::Unit;

constexpr Metric kErrorMetrics[] = {Metric::OutputWa,     Metric::OutputW,      Metric::OutputA,
                                    Metric::NormWeighted, Metric::RelFrobenius, Metric::RelL1,
                                    Metric::SqnrDb,       Metric::DeadCodes};

CompareFigure metricFigure(Session& session, LinearId id, Metric metric, const CompareChoices& choices) {
  const MetricInfo& info = metricInfo(metric);
  CompareFigure figure;
  figure.name = info.name;
  figure.sentence = info.sentence;
  figure.unit = metric == Metric::SqnrDb ? Unit::Decibel : Unit::Fraction;
  figure.isLargerBetter = metric == Metric::SqnrDb;
  for (const CompareSide side : {CompareSide::A, CompareSide::B}) {
    const std::size_t at = side == CompareSide::A ? 0 : 1;
    const Choice& choice = choices.of(side);
    figure.values[at] = session.value(id, metric, choice);
    if (metricSource(metric) != MetricSource::Error) continue;
    if (const auto error = session.error(id, choice)) figure.evidence[at] = evidenceText(*error);
  }
  return figure;
}

CompareFigure errorFigure(Session& session, LinearId id, const CompareChoices& choices) {
  CompareFigure figure;
  figure.name = CompareMetricTable::tr("Largest error of a weight");
  figure.sentence = CompareMetricTable::tr("The largest |Q(w) − w|, in the unit of the weights.");
  figure.unit = Unit::Count;
  for (const std::size_t at : {std::size_t{0}, std::size_t{1}}) {
    const auto error = session.error(id, choices.of(at == 0 ? CompareSide::A : CompareSide::B));
    if (error) figure.values[at] = error->maxAbsError;
  }
  return figure;
}

CompareFigure sideNote(const QString& name, const QString& sentence, Unit unit, std::optional<double> a,
                       std::optional<double> b) {
  return {name, sentence, unit, false, false, {a, b}, {}};
}

QString valueTextOf(const CompareFigure& figure, std::optional<double> value) {
  if (!value) return kDash;
  switch (figure.unit) {
    case Unit::Decibel:
      return std::isinf(*value) ? QStringLiteral("∞")
                                : fixedText(*value, 1) + kNarrowSpace + QStringLiteral("dB");
    case Unit::Bits:
      return bitsText(*value);
    case Unit::Count:
      return valueText(*value);
    case Unit::Fraction:
      break;
  }
  return percentText(*value);
}

QString signedText(double value, const QString& text) {
  return value > 0 ? QLatin1Char('+') + text : text;
}

/// B against A: a factor for errors, a difference for decibels and bits.
QString changeText(const CompareFigure& figure) {
  const auto &a = figure.values[0], &b = figure.values[1];
  if (!a || !b || !std::isfinite(*a) || !std::isfinite(*b)) return kDash;
  const double difference = *b - *a;
  if (difference == 0) return QStringLiteral("=");
  if (figure.unit == Unit::Decibel)
    return signedText(difference, fixedText(difference, 1)) + kNarrowSpace + QStringLiteral("dB");
  if (figure.unit == Unit::Bits) return signedText(difference, fixedText(difference, 3));
  if (!(*a > 0)) return signedText(difference, valueTextOf(figure, difference));
  const double ratio = *b / *a;
  if (ratio > 0 && ratio < 0.1) return QStringLiteral("÷ ") + ratioText(1 / ratio);
  if (ratio > 10) return kTimes + QStringLiteral(" ") + ratioText(ratio);
  return signedText(difference, percentText(ratio - 1));
}

}  // namespace

std::optional<CompareSide> CompareFigure::winner() const {
  if (!values[0] || !values[1] || std::isnan(*values[0]) || std::isnan(*values[1]) ||
      *values[0] == *values[1])
    return std::nullopt;
  return (*values[0] < *values[1]) != isLargerBetter ? CompareSide::A : CompareSide::B;
}

std::vector<CompareFigure> compareFigures(Session& session, LinearId id, const CompareChoices& choices,
                                          const std::array<std::shared_ptr<const CodeHistogram>, 2>& codes) {
  std::vector<CompareFigure> figures;
  const bool hasActivations = session.workspace() && session.workspace()->calibrationRecord().has_value();
  for (const Metric metric : kErrorMetrics)
    if (hasActivations || metricSource(metric) == MetricSource::Error)
      figures.push_back(metricFigure(session, id, metric, choices));
  figures.push_back(errorFigure(session, id, choices));
  const auto ofCodes = [&](auto read) {
    std::array<std::optional<double>, 2> values;
    for (std::size_t at = 0; at < 2; ++at)
      if (codes[at]) values[at] = static_cast<double>(read(*codes[at]));
    return values;
  };
  const auto unused = ofCodes([](const CodeHistogram& h) {
    return static_cast<double>(h.unusedCodes()) /
           static_cast<double>(std::max<std::size_t>(1, h.bins.size()));
  });
  figures.push_back(sideNote(CompareMetricTable::tr("Unused codes"),
                             CompareMetricTable::tr("Codes of the format that no weight has."),
                             Unit::Fraction, unused[0], unused[1]));
  const auto ends = ofCodes([](const CodeHistogram& h) {
    return static_cast<double>(h.saturated) / static_cast<double>(std::max<std::uint64_t>(1, h.weights));
  });
  figures.push_back(sideNote(CompareMetricTable::tr("Weights on the end codes"),
                             CompareMetricTable::tr("Weights that have the lowest or highest code."),
                             Unit::Fraction, ends[0], ends[1]));
  const MetricInfo& bits = metricInfo(Metric::BitsPerWeight);
  figures.push_back(sideNote(bits.name, bits.sentence, Unit::Bits,
                             session.value(id, Metric::BitsPerWeight, choices.of(CompareSide::A)),
                             session.value(id, Metric::BitsPerWeight, choices.of(CompareSide::B))));
  return figures;
}

std::optional<CompareSide> majority(const std::vector<CompareFigure>& figures) {
  int balance = 0;
  for (const CompareFigure& figure : figures)
    if (const auto winner = figure.winner(); winner && figure.isJudge)
      balance += *winner == CompareSide::A ? 1 : -1;
  if (balance == 0) return std::nullopt;
  return balance > 0 ? CompareSide::A : CompareSide::B;
}

QString verdictText(const std::vector<CompareFigure>& figures) {
  int judges = 0, votesA = 0;
  for (const CompareFigure& figure : figures) {
    if (!figure.isJudge || !figure.winner()) continue;
    ++judges;
    votesA += figure.winner() == CompareSide::A;
  }
  if (judges == 0) return CompareMetricTable::tr("No metric tells A and B apart yet.");
  const auto preferred = majority(figures);
  if (!preferred)
    return CompareMetricTable::tr("The metrics are divided: %1 prefer A, %1 prefer B.").arg(votesA);
  const QString side = sideName(*preferred);
  const int votes = *preferred == CompareSide::A ? votesA : judges - votesA;
  if (votes == judges) return CompareMetricTable::tr("All %1 metrics prefer %2.").arg(judges).arg(side);
  QStringList others;
  for (const CompareFigure& figure : figures)
    if (figure.isJudge && figure.winner() && figure.winner() != preferred) others << figure.name;
  return CompareMetricTable::tr("%1 of %2 metrics prefer %3; the others disagree: %4.")
      .arg(votes)
      .arg(judges)
      .arg(side, others.join(QStringLiteral(", ")));
}

void CompareMetricTable::setFigures(std::vector<CompareFigure> figures) {
  if (figures == m_figures) return;
  if (figures.size() == m_figures.size()) {
    m_figures = std::move(figures);
    if (!m_figures.empty()) emit dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
    return;
  }
  beginResetModel();
  m_figures = std::move(figures);
  endResetModel();
}

bool CompareMetricTable::isDissenting(int row) const {
  const CompareFigure& figure = m_figures.at(static_cast<std::size_t>(row));
  const auto preferred = majority(m_figures);
  return figure.isJudge && preferred && figure.winner() && figure.winner() != preferred;
}

int CompareMetricTable::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(m_figures.size());
}

int CompareMetricTable::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : ColumnCount;
}

QString CompareMetricTable::text(const CompareFigure& figure, int column) const {
  switch (column) {
    case Name:
      return figure.name;
    case ValueA:
      return valueTextOf(figure, figure.values[0]);
    case ValueB:
      return valueTextOf(figure, figure.values[1]);
    case Change:
      return changeText(figure);
    default:
      break;
  }
  const auto winner = figure.winner();
  return winner && figure.isJudge ? sideName(*winner) : QString(kDash);
}

QVariant CompareMetricTable::colorOf(const CompareFigure& figure, int row, int column) const {
  const Theme& theme = currentTheme();
  if (column == Better && figure.isJudge && figure.winner())
    return QBrush(sideColor(*figure.winner(), theme.isDark));
  if (isDissenting(row)) return QBrush(theme.warning);
  if (!figure.isJudge) return QBrush(theme.secondary);
  return {};
}

QVariant CompareMetricTable::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const CompareFigure& figure = m_figures[static_cast<std::size_t>(index.row())];
  const int column = index.column();
  const auto winner = figure.winner();
  switch (role) {
    case Qt::DisplayRole:
      return isDissenting(index.row()) && column == Better ? text(figure, column) + QStringLiteral(" ≠")
                                                           : text(figure, column);
    case Qt::TextAlignmentRole:
      if (column == Better) return QVariant(Qt::AlignCenter);
      return QVariant((column == Name ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    case Qt::ForegroundRole:
      return colorOf(figure, index.row(), column);
    case Qt::FontRole: {
      const bool isWinner =
          (column == ValueA && winner == CompareSide::A) || (column == ValueB && winner == CompareSide::B);
      return uiFont((isWinner && figure.isJudge) || column == Better ? FontRole::AxisSemibold
                                                                     : FontRole::Axis);
    }
    case Qt::ToolTipRole: {
      if (isDissenting(index.row()) && column == Better)
        return tr("This metric prefers the other choice than most metrics do.");
      const QString evidence = column == ValueA   ? figure.evidence[0]
                               : column == ValueB ? figure.evidence[1]
                                                  : QString();
      return evidence.isEmpty() ? figure.sentence : evidence;
    }
    default:
      return {};
  }
}

QVariant CompareMetricTable::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole)
    return QVariant((section == Name     ? Qt::AlignLeft
                     : section == Better ? Qt::AlignHCenter
                                         : Qt::AlignRight) |
                    Qt::AlignVCenter);
  if (role == Qt::ToolTipRole && section == Change)
    return tr("B against A: a difference in percent, or a factor where it is more than ten.");
  if (role == Qt::ToolTipRole && section == Better)
    return tr("The choice that this metric prefers; ≠ marks metrics that disagree with most others.");
  if (role != Qt::DisplayRole) return {};
  const QString titles[] = {tr("Metric"), tr("A"), tr("B"), tr("B against A"), tr("Better")};
  return titles[section];
}

QString CompareMetricTable::tabSeparated() const {
  QString result = tr("metric\ta\tb\tbetter");
  const auto number = [](std::optional<double> value) {
    return value ? plainNumber(static_cast<float>(*value)) : QString();
  };
  for (const CompareFigure& figure : m_figures)
    result += QLatin1Char('\n') + figure.name + QLatin1Char('\t') + number(figure.values[0]) +
              QLatin1Char('\t') + number(figure.values[1]) + QLatin1Char('\t') +
              (figure.winner() && figure.isJudge ? sideName(*figure.winner()) : QString());
  return result;
}

}  // namespace ql
