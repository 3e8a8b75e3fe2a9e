#include "widgets/panels/matrix_loader.h"

#include "core/base/error.h"
#include "core/quant/quantizer.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

// While the user zooms or pans, a picture may take this long before a newer wish cancels it; cancelling at
// once would never finish any on a slow machine.
constexpr int kPatienceMs = 150;
constexpr std::int64_t kFineTile = 8;  // as that of the weights' pictures

// Of the finest level: every texel's largest magnitude; their median is a fair middle of what the picture
// shows.
MatrixLevels levelsOf(const TilePyramid& pyramid) {
  MatrixLevels levels;
  if (pyramid.levels.empty()) return levels;
  std::vector<float> values = pyramid.levels.front().absmax;
  std::erase(values, 0.0f);
  if (values.empty()) return levels;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  // The largest of n Gaussian magnitudes is about sqrt(2 ln n) deviations, their median 0.67 of one.
  const double n = static_cast<double>(pyramid.levels.front().tile * pyramid.levels.front().tile);
  const double ratio = n > 1 ? 0.67 / std::sqrt(2 * std::log(n)) : 1;
  levels.typical = static_cast<double>(*middle) * ratio;
  levels.largest = static_cast<double>(*std::max_element(values.begin(), values.end()));
  return levels;
}

MatrixLevels levelsOf(const WeightStats& stats) {
  return {stats.summary.medianAbs, stats.summary.absmax};
}

}  // namespace

/// What a job prepared for a matrix and a quantity.
struct MatrixLoader::Sources {
  std::shared_ptr<const TilePyramid> pyramid;
  std::shared_ptr<const WeightSource> source;
  MatrixLevels levels;
  QString problem;
};

MatrixLoader::MatrixLoader(Session* session, MatrixView* view, QObject* parent)
    : QObject(parent), m_session(session), m_view(view) {
  m_patience.setSingleShot(true);
  m_patience.setInterval(kPatienceMs);
  connect(&m_patience, &QTimer::timeout, this, [this] {
    m_isRunning = false;
    startImage();
  });
  connect(m_view, &MatrixView::shown, this, &MatrixLoader::loadSources);
  connect(m_view, &MatrixView::imageWanted, this, &MatrixLoader::wantImage);
  connect(m_view, &MatrixView::cellWanted, this, &MatrixLoader::wantCell);
}

QString MatrixLoader::slot(const char* part) const {
  return QStringLiteral("matrix-%1-%2").arg(QLatin1String(part)).arg(reinterpret_cast<quintptr>(this));
}

void MatrixLoader::reset() {
  ++m_generation;
  for (const char* part : {"sources", "image", "cell"}) m_session->jobs()->cancelSlot(slot(part));
  m_patience.stop();
  m_isRunning = false;
  m_next.reset();
  m_lastRequest.reset();
  m_lastValues.reset();
  m_pyramid.reset();
  m_source.reset();
  m_errors.reset();
  m_stats.reset();
  m_tokens.reset();
  m_salience.reset();
  m_isPreview = false;
  m_hasAskedSources = true;  // nothing to ask for until there is a target
}

void MatrixLoader::setTarget(std::optional<LinearId> id, MatrixQuantity quantity, const Choice& choice) {
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  const bool isSameScheme = choice.weight == m_choice.weight;
  const bool isSamePicture = id == m_id && quantity == m_quantity && workspace == m_workspace.lock() &&
                             (isSameScheme || quantity != MatrixQuantity::Error);
  m_choice = choice;
  if (!isSameScheme) m_errors.reset();
  if (isSamePicture) return;
  reset();
  m_id = id;
  m_quantity = quantity;
  m_workspace = workspace;
  m_view->setSource(nullptr);
  if (!m_id || !workspace) return;
  m_matrix = workspace->model().linears[*m_id].matrix;
  m_view->setLevels(std::nullopt);
  m_view->setProblem({});
  if (isActivations() || isSalience()) return;  // setTokens() or setSalience() follows
  if (isError() && !m_choice.weight)
    return m_view->setProblem(tr("These weights stay as they are: there is no quantization error."));
  if (isError() && !workspace->weights())
    return m_view->setProblem(tr("The quantization error needs the weight files; only statistics are open."));
  m_hasAskedSources = !workspace->weights();
}

