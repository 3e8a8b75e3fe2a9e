#pragma once
// What the smoothing in the plan leaves of the output errors of the linears behind it: exact figures on the
// token sample, by linear and choice, measured in jobs and kept. Owned by SmoothingControl.
#include "core/evaluate/diagnosis.h"
#include "core/evaluate/output_error.h"
#include "core/plan/plan.h"

#include <QObject>
#include <QTimer>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ql {

class Session;

class PlannedSmoothing : public QObject {
  Q_OBJECT
 public:
  explicit PlannedSmoothing(Session* session, QObject* parent);

  /// The entry of the plan that smooths this linear's input; null when none does.
  const PlanSmoothing* entryOf(LinearId id) const;
  /// Output errors with that smoothing folded in; nothing while unmeasured. What is missing is measured when
  /// `measure` (one job for what was asked since the last turn of the event loop).
  std::optional<OutputError> output(LinearId id, const Choice& choice, bool measure);
  /// True while output() of these may still come.
  bool isComing(LinearId id, const Choice& choice) const;
  /// The figure that a target is compared with, under the plan's choice.
  std::optional<double> figure(LinearId id);
  /// The findings that are left: where smoothing brings the linear under the target, those about error are
  /// not true any more.
  const std::vector<Finding>& remaining(LinearId id, const std::vector<Finding>& findings);

  void refresh();  // the plan, the model or the activations changed

 signals:
  void changed();  // figures, or what is smoothed

 private:
  struct Place {
    std::size_t group = 0, reader = 0, entry = 0;
  };
  struct Known {
    std::vector<OutputError> readers;
  };
  struct Wanted {
    PlanSmoothing entry;
    std::size_t group = 0;
    Choice choice;
  };
  std::string keyOf(const Place& place, const Choice& choice) const;
  bool canMeasure(LinearId id, const Choice& choice) const;
  void flush();

  Session* m_session;
  std::map<LinearId, Place> m_places;
  std::vector<std::string> m_entryTexts;  // of the plan's entries, for keys
  std::string m_data;                     // identity of the activations
  std::map<std::string, Known> m_known;
  std::map<std::string, Wanted> m_wanted;
  std::set<std::string> m_asked;  // running, or failed for good
  std::map<LinearId, std::vector<Finding>> m_remaining;
  QTimer m_flush;
};

}  // namespace ql
