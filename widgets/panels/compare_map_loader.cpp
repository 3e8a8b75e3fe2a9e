#include "widgets/panels/compare_map_loader.h"

#include "core/workspace_compare.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ql {
namespace {

constexpr int kPatienceMs = 150;       // as of the matrix view
constexpr std::int64_t kFineTile = 8;  // of pictures

/// Median and largest magnitude of the finest level: what colours are fitted to. Texels without any are left
/// out.
MatrixLevels levelsOf(const TilePyramid& pyramid) {
  MatrixLevels levels;
  if (pyramid.levels.empty()) return levels;
  std::vector<float> values = pyramid.levels.front().absmax;
  std::erase(values, 0.0f);
  if (values.empty()) return levels;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  levels.typical = static_cast<double>(*middle) / 3;  // an error's texel maximum is about its step / 2
  levels.largest = static_cast<double>(*std::max_element(values.begin(), values.end()));
  return levels;
}

}  // namespace

struct CompareMapLoader::Sources {
  std::array<std::shared_ptr<const TilePyramid>, 2> pyramids;
  std::array<std::shared_ptr<const WeightSource>, 2> errors;
  std::array<QString, 2> problems;
};

CompareMapLoader::CompareMapLoader(Session* session, CompareMapView* view, QObject* parent)
    : QObject(parent), m_session(session), m_view(view) {
  m_patience.setSingleShot(true);
  m_patience.setInterval(kPatienceMs);
  connect(&m_patience, &QTimer::timeout, this, [this] {
    m_isRunning = false;
    startImages();
  });
  connect(view, &CompareMapView::shown, this, [this] {
    loadSources();
    if (m_view->mode() == CompareMode::Difference) loadChange();
  });
  connect(view, &CompareMapView::imagesWanted, this, &CompareMapLoader::wantImages);
  connect(view, &CompareMapView::cellWanted, this, &CompareMapLoader::wantCell);
}

QString CompareMapLoader::slot(const char* part) const {
  return QStringLiteral("compare-%1-%2").arg(QLatin1String(part)).arg(reinterpret_cast<quintptr>(this));
}

void CompareMapLoader::reset() {
  ++m_generation;
  for (const char* part : {"sources", "change", "images", "cell"}) m_session->jobs()->cancelSlot(slot(part));
  m_patience.stop();
  m_isRunning = false;
  m_next.reset();
  m_sources.reset();
  m_change.reset();
  m_changeSource.reset();
  m_hasAskedSources = true;
  m_hasAskedChange = false;
}

void CompareMapLoader::say(std::size_t side, const QString& problem) {
  m_content.problems[side] = problem;
}

void CompareMapLoader::setTarget(std::optional<LinearId> id, const Choice& a, const Choice& b) {
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  if (!workspace) id.reset();
  const bool isSame =
      id == m_id && workspace == m_workspace.lock() && m_schemes[0] == a.weight && m_schemes[1] == b.weight;
  m_content.schemes = {compareChoiceText(a), compareChoiceText(b)};
  if (isSame) return m_view->setContent(m_content);
  reset();
  m_id = id;
  m_workspace = workspace;
  m_schemes = {a.weight, b.weight};
  m_content.name.clear();
  m_content.figures = {};
  m_content.problems = {};
  if (!id) return m_view->setContent(m_content);
  const Linear& linear = workspace->model().linears[*id];
  m_matrix = linear.matrix;
  m_content.name = QString::fromStdString(linear.name);
  m_content.out = linear.out();
  m_content.in = linear.in();
  for (std::size_t side = 0; side < 2; ++side) {
    if (!m_schemes[side]) say(side, tr("These weights stay as they are: there is no quantization error."));
    if (!workspace->weights())
      say(side, tr("The picture of an error needs the weight files; only statistics are open."));
  }
  m_view->setSources({}, m_matrix);
  m_view->setContent(m_content);
  m_view->renewPictures();
  m_hasAskedSources = !workspace->weights() || (!m_schemes[0] && !m_schemes[1]);
}

void CompareMapLoader::setFigures(const QString& a, const QString& b) {
  m_content.figures = {a, b};
  m_view->setContent(m_content);
}

void CompareMapLoader::loadSources() {
  using Result = std::shared_ptr<const Sources>;
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  if (std::exchange(m_hasAskedSources, true) || !m_id || !workspace) return;
  m_session->jobs()->run<Result>(
      this, slot("sources"), tr("Preparing the compared errors"), true,
      [workspace, id = *m_id, schemes = m_schemes](JobContext& job) -> Result {
        auto sources = std::make_shared<Sources>();
        for (std::size_t side = 0; side < 2; ++side) {
          if (!schemes[side]) continue;
          try {
            sources->errors[side] = workspace->errorSource(id, *schemes[side], job);
            sources->pyramids[side] = workspace->picturePyramid(id, schemes[side], job);
          } catch (const Error& error) {
            sources->problems[side] = QString::fromUtf8(error.what());
          }
        }
        return sources;
      },
      [this, generation = m_generation](const Result& sources) {
        if (generation == m_generation) takeSources(sources);
      });
}