void MatrixLoader::setStatistics(const std::shared_ptr<const WeightStats>& stats) {
  if (!m_id || isError() || isActivations() || isSalience() || !stats || stats == m_stats) return;
  m_stats = stats;
  if (!m_pyramid) return usePreview();
  m_view->setLevels(levelsOf(*stats));
}

// The stored pyramid is there at once; the picture it gives never misses a maximum, it is only coarse.
void MatrixLoader::usePreview() {
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  if (!workspace || m_stats->pyramid.levels.empty()) return;
  m_pyramid = std::shared_ptr<const TilePyramid>(m_stats, &m_stats->pyramid);
  m_isPreview = workspace->weights() != nullptr;
  m_view->setLevels(levelsOf(*m_stats));
  m_view->renewPictures();
}

void MatrixLoader::setTokens(const std::shared_ptr<const TokenRowsPicture>& tokens, const QString& problem) {
  if (!m_id || !isActivations()) return;
  m_view->setProblem(problem);
  if (!tokens || tokens == m_tokens) return;
  m_tokens = tokens;
  m_matrix = {};
  m_matrix.out = tokens->stats->sample.count();
  m_matrix.in = tokens->stats->width;
  m_pyramid.reset();
  m_source.reset();
  m_hasAskedSources = false;
  m_view->setLevels(std::nullopt);
  m_view->repaint();  // painted, it asks for its sources
}

void MatrixLoader::setSalience(const std::shared_ptr<const SaliencePicture>& salience,
                               const QString& problem) {
  if (!m_id || !isSalience()) return;
  m_view->setProblem(problem);
  if (!salience || salience == m_salience) return;
  m_salience = salience;
  ++m_generation;  // answers about the one before are late
  m_isRunning = false;
  m_pyramid.reset();
  m_source.reset();
  m_lastValues.reset();
  m_hasAskedSources = false;
  m_view->renewPictures();  // painted, it asks for its sources
}

void MatrixLoader::loadSources() {
  using Result = std::shared_ptr<Sources>;
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  if ((isActivations() && !m_tokens) || (isSalience() && !m_salience)) return;
  if (std::exchange(m_hasAskedSources, true) || !m_id || !workspace) return;
  const std::optional<WeightScheme> scheme = isError() ? m_choice.weight : std::nullopt;
  m_session->jobs()->run<Result>(
      this, slot("sources"), tr("Preparing the matrix picture"), true,
      [workspace, id = *m_id, scheme, tokens = m_tokens, salience = m_salience,
       matrix = m_matrix](JobContext& job) {
        auto sources = std::make_shared<Sources>();
        try {
          if (tokens) {
            sources->source = tokens->source;
            sources->pyramid =
                std::make_shared<const TilePyramid>(buildPyramid(*tokens->source, matrix, kFineTile, job));
            sources->levels = {tokens->typical, tokens->largest};
            return sources;
          }
          if (salience) {
            sources->source = salience->source;
            sources->pyramid =
                std::make_shared<const TilePyramid>(buildPyramid(*salience->source, matrix, kFineTile, job));
            sources->levels = levelsOf(*sources->pyramid);
            return sources;
          }
          sources->source = scheme ? workspace->errorSource(id, *scheme, job) : workspace->weights();
          sources->pyramid = workspace->picturePyramid(id, scheme, job);
          const std::shared_ptr<const WeightStats> stats = scheme ? nullptr : workspace->weightStats(id);
          sources->levels = stats ? levelsOf(*stats) : levelsOf(*sources->pyramid);
        } catch (const Error& error) {
          sources->problem = QString::fromUtf8(error.what());
        }
        return sources;
      },
      [this, generation = m_generation](Result sources) {
        if (generation == m_generation) takeSources(std::move(sources));
      });
}

