// A plan written into a checkpoint of the same names, dtypes and shards.
#include "core/applied_checkpoint.h"
#include "core/apply_folder.h"
#include "core/apply_tensors.h"
#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/base/version.h"
#include "core/io/formats/safetensors_index.h"
#include "core/workspace_state.h"

#include <algorithm>
#include <cstring>
#include <system_error>

namespace ql {
namespace fs = std::filesystem;
namespace {

constexpr std::uintmax_t kMaxSideFileBytes = std::uintmax_t{64} << 20;  // the largest tokenizers have 40 MB
constexpr std::size_t kMaxIndexBytes = 100'000'000;

/// What stands beside the weights: config, tokenizer, licence.
struct SideFiles {
  std::vector<std::string> copied;
  std::vector<SkippedFile> skipped;
  std::uint64_t sizeBytes = 0;
};

bool endsWithAny(std::string_view name, std::initializer_list<std::string_view> suffixes) {
  return std::any_of(suffixes.begin(), suffixes.end(),
                     [name](std::string_view suffix) { return name.ends_with(suffix); });
}

/// True for an index that speaks of the shards of this checkpoint alone.
bool isIndexOf(const Checkpoint& checkpoint, const fs::path& path) {
  const SafetensorsIndex index = parseSafetensorsIndex(readFile(path, kMaxIndexBytes), quotedPath(path));
  return std::all_of(index.files.begin(), index.files.end(), [&](const std::string& file) {
    return std::any_of(checkpoint.shards().begin(), checkpoint.shards().end(),
                       [&](const Shard& shard) { return shard.name == file; });
  });
}

/// Why a file beside the weights is left behind; empty when it goes along.
std::string skipReason(const Checkpoint& checkpoint, const fs::path& path, std::uintmax_t size) {
  const std::string name = path.filename().string();
  if (name == kApplyRecordFile) return "the record of another apply";
  if (name.ends_with(".safetensors.index.json"))
    return isIndexOf(checkpoint, path) ? "" : "an index of shards that were not opened";
  if (endsWithAny(name, {".safetensors", ".bin", ".bin.index.json", ".pt", ".pth", ".gguf", ".h5", ".msgpack",
                         ".onnx", ".ot", ".npz"}))
    return "weights that the plan was not applied to";
  if (size > kMaxSideFileBytes) return "larger than 64 MiB";
  return {};
}

SideFiles sideFiles(const Checkpoint& checkpoint) {
  SideFiles files;
  std::vector<fs::path> paths;
  std::error_code failure;
  for (fs::directory_iterator entry(checkpoint.folder(), failure), end; !failure && entry != end;
       entry.increment(failure))
    paths.push_back(entry->path());
  std::sort(paths.begin(), paths.end());
  for (const fs::path& path : paths) {
    const std::string name = path.filename().string();
    std::error_code ignored;
    const bool isShard = std::any_of(checkpoint.shards().begin(), checkpoint.shards().end(),
                                     [&](const Shard& shard) { return shard.name == name; });
    if (isShard || name.starts_with('.')) continue;
    if (fs::is_directory(path, ignored)) {
      files.skipped.push_back({name, "a folder"});
      continue;
    }
    const bool isFile = fs::is_regular_file(path, ignored);  // links are followed: caches are made of them
    const std::uintmax_t size = isFile ? fs::file_size(path, ignored) : 0;
    std::string reason = isFile ? skipReason(checkpoint, path, size) : "no regular file";
    if (reason.empty()) {
      files.copied.push_back(name);
      files.sizeBytes += size;
    } else {
      files.skipped.push_back({name, std::move(reason)});
    }
  }
  return files;
}

/// Bytes of a shard that belong to no tensor of the checkpoint are copies that the index disowns; loaders
/// that take them all the same would mix two models.
void requireNoForeignTensors(const Checkpoint& checkpoint) {
  std::vector<std::uint64_t> known(checkpoint.shards().size(), 0);
  for (const TensorInfo& tensor : checkpoint.tensors()) known[tensor.shard] += tensor.sizeBytes;
  for (std::size_t i = 0; i < known.size(); ++i) {
    const auto bytes = checkpoint.shardFile(i).bytes();
    std::uint64_t header = 0;
    std::memcpy(&header, bytes.data(), std::min(sizeof header, bytes.size()));
    checkpoint.shardFile(i).throwIfTruncated();
    if (8 + header + known[i] == bytes.size()) continue;
    throw Error(ErrorCode::Unsupported, quotedPath(checkpoint.shards()[i].path) +
                                            " holds tensors a second time that the index places in another "
                                            "shard; save the model anew before applying a plan to it.");
  }
}

void requireApplicable(const QuantizationPlan& plan, const Checkpoint& checkpoint,
                       const ApplyOptions& options) {
  if (options.output.empty())
    throw Error(ErrorCode::Usage, "No folder was named for the new checkpoint; give one beside the model.");
  if (checkpoint.format() != "safetensors")
    throw Error(ErrorCode::Unsupported, "Checkpoints are written as safetensors and keep their files, but " +
                                            quotedPath(checkpoint.root()) + " is " + checkpoint.format() +
                                            "; convert the model to safetensors first.");
  if (options.kind == ApplyKind::Smoothed && plan.smoothing.empty())
    throw Error(ErrorCode::Plan,
                "The plan smooths nothing; add smoothing to it with qloupe smooth --plan first.");
  if (options.kind == ApplyKind::Rotated && plan.rotations == "[]")
    throw Error(ErrorCode::Plan,
                "The plan rotates nothing; add rotations to it with qloupe plan rotate first.");
  requireNoForeignTensors(checkpoint);
}

/// `data`: what methods look at beside the weights.
std::string identityOf(const QuantizationPlan& plan, const ApplyOptions& options,
                       const std::map<std::size_t, std::vector<float>>& factors, const std::string& data) {
  QuantizationPlan bare = plan;
  bare.evidence = "{}";
  Sha256 hash;
  hash.add(planJson(bare));
  hash.add(kToolId);
  hash.add(std::uint64_t{options.powersOfTwo});
  for (const auto& [group, s] : factors) {
    hash.add(std::uint64_t{group});
    hash.add(std::as_bytes(std::span(s)));
  }
  if (!data.empty()) hash.add(data);
  return hash.finish();
}

/// Writes what is missing, shard by shard.
class ApplyRun {
 public:
  ApplyRun(const Checkpoint& checkpoint, const Model& model, const AppliedWeights& weights,
           ApplyFolder& folder, const ApplyOptions& options, JobContext& job)
      : m_checkpoint(checkpoint),
        m_model(model),
        m_weights(weights),
        m_folder(folder),
        m_options(options),
        m_job(job) {}

