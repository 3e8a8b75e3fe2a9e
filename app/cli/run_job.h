#pragma once
// Runs a slow operation of core from the command line: progress on a terminal, Ctrl+C cancels.
#include "core/jobs/job_context.h"

#include <functional>

namespace CLI {
class App;
}

namespace ql::cli {

/// `--threads N` of the commands that read weights; 0 = all cores.
struct JobOptions {
  int threads = 0;
  void addTo(CLI::App& app);
};

/// Runs `body` on this thread with a job. While it runs one line on standard error shows what is done, the
/// share and the time left, only when that is a terminal. The first SIGINT or SIGTERM cancels the job; a
/// second one ends the process at once. Lets every exception of `body` pass; throws Cancelled.
void runJob(const JobOptions& options, const std::function<void(JobContext&)>& body);

}  // namespace ql::cli