void CompareMapLoader::takeSources(const std::shared_ptr<const Sources>& sources) {
  m_sources = sources;
  m_levels = {};
  for (std::size_t side = 0; side < 2; ++side) {
    if (!sources->problems[side].isEmpty()) say(side, sources->problems[side]);
    if (!sources->pyramids[side]) continue;
    const MatrixLevels own = levelsOf(*sources->pyramids[side]);
    m_levels.largest = std::max(m_levels.largest, own.largest);
    if (!(own.typical > 0)) continue;
    m_levels.typical = m_levels.typical > 0 ? std::min(m_levels.typical, own.typical) : own.typical;
  }
  m_view->setSources(sources->errors, m_matrix);
  m_view->setContent(m_content);
  m_view->setLevels(m_levels, std::nullopt);
  m_view->renewPictures();
}

void CompareMapLoader::loadChange() {
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  if (!m_sources || m_hasAskedChange || !workspace) return;
  m_hasAskedChange = true;
  struct Change {
    std::shared_ptr<const WeightSource> source;
    std::shared_ptr<const TilePyramid> pyramid;
    QString problem;
  };
  m_session->jobs()->run<Change>(
      this, slot("change"), tr("Preparing the difference of errors"), true,
      [workspace, id = *m_id, schemes = m_schemes, matrix = m_matrix](JobContext& job) {
        Change change;
        try {
          change.source = errorChangeSource(*workspace, id, schemes[0], schemes[1], job);
          change.pyramid =
              std::make_shared<const TilePyramid>(buildPyramid(*change.source, matrix, kFineTile, job));
        } catch (const Error& error) {
          change.problem = QString::fromUtf8(error.what());
        }
        return change;
      },
      [this, generation = m_generation](const Change& change) {
        if (generation != m_generation) return;
        if (!change.problem.isEmpty()) {
          emit m_session->message(change.problem, true);
          return;
        }
        m_change = change.pyramid;
        m_changeSource = change.source;
        m_view->setLevels(m_levels, levelsOf(*m_change));
        m_view->renewPictures();
      });
}

void CompareMapLoader::wantImages(const CompareRequest& request) {
  m_next = request;
  if (!m_isRunning) startImages();
}

void CompareMapLoader::startImages() {
  if (!m_next || !m_sources || !m_id) return;
  const CompareRequest request = *std::exchange(m_next, std::nullopt);
  const bool isChange = request.mode == CompareMode::Difference;
  if (isChange && !m_change) return loadChange();
  m_isRunning = true;
  m_patience.start();
  using Pictures = std::array<HeatmapPicture, 3>;
  m_session->jobs()->run<Pictures>(
      this, slot("images"), tr("Drawing the compared errors"), true,
      [request, isChange, sources = m_sources, change = m_change, changeSource = m_changeSource,
       matrix = m_matrix](JobContext& job) {
        Pictures pictures;
        const auto paint = [&](std::size_t map, const WeightSource* source, const TilePyramid* pyramid) {
          if (!pyramid) return;
          auto values = std::make_shared<const MatrixImage>(
              resampleMatrix(source, matrix, pyramid, request.viewport, PoolKind::Max, job));
          pictures[map] = makeHeatmapPicture(request.viewport, std::move(values), request.colors);
        };
        if (isChange) {
          paint(kMapChange, changeSource.get(), change.get());
          return pictures;
        }
        for (std::size_t side = 0; side < 2; ++side)
          paint(side, sources->errors[side].get(), sources->pyramids[side].get());
        return pictures;
      },
      [this, request, generation = m_generation](const Pictures& pictures) {
        if (generation != m_generation) return;
        m_patience.stop();
        m_isRunning = false;
        m_view->setPictures(request, pictures);
        startImages();
      });
}

void CompareMapLoader::wantCell(std::int64_t row, std::int64_t column) {
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  if (!m_id || !workspace || !workspace->weights() || !m_sources) return;
  m_session->jobs()->run<CompareCell>(
      this, slot("cell"), tr("Reading a weight"), true,
      [workspace, matrix = m_matrix, sources = m_sources, schemes = m_schemes, row, column](JobContext&) {
        std::vector<float> values(static_cast<std::size_t>(matrix.in));
        const auto at = static_cast<std::size_t>(column);
        workspace->weights()->readRows(matrix, row, row + 1, values);
        CompareCell cell{row, column, values[at], {}};
        for (std::size_t side = 0; side < 2; ++side) {
          if (!schemes[side]) cell.quantized[side] = cell.weight;
          if (!sources->errors[side]) continue;
          sources->errors[side]->readRows(matrix, row, row + 1, values);
          cell.quantized[side] = cell.weight + values[at];
        }
        return cell;
      },
      [this, generation = m_generation](const CompareCell& cell) {
        if (generation == m_generation) m_view->setCell(cell);
      });
}

}  // namespace ql
