// What the Smoothing page says: captions, curves, channels, the fold, provenance, and what is missing.
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/smoothing_control.h"
#include "widgets/bridge/smoothing_names.h"
#include "widgets/panels/alpha_view.h"
#include "widgets/panels/choice_error_view.h"
#include "widgets/panels/evidence_dot.h"
#include "widgets/panels/fold_view.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/smoothed_channels_view.h"
#include "widgets/panels/smoothing_panel.h"

#include <QComboBox>
#include <QPushButton>

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

QString shortName(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  return QString::fromStdString(dot == std::string::npos ? name : name.substr(dot + 1));
}

/// "experts.3.w1": experts of a mixture share their last word.
QString readerName(const std::string& name) {
  const std::size_t experts = name.rfind("experts.");
  return experts == std::string::npos ? shortName(name) : QString::fromStdString(name.substr(experts));
}

QString latin(std::string_view text) {
  return QString::fromLatin1(text.data(), static_cast<qsizetype>(text.size()));
}

}  // namespace

QString SmoothingPanel::schemeText() const {
  QStringList schemes;
  for (const LinearId id : readers()) {
    const Choice choice = m_session->shownChoice(id);
    const QString text = tr("%1, activations %2")
                             .arg(QString::fromStdString(weightSchemeText(choice)),
                                  QString::fromStdString(actSchemeText(choice)));
    if (!schemes.contains(text)) schemes << text;
  }
  return schemes.size() == 1 ? schemes.front()
         : schemes.isEmpty() ? QString()
                             : tr("%1 schemes").arg(schemes.size());
}

void SmoothingPanel::showSubject() {
  SmoothingControl* control = m_session->smoothing();
  const QString scheme = schemeText();
  const auto workspace = m_session->workspace();
  const QString model = workspace ? QString::fromStdString(workspace->fingerprint()) : QString();
  m_alpha->setPinTopic(
      control->group() ? QStringLiteral("%1/%2").arg(model).arg(*control->group()) : QString(), scheme);
  m_choices->setCaption(m_choices->subject());
  const std::vector<LinearId> ids = readers();
  if (ids.empty()) {
    m_alpha->setCaption({});
  } else if (ids.size() == 1) {
    m_alpha->setCaption(
        tr("output error of %1, %2").arg(readerName(m_session->model()->linears[ids.front()].name), scheme));
  } else if (ids.size() <= 4) {
    const QString names = groupReaders(*m_session->model(), *control->group());
    m_alpha->setCaption(tr("output error of %1 together, %2").arg(names, scheme));
  } else {
    m_alpha->setCaption(tr("output error of %1 readers together, %2").arg(ids.size()).arg(scheme));
  }
}

// ---- Figures

void SmoothingPanel::showCurves() {
  SmoothingControl* control = m_session->smoothing();
  m_alpha->setCurves(control->smoothQuantCurve(), control->bismoothCurve());
  m_alpha->setSettled(!control->progress());
  m_pin->setEnabled(m_axis->current() > 0 || control->smoothQuantCurve() || control->bismoothCurve());
  showTokens();
  showProvenance();
  showProblem();
}

void SmoothingPanel::showChannels() {
  SmoothingControl* control = m_session->smoothing();
  m_channels->setChannels(control->channels(),
                          control->group() ? control->groupName(*control->group()) : QString());
  m_channels->setHint(control->group()
                          ? (control->problem().isEmpty() && m_session->calibration()->hasActivations()
                                 ? tr("The channels are being read.")
                                 : tr("The channels come with the activations."))
                          : tr("No smoothing group is chosen."));
}

void SmoothingPanel::showFold() {
  SmoothingControl* control = m_session->smoothing();
  const Model* model = m_session->model();
  const auto group = control->group();
  if (!model || !group || *group >= model->smoothingGroups.size()) {
    m_fold->setFold(std::nullopt);
    return;
  }
  FoldPicture picture;
  picture.target = control->fold();
  picture.producer = shortName(model->smoothingGroups[*group].producer);
  for (const LinearId id : model->smoothingGroups[*group].consumers) {
    picture.readers << readerName(model->linears[id].name);
    picture.dtype = latin(dtypeInfo(model->linears[id].dtype).name);
  }
  picture.residual = control->residual();
  if (control->trial().method == SmoothingTrial::Method::None)
    picture.unknown = tr("No smoothing is tried, so nothing is folded.");
  else if (!control->problem().isEmpty())
    picture.unknown = tr("The residual is known once there are activations.");
  else
    picture.unknown = tr("The residual is being measured.");
  m_fold->setFold(std::move(picture));
}

void SmoothingPanel::showTokens() {
  SmoothingControl* control = m_session->smoothing();
  const auto& record = m_session->calibration()->record();
  const auto curve = control->smoothQuantCurve() ? control->smoothQuantCurve() : control->bismoothCurve();
  if (!record || record->tokens == 0) {
    m_tokens->setFullText({});
    return;
  }
  const QString statistic = countText(static_cast<std::int64_t>(record->tokens));
  m_tokens->setFullText(
      curve && curve->evidence.n > 0
          ? tr("Statistic from %1 tokens · error on %2 tokens").arg(statistic, countText(curve->evidence.n))
          : tr("Statistic from %1 tokens").arg(statistic));
}

void SmoothingPanel::showProvenance() {
  SmoothingControl* control = m_session->smoothing();
  const auto progress = control->progress();
  if (progress) {
    m_dot->setKind(EvidenceDot::Kind::Sampled);
    m_provenance->setFullText(tr("measuring, %1 %").arg(static_cast<int>(std::floor(*progress * 100))));
    return;
  }
  std::size_t points = 0, methods = 0;
  bool isComplete = true;
  for (const auto& curve : {control->smoothQuantCurve(), control->bismoothCurve()}) {
    if (!curve) continue;
    ++methods;
    points = std::max(points, curve->grid.size());
    isComplete = isComplete && curve->isComplete;
  }
  m_dot->setKind(methods == 0 ? EvidenceDot::Kind::None
                 : isComplete ? EvidenceDot::Kind::Exact
                              : EvidenceDot::Kind::Sampled);
  if (methods == 0)
    m_provenance->setFullText({});
  else if (!isComplete)
    m_provenance->setFullText(tr("%1 points so far").arg(points));
  else
    m_provenance->setFullText(methods == 2 ? tr("exact, %1 points × 2 methods").arg(points)
                                           : tr("exact, %1 points").arg(points));
}

void SmoothingPanel::showProblem() {
  SmoothingControl* control = m_session->smoothing();
  CalibrationControl* calibration = m_session->calibration();
  const QString problem = control->problem();
  if (!m_session->model())
    m_alpha->setHint({});
  else if (!control->group())
    m_alpha->setHint(m_groups->count() > 0 ? tr("Choose a smoothing group, or a linear that has one.")
                                           : tr("No linear of this model can be smoothed."));
  else if (!problem.isEmpty())
    m_alpha->setHint(problem);
  else if (calibration->isRunning())
    m_alpha->setHint(tr("The calibration is running; curves follow."));
  else
    m_alpha->setHint(tr("The first points are being measured."));
  const bool isNeeded = m_session->model() && control->group() && !problem.isEmpty() &&
                        !calibration->hasActivations() && !calibration->isRunning();
  m_hint->setVisible(isNeeded);
  if (isNeeded) placeHint();
  showTokens();
}

}  // namespace ql
