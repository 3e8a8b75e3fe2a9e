#include "widgets/bridge/job_runner.h"

#include "core/base/error.h"

#include <QThreadPool>

#include <algorithm>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ql {

namespace {

// Kept for the Jobs panel; older ones are forgotten.
constexpr std::size_t kKeptJobs = 100;

/// The calling thread (and the threads it starts) yields to the GUI thread.
void lowerPriority() {
  const auto thread = static_cast<id_t>(::syscall(SYS_gettid));
  ::setpriority(PRIO_PROCESS, thread, 10);
}

/// What became of a job, made on the worker.
struct Outcome {
  JobRunner::State state = JobRunner::State::Finished;
  QString error;
};

Outcome perform(const std::function<void(JobContext&)>& work, JobContext& context) {
  try {
    context.step();
    work(context);
    return {};
  } catch (const Cancelled&) {
    return {JobRunner::State::Cancelled, {}};
  } catch (const std::bad_alloc&) {
    return {JobRunner::State::Failed,
            JobRunner::tr("Not enough memory for this. Close other models or programs "
                          "and try again.")};
  } catch (const std::exception& e) {
    return {JobRunner::State::Failed, QString::fromUtf8(e.what())};
  }
}

}  // namespace

struct JobRunner::Private {
  struct Active {
    quint64 id = 0;
    QString slot, title;
    QPointer<QObject> owner;
    bool hasOwner = false;
    bool isBackground = false;
    std::shared_ptr<JobContext> context;
    std::function<void()> done;
  };

  Private() {
    // Listed jobs share the cores inside their arenas; two at a time keeps a queue from starving a new click.
    listed.setMaxThreadCount(2);
    background.setMaxThreadCount(4);
  }

  std::vector<Active>::iterator find(quint64 id) {
    return std::find_if(active.begin(), active.end(), [id](const Active& a) { return a.id == id; });
  }

  std::vector<Active> active;
  quint64 lastId = 0;
  QThreadPool listed, background;
};

JobRunner::JobRunner(QObject* parent) : QObject(parent), m_private(std::make_unique<Private>()) {}

JobRunner::~JobRunner() {
  for (const Private::Active& active : m_private->active) active.context->cancel();
  m_private->listed.waitForDone();
  m_private->background.waitForDone();
}

quint64 JobRunner::runVoid(QObject* owner, const QString& slot, const QString& title, bool isBackground,
                           std::function<void(JobContext&)> work, std::function<void()> done) {
  return start(owner, slot, title, isBackground, std::move(work), std::move(done));
}

quint64 JobRunner::start(QObject* owner, const QString& slot, const QString& title, bool isBackground,
                         std::function<void(JobContext&)> work, std::function<void()> done) {
  if (!slot.isEmpty()) cancelSlot(slot);
  const quint64 id = ++m_private->lastId;
  auto context = std::make_shared<JobContext>();
  context->setLogSink([this](const std::string& line) {
    QMetaObject::invokeMethod(
        this, [this, text = QString::fromStdString(line)] { emit logged(text); }, Qt::QueuedConnection);
  });
  m_private->active.push_back(
      {id, slot, title, owner, owner != nullptr, isBackground, context, std::move(done)});
  if (!isBackground) {
    if (m_jobs.size() >= kKeptJobs) {
      const auto old = std::find_if(m_jobs.begin(), m_jobs.end(), [](const Job& job) {
        return job.state != State::Queued && job.state != State::Running;
      });
      if (old != m_jobs.end()) m_jobs.erase(old);
    }
    m_jobs.push_back({id, title, isBackground, State::Queued, {}, context});
    emit changed();
  }
  QThreadPool& pool = isBackground ? m_private->background : m_private->listed;
  pool.start([this, id, context, work = std::move(work)]() mutable {
    lowerPriority();
    QMetaObject::invokeMethod(
        this, [this, id] { setState(id, State::Running, {}); }, Qt::QueuedConnection);
    const Outcome outcome = perform(work, *context);
    work = nullptr;  // what it captured is released here, not whenever the pool gets to it
    QMetaObject::invokeMethod(
        this, [this, id, outcome] { finish(id, outcome.state, outcome.error); }, Qt::QueuedConnection);
  });
  return id;
}

void JobRunner::setState(quint64 id, State state, const QString& error) {
  const auto job = std::find_if(m_jobs.begin(), m_jobs.end(), [id](const Job& j) { return j.id == id; });
  if (job == m_jobs.end()) return;
  job->state = state;
  job->error = error;
  if (state != State::Queued && state != State::Running && job->context)
    job->seconds = job->context->elapsedSeconds();  // its clock goes on
  emit changed();
}

void JobRunner::finish(quint64 id, State state, const QString& error) {
  const auto at = m_private->find(id);
  if (at == m_private->active.end()) return;
  Private::Active active = std::move(*at);
  m_private->active.erase(at);
  // Finished just before it was superseded: the result is stale all the same.
  if (state == State::Finished && active.context->isCancelled()) state = State::Cancelled;
  QString text = error;
  const bool isWanted = !active.hasOwner || active.owner;
  if (state == State::Finished && isWanted && active.done) {
    try {
      active.done();
    } catch (const std::exception& e) {
      state = State::Failed;
      text = QString::fromUtf8(e.what());
    }
  }
  setState(id, state, text);
  if (state == State::Failed && isWanted) {
    emit logged(tr("%1 failed: %2").arg(active.title, text));
    emit failed(active.title, text);
  } else if (!active.isBackground) {
    const QString word = state == State::Cancelled ? tr("cancelled") : tr("finished");
    emit logged(
        tr("%1: %2 after %3 s").arg(active.title, word).arg(active.context->elapsedSeconds(), 0, 'f', 1));
  }
}

void JobRunner::cancel(quint64 id) {
  const auto at = m_private->find(id);
  if (at == m_private->active.end()) return;
  at->context->cancel();
  emit changed();
}

void JobRunner::cancelSlot(const QString& slot) {
  for (const Private::Active& active : m_private->active)
    if (active.slot == slot) active.context->cancel();
}

void JobRunner::cancelAll() {
  for (const Private::Active& active : m_private->active) active.context->cancel();
  emit changed();
}

void JobRunner::setPaused(quint64 id, bool paused) {
  const auto at = m_private->find(id);
  if (at == m_private->active.end()) return;
  at->context->setPaused(paused);
  emit changed();
}

bool JobRunner::isIdle() const {
  return m_private->active.empty();
}

bool JobRunner::isBusy() const {
  return std::any_of(m_jobs.begin(), m_jobs.end(), [](const Job& job) {
    return job.state == State::Running || job.state == State::Queued;
  });
}

}  // namespace ql
