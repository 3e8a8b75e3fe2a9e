// Smoothing factors in a safetensors file beside a plan.
#include "core/smooth/factors_file.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/io/safetensors_writer.h"
#include "core/smooth/smoothing.h"

#include <algorithm>
#include <cmath>
#include <system_error>

namespace ql {
namespace {

[[noreturn]] void fail(ErrorCode code, std::string_view reference, const std::string& what) {
  throw Error(code, "The smoothing factors " + quotedText(reference) + " " + what + ".");
}

}  // namespace

std::vector<float> readSmoothingFactors(std::string_view reference, const std::filesystem::path& folder,
                                        std::int64_t channels) {
  const std::size_t mark = reference.rfind('#');
  if (mark == std::string_view::npos || mark == 0 || mark + 1 == reference.size())
    fail(ErrorCode::Format, reference, "do not name a file and a tensor; write FILE.safetensors#TENSOR");
  const std::filesystem::path file = folder / std::filesystem::path(reference.substr(0, mark));
  const std::string tensor(reference.substr(mark + 1));
  const auto checkpoint = openCheckpoint(file);
  const TensorInfo* info = checkpoint->find(tensor);
  if (info == nullptr)
    fail(ErrorCode::Format, reference,
         "are not in the file, which has " + withThousands(checkpoint->tensors().size()) + " other tensors");
  if (elementCount(info->shape) != static_cast<std::uint64_t>(channels)) {
    fail(ErrorCode::Shape, reference,
         "have the shape " + shapeText(info->shape) + " where " + std::to_string(channels) +
             " channels are smoothed");
  }
  std::vector<float> factors = readVector(*checkpoint, tensor);
  for (std::size_t j = 0; j < factors.size(); ++j) {
    if (!std::isfinite(factors[j]) || factors[j] <= 0)
      fail(ErrorCode::Numeric, reference,
           "hold " + std::to_string(factors[j]) + " for channel " + std::to_string(j) +
               "; factors must be finite and above 0");
  }
  return factors;
}

NamedFactors readFactorsFile(const std::filesystem::path& path) {
  std::error_code failure;
  NamedFactors factors;
  if (!std::filesystem::exists(path, failure)) return factors;
  const auto file = openCheckpoint(path);
  for (const TensorInfo& tensor : file->tensors()) {
    std::vector<float>& values = factors[tensor.name];
    const bool isVector = tensor.dtype == DType::F32 && tensor.shape.size() == 1;
    if (isVector) values = readVector(*file, tensor.name);
    if (!isVector ||
        !std::all_of(values.begin(), values.end(), [](float s) { return std::isfinite(s) && s > 0; }))
      throw Error(ErrorCode::Format, "The file " + quotedPath(path) + " holds " + quotedText(tensor.name) +
                                         ", which are no smoothing factors; name another file for them.");
  }
  return factors;
}

void writeFactorsFile(const std::filesystem::path& path, const NamedFactors& factors,
                      const std::map<std::string, std::string>& metadata) {
  std::vector<TensorToWrite> tensors;
  for (const auto& [name, s] : factors)
    tensors.push_back({name, DType::F32, {static_cast<std::int64_t>(s.size())}, std::as_bytes(std::span(s))});
  writeSafetensors(path, std::move(tensors), metadata);
}

}  // namespace ql
