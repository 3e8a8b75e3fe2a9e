#pragma once
// Everything a report says, as plain values: filled by the workspace, laid out by reportHtml(). Errors are
// fractions.
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ql::report {

/// A line of a table of facts.
struct Fact {
  std::string name, value;
};

/// One linear that can be quantized.
struct Layer {
  std::string name, role;
  std::optional<int> block, expert;
  std::int64_t out = 0, in = 0;
  std::string weights, activations;  // what the plan does: "int8 channel", "int8 token"
  std::optional<double> error;       // under that; nothing when it could not be measured
  bool isOnData = false;             // output error on calibration tokens; else of the weights alone
  double bits = 0;                   // a weight, scales included
  bool isFlagged = false, isChanged = false, isLocked = false, isIgnored = false;
};

/// The error of one layer under one choice.
struct Bar {
  std::string label;
  double error = 0;
  bool isPlanned = false;
};

/// A finding in words, with what helps and the command that does it; both may be empty.
struct FindingText {
  std::string layer, code, sentence, remedy, command;
};

/// A layer that is looked at closely.
struct WorstLayer {
  std::size_t layer = 0;                         // index in ReportData::layers
  std::vector<float> weightAbsmax, inputAbsmax;  // by input channel; empty = unknown
  std::vector<Bar> bars;                         // all of one figure
  std::vector<FindingText> findings;
};

struct AlphaCurve {
  std::string label;                              // "SmoothQuant"
  std::vector<std::pair<double, double>> points;  // alpha, error; by ascending alpha
  double bestAlpha = 0, bestError = 0;
};

/// error(alpha) of the readers of one producer together.
struct SmoothingPicture {
  std::string producer;
  std::vector<std::string> readers;
  double none = 0;  // without smoothing
  std::vector<AlphaCurve> curves;
};

struct Totals {
  std::size_t layers = 0, changed = 0, locked = 0, ignored = 0;
  double storedBytes = 0, plannedBytes = 0, averageBits = 0;
};

struct PerplexityFigures {
  double planned = 0;
  std::optional<double> reference, kl, topAgreement;
  std::string text;  // what it was measured on, empty = unknown
};

struct ReportData {
  std::string model, date, planName;  // planName empty: no plan was named
  std::string scheme;                 // of most layers: "int8 channel, activations int8 token"
  double target = 0.02;
  std::vector<Fact> facts, evidence;
  std::vector<std::string> roles;  // rows of the overview, in network order
  int blocks = 0;
  std::vector<Layer> layers;  // in network order
  std::vector<WorstLayer> worst;
  std::vector<FindingText> findings;  // worst first, as many as are written out
  std::size_t findingCount = 0;       // of all
  std::vector<SmoothingPicture> smoothing;
  std::optional<Totals> totals;
  std::optional<PerplexityFigures> perplexity;
  std::vector<std::string> notes;  // what is missing and why, one sentence each
};

}  // namespace ql::report
