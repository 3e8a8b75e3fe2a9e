#pragma once
// Slow work off the GUI thread: named jobs with progress, pause and cancel. A job belongs to a slot; starting
// another one in the same slot cancels the first and its late result is dropped (generation numbers).
#include "core/jobs/job_context.h"

#include <QObject>
#include <QPointer>
#include <QString>

#include <functional>
#include <memory>
#include <vector>

namespace ql {

class JobRunner : public QObject {
  Q_OBJECT
 public:
  enum class State { Queued, Running, Finished, Failed, Cancelled };
  struct Job {
    quint64 id = 0;
    QString title;
    bool isBackground = false;  // short what-if and picture work: not listed in the Jobs panel
    State state = State::Queued;
    QString error;
    std::shared_ptr<JobContext> context;
    double seconds = 0;  // it took, once it is over
  };

  explicit JobRunner(QObject* parent = nullptr);
  ~JobRunner() override;  // cancels everything and waits

  /// Runs `work` on a worker thread and `done` on the GUI thread if `owner` still lives and the job is not
  /// superseded. Errors go to failed(). slot "" = never superseded. Returns the job's id.
  template <class T>
  quint64 run(QObject* owner, const QString& slot, const QString& title, bool isBackground,
              std::function<T(JobContext&)> work, std::function<void(T)> done) {
    auto result = std::make_shared<std::unique_ptr<T>>();
    return start(
        owner, slot, title, isBackground,
        [work, result](JobContext& job) { *result = std::make_unique<T>(work(job)); },
        [done, result] {
          if (done) done(std::move(**result));
        });
  }
  quint64 runVoid(QObject* owner, const QString& slot, const QString& title, bool isBackground,
                  std::function<void(JobContext&)> work, std::function<void()> done);

  void cancel(quint64 id);
  void cancelSlot(const QString& slot);
  void cancelAll();
  void setPaused(quint64 id, bool paused);
  const std::vector<Job>& jobs() const { return m_jobs; }  // listed ones, newest last
  bool isBusy() const;                                     // any listed job is running
  bool isIdle() const;                                     // nothing runs, background jobs included

 signals:
  void changed();  // a job started, ended, was paused; progress is polled
  void failed(const QString& title, const QString& message);
  void logged(const QString& line);

 private:
  quint64 start(QObject* owner, const QString& slot, const QString& title, bool isBackground,
                std::function<void(JobContext&)> work, std::function<void()> done);
  void setState(quint64 id, State state, const QString& error);
  void finish(quint64 id, State state, const QString& error);
  struct Private;
  std::unique_ptr<Private> m_private;
  std::vector<Job> m_jobs;
};

}  // namespace ql
