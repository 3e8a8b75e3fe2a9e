#pragma once
// Channels of an activation in groups that share a range: RPTQ's clusters and PEG's sorted groups, before and
// after the channels change places, and what that saves.
#include "core/workspace_channel_groups.h"
#include "widgets/panels/method_view.h"

#include <memory>

class QLabel;
class QPushButton;
class QSpinBox;
class QStackedLayout;

namespace ql {

class Canvas;
class ElidedLabel;
class ChannelRangesView;
class ChannelScatterView;
class SegmentedControl;

class ChannelGroupsView : public MethodView {
  Q_OBJECT
 public:
  ChannelGroupsView(Session* session, QWidget* parent);
  void setTarget(const MethodTarget& target) override;
  void leave() override;

  const ChannelGroupReport* report() const { return m_report.get(); }
  QSpinBox* groupCount() const { return m_count; }
  SegmentedControl* orderControl() const { return m_order; }
  /// The sentence shown instead of the view; empty = the view is shown.
  QString message() const;

 private:
  QWidget* makeBar();
  ChannelGroupRequest request() const;
  void compute();
  void take(std::shared_ptr<const ChannelGroupReport> report);
  void showMessage(const QString& sentence, bool canCalibrate);
  void tryIt();

  Session* m_session;
  MethodTarget m_target;
  std::shared_ptr<const ChannelGroupReport> m_report;
  std::string m_asked;  // key of what runs or is shown
  ChannelScatterView* m_scatter;
  ChannelRangesView *m_before, *m_after;
  SegmentedControl *m_order = nullptr, *m_bits = nullptr;
  QSpinBox* m_count = nullptr;
  QPushButton* m_try = nullptr;
  ElidedLabel *m_scatterNote = nullptr, *m_beforeNote = nullptr, *m_afterNote = nullptr;
  QStackedLayout* m_pages = nullptr;
  QLabel* m_message = nullptr;
  QWidget* m_buttons = nullptr;
};

}  // namespace ql
