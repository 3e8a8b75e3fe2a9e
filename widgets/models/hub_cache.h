#pragma once
// Models in the Hugging Face cache of this machine: models--org--name/snapshots/*/ with a config.json. Reads
// folders and config.json only.
#include "core/jobs/job_context.h"

#include <QString>

#include <vector>

namespace ql {

struct HubModel {
  QString name;          // "meta-llama/Meta-Llama-3-70B"
  QString path;          // the snapshot
  QString architecture;  // "LlamaForCausalLM", empty when config.json does not say
  int shards = 0;
  quint64 sizeBytes = 0;
};

/// $HUGGINGFACE_HUB_CACHE, $HF_HUB_CACHE, $HF_HOME/hub, else ~/.cache/huggingface/hub.
QString hubCacheFolder();
/// By name; the newest snapshot of each that has safetensors. Damaged entries are passed over.
std::vector<HubModel> findHubModels(const QString& folder, JobContext& job);

}  // namespace ql
