#pragma once
// A quantization plan: a default choice, choices by linear, smoothing, points, locks, ignore list. A value
// type; the plan never reads weights. Unknown keys of a file are kept on round trip.
#include "core/model/model.h"
#include "core/quant/scheme.h"

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ql {

struct PlanSmoothing {
  std::string producer;
  std::vector<std::string> consumers;
  std::string method;             // "smoothquant", "bismooth", "awq"
  std::string statistic = "max";  // "max" | "median" | "mean"
  double alpha = 0.5;
  std::optional<std::string> scales;  // "file.safetensors#name"
  std::string unknown;                // JSON object text of keys this version does not know
  std::string formula = {};           // "llm-compressor", or empty = as published
  bool dataFree = false;              // the norm's gain stands for the activations
  bool powersOfTwo = false;           // S rounded to powers of two
  bool operator==(const PlanSmoothing&) const = default;
};

struct PlanModel {
  std::string name, architecture, fingerprint;
  bool operator==(const PlanModel&) const = default;
};

struct QuantizationPlan {
  PlanModel model;
  Choice defaultChoice;
  std::map<std::string, Choice> layers;
  std::set<std::string> ignore;  // exact names: never quantized
  std::set<std::string> locks;   // exact names: edits pass over them
  std::vector<PlanSmoothing> smoothing;
  std::map<std::string, ActScheme> points;
  std::optional<ActScheme> kvCache;
  std::string rotations = "[]";  // JSON text, kept as it is
  std::string evidence = "{}";   // JSON text, kept as it is
  std::string unknown = "{}";    // JSON object text of top-level keys this version does not know
  std::map<std::string, std::string>
      unknownInside;  // the same of inner objects, by JSON pointer: "/model", "/default/weight"

  bool operator==(const QuantizationPlan&) const = default;

  /// The effective choice: ignore > layers > default. Ignored = nothing quantized.
  Choice choiceFor(const std::string& linear) const;
  bool isIgnored(const std::string& linear) const { return ignore.contains(linear); }
  bool isLocked(const std::string& linear) const { return locks.contains(linear); }
};

/// W8A8 per channel on every quantizable linear; embeddings, head, router ignored.
QuantizationPlan newPlan(const Model& model, const std::string& fingerprint, const Choice& defaultChoice);

/// A plan of a model with 50,000 experts has half of this.
inline constexpr std::size_t kMaxPlanBytes = 64u << 20;

/// Deterministic JSON, and back: the same plan always gives the same bytes. parsePlan throws Error(Plan)
/// naming `where`, the JSON path, what was expected and what to do. Accepts every word of the schema, also
/// formats this version cannot measure.
std::string planJson(const QuantizationPlan& plan);
QuantizationPlan parsePlan(std::string_view json, const std::string& where);
QuantizationPlan loadPlan(const std::filesystem::path& path);
void savePlan(const QuantizationPlan& plan, const std::filesystem::path& path);

/// Choice as JSON text, for --json outputs and stored errors.
std::string choiceJson(const Choice& choice);
Choice parseChoice(std::string_view json, const std::string& where);

}  // namespace ql
