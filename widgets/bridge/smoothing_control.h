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

#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace ql {

class Session;

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

  /// All groups, for the table; curves of groups that were measured.
  const std::vector<SmoothingRow>& rows() const { return m_rows; }

 public slots:
  void takeOptimum();      // alpha of the trial's curve with the least error
  void searchAllGroups();  // measures every foldable group's curves, then rows() are complete
  void apply();            // one undo step: the trial for the current group
  void applyTo(const std::vector<std::size_t>& groups, bool eachOptimum);  // one undo step for all of them
  void applyRemedy(ql::LinearId id, const ql::SmoothingRemedy& remedy);    // from a finding
  void remove();  // no smoothing of this group in the plan; one undo step
  void revert();  // the trial becomes what the plan says

 signals:
  void groupChanged();
  void trialChanged();
  void curvesChanged();  // a point came, or both are complete
  void figuresChanged();
  void channelsChanged();
  void residualChanged();
  void rowsChanged();
  void problemChanged();

 private:
  Session* m_session;
  std::vector<std::size_t> m_groups;
  std::optional<std::size_t> m_group;
  SmoothingTrial m_trial;
  QString m_problem;
  std::shared_ptr<const SmoothingCurve> m_smoothQuant, m_bismooth;
  std::optional<Figures> m_figures;
  std::shared_ptr<const SmoothingChannels> m_channels;
  std::optional<FoldResidual> m_residual;
  std::optional<double> m_progress;
  std::vector<SmoothingRow> m_rows;
};

}  // namespace ql
