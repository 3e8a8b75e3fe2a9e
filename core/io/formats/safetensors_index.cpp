#include "core/io/formats/safetensors_index.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/io/strict_json.h"

#include <algorithm>
#include <map>

namespace ql {
namespace {

constexpr std::size_t kMaxNameBytes = 255;  // of a file name on Linux

/// Empty when `name` is a plain file name that stays in the folder of the index.
std::string nameFault(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.find_first_of("/\\") != std::string_view::npos) return "holds a folder separator";
  if (name == "." || name.find("..") != std::string_view::npos) return "points outside the folder";
  if (name.find('\0') != std::string_view::npos) return "holds a zero byte";
  if (name.size() > kMaxNameBytes) return "is longer than 255 bytes";
  return {};
}

class IndexVisitor : public JsonVisitor {
 public:
  void onKey(std::string& key) override {
    if (m_depth == 1) m_isMap = key == "weight_map";
    if (isInMap()) m_tensor = std::move(key);
  }
  void onString(std::string& value) override {
    requireObject("a text");
    if (!isInMap()) return requireMap("a text");
    const std::string fault = nameFault(value);
    if (!fault.empty()) {
      throw JsonFault{
          "tensor " + quotedText(m_tensor) + ": the shard name " + quotedText(value) + " " + fault, 0};
    }
    const auto number = static_cast<std::uint32_t>(m_files.size());
    m_tensors.emplace_back(std::move(m_tensor), m_files.try_emplace(std::move(value), number).first->second);
  }
  void onUnsigned(std::uint64_t) override { refuseInMap("a number"); }
  void onOther(std::string_view kind) override { refuseInMap(kind); }
  void onStart(char bracket) override {
    if (m_depth == 0 && bracket != '{') throw JsonFault{"expected an object, found a list", 0};
    if (isInMap() || (m_depth == 1 && m_isMap && bracket != '{')) refuseInMap("a list or an object");
    if (++m_depth == 2 && m_isMap) m_hasMap = true;
  }
  void onEnd(char) override { --m_depth; }

  bool hasMap() const { return m_hasMap; }

  /// Files in order of their names, so that nothing depends on the order of the map.
  SafetensorsIndex take() {
    SafetensorsIndex index;
    std::vector<std::uint32_t> place(m_files.size());
    for (const auto& [file, number] : m_files) {
      place[number] = static_cast<std::uint32_t>(index.files.size());
      index.files.push_back(file);
    }
    index.tensors = std::move(m_tensors);
    for (auto& entry : index.tensors) entry.second = place[entry.second];
    std::ranges::sort(index.tensors);
    return index;
  }

 private:
  bool isInMap() const { return m_depth == 2 && m_isMap; }
  void requireObject(std::string_view found) const {
    if (m_depth == 0) throw JsonFault{"expected an object, found " + std::string(found), 0};
  }
  void requireMap(std::string_view found) const {
    if (m_depth == 1 && m_isMap)
      throw JsonFault{"weight_map must be an object, found " + std::string(found), 0};
  }
  void refuseInMap(std::string_view found) const {
    requireObject(found);
    requireMap(found);
    if (isInMap()) {
      throw JsonFault{
          "tensor " + quotedText(m_tensor) + ": the shard must be a text, found " + std::string(found), 0};
    }
  }

  int m_depth = 0;
  bool m_isMap = false;  // inside, or at the value of, weight_map
  bool m_hasMap = false;
  std::string m_tensor;
  std::map<std::string, std::uint32_t> m_files;
  std::vector<std::pair<std::string, std::uint32_t>> m_tensors;
};

}  // namespace

SafetensorsIndex parseSafetensorsIndex(std::string_view text, const std::string& where) {
  const std::string remedy = ": download the file again.";
  if (text.empty()) throw Error(ErrorCode::Format, where + " is empty" + remedy);
  IndexVisitor visitor;
  try {
    parseStrictJson(text, visitor);
  } catch (const JsonFault& fault) {
    throw Error(ErrorCode::Format,
                where + ", byte " + withThousands(fault.position) + ": " + fault.message + remedy);
  }
  if (!visitor.hasMap())
    throw Error(ErrorCode::Format, where + ": the object \"weight_map\" is missing" + remedy);
  SafetensorsIndex index = visitor.take();
  if (index.files.empty())
    throw Error(ErrorCode::Format, where + ": \"weight_map\" names no tensor" + remedy);
  for (const std::string& file : index.files) {
    if (file.ends_with(".safetensors")) continue;
    throw Error(ErrorCode::Unsupported,
                where + " names the shard " + quotedText(file) +
                    ", which is not a *.safetensors file: convert the model to safetensors.");
  }
  return index;
}

}  // namespace ql
