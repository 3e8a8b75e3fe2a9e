#include "core/calibration_run.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/base/sha256.h"
#include "core/calib/memory_plan.h"
#include "core/calib/sequential.h"
#include "core/planned_inputs.h"

#include <algorithm>
#include <fstream>

namespace ql {

namespace fs = std::filesystem;

namespace {

const char* const kCalibrationVersion = "calibration, version 1";

std::string keyOf(const std::string& data, const std::string& settings) {
  Sha256 hash;
  for (const std::string& part : {std::string(kCalibrationVersion), data, settings}) {
    hash.add(std::string_view(part));
    hash.add(std::string_view("\n"));
  }
  return hash.finish();
}

std::string settingsText(const CalibrateOptions& options) {
  const AccumulatorOptions& a = options.accumulator;
  return std::to_string(a.sampleTokens) + " " + std::to_string(a.seed) + " " +
         std::to_string(a.sketchColumns) + (options.expertMoments ? " expert moments" : "") +
         (options.withPoints ? " points" : "") + (options.keepMoments ? " kept moments" : "");
}

/// SHA-256 of a file's content.
std::string digestOf(const fs::path& file, JobContext& job) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream || fs::is_directory(file))
    throw Error(ErrorCode::Io,
                "The file " + quotedPath(file) + " cannot be read; name a file that is there.");
  Sha256 hash;
  std::vector<char> buffer(std::size_t{1} << 20);
  while (stream.read(buffer.data(), static_cast<std::streamsize>(buffer.size())), stream.gcount() > 0) {
    hash.add(std::string_view(buffer.data(), static_cast<std::size_t>(stream.gcount())));
    job.step();
  }
  return hash.finish();
}

fs::path sourcePath(const TextSource& source) {
  return source.ids.empty() ? source.text : source.ids;
}

}  // namespace

CalibrationRun::CalibrationRun(Workspace::State& state, const fs::path& output, bool resume)
    : m_state(state), m_writer(state, output, resume) {}
CalibrationRun::CalibrationRun(Workspace::State& state) : CalibrationRun(state, {}, true) {
  m_isWriting = false;
}

void CalibrationRun::calibrateModel(const CalibrateOptions& options, JobContext& job,
                                    const std::function<void(int)>& done, const SequentialPlan* sequential) {
  m_state.requireWeights("calibration");
  job.setStage("Reading the text");
  const auto forward = m_state.forwardModel(m_state.source);
  const TokenWindows windows = m_state.windowsOf(options.source, options.windows, *forward);
  describe(options, windows, sequential);
  begin(job);
  CalibrationOptions settings;
  settings.memoryBytes =
      sequential ? memoryBeside(options.memoryBytes, sequential->cacheBytes) : options.memoryBytes;
  settings.accumulator = options.accumulator;
  settings.expertMoments = options.expertMoments;
  settings.withPoints = options.withPoints;
  settings.resume = options.resume;
  settings.identity = m_state.fingerprint + (sequential ? " " + sequential->identity : std::string());
  if (m_writer) settings.spillFolder = fs::path(m_writer.path()).concat(".hidden");
  const auto isDone = [this](int block) { return isFinished(block); };
  const std::function<void(BlockActivations)> sink = [&](BlockActivations result) {
    take(std::move(result), job);
    if (done) done(m_lastBlock);
  };
  if (sequential)
    ql::calibrateSequentially(*forward, *sequential->quantized, m_state.model, windows, settings, isDone,
                              sink, job);
  else
    ql::calibrate(*forward, m_state.model, windows, settings, isDone, sink, job);
  end();
}

/// What the run rests on, and the key under which its results belong together.
void CalibrationRun::describe(const CalibrateOptions& options, const TokenWindows& windows,
                              const SequentialPlan* sequential) {
  const std::string settings = settingsText(options);
  const std::string name = sourcePath(options.source).filename().string();
  m_stored.key = keyOf(windows.sha256, sequential ? settings + " behind " + sequential->identity : settings);
  m_stored.record = {
      ActivationOrigin::Calibration,
      sequential ? name + ", each block behind blocks quantized with " + sequential->name : name,
      sequential ? keyOf(windows.sha256, sequential->identity) : windows.sha256,
      static_cast<std::uint64_t>(windows.tokenCount()),
      windows.context,
      static_cast<std::int64_t>(windows.windows.size()),
      0,
      false};
  m_keepMoments = options.keepMoments;
  m_isBudgeted = options.memoryBytes != 0;
}

