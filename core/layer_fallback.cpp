#include "core/layer_fallback.h"

#include "core/base/message_text.h"

#include <algorithm>
#include <cstdint>
#include <set>

namespace ql {

std::vector<std::string> fallbackLines(const std::vector<LayerFallback>& fallbacks) {
  struct Line {
    std::string reason, worst;
    std::int64_t count = 0, most = 0;
    std::set<std::string> layers;
  };
  std::vector<Line> lines;
  for (const LayerFallback& entry : fallbacks) {
    const std::string& reason = entry.fallback.reason;
    auto line = std::find_if(lines.begin(), lines.end(), [&](const Line& l) { return l.reason == reason; });
    if (line == lines.end()) line = lines.insert(lines.end(), Line{reason, {}, 0, 0, {}});
    line->count += entry.fallback.count;
    line->layers.insert(entry.layer);
    if (entry.fallback.count > line->most) line->most = entry.fallback.count, line->worst = entry.layer;
  }
  std::vector<std::string> texts;
  for (const Line& line : lines) {
    const auto layers = static_cast<std::int64_t>(line.layers.size());
    const bool isOne = layers == 1, isEven = line.most * layers == line.count;
    texts.push_back(line.reason + " (" + withThousands(static_cast<std::uint64_t>(line.count)) +
                    (line.count == 1 ? " time in " : " times in ") +
                    (isOne ? quotedText(line.worst)
                           : withThousands(line.layers.size()) + " layers" +
                                 (isEven ? std::string() : ", most in " + quotedText(line.worst))) +
                    ")");
  }
  return texts;
}

}  // namespace ql
