#include "app/cli/text_options.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <cstdint>
#include <filesystem>

namespace ql::cli {
namespace {

constexpr std::int64_t kMostTokens = std::int64_t{1} << 40;

}  // namespace

void TextOptions::addTo(CLI::App& app, std::int64_t defaultTokens) {
  tokens = defaultTokens;
  app.add_flag("--ids", isIds,
               "The file holds token ids (.txt); .npy and .safetensors are taken as ids anyway");
  app.add_option("--tokenizer", tokenizer,
                 "Folder or tokenizer.json, tokenizer.model to use instead of the model's own")
      ->type_name("PATH");
  app.add_option("--tokens", tokens, "Tokens to run, 0 = all of the text")
      ->check(CLI::Range(std::int64_t{0}, kMostTokens).description(""))
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--context", context, "Tokens a window; 0 = the model's own length, at most 2048")
      ->check(CLI::Range(std::int64_t{0}, kMostTokens).description(""))
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--memory", memoryGiB, "Memory to use, in GiB; 0 = 60 % of what is available")
      ->check(CLI::Range(0.0, 1048576.0).description(""))
      ->capture_default_str()
      ->type_name("GiB");
}

TextSource TextOptions::source(const std::string& file) const {
  // ".safetensors#name" picks one tensor of a file
  const std::string extension = std::filesystem::path(file.substr(0, file.rfind('#'))).extension().string();
  TextSource source;
  (isIds || extension == ".npy" || extension == ".safetensors" ? source.ids : source.text) = file;
  source.tokenizer = tokenizer;
  return source;
}

WindowOptions TextOptions::windows() const {
  WindowOptions options;
  options.context = context;
  options.maxTokens = tokens;
  return options;
}

std::uint64_t TextOptions::memoryBytes() const {
  return static_cast<std::uint64_t>(memoryGiB * 1073741824.0);
}

}  // namespace ql::cli
