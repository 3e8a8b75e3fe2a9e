#include "core/calib/tokenizers/post_processors.h"

#include "core/base/message_text.h"

#include <nlohmann/json.hpp>
#include <string>

namespace ql {
namespace {

void appendSpecial(const JsonPart& special, const std::string& name, std::vector<std::int32_t>& ids) {
  const auto found = special.value().is_object() ? special.value().find(name) : special.value().end();
  if (!special.value().is_object() || found == special.value().end())
    special.failFormat("the special token " + quotedText(name) + " is missing");
  const JsonPart entry(*found, special.where());
  for (const JsonPart& id : entry.requiredList("ids")) {
    if (!id.value().is_number_unsigned()) id.failFormat("a token id is expected here");
    ids.push_back(checkedTokenId(id.value().get<std::uint64_t>(), name, id.where()));
  }
}

SequenceFrame readTemplate(const JsonPart& part) {
  SequenceFrame frame;
  const JsonPart special = part.part("special_tokens");
  bool isBehind = false;
  for (const JsonPart& item : part.requiredList("single")) {
    const JsonPart token = item.part("SpecialToken");
    if (token.isNull()) {
      if (item.part("Sequence").isNull()) item.failFormat("a SpecialToken or a Sequence is expected here");
      if (isBehind) item.failUnsupported("a template with the sequence twice");
      isBehind = true;
    } else {
      appendSpecial(special, token.requiredString("id"), isBehind ? frame.suffix : frame.prefix);
    }
  }
  return frame;
}

/// "cls": ["[CLS]", 101]
std::int32_t namedId(const JsonPart& part, std::string_view name) {
  const auto items = part.requiredList(name);
  if (items.size() != 2 || !items[1].value().is_number_unsigned())
    part.failFormat("\"" + std::string(name) + "\" must be a token and its id");
  return checkedTokenId(items[1].value().get<std::uint64_t>(), name, part.where());
}

SequenceFrame readSequence(const JsonPart& part) {
  SequenceFrame frame;
  for (const JsonPart& item : part.requiredList("processors")) {
    SequenceFrame outer = readPostProcessor(item);
    outer.prefix.insert(outer.prefix.end(), frame.prefix.begin(), frame.prefix.end());
    outer.suffix.insert(outer.suffix.begin(), frame.suffix.begin(), frame.suffix.end());
    frame = std::move(outer);
  }
  return frame;
}

}  // namespace

SequenceFrame readPostProcessor(const JsonPart& part) {
  if (part.isNull()) return {};
  const std::string type = part.type();
  if (type == "Sequence") return readSequence(part);
  if (type == "TemplateProcessing") return readTemplate(part);
  if (type == "BertProcessing" || type == "RobertaProcessing")
    return {{namedId(part, "cls")}, {namedId(part, "sep")}};
  if (type == "ByteLevel") return {};
  part.failUnsupported("the post-processor " + quotedText(type));
}

}  // namespace ql
