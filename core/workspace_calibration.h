#pragma once
// How calibration results lie in the statistics file, and who writes them. Internal to core/workspace*.cpp.
#include "core/workspace_state.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ql {

/// /sites/<name>/{input, summary, outputs of <linear>}; /points/<name>/{input, summary};
/// /calibration/{record, block 000012}.
inline constexpr const char* kSitesSection = "sites";
inline constexpr const char* kPointsSection = "points";
inline constexpr const char* kCalibrationSection = "calibration";
inline constexpr const char* kRecordEntry = "record";
inline constexpr const char* kOutputsPrefix = "outputs of ";

struct StoredCalibration {
  CalibrationRecord record;
  std::string key;  // of data and settings
  std::map<std::int32_t, std::string> tokenTexts;
};
DataTree toDataTree(const StoredCalibration& calibration);
StoredCalibration storedCalibrationFrom(const DataTree& tree);  // throws Error(Store)

/// "block 000012", and back.
std::string blockEntry(int block);
std::optional<int> blockOfEntry(const std::string& name);
DataTree blockTree(const std::string& key, const std::vector<std::uint64_t>& expertTokens,
                   const std::vector<std::string>& warnings);
std::vector<std::uint64_t> expertTokensFrom(const DataTree& tree);

using StoredOutput = std::pair<Choice, OutputError>;
DataTree siteTree(const ActivationStats& stats, const std::string& key, bool withMoment,
                  const std::map<std::string, std::vector<StoredOutput>>& outputs);
/// From attributes alone.
ActivationSummary activationSummaryFrom(const DataTree& siteTree);
std::vector<StoredOutput> outputErrorsFrom(const DataTree& tree);

/// The site that a name in a file means: its own or that of any consumer.
std::optional<std::size_t> siteOf(const Model& model, const std::string& name);

}  // namespace ql
