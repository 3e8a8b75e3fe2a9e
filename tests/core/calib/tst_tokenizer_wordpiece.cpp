// WordPiece beyond what tst_tokenizer_bpe compares with the reference library: vocab.txt and its options.
#include "core/base/error.h"
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

Json readJson(const std::string& name) {
  return Json::parse(ql::test::contentOf(ql::test::dataFile("tokenizers/" + name)));
}

// 0 [PAD], 1 [UNK], 2 [CLS], 3 [SEP], 4 [MASK], then words
constexpr std::string_view kLines =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nun\n##aff\n##able\nA\na\n##b\n!\n\xC3\xA9\ne\n";

}  // namespace

class TokenizerWordPiece : public QObject {
  Q_OBJECT
 private slots:
  void longestPieceFirst();
  void vocabTxtEqualsTokenizerJson();
  void optionsOfTheConfiguration();
  void framesAndMask();
  void wordsThatAreTooLong();
  void wrongVocabularies();
};

// google-research/bert, tokenization.py: "unaffable" -> un ##aff ##able
void TokenizerWordPiece::longestPieceFirst() {
  const ql::test::TempFolder folder;
  const auto tokenizer = ql::loadTokenizer(folder.write("vocab.txt", kLines));
  QCOMPARE(tokenizer->kind(), std::string_view("wordpiece"));
  QCOMPARE(tokenizer->encode("unaffable a!"), (Ids{5, 6, 7, 9, 11}));
  QCOMPARE(tokenizer->encode("unable unaffx"), (Ids{5, 7, 1}));
  QCOMPARE(tokenizer->encode("a [MASK] [SEP]"), (Ids{9, 4, 3}));
  QCOMPARE(tokenizer->decode(Ids{5, 6, 7, 9, 11}), std::string("unaffable a!"));
  QCOMPARE(tokenizer->tokenText(6), std::string("##aff"));
  QCOMPARE(tokenizer->vocabularySize(), 14);
}

void TokenizerWordPiece::vocabTxtEqualsTokenizerJson() {
  const Json vocabulary = readJson("wordpiece.json")["model"]["vocab"];
  std::vector<std::string> lines(vocabulary.size());
  for (const auto& [token, id] : vocabulary.items()) lines.at(id.get<std::size_t>()) = token;
  std::string text;
  for (const std::string& line : lines) text += line + "\r\n";
  const ql::test::TempFolder folder;
  folder.write("vocab.txt", text);
  const auto tokenizer = ql::loadTokenizer(folder.path());
  const Json expected = readJson("expected.json");
  for (std::size_t i = 0; i < expected["texts"].size(); ++i)
    QCOMPARE(tokenizer->encode(expected["texts"][i].get<std::string>()),
             expected["tokenizers"]["wordpiece"][i]["ids"].get<Ids>());
}

void TokenizerWordPiece::optionsOfTheConfiguration() {
  const ql::test::TempFolder folder;
  folder.write("vocab.txt", kLines);
  QCOMPARE(ql::loadTokenizer(folder.path())->encode("A \xC3\x89"), (Ids{9, 13}));  // lower case, no accents
  folder.write("tokenizer_config.json", R"({"do_lower_case": false})");
  QCOMPARE(ql::loadTokenizer(folder.path())->encode("A \xC3\xA9"), (Ids{8, 12}));
  folder.write("tokenizer_config.json", R"({"do_lower_case": true, "strip_accents": false})");
  QCOMPARE(ql::loadTokenizer(folder.path())->encode("A \xC3\x89"), (Ids{9, 12}));
  folder.write("tokenizer_config.json", R"({"do_lower_case": 1})");
  QL_THROWS(ql::loadTokenizer(folder.path()), "\"do_lower_case\" must be true or false");
}

void TokenizerWordPiece::framesAndMask() {
  const ql::test::TempFolder folder;
  folder.write("vocab.txt", kLines);
  const auto fromText = ql::loadTokenizer(folder.path());
  const auto fromJson = ql::loadTokenizer(ql::test::dataFile("tokenizers/wordpiece.json"));
  for (const auto& tokenizer : {fromText, fromJson}) {
    QCOMPARE(tokenizer->prefix(), Ids{2});
    QCOMPARE(tokenizer->suffix(), Ids{3});
    QCOMPARE(tokenizer->maskToken().value_or(-1), 4);
  }
}

void TokenizerWordPiece::wordsThatAreTooLong() {
  const ql::test::TempFolder folder;
  const auto tokenizer = ql::loadTokenizer(folder.write("vocab.txt", kLines));
  QCOMPARE(tokenizer->encode("a" + std::string(99, 'b')).size(), std::size_t{100});
  QCOMPARE(tokenizer->encode("a" + std::string(100, 'b')), Ids{1});
}

void TokenizerWordPiece::wrongVocabularies() {
  const ql::test::TempFolder folder;
  QL_THROWS(ql::loadTokenizer(folder.write("vocab.txt", "")), "has no line [UNK]");
  QL_THROWS(ql::loadTokenizer(folder.write("vocab.txt", "a\nb\n")), "(.npy) instead of a text");
  QL_THROWS(ql::loadTokenizer(folder.write("vocab.txt", "[UNK]\na\na\n")), "has the token \"a\" twice");
  QL_THROWS(ql::loadTokenizer(folder.write("vocab.txt", "[UNK]\n\xFF\xFE\n")), "line 2 is not UTF-8");
}

QTEST_APPLESS_MAIN(TokenizerWordPiece)
#include "tst_tokenizer_wordpiece.moc"
