// libFuzzer target: zip archives and the .npy members inside them. Kept inputs: corpus/fuzz_npz.
#include "tests/fuzz/import_targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ql::fuzz::npz(std::as_bytes(std::span(data, size)));
  return 0;
}
