#pragma once
// One calibration or import: results become visible, and go into the statistics file, site by site. Internal
// to core/workspace*.cpp.
#include "core/calib/activation_import.h"
#include "core/result_writer.h"
#include "core/workspace_calibration.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ql {

/// The plan behind whose quantized blocks a sequential calibration measures.
struct SequentialPlan {
  std::string identity;                           // SHA-256 of the plan and its factors
  std::string name;                               // for the record: "w4a16 gptq"
  std::shared_ptr<const ForwardModel> quantized;  // may ask the workspace for statistics of this run
  std::uint64_t cacheBytes = 0;                   // that it keeps of quantized matrices
};

class CalibrationRun {
 public:
  CalibrationRun(Workspace::State& state, const std::filesystem::path& output, bool resume);
  /// Results stay in memory.
  explicit CalibrationRun(Workspace::State& state);

  void calibrateModel(const CalibrateOptions& options, JobContext& job, const std::function<void(int)>& done,
                      const SequentialPlan* sequential = nullptr);
  void importFile(const std::filesystem::path& file, JobContext& job);

 private:
  void describe(const CalibrateOptions& options, const TokenWindows& windows,
                const SequentialPlan* sequential);
  std::vector<std::string> read(const std::filesystem::path& file, const ActivationSink& take,
                                JobContext& job) const;
  bool isFinished(int block) const;
  void begin(JobContext& job);
  void start();
  void publish();
  void take(BlockActivations result, JobContext& job);
  void takeSite(std::size_t site, ActivationStats measured, JobContext& job);
  void takePoint(PointId point, ActivationStats measured);
  void leaveOutMoment(std::size_t site, ActivationStats& stats);
  std::vector<StoredOutput> measureOutputs(LinearId id, const ActivationStats& stats, JobContext& job);
  void measure(LinearId id, std::span<const Choice> choices, const ActivationStats& stats, JobContext& job);
  void noteTokens(const TokenSample& sample);
  void end();

  Workspace::State& m_state;
  StoredCalibration m_stored;
  bool m_keepMoments = false, m_isWriting = true, m_isStarted = false, m_isBudgeted = false;
  std::uint64_t m_momentBytes = 0, m_leftOut = 0;  // in memory only: kept so far; sites without
  int m_lastBlock = 0;
  ResultWriter m_writer;
};

}  // namespace ql
