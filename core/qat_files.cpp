// The files of a QAT export: tensors and their description.
#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/base/version.h"
#include "core/io/safetensors_writer.h"
#include "core/workspace_qat.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstring>
#include <list>

namespace ql {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

/// LSQ's Qp: 2^(b-1) - 1 of symmetric integers, 2^b - 1 with a zero point, the largest value of floats.
double largestCode(const InitialSteps& steps, bool isSymmetric) {
  const double lo = static_cast<double>(steps.lo), hi = static_cast<double>(steps.hi);
  if (lo == -hi) return hi;
  return isSymmetric ? (hi - lo + 1) / 2 - 1 : hi - lo;
}

/// Tensors to write, and the description of one quantizer.
class QatWriter {
 public:
  QatWriter(const QatReport& report, const Model& model) : m_report(report), m_model(model) {}

  Json describe() {
    Json json;
    json["format"] = "quantloupe-qat";
    json["version"] = 1;
    json["tool"] = kToolId;
    json["model"] = m_report.fingerprint.empty() ? Json(nullptr) : Json(m_report.fingerprint);
    json["tensors"] = "qat.safetensors";
    json["rule"] = m_report.request.rule;
    json["percent"] =
        m_report.request.rule == "percentile" ? number(m_report.request.percent) : Json(nullptr);
    json["value"] = "Q(x) = (code - zero_point) * scale, code = clamp(round(x / scale) + zero_point)";
    json["gradient_scale"] =
        "LSQ: g = 1 / sqrt(N * Qp), N the weights (or features) of the layer; "
        "gradient_scale_per_step: N those that share a step";
    json["threshold"] = number(m_report.request.threshold);
    json["criterion"] = qatCriterion(m_report);
    json["weights"] = Json::array();
    for (const QatWeight& weight : m_report.weights) json["weights"].push_back(weightJson(weight));
    json["activations"] = Json::array();
    for (const QatActivation& activation : m_report.activations)
      json["activations"].push_back(activationJson(activation));
    addPoints(json);
    return json;
  }

  std::vector<TensorToWrite> tensors() const { return m_tensors; }

 private:
  /// The fields that weights and activations share.
  Json stepsJson(const std::string& prefix, const InitialSteps& steps, std::int64_t features,
                 bool isSymmetric) {
    Json json;
    json["codes"] = {number(static_cast<double>(steps.lo)), number(static_cast<double>(steps.hi))};
    json["range"] = {number(steps.low), number(steps.high)};
    json["scale"] = keep(prefix + "_scale", DType::F32, steps.shape, steps.steps.data(), steps.steps.size());
    json["zero_point"] = steps.zeroPoints.empty()
                             ? Json(nullptr)
                             : Json(keep(prefix + "_zero_point", DType::I32, steps.shape,
                                         steps.zeroPoints.data(), steps.zeroPoints.size()));
    json["shape"] = steps.shape;
    const double most = largestCode(steps, isSymmetric);
    json["gradient_scale"] = number(lsqGradientScale(features, most));
    json["gradient_scale_per_step"] = number(lsqGradientScale(steps.largestPart, most));
    json["values"] = steps.count;
    json["clip_fraction"] = number(steps.clipFraction);
    json["mse"] = number(steps.mse);
    json["gradient_rms"] = steps.gradientRms ? number(*steps.gradientRms) : Json(nullptr);
    return json;
  }

  template <class T>
  std::string keep(const std::string& name, DType dtype, const std::vector<std::int64_t>& shape,
                   const T* data, std::size_t count) {
    m_tensors.push_back(
        {name, dtype, Shape(shape.begin(), shape.end()), std::as_bytes(std::span<const T>(data, count))});
    return name;
  }

  Json head(LinearId id) const {
    const Linear& linear = m_model.linears[id];
    return {{"layer", linear.name},
            {"block", linear.block ? Json(*linear.block) : Json(nullptr)},
            {"role", std::string(roleName(linear.role))}};
  }

  static Json bitsOf(const std::string& format) {
    const NumberFormatInfo* info = findNumberFormat(format);
    return info ? number(info->bits) : Json(nullptr);
  }

