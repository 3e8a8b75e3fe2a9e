#include "widgets/panels/error_readouts.h"

#include "widgets/bridge/metric_info.h"
#include "widgets/bridge/number_format.h"
#include "widgets/panels/evidence_dot.h"
#include "widgets/panels/form_parts.h"

#include <QGridLayout>

#include <algorithm>

namespace ql {

namespace {

constexpr Metric kShown[] = {Metric::NormWeighted, Metric::DeadCodes, Metric::RelFrobenius, Metric::RelL1,
                             Metric::SqnrDb};

QString noteText(const LayerError& error) {
  const QString basis = error.isNormGainBased
                            ? ErrorReadouts::tr("Norm-weighted: columns weigh g² of the norm before it.")
                            : ErrorReadouts::tr("Column-normalised: no norm feeds this linear.");
  return ErrorReadouts::tr("Gaussian weights would have %1 dead codes.")
             .arg(percentText(error.deadCodeGaussian)) +
         QLatin1Char(' ') + basis;
}

}  // namespace

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
}

void ErrorReadouts::setErrors(const std::shared_ptr<const LayerError>& before,
                              const std::shared_ptr<const LayerError>& after, bool hasWhatIf) {
  for (const Row& row : m_rows) setRow(row, before.get(), after.get(), hasWhatIf);
  const LayerError* basis = after ? after.get() : before.get();
  m_note->setText(basis ? noteText(*basis) : QString());
}

void ErrorReadouts::setRow(const Row& row, const LayerError* before, const LayerError* after,
                           bool hasWhatIf) {
  const auto text = [&](const LayerError* error) {
    return error ? metricText(row.metric, errorMetric(*error, row.metric)) : QString(kDash);
  };
  // Without a what-if there is one value; it stands where the result of an edit will stand.
  row.before->setText(hasWhatIf ? text(before) : QString());
  row.arrow->setText(hasWhatIf ? QString(kArrow) : QString());
  row.after->setText(hasWhatIf ? text(after) : text(before));
  row.after->setProperty("faint", hasWhatIf && !after);
  const LayerError* shown = hasWhatIf ? after : before;
  row.dot->setKind(!shown                                          ? EvidenceDot::Kind::None
                   : shown->evidence.kind == Evidence::Kind::Exact ? EvidenceDot::Kind::Exact
                                                                   : EvidenceDot::Kind::Sampled);
  row.origin->setText(!shown ? tr("measuring")
                      : shown->evidence.interval && row.metric == Metric::NormWeighted
                          ? tr("± %1").arg(percentText(
                                (shown->evidence.interval->second - shown->evidence.interval->first) / 2))
                          : tr("weights"));
  const QString tip = shown ? evidenceText(*shown) : QString();
  for (QWidget* widget :
       {static_cast<QWidget*>(row.after), static_cast<QWidget*>(row.dot), static_cast<QWidget*>(row.origin)})
    widget->setToolTip(tip);
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

QString ErrorReadouts::afterText(Metric metric) const {
  return find(metric) ? find(metric)->after->text() : QString();
}

}  // namespace ql
