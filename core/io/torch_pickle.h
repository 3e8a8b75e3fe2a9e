#pragma once
// A restricted unpickler for tensors that torch.save wrote: builds plain data, knows a fixed list of names,
// and executes nothing. Everything else in a pickle is refused with its opcode and offset. Source: Python's
// pickletools (protocols 2 to 4) and torch/serialization.py, torch/_utils.py for the names.
#include "core/base/dtype.h"
#include "core/base/shape.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

using PickleRef = std::uint32_t;  // index into PickleGraph::nodes

struct PickleNode {
  /// Opaque: something harmless that is not needed, such as a storage class.
  enum class Kind : std::uint8_t {
    None,
    Bool,
    Int,
    Bytes,
    Float,
    Text,
    Tuple,
    List,
    Dict,
    Global,
    Storage,
    Tensor,
    Opaque
  };
  Kind kind = Kind::None;
  std::int64_t integer = 0;      // Bool, Int; index into storages or tensors
  double number = 0;             // Float
  std::string text;              // Text, Bytes (an integer beyond 64 bits); Global: "module name"
  std::vector<PickleRef> items;  // Tuple, List; Dict: key, value, key, value
};

/// The array behind one or more tensors.
struct TorchStorage {
  std::string key;  // which member or array of the file
  DType dtype = DType::F32;
  bool isUntyped = false;   // counted in bytes, the tensor says the type
  std::uint64_t count = 0;  // elements of dtype
  std::uint64_t begin = 0;  // of a view into the array `key`, in elements
};

/// A strided view of a storage; checked to lie inside it.
struct TorchView {
  std::size_t storage = 0;  // index into storages
  DType dtype = DType::F32;
  std::uint64_t offset = 0;  // elements
  Shape shape;
  std::vector<std::int64_t> strides;  // elements, >= 0
};

/// What a pickle holds. Nodes may refer to each other in any way, cycles included.
struct PickleGraph {
  std::vector<PickleNode> nodes;
  std::vector<TorchStorage> storages;
  std::vector<TorchView> tensors;
  PickleRef root = 0;
  std::size_t end = 0;  // byte behind the pickle

  const PickleNode& at(PickleRef ref) const { return nodes[ref]; }
  /// The value of a text key in a Dict; null when absent. The last one counts, as in Python.
  const PickleNode* find(const PickleNode& dict, std::string_view key) const;
};

/// Reads one pickle that begins at `begin`.
/// where: the file (and member), in quotes. Throws Error(Format | Unsupported): cut short, unbalanced, over
/// the limits (4 Mi objects, texts of 4 MiB), names outside the list, tensors outside their storage.
PickleGraph readPickle(std::span<const std::byte> bytes, std::size_t begin, const std::string& where);

/// "torch.FloatStorage" and its kin, "torch.float8_e4m3fn" and its kin; nothing for other names.
struct TorchType {
  std::string_view name;  // "torch FloatStorage"
  DType dtype;
  bool isUntyped;
};
const TorchType* torchStorageType(std::string_view global);
const TorchType* torchScalarType(std::string_view global);

}  // namespace ql
