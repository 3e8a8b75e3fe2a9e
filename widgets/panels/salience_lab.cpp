#include "widgets/panels/salience_lab.h"

#include "core/base/error.h"
#include "widgets/bridge/calibration_control.h"

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

constexpr std::int64_t kListedWidth = 4096;  // channels from which a factorization is worth a line in Jobs
constexpr std::size_t kMostInverses = 96;    // dampings kept of a site: 2 * width doubles each
constexpr std::uint64_t kMostCensusBytes = std::uint64_t{2} << 30;  // of second moments read on the way

/// Concentration of a damping that was factored before.
double concentrationOf(const SalienceState& state, const InverseHessian& inverse) {
  const std::vector<double> factors = salienceFactors(state.basis->moment, inverse, state.report.mode);
  return columnSalience(factors, state.weights->columns.sumSq).concentration;
}

}  // namespace

/// What a job found for a linear.
struct SalienceLab::Answer {
  std::shared_ptr<const SalienceState> state;
  std::map<double, double> concentrations;  // of the dampings known before
  QString problem;
};

SalienceLab* SalienceLab::of(Session* session) {
  auto* lab = session->findChild<SalienceLab*>(QString(), Qt::FindDirectChildrenOnly);
  return lab ? lab : new SalienceLab(session);
}

SalienceLab::SalienceLab(Session* session) : QObject(session), m_session(session) {
  connect(session, &Session::workspaceChanged, this, &SalienceLab::reset);
  connect(session, &Session::layersMeasured, this, [this] {
    if (!m_state && !m_isBusy) refresh();
  });
  connect(session->calibration(), &CalibrationControl::changed, this, &SalienceLab::noticeCalibration);
  connect(session->selection(), &Selection::currentChanged, this, &SalienceLab::refresh);
}

QString SalienceLab::slot(const char* part) const {
  return QStringLiteral("salience-%1").arg(QLatin1String(part));
}

const std::vector<double>& SalienceLab::dampings() {
  static const std::vector<double> all = [] {
    std::vector<double> values;
    for (int quarter = -16; quarter <= 0; ++quarter) values.push_back(std::pow(10.0, quarter / 4.0));
    return values;
  }();
  return all;
}

void SalienceLab::setWatched(QObject* watcher, bool isOn) {
  const bool was = m_watchers.contains(watcher);
  if (was == isOn) return;
  if (isOn) {
    m_watchers.insert(watcher);
    connect(watcher, &QObject::destroyed, this, [this, watcher] { m_watchers.erase(watcher); });
    refresh();
    return;
  }
  m_watchers.erase(watcher);
  watcher->disconnect(this);
  if (m_watchers.empty()) m_session->jobs()->cancelSlot(slot("sweep"));
}

void SalienceLab::reset() {
  forget();
  m_threshold = kLlmInt8Threshold;
  refresh();
}

void SalienceLab::forget() {
  for (const char* part : {"state", "sweep", "mask", "census"}) m_session->jobs()->cancelSlot(slot(part));
  m_state.reset();
  m_basis.reset();
  m_inverses.clear();
  m_failures.clear();
  m_sweep.clear();
  m_picture.reset();
  m_mask.reset();
  m_census.clear();
  m_asked.reset();
  m_isBusy = m_isCensusAsked = m_isCensusSkipped = false;
}

// A run of the same text with other settings has the same identity: its end counts as other activations.
void SalienceLab::noticeCalibration() {
  const bool isRunning = m_session->calibration()->isRunning();
  const auto& record = m_session->calibration()->record();
  const std::string identity = record ? record->data : std::string();
  if (identity != m_record || (m_wasCalibrating && !isRunning)) {
    m_record = identity;
    forget();
  }
  m_wasCalibrating = isRunning;
  refresh();
}

QString SalienceLab::missingInput(LinearId id) {
  const CalibrationControl& calibration = *m_session->calibration();
  const Linear& linear = m_session->model()->linears[id];
  m_lacksActivations = false;
  if (linear.site && m_session->workspace()->activationSummary(*linear.site)) return {};
  if (calibration.isRunning()) return tr("Calibration has not reached this block yet.");
  m_lacksActivations = true;
  return calibration.hasActivations() ? tr("The activations at hand do not cover this linear.")
                                      : tr("Salience needs to know what goes into a linear.");
}

// The threshold may have moved meanwhile: it changes neither factors nor picture.
bool SalienceLab::isShown(const SalienceState& state) const {
  return m_state && state.id == m_state->id && state.inverse == m_state->inverse &&
         state.report.mode == m_state->report.mode;
}

bool SalienceLab::isStateOf(LinearId id) const {
  return m_state && m_state->id == id && m_state->workspace.lock() == m_session->workspace();
}

