#pragma once
// The listed jobs, newest first: title, progress, time, state, error.
#include "widgets/bridge/job_runner.h"

#include <QAbstractTableModel>
#include <QTimer>

namespace ql {

class JobsModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { TitleColumn, ProgressColumn, TimeColumn, StateColumn, ColumnCount };
  enum Role { IdRole = Qt::UserRole, FractionRole, StateRole, ErrorRole };

  explicit JobsModel(JobRunner* jobs, QObject* parent = nullptr);
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

 private:
  void takeJobs();
  void poll();
  const JobRunner::Job& jobAt(int row) const;
  JobRunner* m_jobs;
  std::vector<JobRunner::Job> m_shown;  // oldest first
  QTimer m_poll;
};

/// "6 s left", "2 min left", "" while unknown.
QString timeLeftText(double seconds);
/// Of a job; nothing while it has done too little to tell.
QString timeLeftText(const JobContext& job);
/// "running", "paused", "failed: ...".
QString jobStateText(const JobRunner::Job& job);

}  // namespace ql
