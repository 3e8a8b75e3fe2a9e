// Tokenizers of tokenizer.json against ids of huggingface/tokenizers 0.23 (the library itself), kept in
// tests/data/tokenizers: whole tokenizers (expected.json) and one small one for every part (parts.json).
#include "core/base/error.h"
#include "core/calib/token_windows.h"
#include "core/calib/tokenizer.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "tests/support/temp_folder.h"

#include <QTest>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

using Json = nlohmann::json;
using Ids = std::vector<std::int32_t>;

namespace {

std::filesystem::path data(const std::string& name) {
  return ql::test::dataFile("tokenizers/" + name);
}

Json readJson(const std::string& name) {
  return Json::parse(ql::test::contentOf(data(name)));
}

std::string shown(const Ids& ids) {
  return Json(ids).dump();
}

/// A tokenizer whose last character of every piece is another token, so that ids show where it was cut.
Json characterTokenizer(const Json& characters) {
  Json vocabulary = {{"<unk>", 0}};
  int id = 1;
  for (const char* suffix : {"", "</w>"}) {
    for (const Json& character : characters) vocabulary[character.get<std::string>() + suffix] = id++;
  }
  return {{"type", "BPE"},
          {"unk_token", "<unk>"},
          {"end_of_word_suffix", "</w>"},
          {"vocab", vocabulary},
          {"merges", Json::array()}};
}

/// The characters of a UTF-8 text.
Json charactersOf(const std::string& text) {
  Json list = Json::array();
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) ++end;
    list.push_back(text.substr(i, end - i));
    i = end;
  }
  return list;
}

std::shared_ptr<const ql::Tokenizer> fromJson(const Json& json) {
  const ql::test::TempFolder folder;
  return ql::loadTokenizer(folder.write("tokenizer.json", json.dump()));
}

Json bpe(const Json& vocabulary, const Json& merges) {
  return {{"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", merges}}}};
}

}  // namespace

class TokenizerBpe : public QObject {
  Q_OBJECT
 private slots:
  void demoGivesTheReferenceIds();
  void agreesWithTheReferenceLibrary_data();
  void agreesWithTheReferenceLibrary();
  void everyPartAgreesWithTheReferenceLibrary();
  void gpt2IdsOfTheFormatSheet();
  void llama2IdsOfTheFormatSheet();
  void invalidUtf8IsReplaced();
  void longTextsOfOnePiece();
  void tokensAreShownReadably();
  void framesAroundSequences();
  void vocabJsonWithMerges();
  void sha256IsThatOfTheFile();
};

void TokenizerBpe::demoGivesTheReferenceIds() {
  const auto tokenizer = ql::loadTokenizer(ql::test::demoModel());
  QCOMPARE(tokenizer->kind(), std::string_view("bpe"));
  QCOMPARE(tokenizer->vocabularySize(), 2048);
  QCOMPARE(tokenizer->prefix(), Ids{0});
  QVERIFY(tokenizer->suffix().empty());
  QVERIFY(!tokenizer->maskToken());
  for (const char* name : {"calibration", "heldout"}) {
    const std::string text = ql::test::contentOf(std::filesystem::path(ql::test::sourceDirectory()) /
                                                 "resources" / "texts" / (std::string(name) + ".txt"));
    QVERIFY(text.size() > 100000);
    const Ids expected = ql::readTokenIds(data("ids.safetensors").string() + "#" + name);
    QVERIFY(expected.size() > 30000);
    const Ids ids = tokenizer->encode(text);
    QVERIFY(ids == expected);
    QVERIFY(tokenizer->decode(ids) == text);
  }
}

void TokenizerBpe::agreesWithTheReferenceLibrary_data() {
  QTest::addColumn<QString>("name");
  for (const char* name : {"gpt2", "llama3", "qwen2", "llama2", "llama2_metaspace", "unknown", "wordpiece"})
    QTest::newRow(name) << QString(name);
}

void TokenizerBpe::agreesWithTheReferenceLibrary() {
  QFETCH(QString, name);
  const Json expected = readJson("expected.json");
  const auto tokenizer = ql::loadTokenizer(data(name.toStdString() + ".json"));
  const Json& texts = expected["texts"];
  const Json& results = expected["tokenizers"][name.toStdString()];
  QCOMPARE(results.size(), texts.size());
  QVERIFY(texts.size() > 40);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto text = texts[i].get<std::string>();
    const Ids ids = tokenizer->encode(text), reference = results[i]["ids"].get<Ids>();
    QVERIFY2(ids == reference, (text + ": " + shown(ids) + " instead of " + shown(reference)).c_str());
    const std::string decoded = results[i].contains("text") ? results[i]["text"].get<std::string>() : text;
    QCOMPARE(tokenizer->decode(ids), decoded);
  }
}

