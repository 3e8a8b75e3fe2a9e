#pragma once
// The Tracker page: one channel of the residual stream through all blocks and the matrices that read or write
// it. Channels worth following with why, a strip of every quantity, the same along the depth.
#include "widgets/bridge/session.h"

#include <QTimer>
#include <QWidget>

#include <memory>
#include <optional>

class QSpinBox;
class QStandardItemModel;
class QTableView;

namespace ql {

class Canvas;
class ElidedLabel;
class SegmentedControl;
class TrackerDepthView;
class TrackerStripView;
struct ChannelLead;
struct ResidualStream;

class TrackerPanel : public QWidget {
  Q_OBJECT
 public:
  explicit TrackerPanel(Session* session, QWidget* parent = nullptr);
  ~TrackerPanel() override;

  TrackerStripView* strip() const { return m_strip; }
  TrackerDepthView* depth() const { return m_depth; }
  Canvas* canvas() const { return m_stripCanvas; }
  QSpinBox* channelBox() const { return m_channel; }
  QTableView* leads() const { return m_leadTable; }
  SegmentedControl* units() const { return m_units; }
  std::optional<std::int64_t> channel() const { return m_shown; }

 public slots:
  void setChannel(std::int64_t channel);

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  void setupToolbar();
  void setupLeads();
  void setupLayout();
  void markStale();     // made again when the page is seen
  void takeMeasured();  // in a few steps while a model is being measured
  void reload();        // in a job
  void adopt(std::shared_ptr<const ResidualStream> stream, std::vector<ChannelLead> leads);
  void fillLeads(const std::vector<ChannelLead>& leads);
  void showChannel();
  void followSelection();
  void updateEvidence();
  void jump(LinearId id, bool isRow);
  std::size_t emptyShares() const;
  bool isResidual(LinearId id, bool asRow) const;

  Session* m_session;
  TrackerStripView* m_strip;
  TrackerDepthView* m_depth;
  Canvas *m_stripCanvas, *m_depthCanvas;
  QWidget *m_toolbar = nullptr, *m_side = nullptr;
  QSpinBox* m_channel;
  SegmentedControl* m_units;
  ElidedLabel* m_evidence;
  QTableView* m_leadTable;
  QStandardItemModel* m_leadModel;
  std::shared_ptr<const ResidualStream> m_stream;
  std::optional<std::int64_t> m_shown;
  std::size_t m_read = 0;         // linears measured when the stream was last read
  std::size_t m_emptyShares = 0;  // then known to have none
  bool m_isStale = true, m_isSyncing = false;
  QTimer m_later;  // folds bursts of signals into one reload
};

}  // namespace ql
