// act_scales as SmoothQuant writes them: torch.save of {"<module>": tensor}. Read as data, never executed.
#include "core/calib/imports/act_scales.h"
#include "core/calib/imports/import_kind.h"
#include "core/io/torch_file.h"

namespace ql {
namespace {

/// Any pickle is taken, so that one which is no torch file is refused with the reason.
bool looksLikePickle(std::span<const std::byte> bytes) {
  return bytes.size() > 1 && bytes[0] == std::byte{0x80} && bytes[1] >= std::byte{2} &&
         bytes[1] <= std::byte{5};
}

bool canRead(const ImportFile& file) {
  return looksLikePickle(file.bytes()) || isTorchZip(file);
}

void read(const ImportFile& file, const AccumulatorOptions&, ImportedSites& sites, JobContext& job) {
  const auto torch = TorchFile::open(file.mapping);
  for (const TorchFile::Tensor& tensor : torch->tensors()) {
    takeActScales(tensor.name, tensor.view.shape, sites, [&] { return torch->read(tensor); });
    job.step();
  }
  job.step(file.bytes().size());
}

}  // namespace

const ActivationImportKind& torchActScalesImport() {
  static const ActivationImportKind kind{"SmoothQuant's act_scales (.pt)", ActivationOrigin::ActScales,
                                         canRead, read};
  return kind;
}

}  // namespace ql
