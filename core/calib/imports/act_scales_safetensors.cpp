// act_scales as a .safetensors file: "<module>" [channels].
#include "core/calib/imports/act_scales.h"
#include "core/calib/imports/import_kind.h"
#include "core/io/weight_source.h"

namespace ql {
namespace {

bool canRead(const ImportFile& file) {
  return looksLikeSafetensors(file.bytes());
}

void read(const ImportFile& file, const AccumulatorOptions&, ImportedSites& sites, JobContext& job) {
  const auto checkpoint = openCheckpoint(file.path);
  for (const TensorInfo& tensor : checkpoint->tensors()) {
    takeActScales(tensor.name, tensor.shape, sites, [&] { return readVector(*checkpoint, tensor.name); });
    job.step(tensor.sizeBytes);
  }
}

}  // namespace

const ActivationImportKind& safetensorsActScalesImport() {
  static const ActivationImportKind kind{"act_scales (.safetensors)", ActivationOrigin::ActScales, canRead,
                                         read};
  return kind;
}

}  // namespace ql
