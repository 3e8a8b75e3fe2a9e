#include "core/io/torch_file.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/io/byte_reader.h"
#include "core/io/zip_archive.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <optional>

namespace ql {
namespace {

using Kind = PickleNode::Kind;

constexpr std::uint64_t kMaxPickle = 64u << 20;
constexpr std::string_view kMagic = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";  // 0x1950a86a20f9469cfc6c
constexpr std::int64_t kStreamProtocol = 1001;

[[noreturn]] void refuse(ErrorCode code, const std::string& where, const std::string& what) {
  throw Error(code, where + " " + what + ".");
}

std::uint64_t widthOf(DType dtype) {
  return static_cast<std::uint64_t>(dtypeInfo(dtype).bits) / 8;
}

/// The bytes up to and including the last element that a tensor touches, from the begin of its storage's
/// view.
std::uint64_t reachBytes(const TorchView& view) {
  if (elementCount(view.shape).value_or(0) == 0) return 0;
  std::uint64_t last = view.offset;
  for (std::size_t i = 0; i < view.shape.size(); ++i)
    last += static_cast<std::uint64_t>(view.shape[i] - 1) * static_cast<std::uint64_t>(view.strides[i]);
  return (last + 1) * widthOf(view.dtype);
}

/// Copies the elements of a strided view into rows. bytes: the storage's view from its begin.
std::vector<std::byte> gather(const TorchView& view, std::span<const std::byte> bytes) {
  const std::size_t width = static_cast<std::size_t>(widthOf(view.dtype));
  const auto count = static_cast<std::size_t>(elementCount(view.shape).value_or(0));
  std::vector<std::byte> out(count * width);
  std::vector<std::int64_t> index(view.shape.size(), 0);
  std::uint64_t place = view.offset;
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(out.data() + i * width, bytes.data() + place * width, width);
    for (std::size_t axis = view.shape.size(); axis-- > 0;) {
      const auto stride = static_cast<std::uint64_t>(view.strides[axis]);
      place += stride;
      if (++index[axis] < view.shape[axis]) break;
      place -= stride * static_cast<std::uint64_t>(view.shape[axis]);
      index[axis] = 0;
    }
  }
  return out;
}

bool hasTensors(const PickleGraph& graph, const PickleNode& dict) {
  for (std::size_t i = 1; i < dict.items.size(); i += 2) {
    if (graph.at(dict.items[i]).kind == Kind::Tensor) return true;
  }
  return false;
}

const PickleNode& tensorDictionary(const PickleGraph& graph, const std::string& where) {
  const PickleNode& root = graph.at(graph.root);
  if (root.kind == Kind::Dict) {
    if (hasTensors(graph, root)) return root;
    for (const char* key : {"state_dict", "model", "model_state_dict", "module"}) {
      const PickleNode* inner = graph.find(root, key);
      if (inner != nullptr && inner->kind == Kind::Dict && hasTensors(graph, *inner)) return *inner;
    }
  }
  refuse(ErrorCode::Format, where,
         "holds no dictionary of tensors; save {name: tensor} with torch.save, or use safetensors");
}

}  // namespace

struct TorchFile::State {
  std::shared_ptr<const MappedFile> file;
  std::span<const std::byte> bytes;
  std::string where;
  std::shared_ptr<const ZipArchive> zip;  // null for the old stream
  std::string root;                       // folder in the zip, with '/'
  PickleGraph graph;
  std::vector<Tensor> tensors;
  struct Array {
    std::uint64_t begin = 0, size = 0;  // bytes in the file
  };
  std::map<std::string, Array, std::less<>> arrays;  // of the old stream, by key
  // The storage read last: neighbours in a state dictionary often share one.
  std::string cachedKey;
  std::uint64_t cachedBytes = 0;
  std::vector<std::byte> cache;

  void openZip();
  void openStream();
  void addArrays(const PickleNode& keys, std::size_t position);
  void collect();
  std::uint64_t arrayBytes(const std::string& key) const;
  std::span<const std::byte> storageBytes(const std::string& key, std::uint64_t size);
};

