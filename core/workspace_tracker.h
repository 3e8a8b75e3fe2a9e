#pragma once
// The residual stream channel by channel: what every matrix that reads or writes a channel holds there, what
// the norms make of it, what arrives in it on data, and what share of the error it carries. Made once, then
// any channel is looked up without reading a file.
#include "core/evaluate/error_shares.h"
#include "core/plan/plan.h"
#include "core/workspace.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ql {

/// q, k, v, gate, up, router and head read the stream; embedding, o and down write it.
enum class ResidualSide : std::uint8_t { Reads, Writes };

/// One linear at the residual stream, or all experts of a role in a block together.
struct ResidualMatrix {
  TensorRole role = TensorRole::Other;
  std::optional<int> block;  // none: embedding, head
  ResidualSide side = ResidualSide::Reads;
  bool isColumn = true;           // channel c is column c of W; else row c
  std::vector<LinearId> members;  // more than one: experts
  std::vector<float> absmax;      // [width] of |W|, largest over members; empty while nothing is measured
  std::vector<std::uint16_t> largest;  // [width] which member that was; empty with one member
  double median = 0;                   // lower median of absmax
  std::vector<float> errorShare;       // [width] fractions, largest over members; readers only, may be empty
  std::optional<std::size_t> gain, input;  // indices in ResidualStream::gains and inputs

  /// The linear to look at for a channel.
  LinearId linearAt(std::int64_t channel) const;
};

/// A norm's gain or a site's input by channel.
struct ResidualPoint {
  std::string name;  // "input_layernorm"; of an input, the roles that read it: "q, k, v"
  std::optional<int> block;
  std::vector<float> values;  // [width] |gain|, or |X| absmax; empty while unknown
  double median = 0;          // lower median
  std::size_t matrix = 0;     // the first reader
};

struct ResidualStream {
  std::int64_t width = 0;  // channels; 0 = the model has no residual stream that is known
  int blockCount = 0;
  std::vector<ResidualMatrix> matrices;      // network order: embedding, blocks, head
  std::vector<ResidualPoint> gains, inputs;  // network order
  std::optional<ShareBasis> shareBasis;      // of the error shares; nothing without any, the weakest of all
  std::uint64_t tokens = 0;                  // behind the inputs

  bool hasWeights() const;
  bool hasInputs() const;
};

/// The matrices and points alone, without values: which linears read or write the residual stream, by role
/// and width. Pure.
ResidualStream residualStructure(const Model& model);

/// With values from what has been measured so far; error shares under the choices of `plan`. Never reads
/// weights; reads statistics files: call from jobs. Memory 10 bytes a channel and matrix.
ResidualStream residualStream(const Workspace& workspace, const QuantizationPlan& plan, JobContext& job);

/// Why a channel is worth following.
struct ChannelLead {
  enum class Quantity : std::uint8_t { WeightRead, WeightWritten, Gain, Input };
  std::int64_t channel = 0;
  Quantity quantity = Quantity::WeightRead;
  double ratio = 0;       // over the median of the channels, at its largest
  double value = 0;       // there
  std::size_t where = 0;  // index in matrices, gains or inputs, by quantity
  int places = 0;         // matrices, norms and inputs where its ratio is at least kLeadRatio
};
inline constexpr double kLeadRatio = 8;  // channels of ordinary matrices stay within a few times the median

/// Channels that stand out somewhere by at least kLeadRatio, the largest ratio first; each once, with the
/// quantity in which it stands out most. When fewer than `least` do, the next ones fill up the list. At most
/// `most`. Pure; cost O(width * matrices).
std::vector<ChannelLead> channelsToFollow(const ResidualStream& stream, std::size_t most = 24,
                                          std::size_t least = 6);

}  // namespace ql
