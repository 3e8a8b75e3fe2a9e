#pragma once
// Smoothing as the window sees it: the group that is tried and how, its curves over alpha as they come, the
// figures at the alpha under the slider (preview first, then exact), the fold, and the edits of the plan.
// Owned by the session; views only read it and call it.
#include "core/evaluate/diagnosis.h"
#include "core/evaluate/smoothing_curve.h"
#include "core/smooth/smoothing.h"
#include "core/smoothing_report.h"
#include "widgets/bridge/job_runner.h"

#include <QObject>
#include <QString>
#include <QTimer>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ql {

class Session;
struct CurveRequest;
struct PlanSmoothing;

/// What is tried on the current group and not applied yet.
struct SmoothingTrial {
  enum class Method { None, SmoothQuant, Bismooth };
  Method method = Method::Bismooth;
  bool usesMedian = true;      // Bismooth: median or max statistics
  double alpha = 0.5;          // migration strength, 0..1
  bool powersOfTwo = false;    // S rounded to powers of two
  bool llmCompressor = false;  // SmoothQuant: llm-compressor's formula
  bool dataFree = false;       // Bismooth: from the norm's weight instead of activations
  bool operator==(const SmoothingTrial&) const = default;
};
SmoothingOptions smoothingOptions(const SmoothingTrial& trial);
/// The same without settings that its method does not have.
SmoothingTrial normalized(const SmoothingTrial& trial);

/// The channels of a group, in channel order; all of one length.
struct SmoothingChannels {
  std::vector<float> weightAbsmax, actAbsmax;  // before; actAbsmax empty without activations
  std::vector<float> s;                        // of the trial; after: weightAbsmax * s, actAbsmax / s
  std::int64_t clamped = 0, dead = 0;
};

/// What folding costs without quantization; nothing while it is computed.
struct FoldResidual {
  SmoothingResidual plain;                       // S as it is
  std::optional<SmoothingResidual> powersOfTwo;  // S rounded to powers of two
  std::optional<double> powersOfTwoError;        // joint error wa with those, a fraction
};

/// A line of the table of all groups.
struct SmoothingRow {
  std::size_t group = 0;
  QString name;               // "block 0 attention"
  QString producer, readers;  // "input_layernorm", "q, k, v"
  FoldTarget fold;
  std::shared_ptr<const SmoothingCurve> smoothQuant, bismooth;  // null while unmeasured
  bool isInPlan = false;
};

class PlannedSmoothing;
struct CurveFeed;  // smoothing_measure.cpp
struct GroupEvidence;

class SmoothingControl : public QObject {
  Q_OBJECT
 public:
  explicit SmoothingControl(Session* session);
  ~SmoothingControl() override;

  /// Indices of Model::smoothingGroups with quantizable readers, in network order.
  const std::vector<std::size_t>& groups() const { return m_groups; }
  std::optional<std::size_t> group() const { return m_group; }  // follows the selection's current linear
  void setGroup(std::size_t group);                             // also selects its readers
  QString groupName(std::size_t group) const;                   // "block 0 attention"
  QString groupText(std::size_t group) const;             // "block 0 attention: input_layernorm -> q, k, v"
  std::optional<std::size_t> groupOf(LinearId id) const;  // the group that smooths its input

  const SmoothingTrial& trial() const { return m_trial; }
  void setTrial(const SmoothingTrial& trial);
  bool isTrialAsPlanned() const;
  /// The user has set a trial for this group; else it is the plan's, or a proposal.
  bool isTouched() const { return m_isTouched; }
  /// What the plan does with a group; Method::None when it does nothing.
  SmoothingTrial planned(std::size_t group) const;
  /// Figures of linears behind the plan's smoothing.
  PlannedSmoothing* plannedFigures() const { return m_planned; }
  /// Nobody looks: curves are then measured for flagged linears alone, so that findings know what smoothing
  /// gives. True at first.
  void setWatched(bool isWatched);
  /// Why nothing can be measured ("no activations yet; calibrate"), as one sentence; empty when it can.
  QString problem() const { return m_problem; }

  /// Curves of the current group, growing while they are measured; null before the first point. The max
  /// variant of bi-smoothing is the SmoothQuant curve.
  std::shared_ptr<const SmoothingCurve> smoothQuantCurve() const { return m_smoothQuant; }
  std::shared_ptr<const SmoothingCurve> bismoothCurve() const { return m_bismooth; }
  /// The curve that the trial moves along; null for Method::None.
  std::shared_ptr<const SmoothingCurve> trialCurve() const;
  /// Figures at the trial's alpha: `isExact` false = preview with its interval. Null while unknown.
  struct Figures {
    SmoothingTrial trial;
    SmoothingPoint point;
    bool isExact = false;
  };
  const std::optional<Figures>& figures() const { return m_figures; }
  const SmoothingPoint* unsmoothed() const;  // the same without smoothing
  std::shared_ptr<const SmoothingChannels> channels() const { return m_channels; }
  FoldTarget fold() const;
  std::optional<FoldResidual> residual() const { return m_residual; }
  /// 0..1 while curves are being measured, nothing otherwise.
  std::optional<double> progress() const { return m_progress; }