void TorchFile::State::openZip() {
  zip = ZipArchive::openBytes(bytes, where);
  constexpr std::string_view kPickle = "data.pkl";
  const ZipArchive::Entry* pickle = nullptr;
  for (const ZipArchive::Entry& entry : zip->entries()) {
    const bool isPickle = entry.name == kPickle || entry.name.ends_with("/data.pkl");
    if (isPickle && pickle == nullptr) pickle = &entry;
    if (entry.isDeflated)
      refuse(ErrorCode::Unsupported, where,
             "has packed members, which torch.save never writes; unpack and save it again");
  }
  if (pickle == nullptr)
    refuse(ErrorCode::Format, where, "is a zip archive without data.pkl, so torch.save did not write it");
  root = pickle->name.substr(0, pickle->name.size() - kPickle.size());
  if (const ZipArchive::Entry* order = zip->find(root + "byteorder")) {
    const auto text = zip->readAll(*order, 64);
    if (std::string_view(reinterpret_cast<const char*>(text.data()), text.size()) != "little")
      refuse(ErrorCode::Unsupported, where,
             "was saved on a big-endian machine; save it again on another one");
  }
  const auto text = zip->readAll(*pickle, kMaxPickle);
  graph = readPickle(text, 0, where);
}

/// Five pickles (magic, protocol, machine, object, keys), then the arrays.
void TorchFile::State::openStream() {
  const auto next = [&](std::size_t begin) { return readPickle(bytes, begin, where); };
  const PickleGraph magic = next(0);
  if (magic.at(magic.root).text != kMagic)
    refuse(ErrorCode::Format, where,
           "is a pickle but not one that torch.save wrote; save it with torch.save");
  const PickleGraph protocol = next(magic.end);
  if (protocol.at(protocol.root).integer != kStreamProtocol)
    refuse(ErrorCode::Unsupported, where,
           "is of an unknown protocol of torch.save; save it with a newer torch");
  const PickleGraph machine = next(protocol.end);
  const PickleNode* isLittle = machine.find(machine.at(machine.root), "little_endian");
  if (isLittle == nullptr || isLittle->integer != 1)
    refuse(ErrorCode::Unsupported, where, "was saved on a big-endian machine; save it again on another one");
  graph = next(machine.end);
  const PickleGraph keys = next(graph.end);
  ByteReader reader(bytes, where, "torch file", keys.end);
  const PickleNode& list = keys.at(keys.root);
  if (list.kind != Kind::List) reader.damaged("the list of arrays is missing");
  std::map<std::string, std::uint64_t, std::less<>> widths;
  for (const TorchStorage& storage : graph.storages) widths[storage.key] = widthOf(storage.dtype);
  for (const PickleRef ref : list.items) {
    const std::string& key = keys.at(ref).text;
    const auto count = reader.read<std::int64_t>("an array's length");
    const auto width = widths.find(key);
    std::uint64_t size = 0;
    if (width == widths.end()) reader.damaged("array " + quotedText(key) + " belongs to no tensor");
    if (count < 0 || __builtin_mul_overflow(static_cast<std::uint64_t>(count), width->second, &size))
      reader.damaged("array " + quotedText(key) + " has an absurd length");
    const std::size_t begin = reader.position();
    reader.take(size, "array " + quotedText(key));
    if (!arrays.emplace(key, Array{begin, size}).second)
      reader.damaged("array " + quotedText(key) + " is there twice");
  }
}

std::uint64_t TorchFile::State::arrayBytes(const std::string& key) const {
  if (zip) {
    const ZipArchive::Entry* entry = zip->find(root + "data/" + key);
    if (entry != nullptr) return entry->sizeBytes;
  } else if (const auto found = arrays.find(key); found != arrays.end()) {
    return found->second.size;
  }
  refuse(ErrorCode::Format, where, "lacks the array " + quotedText(key) + ": make or download it again");
}

