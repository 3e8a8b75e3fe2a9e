#pragma once
// The channels of the current linear: ranked curves, the table behind them, and one channel followed through
// all blocks.
#include "core/model/model.h"
#include "widgets/models/channel_data.h"

#include <QWidget>

#include <memory>
#include <optional>

class QComboBox;
class QPushButton;
class QSplitter;
class QTableView;

namespace ql {

class Canvas;
class ChannelStripView;
class ChannelTableModel;
class ChannelView;
class SegmentedControl;
class Session;

class ChannelPanel : public QWidget {
  Q_OBJECT
 public:
  explicit ChannelPanel(Session* session, QWidget* parent = nullptr);

  ChannelView* view() const { return m_view; }
  ChannelStripView* strip() const { return m_strip; }
  Canvas* canvas() const { return m_canvas; }
  QTableView* table() const { return m_table; }

 public slots:
  /// Follows the pinned channel (or the top one) through all blocks.
  void followChannel();

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void setupControls();
  void setupTable();
  void setupLayout();
  void fitColumns();
  void greySorts();
  void takeMeasured();
  void reload();  // in a job: another linear, sort, axis or choice
  void showChannels(std::shared_ptr<const ChannelData> ranked, LinearId id);
  void showPinned();
  void pinFromTable();
  void startTrace(std::int64_t channel);
  ChannelSort sort() const;

  Session* m_session;
  ChannelView* m_view;
  ChannelStripView* m_strip;
  Canvas* m_canvas;
  Canvas* m_stripCanvas;
  ChannelTableModel* m_model;
  QTableView* m_table;
  SegmentedControl* m_axis;
  SegmentedControl* m_scale;
  QComboBox* m_sort;
  QPushButton* m_follow;
  std::optional<LinearId> m_shown;
  std::size_t m_traced = 0;  // linears measured when the strip was last filled
  bool m_isSyncing = false;
};

}  // namespace ql
