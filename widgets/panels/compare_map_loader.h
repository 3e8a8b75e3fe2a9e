#pragma once
// Answers what the compared maps ask for, off the GUI thread: the pyramids of both errors and of their
// change, pictures of what is seen, and the weight under the cursor.
#include "widgets/bridge/session.h"
#include "widgets/panels/compare_map_view.h"

#include <QTimer>

namespace ql {

class CompareMapLoader : public QObject {
  Q_OBJECT
 public:
  CompareMapLoader(Session* session, CompareMapView* view, QObject* parent);

  /// What is compared: a linear (nothing = none) under two choices.
  void setTarget(std::optional<LinearId> id, const Choice& a, const Choice& b);
  /// The same for words that change while measuring goes on: figures beside the titles.
  void setFigures(const QString& a, const QString& b);

 private:
  struct Sources;
  void reset();
  void loadSources();  // once a target, when it is first painted
  void takeSources(const std::shared_ptr<const Sources>& sources);
  void loadChange();
  void wantImages(const CompareRequest& request);
  void startImages();
  void wantCell(std::int64_t row, std::int64_t column);
  QString slot(const char* part) const;
  void say(std::size_t side, const QString& problem);

  Session* m_session;
  CompareMapView* m_view;
  CompareMapContent m_content;
  std::optional<LinearId> m_id;
  std::array<std::optional<WeightScheme>, 2> m_schemes;
  std::weak_ptr<Workspace> m_workspace;
  MatrixRef m_matrix;
  std::shared_ptr<const Sources> m_sources;
  MatrixLevels m_levels;  // of both errors together
  std::shared_ptr<const TilePyramid> m_change;
  std::shared_ptr<const WeightSource> m_changeSource;
  bool m_hasAskedSources = true, m_hasAskedChange = false, m_isRunning = false;
  std::optional<CompareRequest> m_next;
  QTimer m_patience;  // a picture that takes long gives way to a newer one
  quint64 m_generation = 0;
};

}  // namespace ql
