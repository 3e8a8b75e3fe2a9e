// libFuzzer target: the header of a safetensors file. Seeds and kept inputs: corpus/fuzz_safetensors_header.
#include "tests/fuzz/io_targets.h"

#include <cstring>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
  ql::fuzz::safetensorsHeader(bytes);
  // Once more with a length that fits, so that mutations of the text get past the first eight bytes.
  std::vector<std::byte> framed(8 + size);
  const auto length = static_cast<std::uint64_t>(size);
  std::memcpy(framed.data(), &length, 8);
  if (size != 0) std::memcpy(framed.data() + 8, data, size);
  ql::fuzz::safetensorsHeader(framed);
  return 0;
}
