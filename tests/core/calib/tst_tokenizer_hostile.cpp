// Files that are damaged or made to do harm: one sentence that names file, part and remedy.
#include "core/base/error.h"
#include "core/calib/tokenizer.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "tests/support/temp_folder.h"

#include <QTest>

#include <nlohmann/json.hpp>
#include <string>

using Json = nlohmann::json;

namespace {

std::shared_ptr<const ql::Tokenizer> fromText(std::string_view text) {
  const ql::test::TempFolder folder;
  return ql::loadTokenizer(folder.write("tokenizer.json", text));
}

/// A BPE tokenizer with these parts besides.
std::shared_ptr<const ql::Tokenizer> withParts(Json parts) {
  parts["model"] = {{"type", "BPE"}, {"vocab", {{"a", 0}, {"b", 1}}}, {"merges", Json::array()}};
  return fromText(parts.dump());
}

std::shared_ptr<const ql::Tokenizer> withVocabulary(const std::string& vocabulary,
                                                    const std::string& merges = "[]") {
  return fromText(R"({"model":{"type":"BPE","vocab":{)" + vocabulary + R"(},"merges":)" + merges + "}}");
}

std::shared_ptr<const ql::Tokenizer> withExpression(const std::string& expression) {
  return withParts({{"pre_tokenizer", {{"type", "Split"}, {"pattern", {{"Regex", expression}}}}}});
}

}  // namespace

class TokenizerHostile : public QObject {
  Q_OBJECT
 private slots:
  void noTokenizer();
  void notJson();
  void vocabularies();
  void merges();
  void addedTokens();
  void unknownParts();
  void frames();
  void expressions();
  void costlyExpressionsEnd();
  void corpusOfTheFuzzer();
};

void TokenizerHostile::noTokenizer() {
  const ql::test::TempFolder folder;
  QL_THROWS(ql::loadTokenizer(folder.path()), "has no tokenizer (tokenizer.json, tokenizer.model");
  QL_THROWS(ql::loadTokenizer(folder.path()), "give token ids (.npy) instead of a text");
  QL_THROWS(ql::loadTokenizer(folder.write("x.bin", "")), "x.bin\" is not a kind of tokenizer");
  QL_THROWS(ql::loadTokenizer(folder / "missing.json"), "missing.json");
  folder.write("vocab.json", "{\"a\":0}");
  QL_THROWS(ql::loadTokenizer(folder.path()), "merges.txt");
}

void TokenizerHostile::notJson() {
  QL_THROWS(fromText(""), "tokenizer.json\" is not a readable tokenizer");
  QL_THROWS(fromText("version https://git-lfs.github.com/spec/v1"), "this is not valid JSON");
  QL_THROWS(fromText(std::string(100000, '[')), "nested more than 64 deep");
  QL_THROWS(fromText("[]"), "has no \"model\"");
  QL_THROWS(fromText("{}"), "has no \"model\"");
  QL_THROWS(fromText(R"({"model":{"type":"BPE"}, "model":1})"), "twice");
  QL_THROWS(fromText(R"({"model":3})"), "the vocabulary is missing or empty");
}

void TokenizerHostile::vocabularies() {
  QL_THROWS(withVocabulary(""), "the vocabulary is missing or empty");
  QL_THROWS(withVocabulary(R"("a":-1)"), "the token \"a\" has a negative number for an id");
  QL_THROWS(withVocabulary(R"("a":2147483648)"), "gives the token \"a\" the id 2,147,483,648");
  QL_THROWS(withVocabulary(R"("a":4194304)"), "at most 4,194,303 is possible");
  QL_THROWS(withVocabulary(R"("a":18446744073709551616)"), "for an id");
  QL_THROWS(withVocabulary(R"("a":1.5)"), "for an id");
  QL_THROWS(withVocabulary(R"("a":"0")"), "an id in the vocabulary is a text");
  QL_THROWS(withVocabulary(R"("a":[0])"), "the vocabulary holds brackets");
  QL_THROWS(withVocabulary(R"("a":7,"b":7)"), "gives the id 7 to two tokens, \"a\" and \"b\"");
  QL_THROWS(withVocabulary(R"("a":7,"a":8)"), "has the token \"a\" twice");
  QCOMPARE(withVocabulary(R"("a":4194303)")->vocabularySize(), 4194304);
}

void TokenizerHostile::merges() {
  const std::string vocabulary = R"("a":0,"b":1,"ab":2)";
  QCOMPARE(withVocabulary(vocabulary, R"(["a b"])")->encode("ab"), std::vector<std::int32_t>{2});
  QCOMPARE(withVocabulary(vocabulary, R"([["a","b"]])")->encode("ab"), std::vector<std::int32_t>{2});
  QL_THROWS(withVocabulary(vocabulary, R"(["a b","x b"])"),
            "merge 2 (\"x\" with \"b\") needs the token \"x\", which the vocabulary does not have");
  QL_THROWS(withVocabulary(vocabulary, R"(["b a"])"), "needs the token \"ba\"");
  QL_THROWS(withVocabulary(vocabulary, R"(["ab"])"), "merge 1 (\"ab\") is not two texts");
  QL_THROWS(withVocabulary(vocabulary, R"(["a b c"])"), "is not two texts");
  QL_THROWS(withVocabulary(vocabulary, R"([["a"]])"), "merge 1 is not two texts");
  QL_THROWS(withVocabulary(vocabulary, R"([["a","b","c"]])"), "a merge has more than two texts");
  QL_THROWS(withVocabulary(vocabulary, R"([[["a"]]])"), "a merge is not two texts");
  QL_THROWS(withVocabulary(vocabulary, "[1]"), "a merge is a number");
  QL_THROWS(withVocabulary(vocabulary, "[null]"), "a merge is null");
}

