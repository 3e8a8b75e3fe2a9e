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
    QT_TRANSLATE_NOOP("core", "OCP microscaling: fp6_e3m2 in groups of 32, power-of-two scale."),
    QT_TRANSLATE_NOOP("core", "OCP microscaling: fp8_e5m2 in groups of 32, power-of-two scale."),
    QT_TRANSLATE_NOOP("core", "nf4 with its scales quantized again to 8 bits (QLoRA)."),
    QT_TRANSLATE_NOOP("core", "-1, 0 and 1 with a scale (BitNet b1.58)."),
    QT_TRANSLATE_NOOP("core", "llama.cpp: 32 signed integers with an fp16 scale."),
    QT_TRANSLATE_NOOP("core", "llama.cpp: 32 codes of 4 bits with an fp16 scale."),
    QT_TRANSLATE_NOOP("core", "llama.cpp: 32 codes of 4 bits with fp16 scale and minimum."),
    QT_TRANSLATE_NOOP("core", "llama.cpp: 32 codes of 5 bits with an fp16 scale."),
    QT_TRANSLATE_NOOP("core", "llama.cpp: 32 codes of 5 bits with fp16 scale and minimum."),
    QT_TRANSLATE_NOOP("core", "llama.cpp: 8 groups of 32 codes, scales and minima of 6 bits."),
    QT_TRANSLATE_NOOP("core", "llama.cpp: 16 groups of 16 codes, scales of 8 bits."),
    QT_TRANSLATE_NOOP(
        "core", "Round to nearest: every weight takes the nearest code of its part's grid; needs no data."),
    QT_TRANSLATE_NOOP("core",
                      "Weights beyond n standard deviations stay exact; every part of the rest gets the step "
                      "with the least squared error; needs no data."),
    QT_TRANSLATE_NOOP("core", "Weights beyond n of these stay exact."),
    QT_TRANSLATE_NOOP("core", "standard deviations"),
    QT_TRANSLATE_NOOP("core",
                      "What n multiplies: the standard deviation, or the variance as printed in one text."),
    QT_TRANSLATE_NOOP("core", "Steps of the range search."),
    QT_TRANSLATE_NOOP(
        "core",
        "16 quantiles of a normal distribution, scaled by the largest magnitude of a block; needs no data."),
    QT_TRANSLATE_NOOP("core", "Signs, or -1, 0 and 1, times the mean magnitude of a part; needs no data."),
    QT_TRANSLATE_NOOP("core", "Blocks of llama.cpp with scales of fp16 or of a few bits; needs no data."),
    QT_TRANSLATE_NOOP(
        "core",
        "BiLLM: signs with a mean and a scale a row and block; salient columns twice, errors passed on."),
    QT_TRANSLATE_NOOP("core", "How salient columns are found."),
    QT_TRANSLATE_NOOP("core", "Columns treated together."),
    QT_TRANSLATE_NOOP("core", "columns"),
    QT_TRANSLATE_NOOP("core", "Pass the error on to later columns, as GPTQ does."),
    QT_TRANSLATE_NOOP(
        "core", "Set weights of channels that are always zero to zero first, as the published code does."),
    QT_TRANSLATE_NOOP("core", "Share of the mean diagonal added to the Hessian."),
    QT_TRANSLATE_NOOP("core", "fraction"),
    QT_TRANSLATE_NOOP("core",
                      "What columns and break points are searched on: the salience (published code) or the "
                      "weights (paper)."),
    QT_TRANSLATE_NOOP("core",
                      "Column by column to the nearest code; each error is passed on to the columns behind "
                      "so that the layer's output on the calibration data suffers least."),
    QT_TRANSLATE_NOOP("core", "Columns updated lazily together."),
    QT_TRANSLATE_NOOP("core", "Columns in order of falling activation energy."),
    QT_TRANSLATE_NOOP("core", "Group scales fixed before the first column."),
    QT_TRANSLATE_NOOP("core", "Search the range with the smallest error to the power 2.4."),
    QT_TRANSLATE_NOOP("core",
                      "One weight of a row at a time, the one that costs least first; each error is passed "
                      "on to all that are left. Exact and slow: for layers of up to 512 inputs."),
    QT_TRANSLATE_NOOP("core",
                      "Input channels with large activations are scaled up before rounding, and groups are "
                      "clipped, as far as the output gains by it; needs activations."),
    QT_TRANSLATE_NOOP("core", "Steps of the scale search."),
    QT_TRANSLATE_NOOP("core", "Divide by the weights' own scale as well."),
    QT_TRANSLATE_NOOP("core", "Search a clip range for each group."),
    QT_TRANSLATE_NOOP("core",
                      "Round to nearest within ranges that are searched for each group on the layer's "
                      "output; needs activations."),
    QT_TRANSLATE_NOOP("core",
                      "Groups along the input or the output, whichever changes the layer's output less; "
                      "needs activations."),
    QT_TRANSLATE_NOOP("core", "Whose output error decides."),
    QT_TRANSLATE_NOOP("core",
                      "Integers or floats of the same bits, whichever has the smaller error in this layer."),
    QT_TRANSLATE_NOOP("core", "Which error decides."),
    QT_TRANSLATE_NOOP("core", "steps"),
    QT_TRANSLATE_NOOP("core", "%"),
    QT_TRANSLATE_NOOP("core", "Steps without improvement."),
    QT_TRANSLATE_NOOP(
        "core",
        "Share of a part's weights inside the range; asymmetric, half of the rest is outside at either end."),
    QT_TRANSLATE_NOOP("core", "Steps of the search."),
    QT_TRANSLATE_NOOP("core", "Steps of a whole range."),
    QT_TRANSLATE_NOOP("core", "How far the range may shrink."),
    QT_TRANSLATE_NOOP("core", "Power of |error|."),
    QT_TRANSLATE_NOOP("core", "Widens the range before it shrinks."),
    QT_TRANSLATE_NOOP(
        "core",
        "Round to nearest: every weight takes the nearest value of a small float format; needs no data."),
    QT_TRANSLATE_NOOP(
        "core",
        "Round to nearest in groups that share a power of two (OCP microscaling); needs no data. The "
        "flavours are rules for that power; compressed-tensors rounds it in every format as for mxfp4."),
    QT_TRANSLATE_NOOP("core",
                      "Round to nearest in groups of fp4 with an fp8 scale, and a scale for the tensor that "
                      "fused layers share; needs no data."),
};

}  // namespace

QString coreText(std::string_view english) {
  return QCoreApplication::translate("core", std::string(english).c_str());
}

}  // namespace ql
