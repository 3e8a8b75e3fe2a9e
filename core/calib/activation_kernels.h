#pragma once
// SIMD rows of the forward pass in float32: activation functions, softmax, norms, rotation, sums. Sums are
// formed in 16 lanes and chunks of 256 whatever the vector width, so that AVX2 and AVX-512 give the same
// bits. NaN comes out wherever one goes in. Serial. Internal to calib/.
#include "core/calib/family.h"

#include <cstddef>

namespace ql {

/// x[i] = f(x[i]). Error below 2e-7 * max(1, |x|) absolute; erf by our own minimax fit (2 ulp).
void activateRow(ActivationKind kind, float* x, std::size_t n);
/// out[i] = f(gate[i]) * up[i]; `out` may be `gate`.
void activateGatedRow(ActivationKind kind, const float* gate, const float* up, float* out, std::size_t n);

/// row = softmax(cap(scale * row)), cap(x) = softcap * tanh(x / softcap) when softcap > 0. The maximum is
/// taken off first.
void softmaxRow(float* row, std::size_t n, float scale, float softcap);
/// x[i] = softcap * tanh(x[i] / softcap).
void softcapRow(float* x, std::size_t n, float softcap);

/// out = x / sqrt(mean(x^2) + eps) * gain. `out` may be `x`.
/// Source: Zhang & Sennrich 2019, arXiv:1910.07467.
void rmsNormRow(const float* x, const float* gain, float eps, float* out, std::size_t n);
/// out = (x - mean) / sqrt(variance + eps) * gain + bias, variance over n. `out` may be `x`.
/// Source: Ba et al. 2016, arXiv:1607.06450.
void layerNormRow(const float* x, const float* gain, const float* bias, float eps, float* out, std::size_t n);

/// Turns the pairs (x[i], x[half + i]) by the angles given as cosines and sines [half] ("rotate_half").
void rotateRow(float* x, const float* cosines, const float* sines, std::size_t half);

/// x[i] += y[i]; x[i] += factor * y[i]; x[i] *= factor.
void addRow(float* x, const float* y, std::size_t n);
void addScaledRow(float* x, const float* y, float factor, std::size_t n);
void scaleRow(float* x, float factor, std::size_t n);

}  // namespace ql
