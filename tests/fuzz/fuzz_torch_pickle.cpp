// libFuzzer target: files of torch.save and the pickles inside them. Kept inputs: corpus/fuzz_torch_pickle.
#include "tests/fuzz/import_targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ql::fuzz::torchPickle(std::as_bytes(std::span(data, size)));
  return 0;
}
