#pragma once
// What is seen when nothing is open: recent files, demo models with their real overviews, models of the
// Hugging Face cache. The whole window is a drop target; arrows walk, Enter opens.
#include "widgets/models/hub_cache.h"

#include <QScrollArea>

#include <vector>

class QBoxLayout;
class QFrame;
class QLabel;
class QVBoxLayout;

namespace ql {

class DemoCard;
class Session;

class StartPage : public QScrollArea {
  Q_OBJECT
 public:
  explicit StartPage(Session* session, QWidget* parent = nullptr);
  /// Recent files may have changed; what is not measured yet is.
  void reload();
  const std::vector<DemoCard*>& cards() const { return m_cards; }
  /// Every demo is measured and the cache was searched: a picture of the page is complete.
  bool isComplete() const;

 signals:
  void openFolderRequested();
  void openFileRequested();
  void demoRequested(const QString& key);
  void pathRequested(const QString& path);
  void guideRequested(const QString& key);

 protected:
  void keyPressEvent(QKeyEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void setupHead(QVBoxLayout* column);
  void setupRecent(QVBoxLayout* column);
  void setupHints(QVBoxLayout* column);
  void setupDemos(QVBoxLayout* column);
  void setupHub(QVBoxLayout* column);
  void fillRecent();
  void showHub(const std::vector<HubModel>& models);
  void measureDemos();
  std::vector<QWidget*> stops() const;
  Session* m_session;
  QWidget* m_page;
  QBoxLayout* m_columns;
  QWidget* m_leftColumn;
  QFrame *m_recent, *m_hub;
  QLabel *m_demoCaption, *m_hubTitle, *m_hubCaption;
  std::vector<DemoCard*> m_cards;
  bool m_isHubSearched = false;
};

}  // namespace ql
