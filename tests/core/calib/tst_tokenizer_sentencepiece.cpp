// tokenizer.model through libsentencepiece: a small one trained with spm_train on the bundled text (BPE with
// byte fallback, identity normalization); its ids by spm_encode.
#include "core/base/error.h"
#include "core/calib/tokenizer.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "tests/support/temp_folder.h"

#include <QTest>

#include <cstring>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

using Json = nlohmann::json;
using Ids = std::vector<std::int32_t>;

namespace {

std::filesystem::path modelFile() {
  return ql::test::dataFile("tokenizers/tokenizer.model");
}

/// A field of a protocol buffer that holds bytes shorter than 128.
std::string field(int number, const std::string& bytes) {
  return std::string(1, static_cast<char>(number << 3 | 2)) + static_cast<char>(bytes.size()) + bytes;
}

std::string piece(const std::string& text, float score = 0, int type = 1) {
  std::string bits(4, '\0');
  std::memcpy(bits.data(), &score, 4);
  return field(1, field(1, text) + "\x15" + bits + "\x18" + static_cast<char>(type));
}

}  // namespace

class TokenizerSentencePiece : public QObject {
  Q_OBJECT
 private slots:
  void agreesWithSpmEncode();
  void optionsOfTheConfiguration();
  void addedTokensAreFound();
  void tokensAreShownReadably();
  void wrongFilesAreRefused();
  void damagedFilesNeverCrash();
  void tablesOfCharactersAreChecked();
};

void TokenizerSentencePiece::agreesWithSpmEncode() {
  const auto tokenizer = ql::loadTokenizer(modelFile());
  QCOMPARE(tokenizer->kind(), std::string_view("sentencepiece"));
  QCOMPARE(tokenizer->vocabularySize(), 700);
  const Json expected = Json::parse(ql::test::contentOf(ql::test::dataFile("tokenizers/expected.json")));
  for (std::size_t i = 0; i < expected["texts"].size(); ++i) {
    const auto text = expected["texts"][i].get<std::string>();
    const Ids ids = tokenizer->encode(text);
    QCOMPARE(ids, expected["tokenizers"]["tokenizer.model"][i]["ids"].get<Ids>());
    if (text.find("\xE2\x96\x81") == std::string::npos) QCOMPARE(tokenizer->decode(ids), text);
  }
}

void TokenizerSentencePiece::optionsOfTheConfiguration() {
  const ql::test::TempFolder folder;
  folder.write("tokenizer.model", ql::test::contentOf(modelFile()));
  QCOMPARE(ql::loadTokenizer(folder.path())->prefix(), Ids{1});
  QVERIFY(ql::loadTokenizer(folder.path())->suffix().empty());
  folder.write("tokenizer_config.json", R"({"add_bos_token": false, "add_eos_token": true})");
  QVERIFY(ql::loadTokenizer(folder.path())->prefix().empty());
  QCOMPARE(ql::loadTokenizer(folder.path())->suffix(), Ids{2});
  folder.write("tokenizer_config.json", R"({"tokenizer_class": "XLMRobertaTokenizer"})");
  QL_THROWS(ql::loadTokenizer(folder.path()), "XLMRobertaTokenizer");
  folder.write("tokenizer_config.json", "[");
  QL_THROWS(ql::loadTokenizer(folder.path()), "tokenizer_config.json\" is not a JSON object");
}

void TokenizerSentencePiece::addedTokensAreFound() {
  const ql::test::TempFolder folder;
  folder.write("tokenizer.model", ql::test::contentOf(modelFile()));
  folder.write("added_tokens.json", R"({"<pad>": 700})");
  folder.write("tokenizer_config.json", R"({"added_tokens_decoder": {"1": {"content": "<s>"}}})");
  const auto tokenizer = ql::loadTokenizer(folder.path());
  QCOMPARE(tokenizer->vocabularySize(), 701);
  Ids ids = tokenizer->encode("the");
  const Ids word = ids;
  ids.push_back(700);
  ids.push_back(1);
  ids.insert(ids.end(), word.begin(), word.end());
  QCOMPARE(tokenizer->encode("the<pad><s>the"), ids);
  QCOMPARE(tokenizer->decode(ids), std::string("the<pad><s>the"));
  folder.write("added_tokens.json", R"({"<pad>": 5})");
  QL_THROWS(ql::loadTokenizer(folder.path()), "which belongs to");
  folder.write("added_tokens.json", R"({"<pad>": 4000000000})");
  QL_THROWS(ql::loadTokenizer(folder.path()), "at most");
}

