// Ranges, roles and expressions.
#include "core/base/error.h"
#include "tests/support/compare.h"
#include "tests/support/model_names.h"

#include <QTest>

using namespace ql;
using namespace ql::test;

class TstFilter : public QObject {
  Q_OBJECT
 private slots:
  void rangesAreParsed();
  void badListsSayWhatIsAllowed();
  void expressionHitsWholeComponents_data();
  void expressionHitsWholeComponents();
  void hostileExpressionsAreRefused_data();
  void hostileExpressionsAreRefused();
  void conditionsAreCombined();
};

void TstFilter::rangesAreParsed() {
  QVERIFY(parseBlockRanges("0-2, 5") == (std::vector<std::pair<int, int>>{{0, 2}, {5, 5}}));
  QVERIFY(parseRoles("q,gate_up") == (std::vector<TensorRole>{TensorRole::Q, TensorRole::GateUp}));
}

void TstFilter::badListsSayWhatIsAllowed() {
  QL_THROWS(parseBlockRanges(""), "empty entry");
  QL_THROWS(parseBlockRanges("1,,2"), "empty entry");
  QL_THROWS(parseBlockRanges("2-0"), "ends before it begins");
  QL_THROWS(parseBlockRanges("-3"), "'-3'");
  QL_THROWS(parseBlockRanges("1-"), "'1-'");
  QL_THROWS(parseBlockRanges("99999999999"), "no block");
  QL_THROWS(parseBlockRanges("1x"), "'1x'");
  QL_THROWS(parseRoles("q,query"), "kv_a");
}

void TstFilter::expressionHitsWholeComponents_data() {
  QTest::addColumn<std::string>("regex");
  QTest::addColumn<int>("hits");
  QTest::newRow("blocks 0-2") << std::string(R"(layers\.[0-2]\..*(q|k|v)_proj)") << 9;
  QTest::newRow("not inside 11") << std::string(R"(layers\.1)") << 0;
  QTest::newRow("block 1 only") << std::string(R"(layers\.1\..*)") << 7;
  QTest::newRow("block 1 by bare number") << std::string(R"(1\..*)") << 7;
  QTest::newRow("a role") << std::string("q_proj") << 12;
  QTest::newRow("no half component") << std::string("proj") << 0;
  QTest::newRow("everything") << std::string(".*") << 84;
  QTest::newRow("anchors") << std::string(R"(^model\.layers\.3\.mlp\.up_proj$)") << 1;
  QTest::newRow("alternatives") << std::string("q_proj|k_proj") << 24;
  QTest::newRow("comment") << std::string("(?x) q_proj # the query") << 12;
}

void TstFilter::expressionHitsWholeComponents() {
  QFETCH(std::string, regex);
  QFETCH(int, hits);
  const Model model = llamaModel({12, 64, 128, 64, 64, 100}).build();
  QCOMPARE(static_cast<int>(selectLinears(model, {.regex = regex, .blocks = {}, .roles = {}}).size()), hits);
}

void TstFilter::hostileExpressionsAreRefused_data() {
  QTest::addColumn<std::string>("regex");
  QTest::addColumn<std::string>("part");
  QTest::newRow("unbalanced") << std::string("a)|(b") << std::string("character 2");
  QTest::newRow("open") << std::string("layers[") << std::string("character");
  QTest::newRow("explodes") << std::string("(([a-z._0-9]*)*)*[!?]") << std::string("simpler");
  QTest::newRow("long") << std::string(5000, 'a') << std::string("5000 bytes");
  QTest::newRow("nested") << std::string(4000, '(') << std::string("wrong");
  QTest::newRow("recursive") << std::string("((?1)|a)*x(?R)*") << std::string("expression");
}

void TstFilter::hostileExpressionsAreRefused() {
  QFETCH(std::string, regex);
  QFETCH(std::string, part);
  const Model model = llamaModel({2, 64, 128, 64, 64, 100}).build();
  QL_THROWS(selectLinears(model, {.regex = regex, .blocks = {}, .roles = {}}), part);
}

void TstFilter::conditionsAreCombined() {
  const Model model = llamaModel({12, 64, 128, 64, 64, 100}).build();
  LinearFilter filter;
  QCOMPARE(selectLinears(model, filter).size(), std::size_t{84});
  filter.quantizableOnly = false;
  QCOMPARE(selectLinears(model, filter).size(), std::size_t{86});
  filter.blocks = parseBlockRanges("0-2,11,40");
  QCOMPARE(selectLinears(model, filter).size(), std::size_t{28});
  filter.roles = parseRoles("gate,down");
  filter.regex = "gate_proj";
  QCOMPARE(selectLinears(model, filter).size(), std::size_t{4});
}

QTEST_APPLESS_MAIN(TstFilter)
#include "tst_filter.moc"
