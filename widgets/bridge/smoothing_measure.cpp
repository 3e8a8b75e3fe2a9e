// Measuring for SmoothingControl: evidence of the group, curves as they come, figures at the slider, and what
// folding costs. Everything that may read a file or multiply matrices runs in a job of its own slot.
#include "core/base/error.h"
#include "core/workspace_smoothing.h"
#include "core/workspace_whatif.h"
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/session.h"
#include "widgets/bridge/smoothing_control.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <mutex>

namespace ql {

namespace {

constexpr auto kFrame = std::chrono::milliseconds(33);  // curves are drawn 30 times a second at most
constexpr double kSameAlpha = 1e-9;

const QString kLoadSlot = QStringLiteral("smoothing-load");
const QString kCurveSlot = QStringLiteral("smoothing-curves");
const QString kFiguresSlot = QStringLiteral("smoothing-figures");
const QString kNoneSlot = QStringLiteral("smoothing-none");
const QString kResidualSlot = QStringLiteral("smoothing-residual");

/// A result, or why there is none: the sentence belongs on the page, not into a message about a failed job.
template <class T>
struct Tried {
  std::shared_ptr<const T> value;
  QString problem;
};

template <class T, class Work>
Tried<T> attempt(const Work& work) {
  try {
    return {std::make_shared<const T>(work()), {}};
  } catch (const Error& e) {
    return {nullptr, QString::fromUtf8(e.what())};
  }
}

std::string trialKey(const SmoothingTrial& trial) {
  const SmoothingTrial t = normalized(trial);
  return std::to_string(static_cast<int>(t.method)) + (t.usesMedian ? "m" : "x") +
         (t.powersOfTwo ? "2" : "-") + (t.llmCompressor ? "l" : "-") + (t.dataFree ? "f" : "-") +
         std::to_string(std::lround(t.alpha * 1e6));
}

double share(const std::shared_ptr<const SmoothingCurve>& curve, int points) {
  if (!curve) return 0;
  if (curve->isComplete) return 1;
  return 0.9 * static_cast<double>(curve->grid.size()) / points;
}

}  // namespace

/// Filled by a worker, emptied by the GUI thread; the lock guards curves and isPosted.
struct CurveFeed {
  SmoothingControl* control = nullptr;
  quint64 generation = 0;
  std::function<void(const std::shared_ptr<CurveFeed>&)> post;
  mutable std::mutex lock;
  std::shared_ptr<const SmoothingCurve> smoothQuant, bismooth;
  bool isPosted = false;
  std::chrono::steady_clock::time_point last{};  // worker's own

