#pragma once
// Which matrices of a model a rotation reaches, and why some models cannot take one. Not for the rotations
// themselves (rotation.h).
#include "core/model/model.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

/// Everything that touches the residual stream h, when h R1 may take its place.
struct ResidualTarget {
  bool isRotatable = false;
  std::string reason;                  // why not, as one clause
  std::int64_t width = 0;              // channels
  std::vector<LinearId> tables;        // embeddings: E R
  std::vector<LinearId> consumers;     // behind a norm: W diag(gain) R; the head among them
  std::vector<LinearId> producers;     // R^T W, bias R
  std::map<std::string, float> norms;  // their tensors and offsets: the gain becomes 1
};
/// For models whose norms are all RMS norms in front of what reads them. RMS norm without a gain commutes
/// with R, because |h R| = |h|; so the gains go into the readers first (Gemma's 1 + w too), the final one
/// into the head. Head norms of q and k, routers, scalar multipliers and soft caps do not mind. Refused:
/// layer norms (they subtract the mean over channels, which R does not leave alone, and an architecture with
/// layer norms has no place to write RMS norms), norms behind a sublayer (Gemma 2: their gain stands between
/// the matrix and the sum), post-norm models, narrower embeddings, matrices of unknown use, and models whose
/// head shares its matrix with the embedding: untieEmbeddings() first. Source: QuaRot, arXiv:2404.00456,
/// rotation_utils.py; SliceGPT, arXiv:2401.15024, sec. 3.1.
ResidualTarget residualTarget(const Model& model, std::string_view configJson);

/// Values of a block's attention heads: v R2 per head, taken back by o. One R2 for all heads of a block, so
/// that grouped queries, which share values, read the same one. Attention only mixes tokens in between.
struct HeadTarget {
  bool isRotatable = false;
  std::string reason;
  int block = 0;
  LinearId values = 0, output = 0;          // v or the fused matrix; o
  std::int64_t rowBegin = 0, rowCount = 0;  // rows of `values` that are v
  std::int64_t headDim = 0;
};
/// One for each block, in order. Source: SpinQuant, arXiv:2405.16406 (R2).
std::vector<HeadTarget> headTargets(const Model& model, std::string_view configJson);

/// A model whose head has a matrix of its own, under a name that the checkpoint does not hold yet.
struct UntiedModel {
  Model model;             // with the head as its last linear
  std::string configJson;  // tie_word_embeddings false
  LinearId head = 0;
  MatrixRef embedding;  // whose values the head starts with
  DType dtype = DType::F32;
};
/// config.json with tie_word_embeddings false where it says true: a checkpoint may hold a head all the same,
/// which loaders then drop for the embedding. The text itself where it does not.
std::string untiedConfig(std::string_view configJson);

/// Nothing when the model has a head of its own, or none at all.
std::optional<UntiedModel> untieEmbeddings(const Model& model, std::string_view configJson);

}  // namespace ql
