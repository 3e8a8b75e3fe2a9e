// Every architecture table is sound by itself, and a model made from its own patterns is mapped completely.
#include "core/base/error.h"
#include "core/model/architecture.h"
#include "core/model/names.h"
#include "tests/support/compare.h"
#include "tests/support/model_names.h"

#include <QTest>

#include <algorithm>
#include <set>

using namespace ql;
using namespace ql::test;

class TstArchitectures : public QObject {
  Q_OBJECT
 private slots:
  void typesAndClassesAreUnique();
  void producersAndNormsExist();
  void ownNamesAreMapped();
};

void TstArchitectures::typesAndClassesAreUnique() {
  std::set<std::string_view> families, types, classes;
  for (const ArchitectureTable* table : architectures()) {
    QVERIFY(families.insert(table->family).second);
    for (const auto type : table->modelTypes) QVERIFY(types.insert(type).second);
    for (const auto name : table->architectures) QVERIFY(classes.insert(name).second);
    for (const auto prefix : table->layerPrefixes) {
      QVERIFY(prefix.find("{L}") != std::string_view::npos && prefix.ends_with('.'));
    }
  }
}

void TstArchitectures::producersAndNormsExist() {
  for (const ArchitectureTable* table : architectures()) {
    std::set<std::string_view> patterns;
    for (const LinearPattern& linear : table->linears) QVERIFY(patterns.insert(linear.pattern).second);
    for (const LinearPattern& linear : table->linears) {
      QVERIFY(!linear.inputGroup.empty());
      if (linear.producer.empty()) continue;
      const bool isNorm =
          std::find(table->norms.begin(), table->norms.end(), linear.producer) != table->norms.end();
      QCOMPARE(isNorm, linear.isProducerNorm);
      QVERIFY(isNorm || patterns.contains(linear.producer));
    }
  }
}

void TstArchitectures::ownNamesAreMapped() {
  for (const ArchitectureTable* table : architectures()) {
    for (const auto layerPrefix : table->layerPrefixes) {
      NamedModel named{"{\"model_type\":\"" + std::string(table->modelTypes.front()) + "\"}", {}};
      std::size_t expected = 0;
      for (int block = 0; block < 3; ++block) {
        const std::string prefix = fillPattern(layerPrefix, block);
        for (const LinearPattern& linear : table->linears) {
          const bool isStack = hasPlaceholder(linear.inputGroup) && !hasPlaceholder(linear.pattern);
          for (int expert = 0; expert < (hasPlaceholder(linear.pattern) ? 2 : 1); ++expert) {
            const std::string name = prefix + fillPattern(linear.pattern, expert);
            named.add(isStack ? name : name + ".weight", isStack ? Shape{2, 64, 64} : Shape{64, 64});
          }
          expected += hasPlaceholder(linear.inputGroup) ? 2 : 1;
        }
        for (const auto norm : table->norms) named.add(prefix + std::string(norm) + ".weight", {64});
      }
      const Model model = named.build();
      QCOMPARE(model.family, std::string(table->family));
      QCOMPARE(model.blockCount, 3);
      QCOMPARE(model.linears.size(), expected);
      QVERIFY(model.warnings.empty());
      for (const Linear& linear : model.linears) {
        QVERIFY(linear.block && linear.site && linear.role != TensorRole::Other);
        QCOMPARE(linear.isQuantizable, linear.role != TensorRole::Router);
      }
    }
  }
}

QTEST_APPLESS_MAIN(TstArchitectures)
#include "tst_architectures.moc"
