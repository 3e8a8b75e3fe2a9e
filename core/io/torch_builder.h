#pragma once
// Storages and tensors out of the arguments a pickle gives. Internal to torch_pickle.cpp.
#include "core/io/byte_reader.h"
#include "core/io/torch_pickle.h"

#include <optional>
#include <string_view>

namespace ql {

class TorchBuilder {
 public:
  TorchBuilder(PickleGraph& graph, const ByteReader& reader) : m_graph(graph), m_reader(reader) {}

  /// A persistent id ('storage', class, key, location, count[, view]); returns its index in storages.
  std::int64_t storage(const PickleNode& id);
  /// What calling `name` with the tuple `arguments` means; nothing for a name that cannot be called.
  std::optional<PickleNode> call(std::string_view name, PickleRef arguments);

 private:
  const PickleNode& item(const PickleNode& tuple, std::size_t index, PickleNode::Kind kind, const char* what);
  std::uint64_t count(const PickleNode& node, const char* what);
  PickleNode tensor(const PickleNode& arguments, bool hasType);
  PickleNode dictionary(const PickleNode& arguments);
  void check(const TorchView& view);

  PickleGraph& m_graph;
  const ByteReader& m_reader;
};

}  // namespace ql
