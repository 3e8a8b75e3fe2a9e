#pragma once
// What every panel is given: the open workspace, the selection, the plan, the jobs, and what the views show.
// The only place in the window that starts core operations.
#include "core/base/error.h"
#include "core/workspace.h"
#include "widgets/bridge/job_runner.h"
#include "widgets/bridge/metric.h"
#include "widgets/bridge/plan_document.h"
#include "widgets/bridge/selection.h"

#include <QObject>
#include <QTimer>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>

class QLockFile;

namespace ql {

class CalibrationControl;
class SmoothingControl;

enum class ValueScale { Linear, Log, Quantile };
enum class OverviewShow { Plan, OneScheme, Change };

/// What the views show: shared, so that overview, tree and plan table colour alike.
struct ViewSettings {
  Metric metric = Metric::NormWeighted;
  ValueScale scale = ValueScale::Log;
  OverviewShow show = OverviewShow::Plan;
  double target = 0.02;                            // the red line, as a fraction
  std::optional<std::pair<double, double>> range;  // colour range; nothing = auto-fit
  bool operator==(const ViewSettings&) const = default;
};

class Session : public QObject {
  Q_OBJECT
 public:
  explicit Session(QObject* parent = nullptr);
  ~Session() override;

  Selection* selection() { return &m_selection; }
  JobRunner* jobs() { return &m_jobs; }
  PlanDocument* plan() { return &m_plan; }
  CalibrationControl* calibration() const { return m_calibration; }
  SmoothingControl* smoothing() const { return m_smoothing; }
  std::shared_ptr<Workspace> workspace() const { return m_workspace; }
  const Model* model() const { return m_workspace ? &m_workspace->model() : nullptr; }
  const ViewSettings& view() const { return m_view; }
  void setView(const ViewSettings& view);

  /// Opens a model (or statistics file) in a job; on success workspaceChanged(), then the weight analysis
  /// starts. `then` runs after workspaceChanged(), on success only.
  void open(const QString& path, std::function<void()> then = {});
  void close();
  void startAnalysis();
  bool isAnalyzing() const { return m_analysis != 0; }

  /// The value of the metric for a linear under its plan choice (or `choice`); nothing while unmeasured.
  /// Starts the measurement of what is missing when `measure` (one job for all asked since the last event
  /// loop turn).
  std::optional<double> value(LinearId id, Metric metric, const std::optional<Choice>& choice = std::nullopt,
                              bool measure = true);
  /// The figures alone, without arrays by column; never reads a file.
  std::shared_ptr<const LayerError> error(LinearId id, const Choice& choice, bool measure = true);
  /// False when no measurement would ever give value(): activations that nobody has.
  bool isComing(LinearId id, Metric metric, const Choice& choice) const;
  /// Figures of one linear as they sharpen: sampled first, then exact. A newer call drops the older one's
  /// results.
  void previewWhatIf(LinearId id, const Choice& choice,
                     std::function<void(std::shared_ptr<const LayerError>)> sink);
  Choice choiceOf(LinearId id) const;  // of the plan
  Choice shownChoice(
      LinearId id) const;  // the what-if when the linear is selected and one is set, else the plan's
  const std::vector<Finding>& findings(LinearId id);
  bool isFlagged(LinearId id);  // has a finding

  // For CalibrationControl
  // ---------------------------------------------------------------------------------------------
  LayerDone doneSink() const;  // for workers: these linears have news
  void remeasured();           // figures changed: views read them again, findings are looked for again
  void activationsCame(bool isThere);

  /// A journal left by a session that ended without an answer: empty, or its path. restoreJournal() makes it
  /// one undoable edit; dropJournal() removes it. Nothing else ever removes it.
  QString abandonedJournal() const { return m_abandonedJournal; }
  void restoreJournal();
  void dropJournal();

 signals:
  void workspaceChanged();
  void layersMeasured();  // throttled: at most 20 times a second
  void viewChanged();
  void message(const QString& text, bool isError);  // for the message bar
  void themeChanged();

 private:
  struct DoneQueue;
  void adopt(std::shared_ptr<Workspace> workspace);
  void claimJournal();
  void requestMeasurement(LinearId id, const Choice& choice);
  void flushMeasurements();
  void startMeasurement(const Choice& choice, const std::string& key, const std::vector<LinearId>& ids);
  void noticeEndOfAnalysis();
  void takeMeasured();
  void choicesChanged();
  void updateFindings();
  bool isPartOfAnalysis(LinearId id, const Choice& choice) const;

  Selection m_selection;
  PlanDocument m_plan;
  CalibrationControl* m_calibration = nullptr;
  SmoothingControl* m_smoothing = nullptr;
  std::shared_ptr<Workspace> m_workspace;
  ViewSettings m_view;
  std::shared_ptr<DoneQueue> m_done;  // linears finished by workers since the last tick
  QTimer m_tick, m_flush;
  quint64 m_analysis = 0;                                                    // job id, 0 = none running
  std::map<std::string, std::pair<Choice, std::vector<LinearId>>> m_wanted;  // by choice as JSON
  std::map<std::string, std::set<LinearId>> m_asked;                         // running, or failed for good
  std::map<LinearId, std::vector<Finding>> m_findings;
  std::map<LinearId, Choice> m_diagnosed;  // the choice m_findings is about
  std::set<LinearId> m_findingsWanted;
  bool m_isDiagnosing = false;
  QString m_abandonedJournal;
  std::unique_ptr<QLockFile> m_journalLock;
  JobRunner m_jobs;  // last: its destructor waits for the workers before anything they use goes away
};

}  // namespace ql
