// Text for the model, and a plan verified by running the model with it.
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/memory_plan.h"
#include "core/calib/tokenizers/unicode_text.h"
#include "core/folded_plan.h"
#include "core/head_runs.h"
#include "core/workspace_state.h"
#include "core/workspace_verify_plan.h"

#include <algorithm>
#include <fstream>

namespace ql {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kDefaultContext = 2048;
constexpr std::uint64_t kMaxTextBytes = std::uint64_t{1} << 30;
constexpr std::uint64_t kBytesPerToken =
    64;  // of text read for each token asked for: ten times what is usual

/// Bytes of the text without a character that is cut off at its end.
std::size_t wholeCharacters(const std::string& text) {
  constexpr std::size_t kLongest = 4;
  for (std::size_t back = 1; back <= std::min(kLongest, text.size()); ++back) {
    const std::size_t begin = text.size() - back;
    const bool isContinued = (static_cast<unsigned char>(text[begin]) & 0xC0u) == 0x80u;
    if (!isContinued) return utf8Length(text, begin) == 0 ? begin : text.size();
  }
  return text.size();
}

/// Bytes of another encoding, or of no text at all, would become tokens that the model never saw together.
void requireText(const std::string& text, const fs::path& path) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8Length(text, i);
    if (length == 0)
      throw Error(ErrorCode::Format, "The text " + quotedPath(path) + " is not UTF-8 at byte " +
                                         withThousands(i) +
                                         "; save it as UTF-8, or give token ids (.npy) instead.");
    i += length;
  }
}

/// The text, or as much of its beginning as `maxTokens` needs, cut behind a line where there is one.
std::string readText(const fs::path& path, std::int64_t maxTokens) {
  std::error_code failure;
  const std::uint64_t size = fs::file_size(path, failure);
  if (failure || !fs::is_regular_file(path, failure))
    throw Error(ErrorCode::Io,
                "The text " + quotedPath(path) + " is no file that can be read; give a UTF-8 text file.");
  std::uint64_t wanted = size;
  if (maxTokens > 0)
    wanted = std::min<std::uint64_t>(
        size, (std::uint64_t{1} << 20) + kBytesPerToken * static_cast<std::uint64_t>(maxTokens));
  if (wanted > kMaxTextBytes)
    throw Error(ErrorCode::Io,
                "The text " + quotedPath(path) + " has " + bytesText(size) +
                    ", more than can be used whole; ask for a number of tokens, or give a part of it.");
  std::string text(wanted, '\0');
  std::ifstream stream(path, std::ios::binary);
  if (!stream.read(text.data(), static_cast<std::streamsize>(wanted)))
    throw Error(ErrorCode::Io, "The text " + quotedPath(path) + " cannot be read to its end; try again.");
  if (wanted < size) {
    const std::size_t line = text.rfind('\n');
    text.resize(line != std::string::npos && line > 0 ? line + 1 : wholeCharacters(text));
  }
  requireText(text, path);
  return text;
}

}  // namespace

void Workspace::State::loadTokenizer() {
  {
    const std::lock_guard lock(mutex);
    if (isTokenizerLoaded) return;
  }
  std::shared_ptr<const Tokenizer> loaded;
  std::string problem;
  try {
    if (!checkpoint)
      throw Error(ErrorCode::Unsupported, "Only the statistics file " + quotedPath(path) +
                                              " is open, which holds no tokenizer. Open the model itself.");
    loaded = ql::loadTokenizer(checkpoint->folder());
  } catch (const Error& e) {
    problem = e.what();
  }
  const std::lock_guard lock(mutex);
  if (isTokenizerLoaded) return;
  isTokenizerLoaded = true;
  tokenizer = std::move(loaded);
  tokenizerProblem = std::move(problem);
}

std::shared_ptr<const Tokenizer> Workspace::tokenizer() const {
  m_state->loadTokenizer();
  const std::lock_guard lock(m_state->mutex);
  return m_state->tokenizer;
}

std::string Workspace::tokenizerProblem() const {
  m_state->loadTokenizer();
  const std::lock_guard lock(m_state->mutex);
  return m_state->tokenizerProblem;
}

std::unique_ptr<ForwardModel> Workspace::State::forwardModel(
    std::shared_ptr<const WeightSource> weights) const {
  return ForwardModel::make(model, configJson, std::move(weights));
}

std::string Workspace::forwardProblem() const {
  try {
    m_state->requireWeights("running the model");
    m_state->forwardModel(m_state->source);
    return {};
  } catch (const Error& e) {
    return e.what();
  }
}