  void writeShards(ApplyReport& report, std::uint64_t sideBytes) {
    std::uint64_t missing = sideBytes;
    for (const Shard& shard : m_checkpoint.shards()) {
      m_job.expect(shard.sizeBytes);
      if (!m_folder.finished(shard.name)) missing += shard.sizeBytes;
    }
    if (const AddedTensor* added = m_weights.added()) {
      m_job.expect(added->sizeBytes);
      missing += added->sizeBytes;
    }
    m_folder.requireSpace(missing);
    for (std::size_t i = 0; i < m_checkpoint.shards().size(); ++i) report.shards.push_back(shard(i));
  }

  /// `changed`: what some of them say now.
  void copySideFiles(const std::vector<std::string>& names,
                     const std::map<std::string, std::string>& changed) {
    for (const std::string& name : names) {
      m_job.step();
      const auto found = changed.find(name);
      writeFileAtomically(
          m_folder.staging() / name,
          found != changed.end() ? found->second : readFile(m_checkpoint.folder() / name, kMaxSideFileBytes));
    }
  }

 private:
  AppliedShard shard(std::size_t index) {
    const std::string& name = m_checkpoint.shards()[index].name;
    if (const AppliedShard* finished = m_folder.finished(name); finished && isIntact(*finished)) {
      AppliedShard kept = *finished;
      kept.isKept = true;
      return kept;
    }
    m_job.setStage("Writing " + name);
    AppliedShard written =
        writeShard(m_checkpoint, index, m_model, m_weights, m_folder.staging() / name, m_job);
    m_folder.keep(written);
    if (m_options.shardDone) m_options.shardDone(name);
    return written;
  }

  /// The file may have been touched since; its checksum says.
  bool isIntact(const AppliedShard& shard) const {
    const fs::path path = m_folder.staging() / shard.name;
    std::error_code failure;
    if (!fs::is_regular_file(fs::symlink_status(path, failure)) ||
        fs::file_size(path, failure) != shard.sizeBytes)
      return false;
    m_job.setStage("Checking " + shard.name);
    return fileSha256(path, m_job) == shard.sha256;
  }

