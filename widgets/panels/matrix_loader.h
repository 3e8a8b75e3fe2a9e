#pragma once
// Answers what the matrix view asks for, off the GUI thread: first a picture from the stored pyramid, then
// from a fine one and the weights themselves; the weight under the cursor; the magnitudes the colours are
// fitted to.
#include "core/plan/plan.h"
#include "widgets/bridge/session.h"
#include "widgets/panels/matrix_view.h"

#include <QElapsedTimer>
#include <QTimer>

namespace ql {

class MatrixLoader : public QObject {
  Q_OBJECT
 public:
  MatrixLoader(Session* session, MatrixView* view, QObject* parent);

  /// What is shown: a linear (nothing = none), and the scheme of |Q(W) - W| and of Q(w) in the read-out.
  void setTarget(std::optional<LinearId> id, MatrixQuantity quantity, const Choice& choice);
  /// Statistics of the linear, once they are there; null = not yet.
  void setStatistics(const std::shared_ptr<const WeightStats>& stats);
  /// Rows of |X|, or why there are none as one sentence; both empty = still being read.
  void setTokens(const std::shared_ptr<const TokenRowsPicture>& tokens, const QString& problem);
  /// Saliences, or why there are none; both empty = still being computed. The picture before stays until the
  /// next one is drawn.
  void setSalience(const std::shared_ptr<const SaliencePicture>& salience, const QString& problem);

 private:
  struct Sources;
  bool isError() const { return m_quantity == MatrixQuantity::Error; }
  void reset();
  bool isActivations() const { return m_quantity == MatrixQuantity::Activations; }
  bool isSalience() const { return m_quantity == MatrixQuantity::Salience; }
  void usePreview();
  void loadSources();  // once a target, when it is first painted
  void takeSources(std::shared_ptr<Sources> sources);
  void wantImage(const MatrixRequest& request);
  void startImage();
  void takeImage(const MatrixRequest& request, HeatmapPicture picture, bool isPreview);
  void wantCell(std::int64_t row, std::int64_t column);
  QString slot(const char* part) const;

  Session* m_session;
  MatrixView* m_view;
  std::optional<LinearId> m_id;
  MatrixQuantity m_quantity = MatrixQuantity::Magnitude;
  Choice m_choice;
  std::weak_ptr<Workspace> m_workspace;  // of the pictures below
  std::shared_ptr<const TilePyramid> m_pyramid;
  std::shared_ptr<const WeightSource> m_source;
  std::shared_ptr<const WeightStats> m_stats;
  std::shared_ptr<const TokenRowsPicture> m_tokens;
  std::shared_ptr<const SaliencePicture> m_salience;
  MatrixRef m_matrix;                            // what m_source is read with
  std::shared_ptr<const WeightSource> m_errors;  // Q(W) - W under m_choice, for the read-out
  bool m_isPreview = false;
  std::optional<MatrixRequest> m_next;  // latest wins
  std::optional<MatrixRequest> m_lastRequest;
  std::shared_ptr<const MatrixImage> m_lastValues;
  bool m_isRunning = false;
  bool m_hasAskedSources = false;
  QTimer m_patience;  // a picture that takes long gives way to a newer one
  quint64 m_generation = 0;
};

}  // namespace ql
