#pragma once
// The demo models: one is shipped, its siblings are derived from it exactly, by rescaling with powers of two.
#include <filesystem>
#include <string>
#include <vector>

namespace ql {

struct DemoModel {
  std::string key;       // folder name: "demo-llama-weight-outliers"
  std::string title;     // "Weight outliers"
  std::string sentence;  // what it shows, one line
};

const std::vector<DemoModel>& demoModels();

/// The folder of a demo model, made on first use in dataFolder()/demo (or cacheFolder()/demo where that
/// cannot be written): a complete Hugging Face folder, there whole or not at all. `resources` is
/// resourceFolder(). Throws Error(Usage) for an unknown key, Error(Io | Format) when the resources are
/// damaged or nothing can be written. About 50 ms the first time.
std::filesystem::path prepareDemo(const std::string& key, const std::filesystem::path& resources);

}  // namespace ql