void TokenizerBpe::everyPartAgreesWithTheReferenceLibrary() {
  const Json file = readJson("parts.json");
  const Json model = characterTokenizer(charactersOf(file["characters"].get<std::string>()));
  QVERIFY(file["parts"].size() > 50);
  for (const Json& part : file["parts"]) {
    const auto name = part["name"].get<std::string>();
    const auto tokenizer = fromJson({{"normalizer", part["normalizer"]},
                                     {"pre_tokenizer", part["pre_tokenizer"]},
                                     {"added_tokens", part["added_tokens"]},
                                     {"model", model}});
    const Json& texts = part["texts"].is_array() ? part["texts"] : file["texts"];
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const Ids ids = tokenizer->encode(texts[i].get<std::string>()), reference = part["ids"][i].get<Ids>();
      QVERIFY2(
          ids == reference,
          (name + ", " + texts[i].dump() + ": " + shown(ids) + " instead of " + shown(reference)).c_str());
    }
  }
}

// The ids of GPT-2's own vocabulary for the words; the way there is made up.
void TokenizerBpe::gpt2IdsOfTheFormatSheet() {
  Json json = bpe({{"H", 1},
                   {"e", 2},
                   {"l", 3},
                   {"o", 4},
                   {",", 11},
                   {"\u0120", 5},
                   {"w", 6},
                   {"r", 7},
                   {"d", 8},
                   {"!", 0},
                   {"1", 9},
                   {"2", 10},
                   {"3", 12},
                   {"He", 13},
                   {"ll", 14},
                   {"Hell", 15},
                   {"Hello", 15496},
                   {"\u0120w", 16},
                   {"or", 17},
                   {"ld", 18},
                   {"orld", 19},
                   {"\u0120world", 995},
                   {"12", 20},
                   {"123", 21},
                   {"\u0120123", 17031}},
                  {"H e", "l l", "He ll", "Hell o", "\u0120 w", "o r", "l d", "or ld", "\u0120w orld", "1 2",
                   "12 3", "\u0120 123"});
  json["pre_tokenizer"] = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}};
  QCOMPARE(fromJson(json)->encode("Hello, world! 123"), (Ids{15496, 11, 995, 0, 17031}));
}

// The ids of Llama 2's own vocabulary, and of its merges those that these tokens need.
void TokenizerBpe::llama2IdsOfTheFormatSheet() {
  Json json =
      bpe({{"<unk>", 0},     {"<s>", 1},   {"\u2581", 29871}, {"H", 29950},        {"e", 29872},
           {"l", 29880},     {"o", 29877}, {",", 29892},      {"w", 29893},        {"r", 29878},
           {"d", 29881},     {"!", 29991}, {"1", 29896},      {"2", 29906},        {"3", 29941},
           {"\u2581H", 379}, {"el", 295},  {"lo", 417},       {"\u2581Hel", 6162}, {"\u2581Hello", 15043},
           {"\u2581w", 281}, {"or", 272},  {"ld", 430},       {"\u2581wor", 1589}, {"\u2581world", 3186}},
          {"\u2581 w", "o r", "e l", "\u2581 H", "l o", "l d", "\u2581w or", "\u2581wor ld", "\u2581H el",
           "\u2581Hel lo"});
  json["normalizer"] = {{"type", "Sequence"},
                        {"normalizers",
                         {{{"type", "Prepend"}, {"prepend", "\u2581"}},
                          {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "\u2581"}}}}};
  json["model"]["unk_token"] = "<unk>";
  json["model"]["fuse_unk"] = true;
  json["post_processor"] = {{"type", "TemplateProcessing"},
                            {"single", {{{"SpecialToken", {{"id", "<s>"}}}}, {{"Sequence", {{"id", "A"}}}}}},
                            {"special_tokens", {{"<s>", {{"ids", {1u}}}}}}};
  const auto tokenizer = fromJson(json);
  QCOMPARE(tokenizer->prefix(), Ids{1});
  QCOMPARE(tokenizer->encode("Hello, world! 123"),
           (Ids{15043, 29892, 3186, 29991, 29871, 29896, 29906, 29941}));
}

void TokenizerBpe::invalidUtf8IsReplaced() {
  const auto tokenizer = ql::loadTokenizer(data("gpt2.json"));
  const std::string mark = "\xEF\xBF\xBD";
  // Unicode 15, table 3-8 and the text around it: one mark for each maximal subpart.
  QCOMPARE(tokenizer->encode("a\x80z"), tokenizer->encode("a" + mark + "z"));
  QCOMPARE(tokenizer->encode("\xF1\x80\x80\xE1\x80\xC2"), tokenizer->encode(mark + mark + mark));
  QCOMPARE(tokenizer->encode("\xC0\xAF"), tokenizer->encode(mark + mark));
  QCOMPARE(tokenizer->encode("\xED\xA0\x80"), tokenizer->encode(mark + mark + mark));
  QCOMPARE(tokenizer->encode("\xE2\x82"), tokenizer->encode(mark));
}

