#pragma once
// Activations as the window sees them: what there is and what it rests on, what it cannot support and why,
// and the jobs that make it (calibration, import, output errors). Owned by the session.
#include "core/calib/token_windows.h"
#include "core/workspace.h"
#include "widgets/bridge/metric.h"

#include <QObject>
#include <QString>
#include <QTimer>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace ql {

class Session;

/// What the model can do here; found out in a job once a model.
struct CalibrationReadiness {
  bool isKnown = false;
  QString tokenizer;         // "bpe, 512 tokens"; empty without one
  QString tokenizerProblem;  // one sentence; empty when there is a tokenizer
  QString forwardProblem;    // one sentence; empty when the model can be run
  std::int64_t context = 0;  // the model's own, 0 = unknown
};

/// What a text would be cut into.
struct TextEstimate {
  std::int64_t windows = 0, tokens = 0, context = 0;
  QString problem;  // one sentence instead
};

class CalibrationControl : public QObject {
  Q_OBJECT
 public:
  explicit CalibrationControl(Session* session);

  const std::optional<CalibrationRecord>& record() const { return m_record; }
  bool hasActivations() const { return m_record && m_record->sites > 0; }
  bool isRunning() const { return m_job != 0; }
  const CalibrationReadiness& readiness();  // starts the job that finds out
  /// Why the activations at hand cannot support something; empty when they can.
  QString missing(ActivationNeed need) const;
  QString missing(Metric metric) const;
  /// "calibration.txt, 16,384 tokens, calibration": what figures from activations rest on.
  QString recordText() const;

  /// Output metrics under a choice, activation metrics of the linear's site; nothing while unmeasured. Output
  /// errors that are missing are measured when `measure` (one job for what was asked since the last turn).
  std::optional<double> value(LinearId id, Metric metric, const Choice& choice, bool measure);
  /// With the plan's smoothing of the linear's input, where there is one.
  std::optional<OutputError> output(LinearId id, const Choice& choice, bool measure);
  /// The same as if the plan smoothed nothing: what a plain scheme would cost.
  std::optional<OutputError> plainOutput(LinearId id, const Choice& choice, bool measure);
  std::optional<double> plainValue(LinearId id, Metric metric, const Choice& choice, bool measure);
  /// True when value() will come without another calibration.
  bool isComing(LinearId id, Metric metric, const Choice& choice) const;

  void calibrate(const CalibrateOptions& options);
  void importFile(const QString& path);
  /// Counts windows in a job; `done` runs while `owner` lives, for the newest call alone.
  void estimate(QObject* owner, const TextSource& source, const WindowOptions& options,
                std::function<void(TextEstimate)> done);

  void reset();  // another workspace

 signals:
  void changed();  // record, sites or evidence
  void readinessChanged();
  void calibrateRequested();  // by a view that has nothing to show without
  void importRequested();

 private:
  void start(const QString& title, std::function<void(JobContext&)> work, const QString& finished);
  void refresh();       // after a block, at the end
  void findEvidence();  // what the record supports, in a job
  void noticeEnd();
  void reportWarnings();
  void request(LinearId id, const Choice& choice);
  void flush();
  bool canMeasure(LinearId id, const Choice& choice) const;

  Session* m_session;
  std::optional<CalibrationRecord> m_record;
  std::map<ActivationNeed, QString> m_missing;
  QString m_evidenceData;  // the record m_missing is about
  CalibrationReadiness m_readiness;
  bool m_isReadinessAsked = false;
  quint64 m_job = 0;
  QString m_finished;  // notice when the job ends well
  std::size_t m_warned = 0;
  std::map<std::string, std::pair<Choice, std::set<LinearId>>> m_wanted;  // by choice as JSON
  std::map<std::string, std::set<LinearId>> m_asked;                      // running, or failed for good
  QTimer m_flush;
};

}  // namespace ql