  Json weightJson(const QatWeight& weight) {
    const Linear& linear = m_model.linears[weight.id];
    const WeightScheme& scheme = *weight.choice.weight;
    Json json = head(weight.id);
    json["matrix"] = {linear.out(), linear.in()};
    json["scheme"] = specText(Choice{scheme, std::nullopt});
    json["number_format"] = scheme.format;
    json["bits"] = bitsOf(scheme.format);
    json["symmetric"] = scheme.symmetric;
    json["granularity"] = std::string(granularityName(scheme.granularity));
    json["group_size"] = scheme.groupSize ? Json(*scheme.groupSize) : Json(nullptr);
    json["block_size"] = scheme.block ? Json{(*scheme.block)[0], (*scheme.block)[1]} : Json(nullptr);
    json["steps"] = weight.steps ? stepsJson(linear.name + ".weight", *weight.steps,
                                             linear.out() * linear.in(), scheme.symmetric)
                                 : Json(nullptr);
    json["note"] = weight.note.empty() ? Json(nullptr) : Json(weight.note);
    json["figure"] = weight.figure.empty() ? Json(nullptr) : Json(weight.figure);
    json["errors"] = Json::object();
    for (const QatTrial& trial : weight.trials) json["errors"][trial.rule] = number(trial.error);
    json["best"] = weight.best ? Json(weight.best->rule) : Json(nullptr);
    json["beyond_repair"] = weight.isBeyondRepair;
    return json;
  }

  static Json three(const std::array<double, 3>& values) {
    return {{"median", number(values[0])}, {"p99", number(values[1])}, {"largest", number(values[2])}};
  }

  Json activationJson(const QatActivation& activation) {
    const Linear& linear = m_model.linears[activation.id];
    Json json = head(activation.id);
    json["number_format"] = activation.scheme.format;
    json["bits"] = bitsOf(activation.scheme.format);
    json["symmetric"] = activation.scheme.symmetric;
    json["granularity"] = std::string(granularityName(activation.scheme.granularity));
    json["group_size"] = activation.scheme.groupSize ? Json(*activation.scheme.groupSize) : Json(nullptr);
    json["dynamic"] = activation.scheme.dynamic;
    json["rule"] = activation.rule.empty() ? Json(nullptr) : Json(activation.rule);
    json["tokens"] = activation.tokens;
    json["steps"] = activation.steps ? stepsJson(linear.name + ".input", *activation.steps, linear.in(),
                                                 activation.scheme.symmetric)
                                     : Json(nullptr);
    json["token_steps"] = activation.tokenSteps ? three(*activation.tokenSteps) : Json(nullptr);
    json["note"] = activation.note.empty() ? Json(nullptr) : Json(activation.note);
    return json;
  }

  void addPoints(Json& json) const {
    const std::string missing = "Not measured; calibrate with qloupe analyze --calibration TEXT --points.";
    json["kv_cache"] = {{"bits", m_report.request.kvBits},
                        {"granularity", "token"},
                        {"symmetric", true},
                        {"note", m_report.caches.empty() ? Json(missing) : Json(nullptr)},
                        {"points", Json::array()}};
    for (const QatCache& cache : m_report.caches)
      json["kv_cache"]["points"].push_back({{"point", cache.point},
                                            {"token_absmax", three(cache.absmax)},
                                            {"token_steps", three(cache.steps)}});
    json["residual_sums"] = {
        {"criterion",
         "16 bits where 8 bits a tensor would cost more than the threshold: absmax / 127 "
         "/ sqrt(12) / rms"},
        {"note", m_report.residuals.empty() ? Json(missing) : Json(nullptr)},
        {"points", Json::array()}};
    for (const QatResidual& residual : m_report.residuals)
      json["residual_sums"]["points"].push_back({{"point", residual.point},
                                                 {"absmax", number(residual.absmax)},
                                                 {"rms", number(residual.rms)},
                                                 {"channel_peak_ratio", number(residual.channelPeakRatio)},
                                                 {"error_8bit", number(residual.error8)},
                                                 {"keep_16bit", residual.keeps16}});
  }

  const QatReport& m_report;
  const Model& m_model;
  std::vector<TensorToWrite> m_tensors;
};

}  // namespace

std::vector<std::filesystem::path> writeQat(const QatReport& report, const Model& model,
                                            const std::filesystem::path& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure)
    throw Error(ErrorCode::Io, "cannot make the folder " + quotedPath(folder) + ": " + failure.message() +
                                   "; choose another place");
  QatWriter writer(report, model);
  const std::string text = writer.describe().dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
  writeSafetensors(folder / "qat.safetensors", writer.tensors(), {{"format", "pt"}});
  writeFileAtomically(folder / "qat.json", text);
  return {folder / "qat.safetensors", folder / "qat.json"};
}

}  // namespace ql