void TorchFile::State::collect() {
  const PickleNode& dict = tensorDictionary(graph, where);
  for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const PickleNode& key = graph.at(dict.items[i]);
    const PickleNode& value = graph.at(dict.items[i + 1]);
    if (key.kind != Kind::Text || value.kind != Kind::Tensor) continue;
    const TorchView& view = graph.tensors[static_cast<std::size_t>(value.integer)];
    const TorchStorage& storage = graph.storages[view.storage];
    const std::uint64_t available = arrayBytes(storage.key);
    std::uint64_t needed = storage.begin;
    if (__builtin_mul_overflow(needed, widthOf(storage.dtype), &needed) ||
        __builtin_add_overflow(needed, reachBytes(view), &needed) || needed > available)
      refuse(ErrorCode::Format, where,
             "is damaged: tensor " + quotedText(key.text) + " needs more than the " + bytesText(available) +
                 " of its array; make or download it again");
    tensors.push_back({key.text, view});
  }
  std::ranges::sort(tensors, {}, &Tensor::name);
  const auto twice = std::ranges::adjacent_find(tensors, {}, &Tensor::name);
  if (twice != tensors.end())
    refuse(ErrorCode::Format, where, "holds the tensor " + quotedText(twice->name) + " twice: save it again");
}

/// The first `size` bytes of an array.
std::span<const std::byte> TorchFile::State::storageBytes(const std::string& key, std::uint64_t size) {
  if (!zip) return bytes.subspan(static_cast<std::size_t>(arrays.find(key)->second.begin)).first(size);
  if (cachedKey != key || cachedBytes < size) {
    cache.resize(static_cast<std::size_t>(size));
    zip->openMember(*zip->find(root + "data/" + key)).read(cache);
    cachedKey = key;
    cachedBytes = size;
  }
  return cache;
}

TorchFile::TorchFile(std::unique_ptr<State> state) : m_state(std::move(state)) {}
TorchFile::~TorchFile() = default;

std::shared_ptr<const TorchFile> TorchFile::openBytes(std::span<const std::byte> bytes,
                                                      const std::string& where) {
  auto state = std::make_unique<State>();
  state->bytes = bytes;
  state->where = where;
  const std::string_view begin(reinterpret_cast<const char*>(bytes.data()),
                               std::min<std::size_t>(bytes.size(), 4));
  if (begin.starts_with("PK")) {
    state->openZip();
  } else if (begin.starts_with('\x80')) {
    state->openStream();
  } else {
    refuse(ErrorCode::Format, where, "is not a file of torch.save; save {name: tensor} with torch.save");
  }
  state->collect();
  return std::shared_ptr<const TorchFile>(new TorchFile(std::move(state)));
}

std::shared_ptr<const TorchFile> TorchFile::open(std::shared_ptr<const MappedFile> file) {
  const auto opened = openBytes(file->bytes(), quotedPath(file->path()));
  file->throwIfTruncated();
  opened->m_state->file = std::move(file);
  return opened;
}

const std::vector<TorchFile::Tensor>& TorchFile::tensors() const {
  return m_state->tensors;
}

std::vector<float> TorchFile::read(const Tensor& tensor) const {
  State& state = *m_state;
  const TorchStorage& storage = state.graph.storages[tensor.view.storage];
  const std::uint64_t begin = storage.begin * widthOf(storage.dtype);
  const std::uint64_t reach = reachBytes(tensor.view);
  const auto bytes = state.storageBytes(storage.key, begin + reach);
  const auto packed = gather(tensor.view, bytes.subspan(static_cast<std::size_t>(begin)));
  if (state.file) state.file->throwIfTruncated();
  std::vector<float> values(static_cast<std::size_t>(elementCount(tensor.view.shape).value_or(0)));
  convertToFloat(tensor.view.dtype, packed, values);
  return values;
}

bool looksLikeTorchStream(std::span<const std::byte> bytes) {
  constexpr std::array<unsigned char, 4> kBegin{0x80, 0x02, 0x8a,
                                                0x0a};  // protocol 2, an integer of 10 bytes
  return bytes.size() >= kBegin.size() && std::memcmp(bytes.data(), kBegin.data(), kBegin.size()) == 0;
}

}  // namespace ql
