#pragma once
// The tiny models that the files in tests/data/imports belong to (make_imports.py there repeats their sizes).
#include "tests/support/data.h"
#include "tests/support/model_names.h"

#include <filesystem>
#include <string>
#include <utility>

namespace ql::test {

inline constexpr LlamaShape kTinyLlama{2, 8, 12, 8, 8, 16};
inline constexpr LlamaShape kTinyMixtral{1, 8, 12, 8, 8, 16};

inline Model tinyLlama() {
  return llamaModel(kTinyLlama).build("tiny");
}

/// Three experts.
inline Model tinyMixtral() {
  NamedModel model = mixtralModel(kTinyMixtral);
  std::erase_if(model.tensors, [](const TensorInfo& tensor) {
    for (int e = 3; e < 8; ++e)
      if (tensor.name.find("experts." + std::to_string(e) + ".") != std::string::npos) return true;
    return false;
  });
  return model.build("tiny-moe");
}

inline std::filesystem::path importFile(const std::string& name) {
  return dataFile("imports/" + name);
}

inline std::size_t siteNamed(const Model& model, const std::string& linear) {
  return model.linears.at(model.find(linear).value()).site.value();
}

/// The statistics of the site that a linear reads; null when the import has none.
template <class Imported>
const auto* statsOf(const Imported& imported, const Model& model, const std::string& linear) {
  const std::size_t site = siteNamed(model, linear);
  for (const auto& entry : imported.sites)
    if (entry.first == site) return &entry.second;
  return static_cast<decltype(&imported.sites[0].second)>(nullptr);
}

}  // namespace ql::test
