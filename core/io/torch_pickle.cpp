#include "core/io/torch_pickle.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/io/byte_reader.h"
#include "core/io/torch_builder.h"

#include <array>
#include <bit>
#include <cstdio>
#include <unordered_map>
#include <utility>

namespace ql {
namespace {

using Kind = PickleNode::Kind;

constexpr std::size_t kMostNodes = 4u << 20;  // twenty a tensor: enough for 200,000 tensors
constexpr std::size_t kMostStack = 1u << 20;
constexpr std::size_t kMostMemo = 1u << 20;
constexpr std::size_t kMostText = 4u << 20;
constexpr std::size_t kMostTensors = 256u << 10;
constexpr std::size_t kMostCopied = 4u << 20;  // items of dictionaries made from lists
constexpr std::size_t kMostArguments = 16;
constexpr std::size_t kMostLine = 256;  // of a module or class name

constexpr std::array<std::string_view, 7> kCallables{
    "collections OrderedDict",         "torch._utils _rebuild_tensor",    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_tensor_v3", "torch._utils _rebuild_parameter", "torch Size",
    "torch.nn.parameter Parameter"};

bool isKnown(std::string_view global) {
  for (const std::string_view name : kCallables) {
    if (name == global) return true;
  }
  return torchStorageType(global) != nullptr || torchScalarType(global) != nullptr;
}

/// The stack machine. Its opcodes are those that torch.save writes.
class Machine {
 public:
  Machine(std::span<const std::byte> bytes, std::size_t begin, const std::string& where)
      : m_reader(bytes, where, "pickle", begin), m_where(where) {}

  PickleGraph run() {
    while (!m_isDone) {
      m_opcodeAt = m_reader.position();
      const auto opcode = m_reader.read<std::uint8_t>("the next instruction");
      const bool isKnownOpcode = frame(opcode) || constant(opcode) || number(opcode) || text(opcode) ||
                                 container(opcode) || memo(opcode) || object(opcode);
      if (!isKnownOpcode) refuseOpcode(opcode);
    }
    m_graph.end = m_reader.position();
    return std::move(m_graph);
  }

 private:
  [[noreturn]] void refuseOpcode(unsigned opcode) const {
    std::array<char, 8> hex{};
    std::snprintf(hex.data(), hex.size(), "0x%02x", opcode);
    throw Error(ErrorCode::Unsupported,
                m_where + ": pickle, byte " + withThousands(m_opcodeAt) + ": instruction " + hex.data() +
                    " is not one that tensors need; nothing of such a file is executed: save the tensors by "
                    "themselves with torch.save, or as safetensors.");
  }
  [[noreturn]] void refuseName(const std::string& name) const {
    throw Error(ErrorCode::Unsupported,
                m_where + ": pickle, byte " + withThousands(m_opcodeAt) + ": it asks for " +
                    quotedText(name) +
                    ", which is no part of a tensor; nothing of such a file is executed: save the tensors by "
                    "themselves with torch.save, or as safetensors.");
  }

  PickleRef make(PickleNode node) {
    if (m_graph.nodes.size() >= kMostNodes) m_reader.damaged("more than four million objects");
    m_graph.nodes.push_back(std::move(node));
    return static_cast<PickleRef>(m_graph.nodes.size() - 1);
  }
  void push(PickleRef ref) {
    if (m_stack.size() >= kMostStack) m_reader.damaged("more than a million objects wait on the stack");
    m_stack.push_back(ref);
  }
  void pushNew(PickleNode node) { push(make(std::move(node))); }
  void pushInteger(std::int64_t value, Kind kind = Kind::Int) {
    pushNew({.kind = kind, .integer = value, .text = {}, .items = {}});
  }
  PickleRef pop() {
    if (m_stack.size() <= floor()) m_reader.damaged("the stack is empty");
    const PickleRef ref = m_stack.back();
    m_stack.pop_back();
    return ref;
  }
  PickleRef top() const {
    if (m_stack.size() <= floor()) m_reader.damaged("the stack is empty");
    return m_stack.back();
  }
  std::size_t floor() const { return m_marks.empty() ? 0 : m_marks.back(); }
  std::vector<PickleRef> popToMark() {
    if (m_marks.empty()) m_reader.damaged("a mark is missing");
    std::vector<PickleRef> items(m_stack.begin() + static_cast<std::ptrdiff_t>(m_marks.back()),
                                 m_stack.end());
    m_stack.resize(m_marks.back());
    m_marks.pop_back();
    return items;
  }
  PickleNode& expect(PickleRef ref, Kind kind, const char* what) {
    PickleNode& node = m_graph.nodes[ref];
    if (node.kind != kind) m_reader.damaged(std::string(what) + " was expected");
    return node;
  }