void CalibrationRun::importFile(const fs::path& file, JobContext& job) {
  job.setStage("Reading " + file.filename().string());
  const std::string digest = digestOf(file, job);
  m_stored.key = keyOf(digest, "import");
  m_stored.record = {ActivationOrigin::ActivationFile, file.filename().string(), digest, 0, 0, 0, 0, false};
  m_keepMoments = true;
  begin(job);
  std::size_t sites = 0;
  const auto take = [&](std::size_t site, ActivationStats stats) {
    m_stored.record.origin = stats.origin;
    m_stored.record.tokens = std::max(m_stored.record.tokens, stats.all.tokens);
    start();
    takeSite(site, std::move(stats), job);
    ++sites;
    job.step();
  };
  const std::vector<std::string> warnings = read(file, take, job);
  if (sites == 0)
    throw Error(ErrorCode::Format, "The file " + quotedPath(file) +
                                       " holds activations of no linear of this model; check that it was "
                                       "captured from the same architecture.");
  for (const std::string& warning : warnings) m_state.warn(warning);
  end();
}

/// Site after site to `take`, so that one second moment is in memory at a time. Returns warnings.
std::vector<std::string> CalibrationRun::read(const fs::path& file, const ActivationSink& take,
                                              JobContext& job) const {
  if (!looksLikeStatistics(file))
    return ql::importActivations(file, m_state.model, AccumulatorOptions{}, take, job).warnings;
  const auto statistics = StatisticsFile::open(file);
  std::vector<std::pair<std::string, DataTree>> trees;
  for (const std::string& name : statistics->names(kSitesSection)) {
    DataTree tree = statistics->read(kSitesSection, name);
    const auto input = tree.children.find("input");
    if (input != tree.children.end()) trees.emplace_back(name, std::move(input->second));
  }
  ImportedActivations imported = activationsFromTrees(trees, m_state.model, m_stored.record.data);
  for (auto& [site, stats] : imported.sites) take(site, std::move(stats));
  return imported.warnings;
}

bool CalibrationRun::isFinished(int block) const {
  if (!m_writer || !m_writer.contains(kCalibrationSection, blockEntry(block))) return false;
  return stringAttribute(m_writer.writer()->read(kCalibrationSection, blockEntry(block)), "key") ==
         m_stored.key;
}

void CalibrationRun::begin(JobContext& job) {
  if (m_isWriting) m_writer.open(job);
  if (m_writer) m_writer.writeModel();
}

/// Called with the first result: earlier activations of other data make room, as what was not measured
/// under this key is not shown beside it. A run that fails before that leaves everything as it was.
void CalibrationRun::start() {
  if (m_isStarted) return;
  m_isStarted = true;
  bool isContinued = false;
  {
    const std::lock_guard lock(m_state.mutex);
    isContinued = m_state.calibrationKey == m_stored.key;
    if (isContinued) m_stored.tokenTexts = m_state.tokenTexts;
  }
  if (!isContinued) m_state.clearActivations();
  publish();
}

/// The record in its present state, in memory and in the file.
void CalibrationRun::publish() {
  {
    const std::lock_guard lock(m_state.mutex);
    m_stored.record.sites = static_cast<std::size_t>(
        std::count_if(m_state.sites.begin(), m_state.sites.end(),
                      [](const SiteRecord& site) { return site.summary.has_value(); }));
    m_state.calibration = m_stored.record;
    m_state.calibrationKey = m_stored.key;
    m_state.tokenTexts = m_stored.tokenTexts;
  }
  m_writer.add(kCalibrationSection, kRecordEntry, toDataTree(m_stored));
}

void CalibrationRun::take(BlockActivations result, JobContext& job) {
  start();
  m_lastBlock = result.block;
  for (const std::string& warning : result.warnings) {
    m_state.warn(warning);
    job.log(warning);
  }
  for (auto& [site, stats] : result.sites) takeSite(site, std::move(stats), job);
  for (auto& [point, stats] : result.points) takePoint(point, std::move(stats));
  if (!result.expertTokens.empty()) {
    const std::lock_guard lock(m_state.mutex);
    m_state.coverage[result.block] = result.expertTokens;
  }
  publish();
  // The block counts as finished only when its sites are written.
  m_writer.add(kCalibrationSection, blockEntry(result.block),
               blockTree(m_stored.key, result.expertTokens, result.warnings));
}

