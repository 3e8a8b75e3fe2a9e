#pragma once
// Makes the grid that a surface shows, off the GUI thread, once the surface is looked at.
#include "widgets/bridge/session.h"
#include "widgets/panels/matrix_content.h"
#include "widgets/panels/surface_view.h"

#include <QObject>

namespace ql {

class SurfaceLoader : public QObject {
  Q_OBJECT
 public:
  SurfaceLoader(Session* session, SurfaceView* view, QObject* parent);

  /// What is shown: a linear (nothing = none). `content` has the tokens of |X|; `problem` is why there is
  /// nothing to show, empty when there is.
  void setTarget(std::optional<LinearId> id, MatrixQuantity quantity, const Choice& choice,
                 const MatrixContent* content, const QString& problem);

 private:
  void load();
  void reset();

  Session* m_session;
  SurfaceView* m_view;
  std::optional<LinearId> m_id;
  MatrixQuantity m_quantity = MatrixQuantity::Magnitude;
  Choice m_choice;
  std::weak_ptr<Workspace> m_workspace;
  std::shared_ptr<const TokenRowsPicture> m_tokens;
  QString m_problem;
  bool m_isAsked = false;
  quint64 m_generation = 0;
};

}  // namespace ql
