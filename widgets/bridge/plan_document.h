#pragma once
// The plan being edited: undo and redo with names, file, dirty marker, journal, and the what-if that is not
// applied yet.
#include "core/base/error.h"
#include "core/plan/plan.h"
#include "core/plan/plan_edit.h"

#include <QObject>
#include <QString>
#include <QThreadPool>
#include <QUndoStack>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>

namespace ql {

class PlanDocument : public QObject {
  Q_OBJECT
 public:
  explicit PlanDocument(QObject* parent = nullptr);
  ~PlanDocument() override;  // the journal stays: only an answer of the user removes it

  const QuantizationPlan& plan() const { return *m_plan; }
  QUndoStack* undoStack() { return &m_undo; }
  QString filePath() const { return m_filePath; }  // empty = never saved
  QString displayName() const;                     // "w8a8-mixed.qlplan.json" or "untitled plan"
  bool isDirty() const { return !m_undo.isClean(); }

  void reset(QuantizationPlan plan, const QString& filePath);  // another model or another file: clears undo
  void save(const QString& path);                              // throws ql::Error

  /// One undo step. `text` reads "int8 group 32 on 10 linears". mergeId >= 0 merges slider drags.
  EditResult edit(const QString& text, const std::function<EditResult(const QuantizationPlan&)>& change,
                  int mergeId = -1);

  /// What-if: a choice tried on the selection and not applied. Nothing = none.
  const std::optional<Choice>& whatIf() const { return m_whatIf; }
  void setWhatIf(std::optional<Choice> choice);

  /// Journal: every edit is written beside the cache at once, so that a kill loses nothing.
  void setJournal(const QString& path);
  static std::optional<QuantizationPlan> readJournal(const QString& path);
  void discardJournal();
  /// Waits until the journal on disk is that of the last edit.
  void flushJournal() { m_journalWriter.waitForDone(); }

 signals:
  void planChanged();  // after edit, undo, redo, reset
  void whatIfChanged();
  void fileChanged();  // path or dirty state
  void journalFailed(const QString& text);

 private:
  friend class PlanCommand;
  void apply(std::shared_ptr<const QuantizationPlan> plan);
  void writeJournal();
  void reportJournal(const QString& error);
  std::shared_ptr<const QuantizationPlan> m_plan;
  QUndoStack m_undo;
  QString m_filePath, m_journal;
  std::optional<Choice> m_whatIf;
  QThreadPool m_journalWriter;
  std::atomic<quint64> m_journalGeneration{0};
  bool m_isJournalReported = false;
};

}  // namespace ql