// One piece of half a million characters: fails by its time when merging is quadratic.
void TokenizerBpe::longTextsOfOnePiece() {
  const std::string text(500000, 'e');
  for (const char* name : {"llama2.json", "gpt2.json"}) {
    const auto tokenizer = ql::loadTokenizer(data(name));
    const Ids ids = tokenizer->encode(text);
    QVERIFY(ids.size() > 1000);
    QCOMPARE(tokenizer->decode(ids), text);
  }
}

void TokenizerBpe::tokensAreShownReadably() {
  const auto gpt2 = ql::loadTokenizer(data("gpt2.json"));
  QCOMPARE(gpt2->tokenText(gpt2->encode(" the")[0]), std::string(" the"));
  QCOMPARE(gpt2->tokenText(gpt2->encode("\xF0\x9F\x91\xA9")[0]), std::string("\\xF0"));
  QCOMPARE(gpt2->tokenText(gpt2->encode("<|endoftext|>")[0]), std::string("<|endoftext|>"));
  const auto llama = ql::loadTokenizer(data("llama2.json"));
  QCOMPARE(llama->tokenText(llama->encode("the")[0]), std::string(" the"));
  QCOMPARE(llama->tokenText(llama->encode("\n")[1]), std::string("\n"));
  QCOMPARE(llama->tokenText(llama->encode("\xF0\x9F\x91\xA9")[1]), std::string("\\xF0"));
  for (const std::int32_t id : {-1, llama->vocabularySize(), 2147483647})
    QCOMPARE(llama->tokenText(id), std::string());
}

void TokenizerBpe::framesAroundSequences() {
  const auto llama3 = ql::loadTokenizer(data("llama3.json"));
  QCOMPARE(llama3->prefix(), llama3->encode("<|begin_of_text|>"));
  QVERIFY(llama3->suffix().empty());
  Json json = bpe({{"a", 0}, {"<s>", 1}, {"</s>", 2}}, Json::array());
  json["post_processor"] = {{"type", "RobertaProcessing"}, {"cls", {"<s>", 1u}}, {"sep", {"</s>", 2u}}};
  QCOMPARE(fromJson(json)->prefix(), Ids{1});
  QCOMPARE(fromJson(json)->suffix(), Ids{2});
}

void TokenizerBpe::vocabJsonWithMerges() {
  const Json gpt2 = readJson("gpt2.json");
  std::string merges = "#version: 0.2\n";
  for (const Json& merge : gpt2["model"]["merges"]) merges += merge.get<std::string>() + "\n";
  const ql::test::TempFolder folder;
  folder.write("merges.txt", merges);
  folder.write("vocab.json", gpt2["model"]["vocab"].dump());
  const Json expected = readJson("expected.json");
  const auto compare = [&](const ql::Tokenizer& tokenizer, const std::string& name) {
    for (std::size_t i = 0; i < expected["texts"].size(); ++i)
      QCOMPARE(tokenizer.encode(expected["texts"][i].get<std::string>()),
               expected["tokenizers"][name][i]["ids"].get<Ids>());
  };
  const auto tokenizer = ql::loadTokenizer(folder.path());
  compare(*tokenizer, "gpt2");
  QVERIFY(tokenizer->prefix().empty());
  folder.write(
      "tokenizer_config.json",
      R"({"tokenizer_class":"GPT2Tokenizer","add_bos_token":true,"bos_token":{"content":"<|endoftext|>"}})");
  const Ids end = tokenizer->encode("<|endoftext|>");
  QCOMPARE(end.size(), std::size_t{1});
  QCOMPARE(ql::loadTokenizer(folder.path())->prefix(), end);
  folder.write("tokenizer_config.json", R"({"tokenizer_class":"CLIPTokenizer"})");
  QL_THROWS(ql::loadTokenizer(folder.path()), "tokenizer_class \"CLIPTokenizer\" is not supported");
}

void TokenizerBpe::sha256IsThatOfTheFile() {
  const ql::test::TempFolder folder;
  // echo -n '{"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}' | sha256sum
  const auto path = folder.write("tokenizer.json", R"({"model":{"type":"BPE","vocab":{"a":0},"merges":[]}})");
  QCOMPARE(ql::loadTokenizer(path)->sha256(),
           std::string("fd638f243daed12fb4aaff022d7d3724fe064d76f4cc417f58308644ca20fcb3"));
}

QTEST_APPLESS_MAIN(TokenizerBpe)
#include "tst_tokenizer_bpe.moc"