  static void offer(const std::shared_ptr<CurveFeed>& feed, bool isBismooth, const SmoothingCurve& curve) {
    const auto now = std::chrono::steady_clock::now();
    if (!curve.isComplete && now - feed->last < kFrame) return;
    feed->last = now;
    auto copy = std::make_shared<const SmoothingCurve>(curve);
    {
      const std::lock_guard guard(feed->lock);
      (isBismooth ? feed->bismooth : feed->smoothQuant) = std::move(copy);
      if (std::exchange(feed->isPosted, true)) return;
    }
    feed->post(feed);
  }
};

// What is asked for
// --------------------------------------------------------------------------------------------------

std::vector<Choice> SmoothingControl::shownChoices(std::size_t group) const {
  std::vector<Choice> choices;
  for (const LinearId id : m_session->model()->smoothingGroups.at(group).consumers)
    choices.push_back(m_session->shownChoice(id));
  return choices;
}

CurveRequest SmoothingControl::requestFor(std::size_t group, const SmoothingTrial& trial) const {
  CurveRequest request;
  request.group = group;
  request.choices = shownChoices(group);
  request.curve.smoothing = smoothingOptions(trial);
  request.curve.withParts = false;  // w and a of the slider's alpha are measured on their own
  return request;
}

/// The calibration that figures rest on.
std::string SmoothingControl::dataKey() const {
  const auto& record = m_session->calibration()->record();
  return record ? record->data + (record->isComplete ? "" : "+") : std::string();
}

QString SmoothingControl::obstacle() const {
  const CalibrationControl& calibration = *m_session->calibration();
  if (!m_session->workspace()) return {};
  if (!m_session->workspace()->weights())
    return tr("Only statistics are open: open the model itself to see what smoothing does.");
  if (calibration.isRunning()) return tr("The model is being calibrated; curves come when it is done.");
  if (!calibration.hasActivations())
    return tr("There are no activations yet: calibrate on text to see what smoothing does.");
  return {};
}

bool SmoothingControl::isWanted() const {
  if (!m_group) return false;
  if (m_isWatched || m_isTouched) return true;
  const std::vector<LinearId>& readers = m_session->model()->smoothingGroups[*m_group].consumers;
  return fold().isFoldable && std::any_of(readers.begin(), readers.end(),
                                          [this](LinearId id) { return m_session->isFlagged(id); });
}

void SmoothingControl::forget() {
  ++m_generation;
  for (const QString& slot : {kLoadSlot, kCurveSlot, kFiguresSlot, kNoneSlot, kResidualSlot})
    m_session->jobs()->cancelSlot(slot);
  m_rest.stop();
  m_isLoading = m_isPreviewing = m_isPending = false;
  m_groupKey.clear();
  m_curveKey.clear();
  m_smoothQuant = m_bismooth = nullptr;
  m_figures.reset();
  m_unsmoothed.reset();
  m_evidence = nullptr;
  m_channels = nullptr;
  m_residual.reset();
  m_progress.reset();
  m_exact.clear();
}

void SmoothingControl::fail(const QString& problem) {
  m_progress.reset();
  if (problem == m_problem) return;
  m_problem = problem;
  emit problemChanged();
}

void SmoothingControl::tellAll() {
  emit curvesChanged();
  emit figuresChanged();
  emit channelsChanged();
  emit residualChanged();
}

void SmoothingControl::refresh() {
  if (m_model != m_session->model()) return;
  const QString problem = obstacle();
  if (!m_group || !problem.isEmpty()) {
    fail(problem);
    if (m_groupKey.empty()) return;
    forget();
    tellAll();
    return;
  }
  const std::string key = std::to_string(*m_group) + "|" + dataKey();
  if (key != m_groupKey) {
    forget();
    m_groupKey = key;
    fail({});
    tellAll();
  }
  if (!isWanted()) return;
  if (!m_evidence) {
    loadEvidence();
    return;
  }
  startCurves();
}

// Evidence and channels
// ----------------------------------------------------------------------------------------------

void SmoothingControl::loadEvidence() {
  if (m_isLoading || !m_problem.isEmpty()) return;
  m_isLoading = true;
  using Result = Tried<GroupEvidence>;
  m_session->jobs()->run<Result>(
      this, kLoadSlot, tr("Loading %1").arg(groupName(*m_group)), true,
      [workspace = m_session->workspace(), group = *m_group](JobContext& job) {
        return attempt<GroupEvidence>([&] { return groupEvidence(*workspace, group, job); });
      },
      [this, generation = m_generation](const Result& result) {
        if (generation != m_generation) return;
        m_isLoading = false;
        if (!result.value) {
          fail(result.problem);
          return;
        }
        m_evidence = result.value;
        updateChannels();
        startCurves();
      });
}

void SmoothingControl::updateChannels() {
  if (!m_evidence) return;
  auto channels = std::make_shared<SmoothingChannels>();
  const SmoothingInput& input = m_evidence->input;
  channels->weightAbsmax = input.weightAbsmax;
  channels->actAbsmax = input.actAbsmax;
  channels->s.assign(input.weightAbsmax.size(), 1.0f);
  if (m_trial.method != SmoothingTrial::Method::None) {
    try {
      SmoothingFactors factors = groupFactors(input, m_evidence->target, smoothingOptions(m_trial));
      channels->s = std::move(factors.s);
      channels->clamped = factors.clampedChannels;
      channels->dead = factors.deadChannels;
      if (!m_problem.isEmpty()) fail({});
    } catch (const Error& e) {
      fail(QString::fromUtf8(e.what()));  // a variant that needs what is not known here
    }
  } else if (!m_problem.isEmpty()) {
    fail({});
  }
  m_channels = std::move(channels);
  emit channelsChanged();
}

// Curves
// ---------------------------------------------------------------------------------------------------------

bool SmoothingControl::startCurves() {
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  SmoothingTrial quant = m_trial, median = m_trial;
  quant.method = SmoothingTrial::Method::SmoothQuant;
  median.method = SmoothingTrial::Method::Bismooth;
  if (!median.dataFree) median.usesMedian = true;
  std::string key = m_groupKey;
  for (SmoothingTrial trial : {quant, median}) {
    trial.alpha = 0;
    key += "|" + trialKey(trial);
  }
  for (const Choice& choice : shownChoices(*m_group)) key += "|" + choiceJson(choice);
  if (key == m_curveKey) return false;
  const auto choicesOf = [](const std::string& text) {
    return text.substr(std::min(text.find("|{"), text.size()));
  };
  const bool isOtherChoice = m_curveKey.empty() || choicesOf(key) != choicesOf(m_curveKey);
  m_curveKey = key;
  m_isPreviewing = m_isPending = false;  // of the curves before
  if (isOtherChoice) {
    m_exact.clear();
    m_unsmoothed.reset();
    m_figures.reset();
    m_residual.reset();
  }
  const std::vector<CurveRequest> requests{requestFor(*m_group, quant), requestFor(*m_group, median)};
  m_smoothQuant = workspace->knownSmoothingCurve(requests[0]);
  m_bismooth = workspace->knownSmoothingCurve(requests[1]);
  startUnsmoothed();
  updateFigures();
  emit curvesChanged();
  if (m_smoothQuant && m_bismooth) {
    m_session->jobs()->cancelSlot(kCurveSlot);
    m_progress.reset();
    return true;
  }
  m_progress = 0.0;
  auto feed = std::make_shared<CurveFeed>();
  feed->generation = m_generation;
  feed->post = [this, key](const std::shared_ptr<CurveFeed>& shared) {
    QMetaObject::invokeMethod(
        this,
        [this, key, shared] {
          if (shared->generation == m_generation && key == m_curveKey) takeCurves(*shared);
          const std::lock_guard guard(shared->lock);
          shared->isPosted = false;
        },
        Qt::QueuedConnection);
  };
  const bool isMedianFirst =
      trialCurve() != m_smoothQuant || m_trial.method != SmoothingTrial::Method::SmoothQuant;
  m_session->jobs()->run<QString>(
      this, kCurveSlot, tr("Error over alpha of %1").arg(groupName(*m_group)), true,
      [workspace, requests, feed, isMedianFirst](JobContext& job) {
        QString problem;
        for (const bool isMedian : {isMedianFirst, !isMedianFirst}) {
          try {
            workspace->smoothingCurve(requests[isMedian ? 1 : 0], job, [&](const SmoothingCurve& curve) {
              CurveFeed::offer(feed, isMedian, curve);
            });
          } catch (const Error& e) {
            problem = QString::fromUtf8(e.what());
          }
        }
        return problem;
      },
      [this, feed, key](const QString& problem) {
        if (feed->generation != m_generation || key != m_curveKey) return;
        takeCurves(*feed);
        m_progress.reset();
        if (!problem.isEmpty()) fail(problem);
        curvesEnded();
      });
  return true;
}

void SmoothingControl::takeCurves(const CurveFeed& feed) {
  {
    const std::lock_guard guard(feed.lock);
    if (feed.smoothQuant) m_smoothQuant = feed.smoothQuant;
    if (feed.bismooth) m_bismooth = feed.bismooth;
  }
  const int points = SmoothingCurveOptions().points;
  m_progress = (share(m_smoothQuant, points) + share(m_bismooth, points)) / 2;
  emit curvesChanged();
  if (!m_figures) updateFigures();
}

void SmoothingControl::curvesEnded() {
  emit curvesChanged();
  refreshRows();
  const std::vector<LinearId>& readers = m_session->model()->smoothingGroups[*m_group].consumers;
  if (std::any_of(readers.begin(), readers.end(), [this](LinearId id) { return m_session->isFlagged(id); }))
    m_session->remeasured();  // findings know now what smoothing gives
}

// Figures
// --------------------------------------------------------------------------------------------------------

void SmoothingControl::startUnsmoothed() {
  if (m_unsmoothed) return;
  using Result = Tried<SmoothingPoint>;
  m_session->jobs()->run<Result>(
      this, kNoneSlot, tr("Error of %1 without smoothing").arg(groupName(*m_group)), true,
      [workspace = m_session->workspace(), request = requestFor(*m_group, m_trial)](JobContext& job) {
        return attempt<SmoothingPoint>([&] { return unsmoothedFigures(*workspace, request, job); });
      },
      [this, generation = m_generation, key = m_curveKey](const Result& result) {
        if (generation != m_generation || key != m_curveKey || !result.value) return;
        m_unsmoothed = *result.value;
        emit curvesChanged();
        if (m_trial.method == SmoothingTrial::Method::None)
          updateFigures();
        else
          emit figuresChanged();
      });
}

const SmoothingPoint* SmoothingControl::knownPoint(const SmoothingTrial& trial) const {
  const auto exact = m_exact.find(trialKey(trial));
  if (exact != m_exact.end()) return &exact->second;
  const auto curve = trialCurve();
  if (!curve) return nullptr;
  for (const std::vector<SmoothingPoint>* points : {&curve->grid, &curve->refined})
    for (const SmoothingPoint& point : *points)
      if (std::abs(point.alpha - trial.alpha) < kSameAlpha) return &point;
  return nullptr;
}

void SmoothingControl::updateFigures() {
  m_session->jobs()->cancelSlot(kResidualSlot);
  m_residual.reset();
  emit residualChanged();
  m_figures.reset();
  if (!m_group || !m_evidence) {
    emit figuresChanged();
    return;
  }
  if (m_trial.method == SmoothingTrial::Method::None) {
    if (const SmoothingPoint* none = unsmoothed()) m_figures = Figures{m_trial, *none, true};
    emit figuresChanged();
    return;
  }
  if (const SmoothingPoint* known = knownPoint(m_trial)) m_figures = Figures{m_trial, *known, true};
  emit figuresChanged();
  m_rest.start();
  if (!m_exact.contains(trialKey(m_trial))) startFigures();
}

void SmoothingControl::startFigures() {
  // A preview under way is let through: cancelled at every step of a drag, none would ever be seen.
  m_isPending = m_isPreviewing;
  if (m_isPreviewing) return;
  m_isPreviewing = true;
  const SmoothingTrial trial = m_trial;
  const auto isCurrent = [this, generation = m_generation, key = m_curveKey] {
    return generation == m_generation && key == m_curveKey;
  };
  const auto previewed = [this, trial, isCurrent](const SmoothingPoint& point) {
    if (isCurrent()) takeFigures(trial, point, false);
    endPreview();
  };
  using Result = Tried<SmoothingPoint>;
  m_session->jobs()->run<Result>(
      this, kFiguresSlot, tr("Error at alpha %1").arg(trial.alpha, 0, 'f', 2), true,
      [this, workspace = m_session->workspace(), request = requestFor(*m_group, trial),
       previewed](JobContext& job) {
        return attempt<SmoothingPoint>([&] {
          const SmoothingPoint sampled = previewSmoothedFigures(*workspace, request, job);
          job.step();
          QMetaObject::invokeMethod(
              this, [previewed, sampled] { previewed(sampled); }, Qt::QueuedConnection);
          return workspace->smoothedFigures(request, job);
        });
      },
      [this, trial, isCurrent](const Result& result) {
        if (!isCurrent()) return;
        if (result.value)
          takeFigures(trial, *result.value, true);
        else if (trial == m_trial)
          fail(result.problem);
        endPreview();
      });
}

/// The next step of the slider has its turn.
void SmoothingControl::endPreview() {
  m_isPreviewing = false;
  if (std::exchange(m_isPending, false) && m_group && m_evidence &&
      m_trial.method != SmoothingTrial::Method::None && !m_exact.contains(trialKey(m_trial)))
    startFigures();
}

void SmoothingControl::takeFigures(const SmoothingTrial& trial, SmoothingPoint point, bool isExact) {
  if (isExact) m_exact[trialKey(trial)] = point;
  if (trial == m_trial && (isExact || !m_figures || !m_figures->isExact)) {
    m_figures = Figures{trial, std::move(point), isExact};
    emit figuresChanged();
  }
}

// Fold
// -----------------------------------------------------------------------------------------------------------

void SmoothingControl::startResidual() {
  if (!m_group || !m_evidence || m_residual || m_trial.method == SmoothingTrial::Method::None) return;
  if (!m_evidence->target.isFoldable || !m_problem.isEmpty()) return;
  using Result = Tried<FoldCosts>;
  m_session->jobs()->run<Result>(
      this, kResidualSlot, tr("What folding costs"), true,
      [workspace = m_session->workspace(), request = requestFor(*m_group, m_trial)](JobContext& job) {
        return attempt<FoldCosts>([&] { return foldCosts(*workspace, request, job); });
      },
      [this, trial = m_trial, generation = m_generation](const Result& result) {
        if (generation != m_generation || trial != m_trial || !result.value) return;
        m_residual =
            FoldResidual{result.value->plain, result.value->powersOfTwo, result.value->powersOfTwoError};
        emit residualChanged();
      });
}

}  // namespace ql
