#pragma once
// The named tensors of a file that torch.save wrote: the zip container of torch 1.6 and later, and the stream
// before it. Reads through torch_pickle.h: nothing of the file is executed.
// Source: torch/serialization.py.
#include "core/io/mapped_file.h"
#include "core/io/torch_pickle.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ql {

class TorchFile {
 public:
  struct Tensor {
    std::string name;  // key in the dictionary
    TorchView view;
  };

  /// The dictionary at the top, or the one below "state_dict", "model", "model_state_dict" or "module".
  /// Throws Error(Format | Unsupported): neither container, packed or big-endian, a refused pickle, no
  /// dictionary of tensors, a name twice, storages that are missing or too short.
  static std::shared_ptr<const TorchFile> open(std::shared_ptr<const MappedFile> file);
  /// As open(); the bytes must outlive the file.
  static std::shared_ptr<const TorchFile> openBytes(std::span<const std::byte> bytes,
                                                    const std::string& where);
  ~TorchFile();
  TorchFile(const TorchFile&) = delete;
  TorchFile& operator=(const TorchFile&) = delete;

  const std::vector<Tensor>& tensors() const;  // sorted by name
  /// The values in row-major order as float32. Not thread-safe. Throws Error(Unsupported) for its dtype,
  /// Error(Format) when the bytes are damaged. Memory: the part of the storage up to its last element.
  std::vector<float> read(const Tensor& tensor) const;

 private:
  struct State;
  explicit TorchFile(std::unique_ptr<State> state);
  std::unique_ptr<State> m_state;
};

/// Begins like a stream of pickles (the container before torch 1.6).
bool looksLikeTorchStream(std::span<const std::byte> bytes);

}  // namespace ql
