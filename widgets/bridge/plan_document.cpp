#include "widgets/bridge/plan_document.h"

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "widgets/bridge/plan_delta.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QUndoCommand>

#include <filesystem>

namespace ql {

namespace {

std::filesystem::path toPath(const QString& path) {
  return std::filesystem::path(path.toStdString());
}

}  // namespace

/// One edit as what it changed: thousands of them take less room than a few copies of a large plan.
class PlanCommand : public QUndoCommand {
 public:
  PlanCommand(PlanDocument* document, const QString& text, PlanDelta delta, int mergeId)
      : QUndoCommand(text), m_document(document), m_delta(std::move(delta)), m_mergeId(mergeId) {}

  void undo() override { show(m_delta.backward(m_document->plan())); }
  void redo() override { show(m_delta.forward(m_document->plan())); }
  int id() const override { return m_mergeId; }
  /// QUndoStack has redone `other` already: the document is where both edits lead.
  bool mergeWith(const QUndoCommand* other) override {
    const auto* next = static_cast<const PlanCommand*>(other);
    const QuantizationPlan before = m_delta.backward(next->m_delta.backward(m_document->plan()));
    m_delta = PlanDelta(before, m_document->plan(), m_delta.pool());
    setText(next->text());
    setObsolete(m_delta.isEmpty());
    return true;
  }
  const std::shared_ptr<PlanPool>& pool() const { return m_delta.pool(); }

 private:
  void show(QuantizationPlan plan) {
    m_document->apply(std::make_shared<const QuantizationPlan>(std::move(plan)));
  }

  PlanDocument* m_document;
  PlanDelta m_delta;
  int m_mergeId;
};

PlanDocument::PlanDocument(QObject* parent)
    : QObject(parent), m_plan(std::make_shared<const QuantizationPlan>()) {
  m_journalWriter.setMaxThreadCount(1);
  connect(&m_undo, &QUndoStack::cleanChanged, this, &PlanDocument::fileChanged);
}

PlanDocument::~PlanDocument() {
  m_journalWriter.waitForDone();
}

QString PlanDocument::displayName() const {
  return m_filePath.isEmpty() ? tr("untitled plan") : QFileInfo(m_filePath).fileName();
}

void PlanDocument::reset(QuantizationPlan plan, const QString& filePath) {
  m_plan = std::make_shared<const QuantizationPlan>(std::move(plan));
  m_filePath = filePath;
  m_whatIf.reset();
  m_undo.clear();
  m_undo.setClean();
  discardJournal();
  emit whatIfChanged();
  emit planChanged();
  emit fileChanged();
}

void PlanDocument::save(const QString& path) {
  savePlan(*m_plan, toPath(path));
  m_filePath = path;
  m_undo.setClean();
  discardJournal();
  emit fileChanged();
}

EditResult PlanDocument::edit(const QString& text,
                              const std::function<EditResult(const QuantizationPlan&)>& change, int mergeId) {
  EditResult result = change(*m_plan);
  if (result.plan == *m_plan) return result;
  const QUndoCommand* earlier = m_undo.count() > 0 ? m_undo.command(0) : nullptr;
  const auto pool = earlier ? static_cast<const PlanCommand*>(earlier)->pool() : std::make_shared<PlanPool>();
  m_undo.push(new PlanCommand(this, text, PlanDelta(*m_plan, result.plan, pool), mergeId));
  return result;
}

void PlanDocument::setWhatIf(std::optional<Choice> choice) {
  if (choice == m_whatIf) return;
  m_whatIf = std::move(choice);
  emit whatIfChanged();
}

void PlanDocument::apply(std::shared_ptr<const QuantizationPlan> plan) {
  m_plan = std::move(plan);
  emit planChanged();
  // QUndoStack moves its index after undo() and redo() return: whether this state is the saved one is known
  // then.
  QMetaObject::invokeMethod(this, &PlanDocument::writeJournal, Qt::QueuedConnection);
}

void PlanDocument::writeJournal() {
  if (m_journal.isEmpty()) return;
  if (!isDirty()) return discardJournal();
  // Off the GUI thread (fsync may take long), in order, and only the newest of those that queue up.
  const quint64 generation = ++m_journalGeneration;
  m_journalWriter.start([this, generation, plan = m_plan, path = m_journal] {
    if (generation != m_journalGeneration) return;
    try {
      writeFileAtomically(toPath(path), planJson(*plan));
    } catch (const std::exception& e) {
      QMetaObject::invokeMethod(
          this, [this, text = QString::fromUtf8(e.what())] { reportJournal(text); }, Qt::QueuedConnection);
    }
  });
}

void PlanDocument::reportJournal(const QString& error) {
  if (m_isJournalReported) return;  // a full disk would say it at every edit
  m_isJournalReported = true;
  emit journalFailed(tr("Edits cannot be kept against a crash: %1").arg(error));
}

void PlanDocument::setJournal(const QString& path) {
  m_journal = path;
  m_isJournalReported = false;
  if (path.isEmpty()) return;
  QDir().mkpath(QFileInfo(path).absolutePath());
  if (isDirty()) writeJournal();
}

std::optional<QuantizationPlan> PlanDocument::readJournal(const QString& path) {
  if (!QFileInfo::exists(path)) return std::nullopt;
  try {
    return loadPlan(toPath(path));
  } catch (const Error&) {
    return std::nullopt;  // the writer is atomic: an unreadable journal is somebody else's file
  }
}

void PlanDocument::discardJournal() {
  ++m_journalGeneration;
  m_journalWriter.waitForDone();
  if (!m_journal.isEmpty()) QFile::remove(m_journal);
}

}  // namespace ql
