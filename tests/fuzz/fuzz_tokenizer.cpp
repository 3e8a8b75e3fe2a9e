// tokenizer.json: the input is the file, a NUL byte, and a text to tokenize with it.
#include "core/base/error.h"
#include "core/calib/tokenizers/tokenizer_spec.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(input.find('\0'), input.size());
  const std::string text = end < input.size() ? input.substr(end + 1, 2000) : "Some text, 123\n";
  try {
    ql::TokenizerSpec spec = ql::parseTokenizerJson(std::string_view(input).substr(0, end), "\"fuzz\"");
    const auto tokenizer = ql::makePipelineTokenizer(std::move(spec));
    const auto ids = tokenizer->encode(text);
    for (const std::int32_t id : ids) {
      if (id < 0 || id >= tokenizer->vocabularySize()) std::abort();
      tokenizer->tokenText(id);
    }
    tokenizer->decode(ids);
  } catch (const ql::Error&) {  // a refused file is fine, anything else is a finding
  }
  return 0;
}
