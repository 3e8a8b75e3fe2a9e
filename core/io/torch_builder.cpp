#include "core/io/torch_builder.h"

#include "core/base/message_text.h"

namespace ql {
namespace {

using Kind = PickleNode::Kind;

constexpr std::size_t kMaxRank = 16;  // torch allows 64; weights have at most 5
constexpr std::size_t kMaxKey = 256;  // a number in practice

}  // namespace

const PickleNode& TorchBuilder::item(const PickleNode& tuple, std::size_t index, Kind kind,
                                     const char* what) {
  if (index >= tuple.items.size()) m_reader.damaged(std::string(what) + " is missing");
  const PickleNode& node = m_graph.at(tuple.items[index]);
  if (node.kind != kind) m_reader.damaged(std::string(what) + " is of the wrong kind");
  return node;
}

std::uint64_t TorchBuilder::count(const PickleNode& node, const char* what) {
  if (node.kind != Kind::Int || node.integer < 0)
    m_reader.damaged(std::string(what) + " is not a number of zero or more");
  return static_cast<std::uint64_t>(node.integer);
}

std::int64_t TorchBuilder::storage(const PickleNode& id) {
  if (id.kind != Kind::Tuple) m_reader.damaged("a storage is not described by a tuple");
  if (item(id, 0, Kind::Text, "the word 'storage'").text != "storage")
    m_reader.damaged("a persistent object is no storage");
  const TorchType* type = torchStorageType(item(id, 1, Kind::Global, "a storage's class").text);
  if (type == nullptr) m_reader.damaged("a storage's class is none");
  TorchStorage made{.key = item(id, 2, Kind::Text, "a storage's key").text,
                    .dtype = type->dtype,
                    .isUntyped = type->isUntyped,
                    .count = count(item(id, 4, Kind::Int, "a storage's size"), "a storage's size")};
  if (id.items.size() > 5 && m_graph.at(id.items[5]).kind != Kind::None) {  // (view key, begin, size)
    const PickleNode& view = item(id, 5, Kind::Tuple, "a storage's view");
    const std::uint64_t begin = count(item(view, 1, Kind::Int, "a view's begin"), "a view's begin");
    const std::uint64_t size = count(item(view, 2, Kind::Int, "a view's size"), "a view's size");
    if (begin > made.count || size > made.count - begin) m_reader.damaged("a storage's view lies outside it");
    made.begin = begin;
    made.count = size;
  }
  if (made.key.size() > kMaxKey) m_reader.damaged("a storage's key has more than 256 bytes");
  m_graph.storages.push_back(std::move(made));
  return static_cast<std::int64_t>(m_graph.storages.size() - 1);
}

void TorchBuilder::check(const TorchView& view) {
  const TorchStorage& storage = m_graph.storages[view.storage];
  std::uint64_t capacity = storage.count;
  if (storage.isUntyped) capacity /= static_cast<std::uint64_t>(dtypeInfo(view.dtype).bits) / 8;
  const auto elements = elementCount(view.shape);
  if (!elements) m_reader.damaged("a tensor's shape is negative or beyond 64 bits");
  if (*elements == 0) return;
  std::uint64_t last = view.offset;
  for (std::size_t i = 0; i < view.shape.size(); ++i) {
    std::uint64_t reach = 0;
    if (view.strides[i] < 0 ||
        __builtin_mul_overflow(static_cast<std::uint64_t>(view.shape[i] - 1),
                               static_cast<std::uint64_t>(view.strides[i]), &reach) ||
        __builtin_add_overflow(last, reach, &last))
      m_reader.damaged("a tensor's strides are negative or beyond 64 bits");
  }
  if (last >= capacity)
    m_reader.damaged("a tensor reaches element " + withThousands(last) + " of a storage of " +
                     withThousands(capacity));
  if (*elements > capacity)
    m_reader.damaged("a tensor repeats its values: call .contiguous() on it before saving");
}

/// (storage, offset, size, stride[, requires_grad, hooks[, dtype]])
PickleNode TorchBuilder::tensor(const PickleNode& arguments, bool hasType) {
  TorchView view;
  const PickleNode& storage = item(arguments, 0, Kind::Storage, "a tensor's storage");
  view.storage = static_cast<std::size_t>(storage.integer);
  view.dtype = m_graph.storages[view.storage].dtype;
  if (hasType) {
    const TorchType* type = torchScalarType(item(arguments, 6, Kind::Global, "a tensor's type").text);
    if (type == nullptr) m_reader.damaged("a tensor's type is none");
    if (!m_graph.storages[view.storage].isUntyped)
      m_reader.damaged("a tensor's type stands on a typed storage");
    view.dtype = type->dtype;
  }
  view.offset = count(item(arguments, 1, Kind::Int, "a tensor's offset"), "a tensor's offset");
  const PickleNode& shape = item(arguments, 2, Kind::Tuple, "a tensor's shape");
  const PickleNode& strides = item(arguments, 3, Kind::Tuple, "a tensor's strides");
  if (shape.items.size() != strides.items.size() || shape.items.size() > kMaxRank)
    m_reader.damaged("a tensor's shape and strides do not fit each other");
  for (std::size_t i = 0; i < shape.items.size(); ++i) {
    view.shape.push_back(item(shape, i, Kind::Int, "a dimension").integer);
    view.strides.push_back(item(strides, i, Kind::Int, "a stride").integer);
  }
  check(view);
  m_graph.tensors.push_back(std::move(view));
  return {.kind = Kind::Tensor,
          .integer = static_cast<std::int64_t>(m_graph.tensors.size() - 1),
          .text = {},
          .items = {}};
}

/// OrderedDict(), or OrderedDict([(key, value), ...]) as old Pythons wrote it.
PickleNode TorchBuilder::dictionary(const PickleNode& arguments) {
  PickleNode made{.kind = Kind::Dict, .text = {}, .items = {}};
  if (arguments.items.empty()) return made;
  for (const PickleRef ref : item(arguments, 0, Kind::List, "a list of pairs").items) {
    const PickleNode& pair = m_graph.at(ref);
    if ((pair.kind != Kind::Tuple && pair.kind != Kind::List) || pair.items.size() != 2)
      m_reader.damaged("a dictionary's entry is no pair");
    made.items.insert(made.items.end(), pair.items.begin(), pair.items.end());
  }
  return made;
}

std::optional<PickleNode> TorchBuilder::call(std::string_view name, PickleRef reference) {
  const PickleNode arguments = m_graph.at(reference);  // a copy: the graph grows below
  if (name == "collections OrderedDict") return dictionary(arguments);
  if (name == "torch Size") {
    if (arguments.items.empty()) m_reader.damaged("a size is missing");
    return item(arguments, 0, Kind::Tuple, "a size");
  }
  if (name == "torch._utils _rebuild_tensor" || name == "torch._utils _rebuild_tensor_v2")
    return tensor(arguments, false);
  if (name == "torch._utils _rebuild_tensor_v3") return tensor(arguments, true);
  if (name == "torch._utils _rebuild_parameter" || name == "torch.nn.parameter Parameter")
    return item(arguments, 0, Kind::Tensor, "a parameter's tensor");
  return std::nullopt;
}

}  // namespace ql