void SalienceLab::refresh() {
  if (m_watchers.empty()) return;
  const std::optional<LinearId> id = m_session->model() ? m_session->selection()->current() : std::nullopt;
  if (!id) {
    m_lacksActivations = false;
    return showProblem(tr("Click a cell of the overview to see the salience of its weights."));
  }
  const QString missing = missingInput(*id);
  if (!missing.isEmpty()) return showProblem(missing);
  readCensus();
  const Request request{*id, m_mode, m_damping};
  if (m_asked == request) {
    if (!m_isBusy && m_state) continueSweep();
    return;
  }
  m_asked = request;
  compute(*id);
}

void SalienceLab::showProblem(const QString& sentence) {
  for (const char* part : {"state", "sweep"}) m_session->jobs()->cancelSlot(slot(part));
  m_problem = sentence;
  m_state.reset();
  m_asked.reset();
  m_sweep.clear();
  m_isBusy = false;
  updatePicture();
  emit changed();
  emit sweepChanged();
}

void SalienceLab::compute(LinearId id) {
  if (!isStateOf(id)) {
    m_state.reset();
    m_sweep.clear();
    updatePicture();
    emit sweepChanged();
  }
  m_session->jobs()->cancelSlot(slot("sweep"));
  const Linear& linear = m_session->model()->linears[id];
  if (m_basis && m_basis->site != *linear.site) {
    m_basis.reset();
    m_inverses.clear();
    m_failures.clear();
  }
  m_problem.clear();
  m_isBusy = true;
  emit changed();
  const auto known = m_inverses.find(m_damping);
  auto inverse = known == m_inverses.end() ? nullptr : known->second;
  const bool isQuick = linear.in() < kListedWidth || inverse;
  m_session->jobs()->run<Answer>(
      this, slot("state"), tr("Salience of %1").arg(QString::fromStdString(linear.name)), isQuick,
      [workspace = m_session->workspace(), id, basis = m_basis, inverse, inverses = m_inverses, mode = m_mode,
       damping = m_damping, threshold = m_threshold](JobContext& job) {
        Answer answer;
        try {
          auto state = std::make_shared<SalienceState>();
          state->workspace = workspace;
          state->id = id;
          state->basis = basis ? basis : salienceBasis(*workspace, id, job);
          state->inverse =
              inverse ? inverse
                      : std::make_shared<const InverseHessian>(salienceInverse(*state->basis, damping, job));
          state->weights = salienceWeights(*workspace, id, job);
          state->report = salienceReport(*state->basis, *state->inverse, *state->weights, mode, threshold);
          for (const auto& [at, other] : inverses)
            answer.concentrations[at] = concentrationOf(*state, *other);
          answer.state = state;
        } catch (const Error& error) {
          answer.problem = QString::fromUtf8(error.what());
        }
        return answer;
      },
      [this, id](Answer answer) { takeAnswer(id, std::move(answer)); });
}

void SalienceLab::takeAnswer(LinearId id, Answer answer) {
  if (!m_asked || m_asked->id != id) return;
  m_isBusy = false;
  m_problem = answer.problem;
  m_state = answer.state;
  m_sweep.clear();
  if (m_state) {
    m_basis = m_state->basis;
    if (m_inverses.size() >= kMostInverses) m_inverses.clear();
    m_inverses[m_state->inverse->damping] = m_state->inverse;
    for (const double damping : dampings()) {
      const auto at = answer.concentrations.find(damping);
      const auto inverse = m_inverses.find(damping);
      if (at != answer.concentrations.end() && inverse != m_inverses.end())
        m_sweep.push_back({damping, inverse->second, at->second, {}});
      else if (const auto failed = m_failures.find(damping); failed != m_failures.end())
        m_sweep.push_back({damping, nullptr, 0, failed->second});
    }
    if (m_state->report.threshold != m_threshold) updateReport();
  }
  updatePicture();
  emit changed();
  emit sweepChanged();
  emit thresholdChanged();
  continueSweep();
}

// Settings
// ------------------------------------------------------------------------------------------------------------

void SalienceLab::setMode(SalienceMode mode) {
  if (mode == m_mode) return;
  m_mode = mode;
  emit changed();
  refresh();
}

void SalienceLab::setDamping(double damping) {
  damping = std::clamp(damping, kLeastDamping, kMostDamping);
  if (damping == m_damping) return;
  m_damping = damping;
  emit changed();
  refresh();
}

void SalienceLab::setThreshold(double threshold) {
  if (threshold == m_threshold || !(threshold > 0)) return;
  m_threshold = threshold;
  updateReport();
  emit thresholdChanged();
}

// Counting channels over a threshold is all that changes: cheap enough for every step of a drag.
void SalienceLab::updateReport() {
  if (!m_state || !m_state->report.withOutliers) return;
  auto state = std::make_shared<SalienceState>(*m_state);
  state->report.threshold = m_threshold;
  state->report.withOutliers = overlapOf(topColumns(state->report.columns, state->report.columns.topCount),
                                         channelsFrom(state->basis->inputAbsmax, m_threshold));
  m_state = state;
}

