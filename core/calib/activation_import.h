#pragma once
// Activation evidence from elsewhere: captured activations, llama.cpp's imatrix, SmoothQuant's act_scales,
// HDF5 site groups of the capture script (those come through the statistics file).
#include "core/base/data_tree.h"
#include "core/jobs/job_context.h"
#include "core/model/model.h"
#include "core/stats/activation_accumulator.h"
#include "core/stats/activation_stats.h"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ql {

struct ImportedActivations {
  ActivationOrigin origin = ActivationOrigin::ActivationFile;
  std::vector<std::pair<std::size_t, ActivationStats>> sites;  // by index in Model::sites, ascending
  std::vector<std::string> warnings;  // names that match no linear, counts without tokens
  std::string sha256;                 // of the file
};

/// Kind by content, not by extension: .safetensors or .npz with "<name>.input" = [tokens, in] (or [windows,
/// tokens, in]); imatrix .dat and .gguf; act_scales .pt and .safetensors ("<name>" = [in]). `<name>` may be
/// any consumer's name, with or without ".weight"; unequal duplicates of one site are an error. Never
/// executes anything from the file; every size is validated. Throws Error(Format | Shape | Unsupported)
/// naming the file, the entry and the remedy.
ImportedActivations importActivations(const std::filesystem::path& path, const Model& model,
                                      const AccumulatorOptions& options, JobContext& job);

/// Takes the statistics of one site as soon as they are complete; sites come in any order, each once.
using ActivationSink = std::function<void(std::size_t site, ActivationStats stats)>;

/// As above, but each site goes to `sink`, so that only one second moment is in memory at a time; the
/// result's `sites` is empty.
ImportedActivations importActivations(const std::filesystem::path& path, const Model& model,
                                      const AccumulatorOptions& options, const ActivationSink& sink,
                                      JobContext& job);

/// Statistics that a capture wrote as /sites/<name>/input: (name, that group) for each site. Names as above.
/// sha256: of the file, becomes the evidence's data. Throws Error(Store | Shape | Format) naming the entry.
ImportedActivations activationsFromTrees(const std::vector<std::pair<std::string, DataTree>>& trees,
                                         const Model& model, const std::string& sha256);

/// The kinds of files that importActivations reads, each as a noun phrase, in the order in which they are
/// tried.
std::vector<std::string_view> activationImportSentences();

}  // namespace ql
