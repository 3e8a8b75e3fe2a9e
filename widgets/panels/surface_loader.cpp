#include "widgets/panels/surface_loader.h"

#include "core/base/error.h"

namespace ql {

namespace {

QString quantityText(MatrixQuantity quantity) {
  switch (quantity) {
    case MatrixQuantity::Error:
      return SurfaceView::tr("error");
    case MatrixQuantity::Activations:
      return QStringLiteral("|X|");
    default:
      return QStringLiteral("|W|");
  }
}

bool isSupported(MatrixQuantity quantity) {
  return quantity == MatrixQuantity::Magnitude || quantity == MatrixQuantity::Signed ||
         quantity == MatrixQuantity::Error || quantity == MatrixQuantity::Activations;
}

}  // namespace

SurfaceLoader::SurfaceLoader(Session* session, SurfaceView* view, QObject* parent)
    : QObject(parent), m_session(session), m_view(view) {
  connect(view, &SurfaceView::shown, this, &SurfaceLoader::load);
}

void SurfaceLoader::reset() {
  ++m_generation;
  m_session->jobs()->cancelSlot(QStringLiteral("surface-%1").arg(reinterpret_cast<quintptr>(this)));
  m_isAsked = false;
}

void SurfaceLoader::setTarget(std::optional<LinearId> id, MatrixQuantity quantity, const Choice& choice,
                              const MatrixContent* content, const QString& problem) {
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  const std::shared_ptr<const TokenRowsPicture> tokens = content ? content->tokens : nullptr;
  const bool isSame = id == m_id && quantity == m_quantity && workspace == m_workspace.lock() &&
                      tokens == m_tokens && problem == m_problem &&
                      (choice.weight == m_choice.weight || quantity != MatrixQuantity::Error);
  m_choice = choice;
  if (isSame) return;
  reset();
  m_id = id;
  m_quantity = quantity;
  m_workspace = workspace;
  m_tokens = tokens;
  m_problem = problem;
  SurfaceLabels labels;
  labels.quantity = quantityText(quantity);
  labels.isTokens = quantity == MatrixQuantity::Activations;
  if (content) labels.name = content->name;
  if (tokens) labels.texts = std::shared_ptr<const std::vector<QString>>(tokens, &tokens->texts);
  m_view->setTarget(labels, id.has_value() && workspace != nullptr);
  if (!id || !workspace) return;
  if (!problem.isEmpty()) return m_view->setProblem(problem);
  if (!isSupported(quantity))
    m_view->setProblem(tr("This quantity is shown flat only: press 2."));
  else if (quantity == MatrixQuantity::Error && !choice.weight)
    m_view->setProblem(tr("These weights stay as they are: there is no quantization error."));
  else if (quantity == MatrixQuantity::Error && !workspace->weights())
    m_view->setProblem(tr("The quantization error needs the weight files; only statistics are open."));
}

void SurfaceLoader::load() {
  using Result = std::pair<std::shared_ptr<const SurfaceGrid>, QString>;
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  if (m_isAsked || !m_id || !workspace || (m_quantity == MatrixQuantity::Activations && !m_tokens)) return;
  m_isAsked = true;
  const std::optional<WeightScheme> scheme =
      m_quantity == MatrixQuantity::Error ? m_choice.weight : std::nullopt;
  m_session->jobs()->run<Result>(
      this, QStringLiteral("surface-%1").arg(reinterpret_cast<quintptr>(this)), tr("Preparing the surface"),
      true,
      [workspace, id = *m_id, scheme, tokens = m_tokens](JobContext& job) -> Result {
        try {
          MatrixRef matrix = workspace->model().linears[id].matrix;
          if (tokens) {
            matrix = {};
            matrix.out = tokens->stats->sample.count();
            matrix.in = tokens->stats->width;
            return {std::make_shared<const SurfaceGrid>(
                        makeSurfaceGrid(tokens->source.get(), matrix, nullptr, job)),
                    {}};
          }
          const auto pyramid = workspace->picturePyramid(id, scheme, job);
          const auto source = scheme ? workspace->errorSource(id, *scheme, job) : workspace->weights();
          return {
              std::make_shared<const SurfaceGrid>(makeSurfaceGrid(source.get(), matrix, pyramid.get(), job)),
              {}};
        } catch (const Error& error) {
          return {nullptr, QString::fromUtf8(error.what())};
        }
      },
      [this, generation = m_generation](Result result) {
        if (generation != m_generation) return;
        if (result.first)
          m_view->setGrid(std::move(result.first));
        else
          m_view->setProblem(result.second);
      });
}

}  // namespace ql