  const Checkpoint& m_checkpoint;
  const Model& m_model;
  const AppliedWeights& m_weights;
  ApplyFolder& m_folder;
  const ApplyOptions& m_options;
  JobContext& m_job;
};

/// Which activations are at hand.
std::string dataKey(const WorkspaceAccess::State& state) {
  const std::lock_guard lock(state.mutex);
  return state.calibrationKey + (state.calibration ? state.calibration->data : std::string());
}

void addNotes(const QuantizationPlan& plan, const Model& model, const ApplyOptions& options,
              ApplyReport& report) {
  for (const std::string& tensor : report.addedTensors)
    report.notes.push_back(
        "The head was the embedding until now and is rotated otherwise, so it has a tensor of "
        "its own, " +
        quotedText(tensor) + ", and config.json says tie_word_embeddings false.");
  if (options.kind == ApplyKind::Rotated) {
    report.notes.push_back(
        "The weights are rotated, not quantized: they compute what they did before, and can be quantized "
        "with "
        "the tool of your choice.");
    return;
  }
  if (options.kind == ApplyKind::Smoothed) {
    report.notes.push_back(
        "The weights are smoothed, not quantized: quantize them with the tool of your choice, "
        "without smoothing there.");
    return;
  }
  const bool hasActivations =
      std::any_of(model.linears.begin(), model.linears.end(),
                  [&](const Linear& linear) { return plan.choiceFor(linear.name).activation.has_value(); });
  if (hasActivations || !plan.points.empty() || plan.kvCache)
    report.notes.push_back(
        "The plan's activation schemes are not part of a checkpoint: whoever runs it keeps activations as "
        "they "
        "are, so its perplexity shows what the weights alone cost.");
  if (model.hasTiedEmbeddings)
    report.notes.push_back(
        "The head shares its matrix with the embedding; what the plan does to one is done to "
        "both.");
}

}  // namespace

std::string_view applyKindName(ApplyKind kind) {
  switch (kind) {
    case ApplyKind::Rotated:
      return "rotated";
    case ApplyKind::Smoothed:
      return "smoothed";
    case ApplyKind::FakeQuantized:
      break;
  }
  return "fake-quantized";
}

RoundingSums ApplyReport::rounding() const {
  RoundingSums all;
  for (const AppliedShard& shard : shards)
    for (const RoundedTensor& tensor : shard.rounded) all.merge(tensor.sums);
  return all;
}

const RoundedTensor* ApplyReport::worst() const {
  const RoundedTensor* worst = nullptr;
  for (const AppliedShard& shard : shards)
    for (const RoundedTensor& tensor : shard.rounded)
      if (!worst || tensor.sums.relativeFrobenius() > worst->sums.relativeFrobenius()) worst = &tensor;
  return worst;
}

ApplyReport Workspace::apply(const QuantizationPlan& plan, const ApplyOptions& options, JobContext& job) {
  State& state = *m_state;
  state.requireWeights("applying a plan");
  const Checkpoint& checkpoint = *state.checkpoint;
  requireApplicable(plan, checkpoint, options);
  const bool isQuantized = options.kind == ApplyKind::FakeQuantized;
  const bool needsData = isQuantized && needsActivations(state.model, plan);
  if (needsData) requireActivations(state, plan);
  FoldedPlan folded = foldPlan(state, plan, {options.planFolder, options.powersOfTwo}, job, job);
  const std::string identity =
      identityOf(plan, options, folded.factors, needsData ? dataKey(state) : std::string());
  folded.inputs.cacheBytes = 1;  // every matrix is read once: the newest stays
  const Model& model = folded.model(state);
  std::shared_ptr<const PlannedSource> planned;
  if (isQuantized)
    planned = std::make_shared<const PlannedSource>(folded.source, model, folded.plan, job, folded.inputs);
  const AppliedWeights weights(checkpoint, model, state.source, folded, planned);
  if (weights.changedCount() == 0)
    throw Error(ErrorCode::Plan, "The plan changes no weight of this model; there is nothing to write.");
  requireWritable(checkpoint, model, weights);

  const SideFiles side = sideFiles(checkpoint);
  std::map<std::string, std::string> changedFiles;
  if (weights.added())
    changedFiles = sideFilesWith(checkpoint, *folded.rotated->untied(), *weights.added(), side.copied);
  else if (folded.configJson(state) != state.configJson)
    changedFiles["config.json"] = folded.configJson(state);
  std::set<std::string> names(side.copied.begin(), side.copied.end());
  for (const Shard& shard : checkpoint.shards()) names.insert(shard.name);
  ApplyFolder folder(options.output, checkpoint.folder(),
                     {std::string(applyKindName(options.kind)), identity, state.fingerprint},
                     std::move(names), options.resume);
  ApplyReport report;
  report.output = folder.output();
  report.notes = folder.notes();
  ApplyRun run(checkpoint, model, weights, folder, options, job);
  run.writeShards(report, side.sizeBytes);
  run.copySideFiles(side.copied, changedFiles);
  folder.commit();
  report.copiedFiles = side.copied;
  report.skippedFiles = side.skipped;
  report.changedTensors = weights.changedCount();
  report.copiedTensors = checkpoint.tensors().size() - weights.changedCount();
  if (planned) report.fallbacks = planned->fallbacks();
  if (weights.added()) report.addedTensors.push_back(weights.added()->name);
  addNotes(plan, model, options, report);
  return report;
}

}  // namespace ql