void TokenizerHostile::addedTokens() {
  const auto with = [](const Json& token) { return withParts({{"added_tokens", Json::array({token})}}); };
  QL_THROWS(with({{"content", "<m>"}}), "added_tokens[0]: \"id\" must be a token id");
  QL_THROWS(with({{"content", "<m>"}, {"id", -4}}), "\"id\" must be a token id");
  QL_THROWS(with({{"content", "<m>"}, {"id", 1u << 31}}), "the id 2,147,483,648");
  QL_THROWS(with({{"content", "<m>"}, {"id", 1u}}), "has the id 1, which belongs to \"b\"");
  QL_THROWS(with({{"content", "<m>"}, {"id", 9u}, {"lstrip", 1}}), "\"lstrip\" must be true or false");
  QL_THROWS(with({{"id", 9u}}), "\"content\" is missing");
  QCOMPARE(with({{"content", "<m>"}, {"id", 9u}})->vocabularySize(), 10);
}

void TokenizerHostile::unknownParts() {
  QL_THROWS(withParts({{"normalizer", {{"type", "Nmt"}}}}),
            "normalizer: the normalizer \"Nmt\" is not supported");
  QL_THROWS(withParts({{"normalizer", {{"type", "Precompiled"}, {"precompiled_charsmap", "AAAA"}}}}),
            "the normalizer \"Precompiled\" is not supported");
  QL_THROWS(withParts({{"pre_tokenizer", {{"type", "UnicodeScripts"}}}}),
            "the pre-tokenizer \"UnicodeScripts\" is not supported; give token ids (.npy) instead of a text");
  QL_THROWS(withParts({{"post_processor", {{"type", "Other"}}}}), "the post-processor \"Other\"");
  QL_THROWS(withParts({{"normalizer", 3}}), "normalizer: an object with a \"type\" is expected");
  QL_THROWS(withParts({{"pre_tokenizer",
                        {{"type", "Split"}, {"pattern", {{"String", "a"}}}, {"behavior", "Odd"}}}}),
            "the behavior \"Odd\"");
  QL_THROWS(fromText(R"({"model":{"type":"Unigram","vocab":[["a",-1]]}})"),
            "the model \"Unigram\" is not supported");
  QL_THROWS(fromText(R"({"model":{"type":"BPE","dropout":0.1,"vocab":{"a":0},"merges":[]}})"), "dropout");
}

void TokenizerHostile::frames() {
  const auto with = [](const Json& special, const Json& ids) {
    Json processor = {{"type", "TemplateProcessing"}, {"special_tokens", {{"a", {{"ids", ids}}}}}};
    processor["single"] = Json::array({Json{{"SpecialToken", {{"id", special}}}}});
    return withParts({{"post_processor", processor}});
  };
  QCOMPARE(with("a", {0u})->prefix(), std::vector<std::int32_t>{0});
  QL_THROWS(with("z", {0u}), "the special token \"z\" is missing");
  QL_THROWS(with("a", {77u}), "post_processor adds the id 77, but ids end at 1");
  QL_THROWS(with("a", {-1}), "a token id is expected here");
}

void TokenizerHostile::expressions() {
  QL_THROWS(withExpression("(a"), "has the expression \"(a\", which cannot be used here");
  QL_THROWS(withExpression("[a-z&&[^aeiou]]"), "an intersection (&&), which is not supported");
  QL_THROWS(withExpression("[a[bc]]"), "brackets inside brackets");
  QL_THROWS(withExpression("(?~abc)"), "the group (?\"~\"");
  QL_THROWS(withExpression("(*NO_JIT)a"), "(*");
  QL_THROWS(withExpression("a(?i)b|c"), "options in the middle");
  QL_THROWS(withExpression("a{1,2}+"), "{ }+");
  QL_THROWS(withExpression("[\\W]"), "\\W inside brackets");
  QL_THROWS(withExpression("\\Ca"), "\\C");
  QL_THROWS(withExpression(std::string(70000, 'a')), "70,000 bytes");
  QL_THROWS(withExpression("\\"), "cannot be used here");
}

/// Limits end what would take years; a long run of spaces is no such thing.
void TokenizerHostile::costlyExpressionsEnd() {
  QL_THROWS(withExpression("(?:a|aa)+$")->encode(std::string(60, 'a') + "b"), "takes too long on this text");
  const std::string spaces(300000, ' ');
  QCOMPARE(withExpression("\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+")->encode(spaces + "b"),
           std::vector<std::int32_t>{1});
  // Nested groups over a long text: more than the stack of compiled code.
  QVERIFY(withExpression("(?:(?:a|b)(?:c|))+")->encode(std::string(20000, 'a')).size() == 20000);
}

void TokenizerHostile::corpusOfTheFuzzer() {
  const std::filesystem::path corpus =
      std::filesystem::path(ql::test::sourceDirectory()) / "tests" / "fuzz" / "corpus" / "fuzz_tokenizer";
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
    const std::string input = ql::test::contentOf(entry.path());
    const std::size_t end = std::min(input.find('\0'), input.size());
    ++count;
    try {
      const auto tokenizer = fromText(std::string_view(input).substr(0, end));
      for (const std::int32_t id : tokenizer->encode(end < input.size() ? input.substr(end + 1) : "ab"))
        QVERIFY(id >= 0 && id < tokenizer->vocabularySize());
    } catch (const ql::Error&) {  // refused
    }
  }
  QVERIFY(count >= 9);
}

QTEST_APPLESS_MAIN(TokenizerHostile)
#include "tst_tokenizer_hostile.moc"
