// config.json and tensor names: the input is a configuration, a NUL byte, and lines "name d0 d1 d2".
#include "core/base/error.h"
#include "core/model/model.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = text.find('\0');
  std::vector<ql::TensorInfo> tensors;
  std::istringstream lines(end == std::string::npos ? "" : text.substr(end + 1));
  for (std::string line; std::getline(lines, line) && tensors.size() < 2000;) {
    std::istringstream words(line);
    ql::TensorInfo tensor;
    words >> tensor.name;
    for (std::int64_t dimension; words >> dimension;) tensor.shape.push_back(dimension);
    tensor.dtype = static_cast<ql::DType>(line.size() % 22);
    tensors.push_back(std::move(tensor));
  }
  try {
    const ql::Model model = ql::buildModel(tensors, std::string_view(text).substr(0, end), "fuzz");
    ql::selectLinears(model, {.regex = ".*proj", .blocks = {{0, 3}}, .roles = {}});
    for (const ql::Linear& linear : model.linears) {
      if (linear.out() <= 0 || linear.in() <= 0 || (linear.block && *linear.block >= model.blockCount))
        std::abort();
    }
  } catch (const ql::Error&) {  // a refused file is fine, anything else is a finding
  }
  return 0;
}