void MatrixLoader::takeSources(std::shared_ptr<Sources> sources) {
  if (!sources->problem.isEmpty()) return m_view->setProblem(sources->problem);
  m_pyramid = sources->pyramid;
  m_source = sources->source;
  m_isPreview = false;
  m_lastValues.reset();
  m_view->setSource(m_source);
  m_view->setLevels(sources->levels);
  m_view->renewPictures();
}

void MatrixLoader::wantImage(const MatrixRequest& request) {
  m_next = request;
  if (!m_isRunning) startImage();
}

void MatrixLoader::startImage() {
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  if (!m_next || !m_pyramid || !m_id || !workspace) return;
  const MatrixRequest request = *std::exchange(m_next, std::nullopt);
  // only other colours: the values are kept
  std::shared_ptr<const MatrixImage> known;
  if (m_lastValues && m_lastRequest && request.hasValuesOf(*m_lastRequest)) known = m_lastValues;
  m_isRunning = true;
  m_patience.start();
  struct Result {
    HeatmapPicture picture;
    QString problem;
  };
  m_session->jobs()->run<Result>(
      this, slot("image"), tr("Drawing the matrix"), true,
      [request, known, pyramid = m_pyramid, source = m_isPreview ? nullptr : m_source, matrix = m_matrix,
       workspace](JobContext& job) {
        Result result;
        try {
          auto values = known
                            ? known
                            : std::make_shared<const MatrixImage>(resampleMatrix(
                                  source.get(), matrix, pyramid.get(), request.viewport, request.pool, job));
          result.picture = makeHeatmapPicture(request.viewport, std::move(values), request.colors);
        } catch (const Error& error) {
          result.problem = QString::fromUtf8(error.what());
        }
        return result;
      },
      [this, request, generation = m_generation, isPreview = m_isPreview](Result result) {
        if (generation != m_generation) return;
        if (!result.problem.isEmpty()) return m_view->setProblem(result.problem);
        takeImage(request, std::move(result.picture), isPreview);
      });
}

void MatrixLoader::takeImage(const MatrixRequest& request, HeatmapPicture picture, bool isPreview) {
  m_patience.stop();
  m_isRunning = false;
  if (isPreview == m_isPreview) {
    m_lastRequest = request;
    m_lastValues = picture.values;
  }
  // with statistics alone the preview is all there will be: the view must not wait for more
  m_view->setPicture(request, std::move(picture), isPreview);
  startImage();
}

void MatrixLoader::wantCell(std::int64_t row, std::int64_t column) {
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  if (!m_id || !workspace || !workspace->weights() || isActivations()) return;
  struct Result {
    MatrixCell cell;
    std::shared_ptr<const WeightSource> errors;
  };
  m_session->jobs()->run<Result>(
      this, slot("cell"), tr("Reading a weight"), true,
      [workspace, id = *m_id, scheme = m_choice.weight, errors = m_errors, row, column](JobContext& job) {
        const MatrixRef& matrix = workspace->model().linears[id].matrix;
        const auto at = static_cast<std::size_t>(column);
        std::vector<float> values(static_cast<std::size_t>(matrix.in));
        workspace->weights()->readRows(matrix, row, row + 1, values);
        Result result{{row, column, values[at], std::nullopt}, errors};
        if (!scheme) return result;
        try {
          if (!result.errors) result.errors = workspace->errorSource(id, *scheme, job);
          result.errors->readRows(matrix, row, row + 1, values);
          result.cell.quantized = result.cell.weight + values[at];
        } catch (const Error&) {
          // a scheme that a plan may hold but this version cannot measure: the read-out shows a dash
        }
        return result;
      },
      [this, generation = m_generation, scheme = m_choice.weight](const Result& result) {
        if (generation != m_generation || scheme != m_choice.weight) return;
        m_errors = result.errors;
        m_view->setCell(result.cell);
      });
}

}  // namespace ql
