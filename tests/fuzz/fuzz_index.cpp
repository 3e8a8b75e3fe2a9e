// libFuzzer target: model.safetensors.index.json. Seeds and kept inputs: corpus/fuzz_index.
#include "tests/fuzz/io_targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ql::fuzz::index({reinterpret_cast<const char*>(data), size});
  return 0;
}
