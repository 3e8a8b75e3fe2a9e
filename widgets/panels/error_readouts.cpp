#include "widgets/panels/error_readouts.h"

#include "widgets/bridge/icons.h"
#include "widgets/bridge/metric_info.h"
#include "widgets/bridge/number_format.h"
#include "widgets/panels/evidence_dot.h"
#include "widgets/panels/form_parts.h"

#include <QGridLayout>
#include <QHBoxLayout>

#include <algorithm>

namespace ql {

namespace {

constexpr Metric kShown[] = {Metric::OutputWa,  Metric::OutputW,      Metric::OutputA, Metric::NormWeighted,
                             Metric::DeadCodes, Metric::RelFrobenius, Metric::RelL1,   Metric::SqnrDb};

bool isOutput(Metric metric) {
  return metricSource(metric) == MetricSource::Output;
}

std::optional<double> outputFigure(const OutputError& error, Metric metric) {
  return metric == Metric::OutputW ? error.w : metric == Metric::OutputA ? error.a : error.wa;
}

QString noteText(const LayerError& error) {
  const QString basis = error.isNormGainBased
                            ? ErrorReadouts::tr("Norm-weighted: columns weigh g² of the norm before it.")
                            : ErrorReadouts::tr("Column-normalised: no norm feeds this linear.");
  return ErrorReadouts::tr("Gaussian weights would have %1 dead codes.")
             .arg(percentText(error.deadCodeGaussian)) +
         QLatin1Char(' ') + basis;
}

QString fallbackLines(const LayerError& error) {
  QStringList lines;
  for (const Fallback& fallback : error.fallbacks) {
    const QString reason = QString::fromStdString(fallback.reason);
    lines << (fallback.count == 1
                  ? ErrorReadouts::tr("Not as asked: %1.").arg(reason)
                  : ErrorReadouts::tr("Not as asked, %1 times: %2.").arg(countText(fallback.count), reason));
  }
  return lines.join(QLatin1Char('\n'));
}

}  // namespace

/// One side of a row: a value and what it rests on.
struct ErrorReadouts::Shown {
  std::optional<double> value;
  EvidenceDot::Kind kind = EvidenceDot::Kind::None;
  QString origin, tip;
  bool isKnown = false;
};

ErrorReadouts::ErrorReadouts(QWidget* parent) : QWidget(parent) {
  auto* grid = new QGridLayout(this);
  grid->setContentsMargins(0, 0, 0, 0);
  grid->setHorizontalSpacing(scaledPx(5));
  grid->setVerticalSpacing(0);
  grid->setColumnStretch(0, 1);
  int at = 0;
  for (const Metric metric : kShown) {
    const MetricInfo& info = metricInfo(metric);
    QLabel* name = makeLabel(info.shortName, FontRole::Body, this);
    name->setToolTip(info.sentence);
    Row row{metric,
            name,
            makeDimLabel({}, FontRole::Body, this),
            makeDimLabel({}, FontRole::Body, this),
            makeLabel({}, FontRole::Semibold, this),
            makeDimLabel({}, FontRole::Axis, this),
            new EvidenceDot(this)};
    // Fixed widths: a value that is recomputed keeps its place.
    row.before->setMinimumWidth(scaledPx(50));
    row.after->setMinimumWidth(scaledPx(54));
    row.before->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    row.after->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    name->setMinimumHeight(scaledPx(metrics::kReadoutRow));
    QWidget* cells[] = {name, row.before, row.arrow, row.after, row.dot, row.origin};
    for (int column = 0; column < 6; ++column) grid->addWidget(cells[column], at, column);
    m_rows.push_back(row);
    ++at;
  }
  m_note = makeLabel({}, FontRole::Axis, this);
  m_note->setProperty("faint", true);
  m_note->setWordWrap(true);
  m_note->setContentsMargins(0, scaledPx(4), 0, 0);
  grid->addWidget(m_note, at, 0, 1, 6);
  m_fallbacks = new QWidget(this);
  auto* line = new QHBoxLayout(m_fallbacks);
  line->setContentsMargins(0, scaledPx(4), 0, 0);
  line->setSpacing(scaledPx(5));
  m_fallbackIcon = new QLabel(m_fallbacks);
  line->addWidget(m_fallbackIcon, 0, Qt::AlignTop);
  m_fallbackLines = makeLabel({}, FontRole::Axis, m_fallbacks);
  m_fallbackLines->setWordWrap(true);
  line->addWidget(m_fallbackLines, 1);
  m_fallbacks->setToolTip(
      tr("The method could not do all that was asked for; the errors are those of what it did instead."));
  m_fallbacks->hide();
  grid->addWidget(m_fallbacks, at + 1, 0, 1, 6);
  m_data = makeDimLabel({}, FontRole::Axis, this);
  m_data->setWordWrap(true);
  grid->addWidget(m_data, at + 2, 0, 1, 6);
}

void ErrorReadouts::setData(std::function<QString(Metric)> missing, bool hasActivations,
                            const QString& record) {
  m_missing = std::move(missing);
  m_hasActivations = hasActivations;
  m_record = record;
  m_data->setText(hasActivations ? tr("Data: %1").arg(record)
                                 : tr("Output errors need activations: calibrate, or import them."));
  // One greyed row says that there is something to be had; three would say nothing more.
  for (const Row& row : m_rows) {
    if (row.metric != Metric::OutputW && row.metric != Metric::OutputA) continue;
    for (QWidget* widget : {static_cast<QWidget*>(row.name), static_cast<QWidget*>(row.before),
                            static_cast<QWidget*>(row.arrow), static_cast<QWidget*>(row.after),
                            static_cast<QWidget*>(row.dot), static_cast<QWidget*>(row.origin)})
      widget->setVisible(hasActivations);
  }
}

void ErrorReadouts::setErrors(const KnownErrors& before, const KnownErrors& after, bool hasWhatIf) {
  for (const Row& row : m_rows) setRow(row, before, after, hasWhatIf);
  const LayerError* basis = after.weights ? after.weights.get() : before.weights.get();
  m_note->setText(basis ? noteText(*basis) : QString());
  m_fallbackLines->setText(basis ? fallbackLines(*basis) : QString());
  m_fallbackIcon->setPixmap(themeIcon(QStringLiteral("warning"), IconColor::Finding).pixmap(scaledPx(14)));
  m_fallbacks->setVisible(basis && !basis->fallbacks.empty());
}

ErrorReadouts::Shown ErrorReadouts::shownOf(const Row& row, const KnownErrors& known) const {
  Shown shown;
  const auto kindOf = [](const Evidence& evidence) {
    return evidence.kind == Evidence::Kind::Exact ? EvidenceDot::Kind::Exact : EvidenceDot::Kind::Sampled;
  };
  if (isOutput(row.metric) && known.output) {
    const Evidence& evidence =
        row.metric == Metric::OutputW ? known.output->weightEvidence : known.output->sampleEvidence;
    shown.value = outputFigure(*known.output, row.metric);
    shown.isKnown = true;
    shown.kind = shown.value ? kindOf(evidence) : EvidenceDot::Kind::None;
    // The interval of the sample is that of W+A.
    Evidence own = evidence;
    if (row.metric == Metric::OutputA) own.interval.reset();
    shown.origin = shown.value ? evidenceShort(own) : QString();
    shown.tip = evidenceText(own, m_record);
    return shown;
  }
  if (!known.weights) return shown;
  const LayerError& error = *known.weights;
  shown.value = errorMetric(error, row.metric);
  shown.isKnown = shown.value || !isOutput(row.metric);
  if (!shown.isKnown) return shown;
  shown.kind = isOutput(row.metric) ? EvidenceDot::Kind::Sampled : kindOf(error.evidence);
  shown.origin = isOutput(row.metric) ? tr("preview")
                 : error.evidence.interval && row.metric == Metric::NormWeighted
                     ? tr("± %1").arg(percentText(
                           (error.evidence.interval->second - error.evidence.interval->first) / 2))
                     : tr("weights");
  shown.tip = evidenceText(error);
  return shown;
}

void ErrorReadouts::setRow(const Row& row, const KnownErrors& before, const KnownErrors& after,
                           bool hasWhatIf) {
  const QString reason = isOutput(row.metric) && m_missing ? m_missing(row.metric) : QString();
  const Shown first = shownOf(row, before), second = shownOf(row, after);
  const Shown& shown = hasWhatIf ? second : first;
  const auto text = [&](const Shown& side) {
    return side.isKnown ? metricText(row.metric, side.value) : QString(kDash);
  };
  // Without a what-if there is one value; it stands where the result of an edit will stand.
  row.before->setText(hasWhatIf && reason.isEmpty() ? text(first) : QString());
  row.arrow->setText(hasWhatIf && reason.isEmpty() ? QString(kArrow) : QString());
  row.after->setText(reason.isEmpty() ? text(shown) : QString(kDash));
  row.dot->setKind(reason.isEmpty() ? shown.kind : EvidenceDot::Kind::None);
  row.origin->setText(!reason.isEmpty() ? tr("no data") : shown.isKnown ? shown.origin : tr("measuring"));
  const bool isFaint = !reason.isEmpty() || !shown.isKnown;
  setStyleProperty(row.name, "faint", !reason.isEmpty());
  setStyleProperty(row.after, "faint", isFaint);
  const QString tip = reason.isEmpty() ? shown.tip : tr("Not now: %1.").arg(reason);
  for (QWidget* widget :
       {static_cast<QWidget*>(row.after), static_cast<QWidget*>(row.dot), static_cast<QWidget*>(row.origin)})
    widget->setToolTip(tip);
  row.name->setToolTip(reason.isEmpty() ? metricInfo(row.metric).sentence
                                        : metricInfo(row.metric).sentence + QLatin1Char('\n') + tip);
  row.after->setAccessibleName(metricInfo(row.metric).name + QLatin1Char(' ') + row.after->text());
}

const ErrorReadouts::Row* ErrorReadouts::find(Metric metric) const {
  const auto at =
      std::find_if(m_rows.begin(), m_rows.end(), [metric](const Row& row) { return row.metric == metric; });
  return at == m_rows.end() ? nullptr : &*at;
}

QString ErrorReadouts::beforeText(Metric metric) const {
  return find(metric) ? find(metric)->before->text() : QString();
}

QString ErrorReadouts::originText(Metric metric) const {
  return find(metric) ? find(metric)->origin->text() : QString();
}

QString ErrorReadouts::fallbackText() const {
  return m_fallbackLines->text();
}

QString ErrorReadouts::afterText(Metric metric) const {
  return find(metric) ? find(metric)->after->text() : QString();
}

}  // namespace ql
