#pragma once
// What every panel is given: the open workspace, the selection, the plan, the jobs, and what the views show.
// The only place in the window that starts core operations.
#include "core/workspace.h"
#include "widgets/bridge/job_runner.h"
#include "widgets/bridge/plan_document.h"
#include "widgets/bridge/selection.h"

#include <QObject>

#include <map>
#include <memory>
#include <optional>

namespace ql {

enum class Metric { NormWeighted, RelFrobenius, RelL1, DeadCodes, ColumnPeakRatio, SqnrDb, BitsPerWeight, AbsMax, Kurtosis };
enum class ValueScale { Linear, Log, Quantile };
enum class OverviewShow { Plan, OneScheme, Change };

/// What the views show: shared, so that overview, tree and plan table colour alike.
struct ViewSettings {
  Metric metric = Metric::NormWeighted;
  ValueScale scale = ValueScale::Log;
  OverviewShow show = OverviewShow::Plan;
  double target = 0.02;                       // the red line, as a fraction
  std::optional<std::pair<double, double>> range;   // colour range; nothing = auto-fit
  bool operator==(const ViewSettings&) const = default;
};

class Session : public QObject {
  Q_OBJECT
 public:
  explicit Session(QObject* parent = nullptr);

  Selection* selection() { return &m_selection; }
  JobRunner* jobs() { return &m_jobs; }
  PlanDocument* plan() { return &m_plan; }
  std::shared_ptr<Workspace> workspace() const { return m_workspace; }
  const Model* model() const { return m_workspace ? &m_workspace->model() : nullptr; }
  const ViewSettings& view() const { return m_view; }
  void setView(const ViewSettings& view);

  /// Opens a model (or statistics file) in a job; on success workspaceChanged(), then the weight analysis starts.
  void open(const QString& path);
  void close();
  void startAnalysis();

  /// The value of the metric for a linear under its plan choice (or `choice`); nothing while unmeasured. Starts the
  /// measurement of what is missing when `measure` (one job for all asked since the last event loop turn).
  std::optional<double> value(LinearId id, Metric metric, const std::optional<Choice>& choice = std::nullopt,
                              bool measure = true);
  std::shared_ptr<const LayerError> error(LinearId id, const Choice& choice, bool measure = true);
  Choice choiceOf(LinearId id) const;          // of the plan
  Choice shownChoice(LinearId id) const;       // the what-if when the linear is selected and one is set, else the plan's
  const std::vector<Finding>& findings(LinearId id);
  bool isFlagged(LinearId id);                 // has a finding

 signals:
  void workspaceChanged();
  void layersMeasured();                       // throttled: at most 20 times a second
  void viewChanged();
  void message(const QString& text, bool isError);   // for the message bar
  void themeChanged();

 private:
  void requestMeasurement(LinearId id, const Choice& choice);
  void flushMeasurements();
  Selection m_selection;
  JobRunner m_jobs;
  PlanDocument m_plan;
  std::shared_ptr<Workspace> m_workspace;
  ViewSettings m_view;
  std::map<std::string, std::pair<Choice, std::vector<LinearId>>> m_wanted;   // by choice spec
  std::map<LinearId, std::vector<Finding>> m_findings;
};

}  // namespace ql
