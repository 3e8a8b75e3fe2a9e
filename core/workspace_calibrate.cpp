// Calibration runs and imported activations, into the statistics file as they come.
#include "core/calibration_run.h"
#include "core/data_errors.h"

namespace ql {

namespace fs = std::filesystem;

void Workspace::State::clearActivations() {
  const std::lock_guard lock(mutex);
  for (SiteRecord& site : sites) site = {};
  points.clear();
  calibration.reset();
  calibrationKey.clear();
  coverage.clear();
  outputs.clear();
  for (LinearRecord& record : records) {
    std::erase_if(record.figures, [](const auto& entry) { return keyRestsOnActivations(entry.first); });
    std::erase_if(record.pinnedErrors, [](const auto& entry) { return keyRestsOnActivations(entry.first); });
  }
  tokenTexts.clear();
  activationCache = LruCache<std::size_t, ActivationStats>(kActivationCacheBytes);
}

void Workspace::calibrate(const CalibrateOptions& options, JobContext& job,
                          const std::function<void(int block)>& done) {
  const auto one = m_state->lockAnalysis(job);
  CalibrationRun(*m_state, options.output, options.resume).calibrateModel(options, job, done);
}

void Workspace::checkCalibration(const CalibrateOptions& options) const {
  m_state->requireWeights("calibration");
  const auto forward = m_state->forwardModel(m_state->source);
  m_state->windowsOf(options.source, options.windows, *forward);
}

void Workspace::useActivations(const fs::path& file, JobContext& job) {
  const auto one = m_state->lockAnalysis(job);
  CalibrationRun(*m_state).importFile(file, job);
}

void Workspace::importActivations(const fs::path& file, const fs::path& output, JobContext& job) {
  const auto one = m_state->lockAnalysis(job);
  CalibrationRun(*m_state, output, true).importFile(file, job);
}

}  // namespace ql