void SalienceLab::setMaskFraction(double fraction) {
  if (fraction == m_maskFraction) return;
  m_maskFraction = fraction;
  updatePicture();
}

// Picture and mask
// ------------------------------------------------------------------------------------------------------------

void SalienceLab::updatePicture() {
  m_session->jobs()->cancelSlot(slot("mask"));
  m_mask.reset();
  m_picture.reset();
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  if (m_state && workspace && workspace->weights()) {
    if (m_maskFraction > 0) {
      computeMask();
    } else {
      auto picture = std::make_shared<SaliencePicture>();
      picture->source = salienceSource(*workspace, m_state->report.factors);
      picture->factors = m_state->report.factors;
      picture->columnSums.assign(m_state->report.columns.sums.begin(), m_state->report.columns.sums.end());
      picture->dead = m_state->basis->moment.dead;
      m_picture = picture;
    }
  }
  emit pictureChanged();
}

void SalienceLab::computeMask() {
  m_session->jobs()->run<std::optional<SalienceMask>>(
      this, slot("mask"), tr("Finding the most salient weights"), true,
      [workspace = m_session->workspace(), state = m_state, fraction = m_maskFraction](JobContext& job) {
        const MatrixRef& matrix = workspace->model().linears[state->id].matrix;
        job.expect(maskUnits(matrix));
        return std::optional(
            salienceMask(*salienceSource(*workspace, state->report.factors), matrix, fraction, job));
      },
      [this, state = m_state](std::optional<SalienceMask> mask) {
        const std::shared_ptr<Workspace> workspace = m_session->workspace();
        if (!isShown(*state) || !workspace || !workspace->weights()) return;
        auto picture = std::make_shared<SaliencePicture>();
        picture->source = salienceSource(*workspace, state->report.factors, mask->threshold);
        picture->factors = state->report.factors;
        picture->columnSums.assign(state->report.columns.sums.begin(), state->report.columns.sums.end());
        picture->dead = state->basis->moment.dead;
        picture->threshold = mask->threshold;
        m_mask = std::move(mask);
        m_picture = picture;
        emit pictureChanged();
      });
}

// Sweep and census
// ------------------------------------------------------------------------------------------------------------

// One damping a job, the coarse ones first, so that the shape of the curve is there early.
void SalienceLab::continueSweep() {
  if (!m_state || m_watchers.empty() || isSweepComplete()) return;
  const std::vector<double>& all = dampings();
  std::optional<double> next;
  for (std::size_t stride = 16; stride > 0 && !next; stride /= 2)
    for (std::size_t i = 0; i < all.size() && !next; i += stride)
      if (std::ranges::none_of(m_sweep, [&](const DampingPoint& p) { return p.damping == all[i]; }))
        next = all[i];
  if (!next) return;
  const bool isQuick = m_state->basis->moment.width < kListedWidth;
  m_session->jobs()->run<DampingPoint>(
      this, slot("sweep"), tr("Sweeping the damping"), isQuick,
      [state = m_state, damping = *next, known = m_inverses](JobContext& job) {
        DampingPoint point;
        point.damping = damping;
        try {
          const auto at = known.find(damping);
          point.inverse =
              at != known.end()
                  ? at->second
                  : std::make_shared<const InverseHessian>(salienceInverse(*state->basis, damping, job));
          point.concentration = concentrationOf(*state, *point.inverse);
        } catch (const Error& error) {
          point.problem = QString::fromUtf8(error.what());
        }
        return point;
      },
      [this, state = m_state](DampingPoint point) {
        if (!m_state || state->basis != m_state->basis || state->id != m_state->id ||
            state->report.mode != m_state->report.mode)
          return;
        if (point.inverse) m_inverses[point.damping] = point.inverse;
        if (!point.inverse) m_failures[point.damping] = point.problem;
        const auto place = std::ranges::upper_bound(m_sweep, point.damping, {}, &DampingPoint::damping);
        m_sweep.insert(place, std::move(point));
        emit sweepChanged();
        continueSweep();
      });
}

void SalienceLab::readCensus() {
  if (m_isCensusAsked) return;
  m_isCensusAsked = true;
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  m_isCensusSkipped = momentBytes(workspace->model()) > kMostCensusBytes;
  if (m_isCensusSkipped || m_session->calibration()->isRunning()) {
    m_isCensusAsked = m_isCensusSkipped;  // again when the calibration has ended
    return;
  }
  m_session->jobs()->run<std::vector<SiteExtremes>>(
      this, slot("census"), tr("Counting outlier channels"), true,
      [workspace](JobContext& job) { return outlierCensus(*workspace, job); },
      [this, workspace](std::vector<SiteExtremes> census) {
        if (workspace != m_session->workspace()) return;
        m_census = std::move(census);
        emit thresholdChanged();
      });
}

}  // namespace ql
