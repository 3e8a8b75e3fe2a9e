#pragma once
// The inspector: what is wrong with the current linear, its choice as a what-if, what that costs, and Apply.
#include "widgets/bridge/session.h"

#include <QTimer>
#include <QWidget>

class QLabel;
class QMenu;
class QPushButton;
class QScrollArea;
class QVBoxLayout;

namespace ql {

class ChoiceForm;
class CompareBars;
struct CompareEntry;
class ElidedLabel;
class ErrorReadouts;
struct KnownErrors;
class FindingBox;
class SmoothingChooser;
class SmoothingInspector;

class InspectorPanel : public QWidget {
  Q_OBJECT
 public:
  explicit InspectorPanel(Session* session, QWidget* parent = nullptr);

  ChoiceForm* form() const { return m_form; }
  FindingBox* finding() const { return m_finding; }
  CompareBars* compare() const { return m_compare; }
  ErrorReadouts* errors() const { return m_errors; }
  QPushButton* applyButton() const { return m_apply; }
  SmoothingInspector* smoothing() const { return m_smoothing; }
  SmoothingChooser* smoothingChooser() const { return m_chooser; }
  /// The smoothing group instead of the linear, while its page is shown.
  void setSmoothingShown(bool isShown);
  /// Few comparison rows, for small windows.
  void setCompact(bool isCompact);

 public slots:
  /// Writes the shown choice into the plan for the selection (one undo step) and ends the what-if.
  void apply();
  void revert();
  void toggleLock();
  void applyToBlocks();  // asks for a range of blocks and the roles
  void applyToRole();
  void applyToSameDiagnosis();
  void applyToAll();
  void applyToSiblings();

 private:
  void setupHeader(QVBoxLayout* column);
  void setupChoice(QVBoxLayout* column);
  void setupErrors(QVBoxLayout* column);
  void setupCost(QVBoxLayout* column);
  void setupFooter(QVBoxLayout* column);
  void tryChoice(const Choice& choice);
  void applyTo(const std::vector<LinearId>& ids);
  void selectionChanged();
  void refresh();
  void refreshHeader(LinearId id);
  void refreshErrors(LinearId id);
  void refreshCompare(LinearId id);
  void refreshCost(LinearId id);
  void refreshSiblings();
  void refreshFooter();
  void startPreview(LinearId id);
  bool hasSmoothingTrial(LinearId id) const;
  std::optional<OutputError> smoothedOutput(LinearId id) const;
  std::optional<CompareEntry> smoothingEntry(LinearId id, const Choice& choice, Metric metric) const;
  std::shared_ptr<const LayerError> errorUnder(LinearId id, const Choice& choice);
  KnownErrors knownUnder(LinearId id, const Choice& choice, bool withPreview);
  Metric comparedMetric() const;          // the one that is shown, when it is a fraction of a choice
  std::vector<LinearId> targets() const;  // the selection, or the current linear
  std::vector<LinearId> siblingsOfTargets() const;
  Choice shown(LinearId id) const;

  Session* m_session;
  QScrollArea* m_scroll;
  QWidget *m_content, *m_footer;
  QLabel *m_empty, *m_name, *m_shape, *m_choiceCaption, *m_errorCaption, *m_compareCaption, *m_costCaption;
  QLabel *m_bits, *m_sizeName, *m_size, *m_siblings;
  ElidedLabel* m_path;
  QPushButton *m_lock, *m_apply, *m_applyTo, *m_revert, *m_siblingButton;
  FindingBox* m_finding;
  ChoiceForm* m_form;
  ErrorReadouts* m_errors;
  CompareBars* m_compare;
  QTimer m_refresh;  // folds bursts of signals into one refresh
  struct Preview {
    LinearId id;
    Choice choice;
    std::shared_ptr<const LayerError> figures;
  };
  std::optional<Preview> m_preview;
  std::optional<std::pair<LinearId, Choice>> m_previewAsked;
  bool m_isCompact = false, m_isSmoothingShown = false;
  SmoothingInspector* m_smoothing;
  SmoothingChooser* m_chooser;
};

}  // namespace ql