void TokenizerSentencePiece::tokensAreShownReadably() {
  const auto tokenizer = ql::loadTokenizer(modelFile());
  QCOMPARE(tokenizer->tokenText(tokenizer->encode("the")[0]), std::string(" the"));
  QCOMPARE(tokenizer->tokenText(3 + 0x0A), std::string("\n"));
  QCOMPARE(tokenizer->tokenText(3 + 0xE2), std::string("\\xE2"));
  QCOMPARE(tokenizer->tokenText(700), std::string());
  QCOMPARE(tokenizer->tokenText(-1), std::string());
}

void TokenizerSentencePiece::wrongFilesAreRefused() {
  const ql::test::TempFolder folder;
  const auto load = [&](std::string_view bytes) {
    return ql::loadTokenizer(folder.write("tokenizer.model", bytes));
  };
  QL_THROWS(load(""), "it has no pieces");
  QL_THROWS(load("IQ== 0\nIg== 1\n"), "is a tiktoken file");
  QL_THROWS(load("<!DOCTYPE html>"), "is not a readable SentencePiece model");
  QL_THROWS(load(piece("<unk>", 0, 2) + piece("a", std::stof("nan"))), "a score that is no number");
  QL_THROWS(load(piece("<unk>", 0, 2) + piece("")), "piece 1 is empty");
  QL_THROWS(load(piece("<unk>", 0, 2) + piece("\xFF")), "piece 1 is no text");
  QL_THROWS(load(piece("<unk>", 0, 2) + piece("a") + piece("a")), "SentencePiece model");
  QL_THROWS(load(piece("a") + piece("b")), "SentencePiece model");
}

/// Cut at every hundredth byte, and a byte changed: refused, or usable.
void TokenizerSentencePiece::damagedFilesNeverCrash() {
  const std::string good = ql::test::contentOf(modelFile());
  const ql::test::TempFolder folder;
  std::mt19937 random(7);
  int refused = 0;
  const auto attempt = [&](const std::string& bytes) {
    try {
      const auto tokenizer = ql::loadTokenizer(folder.write("tokenizer.model", bytes));
      for (const std::int32_t id : tokenizer->encode("The text 123 \xE4\xBD\xA0"))
        QVERIFY(id >= 0 && id < tokenizer->vocabularySize());
    } catch (const ql::Error&) {
      ++refused;
    }
  };
  for (std::size_t size = 0; size < good.size(); size += 97) attempt(good.substr(0, size));
  for (int i = 0; i < 300; ++i) {
    std::string bytes = good;
    bytes[random() % bytes.size()] = static_cast<char>(random() % 256);
    attempt(bytes);
  }
  QVERIFY(refused > 50);
}

void TokenizerSentencePiece::tablesOfCharactersAreChecked() {
  const ql::test::TempFolder folder;
  const auto load = [&](const std::string& table) {
    // normalizer_spec (3) with precompiled_charsmap (2); lengths of two bytes
    const auto longField = [](int number, const std::string& bytes) {
      return std::string(1, static_cast<char>(number << 3 | 2)) +
             static_cast<char>((bytes.size() & 0x7F) | 0x80) + static_cast<char>(bytes.size() >> 7) + bytes;
    };
    const std::string pieces = piece("<unk>", 0, 2) + piece("a") + piece("b");
    return ql::loadTokenizer(folder.write("tokenizer.model", pieces + longField(3, longField(2, table))));
  };
  const std::string size("\x00\x04\x00\x00", 4), units(1024, '\0');
  QL_THROWS(load(std::string("\xFF\xFF\xFF\x7F", 4) + std::string(200, '\0')), "is cut off");
  QL_THROWS(load(size + units + "ab"), "has no end");
  std::string outside = units;
  outside[3] = '\x7F';  // an offset far behind the table
  QL_THROWS(load(size + outside + std::string("a\0", 2)), "points outside itself");
  std::string value = units;
  value.replace(0, 4, std::string("\x10\x00\x00\x80", 4));  // replacement 16 of 2 bytes
  QL_THROWS(load(size + value + std::string("a\0", 2)), "points outside itself");
}

QTEST_APPLESS_MAIN(TokenizerSentencePiece)
#include "tst_tokenizer_sentencepiece.moc"