  bool isSearching() const { return m_search != 0; }  // of searchAllGroups()

  /// All groups, for the table; curves of groups that were measured.
  const std::vector<SmoothingRow>& rows() const { return m_rows; }
  const SmoothingRow* row(std::size_t group) const;

  /// Sets of groups that an edit can be made for.
  enum class GroupSet { SameKind, SameDiagnosis, AboveTarget, All };
  std::vector<std::size_t> groupsOf(GroupSet set) const;
  std::vector<std::size_t> groupsInBlocks(int first, int last) const;  // of the current group's kind

 public slots:
  void takeOptimum();      // alpha of the trial's curve with the least error
  void searchAllGroups();  // measures every foldable group's curves, then rows() are complete
  void apply();            // one undo step: the trial for the current group
  void applyTo(const std::vector<std::size_t>& groups, bool eachOptimum);  // one undo step for all of them
  void applyRemedy(ql::LinearId id, const ql::SmoothingRemedy& remedy);    // from a finding
  void remove();  // no smoothing of this group in the plan; one undo step
  void revert();  // the trial becomes what the plan says
  void openPage();
  void openTable();

 signals:
  void pageRequested();   // the Smoothing page is to be shown
  void tableRequested();  // the table of all groups is
  void groupChanged();
  void trialChanged();
  void curvesChanged();  // a point came, or both are complete
  void figuresChanged();
  void channelsChanged();
  void residualChanged();
  void rowsChanged();
  void problemChanged();

 private:
  // smoothing_control.cpp
  void reset();
  void followSelection();
  void adoptGroup(std::optional<std::size_t> group);
  void followPlan();
  SmoothingTrial proposal(std::size_t group) const;
  // smoothing_measure.cpp
  void scheduleRefresh() { m_later.start(); }
  void refresh();
  bool isWanted() const;
  QString obstacle() const;
  void forget();
  void tellAll();
  void loadEvidence();
  bool startCurves();  // true when they are other ones than before
  void takeCurves(const CurveFeed& feed);
  void curvesEnded();
  void startUnsmoothed();
  void updateChannels();
  void updateFigures();
  const SmoothingPoint* knownPoint(const SmoothingTrial& trial) const;
  void startFigures();
  void endPreview();
  void takeFigures(const SmoothingTrial& trial, SmoothingPoint point, bool isExact);
  void startResidual();
  void fail(const QString& problem);
  std::vector<Choice> shownChoices(std::size_t group) const;
  CurveRequest requestFor(std::size_t group, const SmoothingTrial& trial) const;
  std::string dataKey() const;
  // smoothing_rows.cpp
  void rebuildRows();
  void refreshRows();
  void measureGroups(const std::vector<std::size_t>& groups, std::function<void()> then);
  // smoothing_edits.cpp
  void commit(const std::vector<std::size_t>& groups, bool eachOptimum);
  void report(std::size_t lockedGroups, std::size_t notFoldable, std::size_t unmeasured);

  Session* m_session;
  const Model* m_model = nullptr;  // that groups and rows are of
  PlannedSmoothing* m_planned;
  std::vector<std::size_t> m_groups;
  std::optional<std::size_t> m_group;
  SmoothingTrial m_trial;
  bool m_isTouched = false, m_isWatched = true;
  QString m_problem;
  std::shared_ptr<const SmoothingCurve> m_smoothQuant, m_bismooth;
  std::optional<Figures> m_figures;
  std::optional<SmoothingPoint> m_unsmoothed;  // with w and a
  std::shared_ptr<const GroupEvidence> m_evidence;
  std::shared_ptr<const SmoothingChannels> m_channels;
  std::optional<FoldResidual> m_residual;
  std::optional<double> m_progress;
  std::vector<SmoothingRow> m_rows;
  std::map<std::string, SmoothingPoint> m_exact;  // points with w and a, of this group and these choices
  std::string m_groupKey, m_curveKey;             // what m_evidence and the curves are of
  quint64 m_generation = 0;                       // of what is shown: late results of older ones are dropped
  quint64 m_search = 0;
  bool m_isLoading = false, m_isPreviewing = false, m_isPending = false;
  QTimer m_later, m_rest, m_rowsLater;
};

}  // namespace ql
