#pragma once
// Outlier dims of LLM.int8(): their share block by block, and how far two blocks have the same ones.
#include "core/workspace_outlier_dims.h"
#include "widgets/panels/salience_plot.h"

#include <memory>
#include <optional>
#include <utility>

namespace ql {

/// Share of the channels that stay in 16 bits, a curve for the inputs of each role.
class OutlierShareView : public SaliencePlot {
  Q_OBJECT
 public:
  using SaliencePlot::SaliencePlot;
  void setDims(std::shared_ptr<const OutlierDims> dims);
  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  QString tableTitle() const override { return tr("Share of outlier dims by block"); }
  QString accessibleText() const override;

 signals:
  void sitePicked(std::size_t site);  // index in OutlierDims::sites

 protected:
  std::vector<NumberTableModel::Column> tableColumns() const override;

 private:
  std::optional<std::size_t> siteAt(QPointF position) const;
  QPointF pointOf(const OutlierSite& site) const;
  std::shared_ptr<const OutlierDims> m_dims;
};

/// The Jaccard index of every pair of blocks, for the inputs of one role.
class OverlapMatrixView : public SaliencePlot {
  Q_OBJECT
 public:
  using SaliencePlot::SaliencePlot;
  void setOverlap(std::shared_ptr<const OutlierDims> dims, std::size_t overlap);
  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  QString tableTitle() const override { return tr("Overlap of outlier dims"); }
  QString accessibleText() const override;

 protected:
  std::vector<NumberTableModel::Column> tableColumns() const override;

 private:
  const OutlierOverlap* overlap() const;
  QRectF square() const;
  std::optional<std::pair<std::size_t, std::size_t>> cellAt(QPointF position) const;
  QString blockName(std::size_t place) const;
  void drawCells(Painter& painter, const Theme& theme, const QRectF& area) const;

  std::shared_ptr<const OutlierDims> m_dims;
  std::size_t m_index = 0;
};

}  // namespace ql