void CalibrationRun::takeSite(std::size_t site, ActivationStats measured, JobContext& job) {
  m_state.stamp(measured.evidence);
  measured.evidence.data = m_stored.record.data;
  noteTokens(measured.sample);
  if (!m_writer) leaveOutMoment(site, measured);
  const auto stats = std::make_shared<const ActivationStats>(std::move(measured));
  std::map<std::string, std::vector<StoredOutput>> outputs;
  const bool isUsable = missingReason(*stats, ActivationNeed::OutputErrorW).empty() ||
                        missingReason(*stats, ActivationNeed::OutputErrorWa).empty();
  if (m_state.source && isUsable)
    for (const LinearId id : m_state.model.sites[site].consumers)
      if (m_state.model.linears[id].isQuantizable)
        outputs[m_state.model.linears[id].name] = measureOutputs(id, *stats, job);
  if (m_writer)
    m_writer.add(kSitesSection, m_state.model.sites[site].name,
                 siteTree(*stats, m_stored.key, m_keepMoments, outputs));
  m_state.keepActivations(site, stats, m_writer.writer());
  if (m_writer && m_isBudgeted) {  // the cache is in no budget: what is asked for is read from the file
    const std::lock_guard lock(m_state.mutex);
    m_state.activationCache.erase(site);
  }
}

/// The default choice while the second moment is at hand, so that it is exact; and its remedies, so that a
/// statistics file alone can offer them. A second moment costs in multiply-adds a weight and remedy, the
/// sketch a few dozen: where that would take longer than the calibration itself, the remedies' figures come
/// from the sketch.
std::vector<StoredOutput> CalibrationRun::measureOutputs(LinearId id, const ActivationStats& stats,
                                                         JobContext& job) {
  const std::vector<Choice> choices = diagnosedChoices(defaultChoice(), stats.width, true);
  const std::span<const Choice> all(choices);
  measure(id, all.first(1), stats, job);
  const auto cost = static_cast<std::uint64_t>(stats.width) * choices.size();
  if (stats.hasSketch() && cost > stats.all.tokens) {
    ActivationStats sketched = stats;
    sketched.secondMoment = nullptr;
    measure(id, all.subspan(1), sketched, job);
  } else {
    measure(id, all.subspan(1), stats, job);
  }
  std::vector<StoredOutput> stored;
  const std::lock_guard lock(m_state.mutex);
  for (const Choice& choice : choices) {
    const auto found = m_state.outputs[id].find(outputKey(choice));
    if (found != m_state.outputs[id].end()) stored.emplace_back(choice, found->second);
  }
  return stored;
}

void CalibrationRun::measure(LinearId id, std::span<const Choice> choices, const ActivationStats& stats,
                             JobContext& job) {
  job.expect(outputErrorUnits(m_state.errorInput(id), choices, stats));
  m_state.measureOutputs(id, choices, stats, job);
}

/// Results that stay in memory keep second moments as far as half of what a job may take goes.
void CalibrationRun::leaveOutMoment(std::size_t site, ActivationStats& stats) {
  if (!stats.secondMoment) return;
  const std::uint64_t bytes = stats.secondMoment->bytes();
  if (m_momentBytes == 0 || bytes <= remainingBudget(0) / 2) {
    m_momentBytes += bytes;
    return;
  }
  stats.secondMoment = nullptr;
  if (++m_leftOut == 1)
    m_state.warn(
        "Second moments from " + quotedText(m_state.model.sites[site].name) +
        " on do not fit the memory and are left out: samples and sketches stand in. Take the file into a "
        "statistics file with 'qloupe analyze --activations' to keep them all.");
}

void CalibrationRun::takePoint(PointId point, ActivationStats measured) {
  m_state.stamp(measured.evidence);
  measured.evidence.data = m_stored.record.data;
  noteTokens(measured.sample);
  const auto stats = std::make_shared<const ActivationStats>(std::move(measured));
  m_writer.add(kPointsSection, pointName(m_state.model, point.block, point.kind),
               siteTree(*stats, m_stored.key, false, {}));
  const std::lock_guard lock(m_state.mutex);
  m_state.points[point] = {stats->summary, m_writer ? nullptr : stats, nullptr, m_writer.writer()};
}

/// Texts of the sampled tokens, so that the file can be read where the tokenizer is not.
void CalibrationRun::noteTokens(const TokenSample& sample) {
  m_state.loadTokenizer();
  std::shared_ptr<const Tokenizer> tokenizer;
  {
    const std::lock_guard lock(m_state.mutex);
    tokenizer = m_state.tokenizer;
  }
  if (!tokenizer) return;
  for (const std::int32_t id : sample.ids)
    if (id >= 0 && id < tokenizer->vocabularySize() && !m_stored.tokenTexts.contains(id))
      m_stored.tokenTexts[id] = tokenizer->tokenText(id);
}

void CalibrationRun::end() {
  start();
  m_stored.record.isComplete = true;
  publish();
  m_writer.finish();
  m_writer.close();
}

}  // namespace ql
