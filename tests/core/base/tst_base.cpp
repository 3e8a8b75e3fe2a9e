// The small pieces: shapes, hashes, trees of results, options, texts for messages.
#include "core/base/data_tree.h"
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/base/option_spec.h"
#include "core/base/sha256.h"
#include "core/base/shape.h"
#include "tests/support/compare.h"

#include <QTest>

#include <cerrno>
#include <limits>

using namespace std::string_literals;

namespace {

std::vector<ql::OptionSpec> sampleSpecs() {
  return {{"bits", std::int64_t{8}, 2, 8, {}, "bits", "Width of a code."},
          {"damp", 0.01, 0, {}, {}, "", "Added to the diagonal."},
          {"order", false, {}, {}, {}, "", "Columns by size."},
          {"flavour", "gptq"s, {}, {}, {"gptq", "awq"}, "", "Rounding."}};
}

}  // namespace

class BaseTest : public QObject {
  Q_OBJECT

 private slots:
  void elementCounts() {
    QCOMPARE(ql::elementCount({}), std::optional<std::uint64_t>(1));
    QCOMPARE(ql::elementCount({3, 0, 5}), std::optional<std::uint64_t>(0));
    QCOMPARE(ql::elementCount({28672, 8192}), std::optional<std::uint64_t>(234881024));
    QVERIFY(!ql::elementCount({1, -1}));
    QVERIFY(!ql::elementCount({std::int64_t{1} << 40, std::int64_t{1} << 40}));
    QCOMPARE(ql::shapeText({256, 512}), "256 x 512"s);
    QCOMPARE(ql::shapeText({}), "scalar"s);
  }

