#pragma once
// The models whose curves are compared: opened in jobs, measured in jobs, values as they come. Not for
// drawing them.
#include "widgets/bridge/session.h"
#include "widgets/panels/compare_models_view.h"

#include <QObject>

#include <memory>
#include <vector>

namespace ql {

enum class CompareFigureKind { NormWeighted, Output, RelFrobenius };

struct ComparedModel {
  quint64 serial = 0;
  QString path;
  std::shared_ptr<Workspace> workspace;
  std::vector<LinearId> linears;  // quantizable, network order
  ModelCurve curve;
  bool isCurrent = false;  // the one that the window shows
  bool isMeasuring = false;
  bool isTried = false;  // what is still missing cannot be had
  quint64 job = 0;
  QString problem;  // one sentence when no figure can be had
};

class CompareModelList : public QObject {
  Q_OBJECT
 public:
  CompareModelList(Session* session, QObject* parent);
  const std::vector<ComparedModel>& models() const { return m_models; }
  const Choice& choice() const { return m_choice; }
  CompareFigureKind kind() const { return m_kind; }
  /// Under which choice and figure the curves are; measures what is missing when `isActive`.
  void setQuestion(const Choice& choice, CompareFigureKind kind);
  /// Hidden, nothing is measured.
  void setActive(bool isActive);
  bool isBusy() const;

  /// Opens a model or statistics file in a job. One that is there already is told and not added again.
  void add(const QString& path);
  void remove(quint64 serial);

 signals:
  void changed();
  void added(quint64 serial);

 private:
  void takeCurrent();
  void adopt(const QString& path, const std::shared_ptr<Workspace>& workspace, bool isCurrent);
  void fillKnown(ComparedModel& model);
  void measure(ComparedModel& model);
  void takeValue(quint64 serial, quint64 generation, std::size_t at, std::optional<double> value);
  void finish(quint64 serial, quint64 generation, const QString& problem = {});
  void takeMeasured();     // the window measured something of its model
  void noticeCancelled();  // in the Jobs panel
  ComparedModel* find(quint64 serial);
  int freeColor() const;
  QString slot(quint64 serial) const;

  Session* m_session;
  std::vector<ComparedModel> m_models;  // the current one first
  Choice m_choice;
  CompareFigureKind m_kind = CompareFigureKind::NormWeighted;
  bool m_isActive = false;
  quint64 m_next = 1, m_generation = 0;
  int m_opening = 0;
};

}  // namespace ql
