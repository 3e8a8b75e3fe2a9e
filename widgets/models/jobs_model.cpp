#include "widgets/models/jobs_model.h"

#include <algorithm>
#include <cmath>

namespace ql {

QString timeLeftText(double seconds) {
  if (seconds < 0 || !std::isfinite(seconds)) return {};
  if (seconds < 90) return JobsModel::tr("%1 s left").arg(static_cast<int>(std::ceil(seconds)));
  return JobsModel::tr("%1 min left").arg(static_cast<int>(std::ceil(seconds / 60)));
}

QString timeLeftText(const JobContext& job) {
  // The first steps of a job are preparations: what they promise is off by an order of magnitude.
  constexpr double kLeastFraction = 0.02, kLeastSeconds = 20;
  if (job.fraction() < kLeastFraction && job.elapsedSeconds() < kLeastSeconds) return {};
  return timeLeftText(job.secondsLeft());
}

QString jobStateText(const JobRunner::Job& job) {
  switch (job.state) {
    case JobRunner::State::Queued:
      return JobsModel::tr("waiting");
    case JobRunner::State::Running:
      return job.context->isPaused() ? JobsModel::tr("paused") : JobsModel::tr("running");
    case JobRunner::State::Finished:
      return JobsModel::tr("finished");
    case JobRunner::State::Cancelled:
      return JobsModel::tr("cancelled");
    default:
      return JobsModel::tr("failed: %1").arg(job.error);
  }
}

JobsModel::JobsModel(JobRunner* jobs, QObject* parent) : QAbstractTableModel(parent), m_jobs(jobs) {
  m_poll.setInterval(200);
  connect(&m_poll, &QTimer::timeout, this, &JobsModel::poll);
  connect(jobs, &JobRunner::changed, this, &JobsModel::takeJobs);
  takeJobs();
}

void JobsModel::takeJobs() {
  const std::vector<JobRunner::Job>& now = m_jobs->jobs();
  const bool isSame =
      now.size() == m_shown.size() &&
      std::equal(now.begin(), now.end(), m_shown.begin(),
                 [](const JobRunner::Job& a, const JobRunner::Job& b) { return a.id == b.id; });
  if (isSame) {
    m_shown = now;
    if (!m_shown.empty()) emit dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
  } else {
    beginResetModel();
    m_shown = now;
    endResetModel();
  }
  if (m_jobs->isBusy())
    m_poll.start();
  else
    m_poll.stop();
}

void JobsModel::poll() {
  if (!m_shown.empty()) emit dataChanged(index(0, ProgressColumn), index(rowCount() - 1, StateColumn));
}

const JobRunner::Job& JobsModel::jobAt(int row) const {
  return m_shown[m_shown.size() - 1 - static_cast<std::size_t>(row)];
}

int JobsModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(m_shown.size());
}

int JobsModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : ColumnCount;
}

QVariant JobsModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const JobRunner::Job& job = jobAt(index.row());
  const bool isOver = job.state != JobRunner::State::Running && job.state != JobRunner::State::Queued;
  switch (role) {
    case IdRole:
      return QVariant::fromValue<qulonglong>(job.id);
    case FractionRole:
      return job.state == JobRunner::State::Finished ? 1.0 : job.context->fraction();
    case StateRole:
      return static_cast<int>(job.state);
    case ErrorRole:
    case Qt::ToolTipRole:
      return job.error.isEmpty() ? QVariant(job.title) : QVariant(job.error);
    case Qt::DisplayRole:
      break;
    default:
      return {};
  }
  switch (index.column()) {
    case TitleColumn:
      return job.title;
    case ProgressColumn:
      return tr("%1 %").arg(static_cast<int>(data(index, FractionRole).toDouble() * 100));
    case TimeColumn:
      return isOver ? tr("%1 s").arg(job.seconds, 0, 'f', 1) : timeLeftText(*job.context);
    default:
      return jobStateText(job);
  }
}

QVariant JobsModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
  const QString names[] = {tr("Job"), tr("Progress"), tr("Time"), tr("State")};
  return section < ColumnCount ? names[section] : QVariant();
}

}  // namespace ql
