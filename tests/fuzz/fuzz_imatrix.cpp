// libFuzzer target: llama.cpp's imatrix, both formats, and the GGUF container below it. Kept inputs:
// corpus/fuzz_imatrix.
#include "tests/fuzz/import_targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ql::fuzz::imatrix(std::as_bytes(std::span(data, size)));
  return 0;
}
