#pragma once
// What every view of the Methods page is. A new one is one file in method_views/ that defines
// `const MethodViewEntry& NAMEMethodEntry()`, and one line X(NAME) in method_views.inc.
#include "core/model/model.h"
#include "core/quant/scheme.h"

#include <QWidget>

#include <optional>

namespace ql {

class Session;

/// What a view is about: the current linear and its choice, the what-if where there is one.
struct MethodTarget {
  std::optional<LinearId> id;
  Choice choice;
  bool operator==(const MethodTarget&) const = default;
};

/// Made when it is first shown. Measures in jobs (session->jobs()->run), never on the GUI thread.
class MethodView : public QWidget {
  Q_OBJECT
 public:
  explicit MethodView(QWidget* parent = nullptr) : QWidget(parent) {}
  /// A linear is selected and the view is in front: called when that begins, when the target changes, and,
  /// with the same target, when activations, figures or the plan changed. Start no job for what is known.
  virtual void setTarget(const MethodTarget& target) = 0;
  /// In front no more: stop what only this view needs.
  virtual void leave() {}
};

/// Tab text and tip of a view, so that tabs need no view.
struct MethodViewEntry {
  const char* name;         // "gptq"
  const char *title, *tip;  // QT_TRANSLATE_NOOP("ql::MethodView", ...)
  MethodView* (*make)(Session* session, QWidget* parent);
};

}  // namespace ql
