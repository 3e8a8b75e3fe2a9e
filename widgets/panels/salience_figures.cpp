#include "widgets/panels/salience_figures.h"

#include "widgets/bridge/number_format.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/salience_plot.h"

#include <QGridLayout>

namespace ql {

namespace {

QString overlapText(const std::optional<ChannelOverlap>& overlap) {
  if (!overlap) return SalienceFigures::tr("largest |x| not known");
  return SalienceFigures::tr("%1 of %2, Jaccard %3")
      .arg(countText(overlap->both), countText(overlap->right), fixedText(overlap->jaccard, 2));
}

}  // namespace

SalienceFigures::SalienceFigures(SalienceLab* lab, QWidget* parent) : QWidget(parent), m_lab(lab) {
  setAccessibleName(tr("Salience figures"));
  auto* grid = new QGridLayout(this);
  grid->setContentsMargins(scaledPx(metrics::kInspectorPadding), scaledPx(6),
                           scaledPx(metrics::kInspectorPadding), scaledPx(8));
  grid->setHorizontalSpacing(scaledPx(12));
  grid->setVerticalSpacing(scaledPx(1));
  const QString tips[RowCount] = {
      tr("Share of the total salience in the most salient 1 % of the columns, rounded up to whole columns"),
      tr("Largest over smallest eigenvalue of H with its damping, by Lanczos steps at both ends"),
      tr("tr(M)² / |M|² of the second moment M of the input: how many directions the input really uses"),
      tr("Input channels that were always zero: their salience is 0, and they are hatched in the map"),
      tr("The weights of largest salience, as chosen above"),
      tr("How many of the most salient columns are among as many columns of largest |W|"),
      tr("How many of the most salient columns are among as many channels of largest |X|"),
      tr("How many of the most salient columns are outlier channels of LLM.int8(): some |x| at or over the "
         "threshold"),
      tr("Channels and sampled tokens of this input with an |x| at or over the threshold"),
      tr("The same over all sites of the model that have statistics")};
  for (int row = 0; row < RowCount; ++row) {
    m_names.push_back(makeDimLabel({}, FontRole::Body, this));
    auto* value = new ElidedLabel(this);
    value->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_values.push_back(value);
    m_names.back()->setToolTip(tips[row]);
    m_names.back()->setFixedHeight(scaledPx(metrics::kReadoutRow - 1));
    grid->addWidget(m_names.back(), row, 0);
    grid->addWidget(value, row, 1);
  }
  grid->setColumnStretch(1, 1);
  connect(lab, &SalienceLab::changed, this, &SalienceFigures::refresh);
  connect(lab, &SalienceLab::pictureChanged, this, &SalienceFigures::refresh);
  connect(lab, &SalienceLab::thresholdChanged, this, &SalienceFigures::refresh);
  refresh();
}

void SalienceFigures::refresh() {
  const QString threshold = settingText(m_lab->threshold());
  const QString names[RowCount] = {tr("Top 1 % of columns"),
                                   tr("Condition number"),
                                   tr("Effective rank"),
                                   tr("Dead columns"),
                                   tr("Mask"),
                                   tr("Also largest |W|"),
                                   tr("Also largest |X|"),
                                   tr("Also |x| ≥ %1").arg(threshold),
                                   tr("|x| ≥ %1 here").arg(threshold),
                                   tr("in the model")};
  for (int row = 0; row < RowCount; ++row) {
    const auto at = static_cast<std::size_t>(row);
    m_names[at]->setText(names[row]);
    m_values[at]->setFullText(valueOf(static_cast<Row>(row)));
    m_values[at]->setEnabled(!m_lab->isBusy());
    m_values[at]->setAccessibleName(names[row]);
  }
}

QString SalienceFigures::valueOf(Row row) const {
  const SalienceState* const state = m_lab->state();
  if (!state) return row == Whole ? wholeModel() : QString(kDash);
  const ColumnSalience& columns = state->report.columns;
  const InverseHessian& inverse = *state->inverse;
  const SiteMoment& moment = state->basis->moment;
  const QString width = countText(moment.width);
  switch (row) {
    case Concentration:
      return tr("%1 of the salience in %2 of %3")
          .arg(percentText(columns.concentration), countText(columns.topCount), width);
    case Condition:
      if (inverse.retries == 0)
        return tr("%1 at damping %2")
            .arg(valueText(inverse.conditionNumber), settingText(inverse.usedDamping));
      return tr("%1 at damping %2: %3 failed, with %4 first")
          .arg(valueText(inverse.conditionNumber), settingText(inverse.usedDamping),
               pluralText(inverse.retries, tr("try"), tr("tries")), settingText(inverse.damping));
    case Rank:
      return tr("%1 of %2").arg(fixedText(moment.effectiveRank, 1), width);
    case Dead:
      return tr("%1 of %2").arg(countText(static_cast<std::int64_t>(moment.dead.size())), width);
    case Mask:
      if (m_lab->maskFraction() <= 0) return tr("none");
      if (!m_lab->mask()) return QString(kDash);
      return tr("≥ %1: %2 of the salience, in %3 of %4")
          .arg(valueText(static_cast<double>(m_lab->mask()->threshold)), percentText(m_lab->mask()->share),
               countText(m_lab->mask()->columns), width);
    case WithWeights:
      return overlapText(state->report.withWeights);
    case WithInputs:
      return overlapText(state->report.withInputs);
    case WithOutliers:
      return overlapText(state->report.withOutliers);
    case Site: {
      if (!state->report.withOutliers) return QString(kDash);
      const OutlierCounts counts = outlierCounts(std::span(&state->basis->extremes, 1), m_lab->threshold());
      if (counts.allTokens == 0)
        return tr("%1 of %2 channels").arg(countText(counts.channels), countText(counts.allChannels));
      return tr("%1 of %2 channels, %3 of %4 sampled tokens")
          .arg(countText(counts.channels), countText(counts.allChannels), countText(counts.tokens),
               countText(counts.allTokens));
    }
    default:
      return wholeModel();
  }
}

QString SalienceFigures::wholeModel() const {
  if (m_lab->isCensusSkipped()) return tr("not counted: the kept second moments are too large to read again");
  if (m_lab->census().empty()) return QString(kDash);
  const OutlierCounts counts = outlierCounts(m_lab->census(), m_lab->threshold());
  const double share = static_cast<double>(counts.channels) / static_cast<double>(counts.allChannels);
  const QString channels = tr("%1 of channels, %2 of %3 sites")
                               .arg(percentText(share), countText(counts.sites), countText(counts.allSites));
  if (counts.allTokens == 0) return channels;
  return tr("%1, %2 of tokens")
      .arg(channels, percentText(static_cast<double>(counts.tokens) / static_cast<double>(counts.allTokens)));
}

QString SalienceFigures::text(Row row) const {
  return m_values[static_cast<std::size_t>(row)]->fullText();
}

QString SalienceFigures::copyText() const {
  QStringList lines;
  for (std::size_t row = 0; row < m_names.size(); ++row)
    lines << m_names[row]->text() + QLatin1Char('\t') + m_values[row]->fullText();
  return lines.join(QLatin1Char('\n'));
}

}  // namespace ql
