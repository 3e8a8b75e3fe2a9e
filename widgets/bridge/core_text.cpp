#include "widgets/bridge/core_text.h"

#include <QCoreApplication>

#include <string>

namespace ql {

namespace {

// For lupdate alone: the texts come from the core's tables; tst_language checks that none is missing.
[[maybe_unused]] const char* const kTexts[] = {
    QT_TRANSLATE_NOOP("core", "Weight outliers"),
    QT_TRANSLATE_NOOP("core",
                      "A small Llama whose first blocks carry outlier input channels, like LLaMA3-70B: "
                      "per-channel int8 destroys them."),
    QT_TRANSLATE_NOOP("core", "Clean"),
    QT_TRANSLATE_NOOP("core", "The same Llama without outliers: int8 per channel costs next to nothing."),
    QT_TRANSLATE_NOOP("core", "Activation outliers"),
    QT_TRANSLATE_NOOP("core",
                      "The same Llama with outliers in the norm gains, like OPT: the weights look harmless, "
                      "the activations are not."),
    QT_TRANSLATE_NOOP("core", "Integers of 8 bits on a uniform grid."),
    QT_TRANSLATE_NOOP("core", "Integers of 7 bits on a uniform grid."),
    QT_TRANSLATE_NOOP("core", "Integers of 6 bits on a uniform grid."),
    QT_TRANSLATE_NOOP("core", "Integers of 5 bits on a uniform grid."),
    QT_TRANSLATE_NOOP("core", "Integers of 4 bits on a uniform grid."),
    QT_TRANSLATE_NOOP("core", "Integers of 3 bits on a uniform grid."),
    QT_TRANSLATE_NOOP("core", "Integers of 2 bits on a uniform grid."),
    QT_TRANSLATE_NOOP("core", "8-bit floats, 4 exponent and 3 mantissa bits, largest value 448."),
    QT_TRANSLATE_NOOP("core", "8-bit floats, 5 exponent and 2 mantissa bits, largest value 57344."),
    QT_TRANSLATE_NOOP("core", "6-bit floats, 2 exponent and 3 mantissa bits, largest value 7.5."),
    QT_TRANSLATE_NOOP("core", "6-bit floats, 3 exponent and 2 mantissa bits, largest value 28."),
    QT_TRANSLATE_NOOP("core", "4-bit floats, 2 exponent bits and 1 mantissa bit, largest value 6."),
    QT_TRANSLATE_NOOP(
        "core",
        "4-bit floats with the top exponent spent on infinity and NaN, largest value 3 (MoFQ's comparison)."),
    QT_TRANSLATE_NOOP("core",
                      "8-bit floats, 4 exponent and 3 mantissa bits, with infinities, largest value 240."),
    QT_TRANSLATE_NOOP(
        "core",
        "8-bit floats of AMD's MI300, 4 exponent and 3 mantissa bits, no negative zero, largest value 240."),
    QT_TRANSLATE_NOOP("core",
                      "8-bit floats of AMD's MI300, 5 exponent and 2 mantissa bits, no negative zero, "
                      "largest value 57344."),
    QT_TRANSLATE_NOOP("core", "OCP microscaling: fp4 in groups of 32 with a power-of-two scale."),
    QT_TRANSLATE_NOOP("core", "OCP microscaling: fp6 in groups of 32 with a power-of-two scale."),
    QT_TRANSLATE_NOOP("core", "OCP microscaling: fp8 in groups of 32 with a power-of-two scale."),
    QT_TRANSLATE_NOOP("core", "OCP microscaling: int8 in groups of 32 with a power-of-two scale."),
    QT_TRANSLATE_NOOP("core", "fp4 in groups of 16 with an fp8_e4m3 scale and one float32 per tensor."),
    QT_TRANSLATE_NOOP("core", "16 quantiles of a normal distribution in groups of 64 (bitsandbytes)."),
    QT_TRANSLATE_NOOP("core", "Signs with a scale."),
    QT_TRANSLATE_NOOP("core", "bfloat16: not quantized."),
    QT_TRANSLATE_NOOP("core", "IEEE half precision: not quantized."),
    QT_TRANSLATE_NOOP("core", "The plan as QuantLoupe stores it; nothing is lost."),
    QT_TRANSLATE_NOOP("core", "A recipe that llm-compressor runs to make a checkpoint for vLLM."),
    QT_TRANSLATE_NOOP("core",
                      "The quantization_config of a checkpoint that vLLM, SGLang and transformers read."),
    QT_TRANSLATE_NOOP("core", "A table with one line a matrix: choice, bits a weight, bytes."),
};

}  // namespace

QString coreText(std::string_view english) {
  return QCoreApplication::translate("core", std::string(english).c_str());
}

}  // namespace ql