  void sha256KnowsTheStandardVectors() {  // FIPS 180-4 examples
    ql::Sha256 empty;
    QCOMPARE(empty.finish(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"s);
    ql::Sha256 abc;
    abc.add(std::string_view("a"));
    abc.add(std::string_view("bc"));
    QCOMPARE(abc.finish(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"s);
    ql::Sha256 number, text;
    number.add(std::uint64_t{0x0102});
    text.add(std::string_view("\x02\x01\0\0\0\0\0\0", 8));
    QCOMPARE(number.finish(), text.finish());
  }

  void arraysGoThereAndBack() {
    ql::DataTree tree;
    tree.arrays["f"] = ql::makeArray<float>({1, 2, 3, 4, 5, 6}, "dB", {"row", "column"}, {2, 3});
    tree.arrays["u"] = ql::makeArray<std::uint16_t>({}, "", {"code"});
    QCOMPARE(ql::arrayValues<float>(tree, "f", 6), (std::vector<float>{1, 2, 3, 4, 5, 6}));
    QVERIFY(ql::arrayValues<std::uint16_t>(tree, "u", 0).empty());
    QL_THROWS(ql::arrayValues<float>(tree, "x", 6), "array \"x\" is missing");
    QL_THROWS(ql::arrayValues<double>(tree, "f", 6), "another number type");
    QL_THROWS(ql::arrayValues<float>(tree, "f", 7), "has 6 values where 7 are expected");
    tree.arrays["f"].shape = {~0ull, 2};
    QL_THROWS(ql::arrayValues<float>(tree, "f", 6), "too many");
    tree.arrays["f"].shape = {7};
    QL_THROWS(ql::arrayValues<float>(tree, "f", 7), "has 7 values");
  }

  void attributesAreChecked() {
    ql::DataTree tree;
    tree.attributes = {{"i", std::int64_t{3}}, {"d", 0.5}, {"s", "x"s}};
    tree.children["a/b"].children["c"].attributes["i"] = std::int64_t{7};
    QCOMPARE(ql::intAttribute(tree, "i"), 3);
    QCOMPARE(ql::doubleAttribute(tree, "d"), 0.5);
    QCOMPARE(ql::stringAttribute(tree, "s"), "x"s);
    QL_THROWS(ql::intAttribute(tree, "n"), "attribute \"n\" is missing");
    QL_THROWS(ql::doubleAttribute(tree, "i"), "attribute \"i\" is not a number with a fraction");
    QCOMPARE(ql::intAttribute(*tree.find({"a/b", "c"}), "i"), 7);
    QVERIFY(tree.find({"a/b", "d"}) == nullptr);
    QVERIFY(tree.find({}) == &tree);
  }

  void optionsAreCompleted() {
    const ql::OptionValues given = {{"bits", std::int64_t{4}}, {"damp", std::int64_t{1}}};
    const ql::OptionValues all = ql::completeOptions("gptq", sampleSpecs(), given);
    QCOMPARE(all.size(), 4u);
    QCOMPARE(std::get<std::int64_t>(all.at("bits")), 4);
    QCOMPARE(std::get<double>(all.at("damp")), 1.0);
    QCOMPARE(std::get<bool>(all.at("order")), false);
    QCOMPARE(ql::optionText(all.at("flavour")), "gptq"s);
    QCOMPARE(ql::optionText(0.1), "0.1"s);
    QCOMPARE(ql::optionText(true), "true"s);
  }

  void wrongOptionsAreRefused() {
    const auto complete = [](const ql::OptionValues& given) {
      return ql::completeOptions("gptq", sampleSpecs(), given);
    };
    QL_THROWS(complete({{"bit", std::int64_t{4}}}),
              "gptq has no option \"bit\"; it takes bits, damp, order, flavour");
    QL_THROWS(complete({{"bits", std::int64_t{9}}}), "gptq: option bits is \"9\", allowed is 2 to 8 bits");
    QL_THROWS(complete({{"bits", 4.0}}), "allowed is a whole number");
    QL_THROWS(complete({{"damp", -0.5}}), "allowed is 0 or more");
    QL_THROWS(complete({{"damp", std::numeric_limits<double>::quiet_NaN()}}), "a finite number");
    QL_THROWS(complete({{"order", "yes"s}}), "true or false");
    QL_THROWS(complete({{"flavour", "foo"s}}), "one of gptq, awq");
    QL_THROWS(ql::completeOptions("rtn", {}, {{"x", true}}), "it takes none");
  }

  void messagesStayOnOneLine() {
    QCOMPARE(ql::quotedText("a\nb\x01\x7f"), "\"a\\x0ab\\x01\\x7f\""s);
    QCOMPARE(ql::quotedText("Gr\xC3\xB6\xC3\x9F"
                            "e \xE6\xA8\xA1"),
             "\"Gr\xC3\xB6\xC3\x9F"
             "e \xE6\xA8\xA1\""s);
    QCOMPARE(ql::quotedText("\xC0\xAF\xED\xA0\x80"), "\"\\xc0\\xaf\\xed\\xa0\\x80\""s);
    QCOMPARE(ql::quotedText("\xC2\x85\xE2\x80\xA8"), "\"\\xc2\\x85\\xe2\\x80\\xa8\""s);
    QCOMPARE(ql::quotedText("\xF0\x9F"), "\"\\xf0\\x9f\""s);
    QCOMPARE(ql::quotedText(std::string(500, 'x')).size(), 165u);
    QCOMPARE(ql::quotedPath(std::string(500, 'x')).size(), 502u);
  }

  void numbersAreReadable() {
    QCOMPARE(ql::withThousands(0), "0"s);
    QCOMPARE(ql::withThousands(999), "999"s);
    QCOMPARE(ql::withThousands(1000), "1,000"s);
    QCOMPARE(ql::withThousands(18446744073709551615u), "18,446,744,073,709,551,615"s);
    QCOMPARE(ql::bytesText(1), "1 byte"s);
    for (const int error : {ENOENT, EACCES, EROFS, ENOSPC, EDQUOT, EFBIG, ENOTDIR, EISDIR, ELOOP,
                            ENAMETOOLONG, EMFILE, ENOMEM, EIO, EXDEV}) {
      QVERIFY(ql::systemReason(error).find(": ") != std::string::npos);
    }
  }
};

QTEST_APPLESS_MAIN(BaseTest)
#include "tst_base.moc"