  bool frame(std::uint8_t opcode) {
    if (opcode == 0x80) {  // PROTO
      const auto version = m_reader.read<std::uint8_t>("the protocol");
      if (version < 2 || version > 5) m_reader.damaged("protocol " + std::to_string(version) + " is unknown");
    } else if (opcode == 0x95) {  // FRAME
      if (m_reader.read<std::uint64_t>("a frame") > m_reader.left())
        m_reader.damaged("a frame passes the end");
    } else if (opcode == '.') {  // STOP
      m_graph.root = pop();
      m_isDone = true;
    } else {
      return false;
    }
    return true;
  }

  bool constant(std::uint8_t opcode) {
    switch (opcode) {
      case 'N':
        pushNew({});
        return true;
      case 0x88:  // NEWTRUE
      case 0x89:  // NEWFALSE
        pushInteger(opcode == 0x88 ? 1 : 0, Kind::Bool);
        return true;
      case '}':
        pushNew({.kind = Kind::Dict, .text = {}, .items = {}});
        return true;
      case ']':
        pushNew({.kind = Kind::List, .text = {}, .items = {}});
        return true;
      case ')':
        pushNew({.kind = Kind::Tuple, .text = {}, .items = {}});
        return true;
      case 0x8f:  // EMPTY_SET
        pushNew({.kind = Kind::Opaque, .text = {}, .items = {}});
        return true;
      default:
        return false;
    }
  }

  bool number(std::uint8_t opcode) {
    switch (opcode) {
      case 'J':
        pushInteger(m_reader.read<std::int32_t>("an integer"));
        return true;
      case 'K':
        pushInteger(m_reader.read<std::uint8_t>("an integer"));
        return true;
      case 'M':
        pushInteger(m_reader.read<std::uint16_t>("an integer"));
        return true;
      case 0x8a:  // LONG1
        readLong();
        return true;
      case 'G': {
        const auto bits =
            __builtin_bswap64(m_reader.read<std::uint64_t>("a number"));  // big-endian in a pickle
        pushNew({.kind = Kind::Float, .number = std::bit_cast<double>(bits), .text = {}, .items = {}});
        return true;
      }
      default:
        return false;
    }
  }

  /// Two's complement, little-endian; beyond 8 bytes (torch's magic number) the bytes are kept.
  void readLong() {
    const auto size = m_reader.read<std::uint8_t>("an integer");
    const std::string_view bytes = m_reader.text(size, "an integer");
    if (size > 8) {
      pushNew({.kind = Kind::Bytes, .text = std::string(bytes), .items = {}});
      return;
    }
    std::uint64_t value = size > 0 && (static_cast<unsigned char>(bytes.back()) & 0x80) != 0 ? ~0ull : 0ull;
    for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    pushInteger(static_cast<std::int64_t>(value));
  }

  bool text(std::uint8_t opcode) {
    std::uint64_t size = 0;
    if (opcode == 'X') {  // BINUNICODE
      size = m_reader.read<std::uint32_t>("a text");
    } else if (opcode == 'U' || opcode == 0x8c) {  // SHORT_BINSTRING, SHORT_BINUNICODE
      size = m_reader.read<std::uint8_t>("a text");
    } else {
      return false;
    }
    if (size > kMostText) m_reader.damaged("a text of " + bytesText(size) + " is claimed");
    pushNew({.kind = Kind::Text, .text = std::string(m_reader.text(size, "a text")), .items = {}});
    return true;
  }

  bool container(std::uint8_t opcode) {
    switch (opcode) {
      case '(':
        if (m_marks.size() >= kMostStack) m_reader.damaged("more than a million marks wait on the stack");
        m_marks.push_back(m_stack.size());
        return true;
      case '0':
        pop();
        return true;
      case 't':
        pushNew({.kind = Kind::Tuple, .text = {}, .items = popToMark()});
        return true;
      case 0x85:
      case 0x86:
      case 0x87:
        popTuple(opcode - 0x84u);
        return true;
      case 'a': {
        const PickleRef item = pop();
        extend(Kind::List, "a list", {item});
        return true;
      }
      case 'e':
        extend(Kind::List, "a list", popToMark());
        return true;
      case 's': {
        const PickleRef value = pop(), key = pop();
        extend(Kind::Dict, "a dictionary", {key, value});
        return true;
      }
      case 'u':
        extend(Kind::Dict, "a dictionary", popToMark());
        return true;
      default:
        return false;
    }
  }
  void popTuple(std::size_t count) {
    std::vector<PickleRef> items(count);
    for (std::size_t i = count; i-- > 0;) items[i] = pop();
    pushNew({.kind = Kind::Tuple, .text = {}, .items = std::move(items)});
  }
  void extend(Kind kind, const char* what, const std::vector<PickleRef>& items) {
    if (kind == Kind::Dict && items.size() % 2 != 0) m_reader.damaged("a key has no value");
    PickleNode& node = expect(top(), kind, what);
    node.items.insert(node.items.end(), items.begin(), items.end());
  }

