#pragma once
// Hessian salience of the current linear as the window sees it: definition, damping, mask and threshold, and
// the jobs that answer for them. One a session, shared by the views that show salience; works only while one
// of them is watching.
#include "core/workspace_salience.h"
#include "widgets/bridge/session.h"
#include "widgets/panels/matrix_content.h"

#include <QObject>
#include <QString>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace ql {

/// What is known of a linear under one definition and damping. Immutable.
struct SalienceState {
  std::weak_ptr<Workspace> workspace;
  LinearId id = 0;
  std::shared_ptr<const SalienceBasis> basis;
  std::shared_ptr<const InverseHessian> inverse;
  std::shared_ptr<const WeightStats> weights;
  SalienceReport report;
};

/// One damping of the sweep.
struct DampingPoint {
  double damping = 0;
  std::shared_ptr<const InverseHessian> inverse;  // null: see problem
  double concentration = 0;                       // under the definition of now
  QString problem;
};

class SalienceLab : public QObject {
  Q_OBJECT
 public:
  static constexpr double kLeastDamping = 1e-4, kMostDamping = 1;

  /// The one of the session.
  static SalienceLab* of(Session* session);

  /// Nothing is computed while nobody watches.
  void setWatched(QObject* watcher, bool isOn);

  /// Null while nothing is known. It may be of the settings before while newer ones are computed (isBusy).
  const SalienceState* state() const { return m_state.get(); }
  std::shared_ptr<const SalienceState> shared() const { return m_state; }
  bool isBusy() const { return m_isBusy; }
  /// Why there is no state, as one sentence; empty = it is coming, or there.
  const QString& problem() const { return m_problem; }
  /// The problem is that there are no activations.
  bool lacksActivations() const { return m_lacksActivations; }

  SalienceMode mode() const { return m_mode; }
  double damping() const { return m_damping; }
  double threshold() const { return m_threshold; }
  double maskFraction() const { return m_maskFraction; }  // 0 = no mask
  void setMode(SalienceMode mode);
  void setDamping(double damping);
  void setThreshold(double threshold);
  void setMaskFraction(double fraction);

  /// Ascending in damping; grows while it is computed.
  const std::vector<DampingPoint>& sweep() const { return m_sweep; }
  bool isSweepComplete() const { return m_sweep.size() == dampings().size(); }
  static const std::vector<double>& dampings();
  /// For heatmaps; null without weights or state.
  std::shared_ptr<const SaliencePicture> picture() const { return m_picture; }
  const std::optional<SalienceMask>& mask() const { return m_mask; }
  /// Every site of the model; empty until read, and when that would take too long (isCensusSkipped).
  const std::vector<SiteExtremes>& census() const { return m_census; }
  bool isCensusSkipped() const { return m_isCensusSkipped; }

 signals:
  void changed();         // state, problem, settings
  void pictureChanged();  // picture, mask
  void sweepChanged();
  void thresholdChanged();  // threshold or census

 private:
  struct Answer;
  explicit SalienceLab(Session* session);
  void reset();
  void forget();   // the activations are others
  void refresh();  // asks for what is missing
  void noticeCalibration();
  QString missingInput(LinearId id);
  void showProblem(const QString& sentence);
  void compute(LinearId id);
  void takeAnswer(LinearId id, Answer answer);
  void updatePicture();
  void computeMask();
  void continueSweep();
  void readCensus();
  void updateReport();
  bool isStateOf(LinearId id) const;
  bool isShown(const SalienceState& state) const;
  QString slot(const char* part) const;

  Session* m_session;
  std::set<QObject*> m_watchers;
  SalienceMode m_mode = SalienceMode::Obs;
  double m_damping = 0.01, m_threshold = kLlmInt8Threshold, m_maskFraction = 0;
  std::shared_ptr<const SalienceState> m_state;
  std::shared_ptr<const SalienceBasis> m_basis;                        // of the site below
  std::map<double, std::shared_ptr<const InverseHessian>> m_inverses;  // of m_basis, by damping
  std::map<double, QString> m_failures;                                // dampings that gave none
  std::vector<DampingPoint> m_sweep;
  std::shared_ptr<const SaliencePicture> m_picture;
  std::optional<SalienceMask> m_mask;
  std::vector<SiteExtremes> m_census;
  QString m_problem;
  std::string m_record;  // identity of the activations
  bool m_lacksActivations = false, m_isBusy = false, m_wasCalibrating = false;
  bool m_isCensusAsked = false, m_isCensusSkipped = false;
  struct Request {
    LinearId id;
    SalienceMode mode;
    double damping;
    bool operator==(const Request&) const = default;
  };
  std::optional<Request> m_asked;  // running, or answered
};

}  // namespace ql
