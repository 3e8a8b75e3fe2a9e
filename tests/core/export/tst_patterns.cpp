// Ranges and patterns, checked with an engine that is not the exporter's.
#include "core/base/error.h"
#include "core/export/name_patterns.h"
#include "tests/support/compare.h"

#include <QRegularExpression>
#include <QTest>

#include <random>

using namespace ql;

namespace {

bool matches(const std::string& pattern, const std::string& name) {
  const QRegularExpression regex(QString::fromStdString("\\A(?:" + pattern + ")"));
  return regex.isValid() && regex.match(QString::fromStdString(name)).hasMatch();
}

}  // namespace

class TstPatterns : public QObject {
  Q_OBJECT
 private slots:
  void numbersAreCompact_data();
  void numbersAreCompact();
  void randomNumberSetsAreExact();
  void namesBecomeOnePattern();
  void mixedBlocksAreSeparate();
  void specialCharactersAreEscaped();
  void namesThatEndInsideOthers();
  void deepAndManyNamesStayShort();
};

void TstPatterns::numbersAreCompact_data() {
  QTest::addColumn<QList<int>>("numbers");
  QTest::addColumn<QString>("pattern");
  const auto range = [](int low, int high) {
    QList<int> numbers;
    for (int i = low; i <= high; ++i) numbers.append(i);
    return numbers;
  };
  QTest::newRow("one") << QList<int>{7} << "7";
  QTest::newRow("0-2") << range(0, 2) << "[0-2]";
  QTest::newRow("3-79") << range(3, 79) << "([3-9]|[1-7][0-9])";
  QTest::newRow("13-57") << range(13, 57) << "(1[3-9]|[2-4][0-9]|5[0-7])";
  QTest::newRow("5-123") << range(5, 123) << "([5-9]|[1-9][0-9]|1[0-1][0-9]|12[0-3])";
  QTest::newRow("scattered") << QList<int>{1, 3, 10} << "(1|3|10)";
}

void TstPatterns::numbersAreCompact() {
  QFETCH(QList<int>, numbers);
  QFETCH(QString, pattern);
  QCOMPARE(QString::fromStdString(numbersPattern({numbers.begin(), numbers.end()})), pattern);
}

void TstPatterns::randomNumberSetsAreExact() {
  std::mt19937 random(1);
  for (int round = 0; round < 60; ++round) {
    std::set<int> numbers;
    const int limit = round % 3 == 0 ? 12 : round % 3 == 1 ? 130 : 1200;
    const auto share = 1 + random() % 9;
    for (int i = 0; i < limit; ++i) {
      if (random() % 10 < share) numbers.insert(i);
    }
    if (numbers.empty()) continue;
    const QRegularExpression regex(QString::fromStdString("\\A(?:" + numbersPattern(numbers) + ")\\z"));
    for (int i = 0; i < limit + 20; ++i) {
      QCOMPARE(regex.match(QString::number(i)).hasMatch(), numbers.contains(i));
    }
  }
}

void TstPatterns::namesBecomeOnePattern() {
  std::set<std::string> names;
  for (int i = 0; i < 3; ++i) {
    for (const char* role : {"q", "k", "v", "qkv"}) {
      names.insert("model.layers." + std::to_string(i) + ".self_attn." + role + "_proj");
    }
    for (const char* role : {"gate", "up", "gate_up"}) {
      names.insert("model.layers." + std::to_string(i) + ".mlp." + role + "_proj");
    }
  }
  const std::vector<std::string> expected = {
      R"(re:.*layers\.[0-2]\.(mlp\.(gate|gate_up|up)_proj|self_attn\.(k|q|qkv|v)_proj)$)"};
  QVERIFY(namePatterns(names) == expected);
  QVERIFY(namePatterns({"lm_head"}) == std::vector<std::string>{"re:lm_head$"});
}

void TstPatterns::mixedBlocksAreSeparate() {
  const auto patterns = namePatterns({"h.0.a", "h.1.a", "h.1.b", "h.2.a", "h.2.b", "h.10.a"});
  QCOMPARE(patterns.size(), std::size_t{2});
  for (const std::string name : {"transformer.h.0.a", "h.1.b", "h.10.a"}) {
    int hits = 0;
    for (const std::string& pattern : patterns) hits += matches(pattern.substr(3), name);
    QCOMPARE(hits, 1);
  }
  for (const std::string& pattern : patterns) QVERIFY(!matches(pattern.substr(3), "h.0.b"));
  for (const std::string& pattern : patterns) QVERIFY(!matches(pattern.substr(3), "h.1.a.lora"));
}

void TstPatterns::specialCharactersAreEscaped() {
  QCOMPARE(escapeRegex("a.b[0]+"), std::string("a\\.b\\[0\\]\\+"));
  const auto patterns = namePatterns({"net.0.a+b", "net.0.c[3]"});
  QVERIFY(matches(patterns.front().substr(3), "net.0.a+b"));
  QVERIFY(!matches(patterns.front().substr(3), "net.0.aab"));
}

void TstPatterns::namesThatEndInsideOthers() {
  for (const std::set<std::string>& names :
       {std::set<std::string>{"m.0.a", "m.0.a.b", "m.0.a.c"}, std::set<std::string>{"m.0", "m.0.b"},
        std::set<std::string>{"m.x", "m.x.0.y"}}) {
    const auto patterns = namePatterns(names);
    for (const std::string& name : names) {
      int hits = 0;
      for (const std::string& pattern : patterns) hits += matches(pattern.substr(3), name);
      QCOMPARE(hits, 1);
    }
    for (const std::string& pattern : patterns) QVERIFY(!matches(pattern.substr(3), "m.0.z"));
  }
}

void TstPatterns::deepAndManyNamesStayShort() {
  std::string deep = "a";
  for (int i = 0; i < 3000; ++i) deep += ".0";
  QCOMPARE(namePatterns({deep}).size(), std::size_t{1});
  std::set<std::string> names;
  std::mt19937 random(2);
  for (int i = 0; i < 1500; ++i) {
    names.insert("l." + std::to_string(random() % 90) + ".e." + std::to_string(random() % 128) + ".w" +
                 std::to_string(random() % 3));
  }
  const auto patterns = namePatterns(names);
  std::vector<QRegularExpression> compiled;
  for (const std::string& pattern : patterns) {
    QVERIFY(pattern.size() < 2100);
    compiled.emplace_back(QString::fromStdString("\\A(?:" + pattern.substr(3) + ")"));
    compiled.back().optimize();
  }
  int wrong = 0;
  for (int i = 0; i < 600; ++i) {
    const std::string name = "l." + std::to_string(random() % 90) + ".e." + std::to_string(random() % 128) +
                             ".w" + std::to_string(random() % 3);
    int hits = 0;
    for (const QRegularExpression& regex : compiled)
      hits += regex.match(QString::fromStdString(name)).hasMatch();
    wrong += hits != (names.contains(name) ? 1 : 0);
  }
  QCOMPARE(wrong, 0);
}

QTEST_APPLESS_MAIN(TstPatterns)
#include "tst_patterns.moc"