TokenWindows Workspace::State::windowsOf(const TextSource& text, WindowOptions options,
                                         const ForwardModel& forward) {
  std::shared_ptr<const Tokenizer> known;
  if (!text.tokenizer.empty()) {
    known = ql::loadTokenizer(text.tokenizer);
  } else {
    loadTokenizer();
    const std::lock_guard lock(mutex);
    known = tokenizer;
    if (!known && text.ids.empty()) throw Error(ErrorCode::Usage, tokenizerProblem);
  }
  if (options.context == 0) options.context = std::min(forward.contextLength(), kDefaultContext);
  const std::vector<std::int32_t> ids =
      text.ids.empty() ? known->encode(readText(text.text, options.maxTokens)) : readTokenIds(text.ids);
  TokenWindows windows =
      cutWindows(ids, known ? known->prefix() : std::vector<std::int32_t>(),
                 known ? known->suffix() : std::vector<std::int32_t>(), forward.vocabularySize(), options);
  if (windows.longest() > forward.contextLength())
    warn("Windows of " + withThousands(static_cast<std::uint64_t>(windows.longest())) +
         " tokens are longer than the " + withThousands(static_cast<std::uint64_t>(forward.contextLength())) +
         " that the model was trained for, so its predictions suffer.");
  return windows;
}

PerplexityOptions Workspace::State::perplexityOptions(const VerifyOptions& options) {
  PerplexityOptions settings;
  settings.memoryBytes = options.memoryBytes;
  if (!options.source.tokenizer.empty()) {
    settings.maskToken = ql::loadTokenizer(options.source.tokenizer)->maskToken();
    return settings;
  }
  loadTokenizer();
  const std::lock_guard lock(mutex);
  if (tokenizer) settings.maskToken = tokenizer->maskToken();
  return settings;
}

namespace {

using State = WorkspaceAccess::State;

void warnAboutRepeats(State& state, const PlannedSource& source) {
  if (source.repeats() == 0) return;
  state.warn("Matrices were quantized " + withThousands(static_cast<std::uint64_t>(source.repeats())) +
             " times anew because memory did not hold them all; 'qloupe apply --as fake-quantized' makes a "
             "checkpoint whose perplexity is measured faster.");
}

/// The model under the plan, beside the model as it is.
void verifyPlanned(State& state, const QuantizationPlan& plan, const VerifyOptions& options,
                   const ForwardModel& plain, const TokenWindows& windows, PerplexityOptions settings,
                   JobContext& job, const WindowSink& sink, PlanVerification& verification) {
  job.setStage("Preparing the plan");
  requireActivations(state, plan);
  FoldedPlan folded = foldPlan(state, plan, {options.planFolder, false}, job, job);
  PlannedInputs inputs = folded.inputs;
  inputs.cacheBytes = std::min(PlannedSource::defaultCacheBytes(),
                               std::max<std::uint64_t>(remainingBudget(settings.memoryBytes) / 2, 1));
  const auto source =
      std::make_shared<const PlannedSource>(folded.source, folded.model(state), folded.plan, job, inputs);
  if (source->hasPrepared()) settings.memoryBytes = memoryBeside(settings.memoryBytes, inputs.cacheBytes);
  const auto planned = folded.forwardModel(state, source);
  PlanHook hook(folded.model(state), withHeadRuns(folded.plan, folded.model(state), state.configJson),
                folded.statistics);
  const PerplexityRun run{planned.get(), hook.isNeeded() ? &hook : nullptr};
  std::optional<PerplexityRun> reference;
  if (options.withReference) reference = PerplexityRun{&plain, nullptr};
  static_cast<PerplexityPair&>(verification) =
      measurePerplexity(run, reference, windows, settings, job, sink);
  verification.fallbacks = source->fallbacks();
  warnAboutRepeats(state, *source);
}

}  // namespace

PlanVerification verifyPlan(Workspace& workspace, const QuantizationPlan* plan, const VerifyOptions& options,
                            JobContext& job, const WindowSink& sink) {
  State& state = WorkspaceAccess::state(workspace);
  state.requireWeights("perplexity");
  const auto plain = state.forwardModel(state.source);
  const TokenWindows windows = state.windowsOf(options.source, options.windows, *plain);
  const PerplexityOptions settings = state.perplexityOptions(options);
  PlanVerification verification;
  if (plan)
    verifyPlanned(state, *plan, options, *plain, windows, settings, job, sink, verification);
  else
    static_cast<PerplexityPair&>(verification) =
        measurePerplexity({plain.get(), nullptr}, std::nullopt, windows, settings, job, sink);
  verification.context = windows.context;
  Evidence& evidence = verification.evidence;
  evidence.method = "perplexity, protocol " + std::string(windowProtocolName(options.windows.protocol));
  for (const std::string& line : fallbackLines(verification.fallbacks)) evidence.method += "; " + line;
  evidence.level = "verified";
  evidence.n = verification.result.targets;
  evidence.data = windows.sha256;
  state.stamp(evidence);
  return verification;
}

Verification Workspace::verify(
    const QuantizationPlan* plan, const VerifyOptions& options, JobContext& job,
    const std::function<void(std::size_t, const WindowScore&, const std::optional<WindowScore>&)>& sink) {
  return verifyPlan(*this, plan, options, job, sink);
}

}  // namespace ql