  bool memo(std::uint8_t opcode) {
    switch (opcode) {
      case 'h':
        recall(m_reader.read<std::uint8_t>("a reference"));
        return true;
      case 'j':
        recall(m_reader.read<std::uint32_t>("a reference"));
        return true;
      case 'q':
        remember(m_reader.read<std::uint8_t>("a reference"));
        return true;
      case 'r':
        remember(m_reader.read<std::uint32_t>("a reference"));
        return true;
      case 0x94:  // MEMOIZE
        remember(static_cast<std::uint32_t>(m_memo.size()));
        return true;
      default:
        return false;
    }
  }
  void recall(std::uint32_t index) {
    const auto found = m_memo.find(index);
    if (found == m_memo.end()) m_reader.damaged("reference " + std::to_string(index) + " was never set");
    push(found->second);
  }
  void remember(std::uint32_t index) {
    if (m_memo.size() >= kMostMemo) m_reader.damaged("more than a million references");
    m_memo[index] = top();
  }

  bool object(std::uint8_t opcode) {
    switch (opcode) {
      case 'c': {
        std::string name = line() + ' ';
        pushGlobal(name + line());
        return true;
      }
      case 0x93: {  // STACK_GLOBAL
        const PickleRef name = pop(), module = pop();
        pushGlobal(expect(module, Kind::Text, "a module's name").text + ' ' +
                   expect(name, Kind::Text, "a class name").text);
        return true;
      }
      case 'R':
      case 0x81: {  // REDUCE, NEWOBJ
        const PickleRef arguments = pop(), callable = pop();
        pushResult(callable, arguments, opcode == 0x81);
        return true;
      }
      case 'b':  // BUILD: attributes such as an OrderedDict's _metadata are of no use here
        pop();
        static_cast<void>(top());
        return true;
      case 'Q': {
        const PickleRef id = pop();
        if (m_graph.storages.size() >= kMostTensors) m_reader.damaged("more arrays than any model has");
        pushNew({.kind = Kind::Storage,
                 .integer = TorchBuilder(m_graph, m_reader).storage(m_graph.at(id)),
                 .text = {},
                 .items = {}});
        return true;
      }
      default:
        return false;
    }
  }
  std::string line() {
    std::string text;
    while (true) {
      const auto c = m_reader.read<char>("a name");
      if (c == '\n') return text;
      text += c;
      if (text.size() > kMostLine) m_reader.damaged("a name of more than 256 bytes");
    }
  }
  void pushGlobal(std::string name) {
    if (!isKnown(name)) refuseName(name);
    pushNew({.kind = Kind::Global, .text = std::move(name), .items = {}});
  }
  void pushResult(PickleRef callable, PickleRef arguments, bool isNew) {
    const std::string name = expect(callable, Kind::Global, "a name").text;
    if (expect(arguments, Kind::Tuple, "a tuple of arguments").items.size() > kMostArguments)
      m_reader.damaged("a call has more than 16 arguments");
    if (isNew && name != "torch.nn.parameter Parameter") refuseName(name);
    auto made = TorchBuilder(m_graph, m_reader).call(name, arguments);
    if (!made) refuseName(name);
    m_copied += made->items.size();
    if (m_copied > kMostCopied || m_graph.tensors.size() > kMostTensors)
      m_reader.damaged("more tensors or entries than any model has");
    push(make(std::move(*made)));
  }

  ByteReader m_reader;
  const std::string& m_where;
  PickleGraph m_graph;
  std::vector<PickleRef> m_stack;
  std::vector<std::size_t> m_marks;  // sizes of the stack
  std::unordered_map<std::uint32_t, PickleRef> m_memo;
  std::size_t m_opcodeAt = 0;
  std::size_t m_copied = 0;
  bool m_isDone = false;
};

}  // namespace

const PickleNode* PickleGraph::find(const PickleNode& dict, std::string_view key) const {
  const PickleNode* found = nullptr;
  for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const PickleNode& name = at(dict.items[i]);
    if (name.kind == Kind::Text && name.text == key) found = &at(dict.items[i + 1]);
  }
  return found;
}

PickleGraph readPickle(std::span<const std::byte> bytes, std::size_t begin, const std::string& where) {
  return Machine(bytes, begin, where).run();
}

}  // namespace ql
