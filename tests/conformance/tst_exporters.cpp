// Every export target keeps the contract of Exporter.
#include "core/base/error.h"
#include "core/export/exporter.h"
#include "core/plan/plan_edit.h"
#include "tests/support/compare.h"
#include "tests/support/model_names.h"

#include <QTest>

#include <set>

using namespace ql;
using namespace ql::test;

class TstExporters : public QObject {
  Q_OBJECT
 private slots:
  void namesAreUniqueAndDescribed();
  void exportsArePureAndTotal();
};

void TstExporters::namesAreUniqueAndDescribed() {
  std::set<std::string_view> names;
  for (const Exporter* exporter : exporters()) {
    QVERIFY(names.insert(exporter->name).second);
    QVERIFY(exporter->sentence.ends_with('.'));
    QVERIFY(!exporter->defaultFile.empty());
    QVERIFY(&findExporter(exporter->name) == exporter);
  }
  for (const char* name : {"quantloupe", "llm-compressor", "compressed-tensors", "csv"})
    QVERIFY(names.contains(name));
}

/// Whatever the plan holds, a target makes its file, twice the same, and lists what it left out by name.
void TstExporters::exportsArePureAndTotal() {
  const Model models[] = {llamaModel({3, 64, 128, 64, 64, 100}).build(),
                          mixtralModel({2, 64, 128, 64, 32, 100}).build(), gpt2Model("", 2).build(), Model{}};
  for (const Model& model : models) {
    for (const char* spec :
         {"w8a8", "int4:asym", "w8a8:input_channel", "nvfp4", "fp8_e4m3/fp8_e4m3", "bf16", "int8:group=48",
          "w8a8:group_in_channel=16", "fp8_e4m3:block=16x16", "w8a8:act=group:32"}) {
      const QuantizationPlan plan = newPlan(model, "f", parseSpec(spec));
      for (const Exporter* exporter : exporters()) {
        const ExportResult result = exporter->make(plan, model, {});
        QCOMPARE(result.files.size(), std::size_t{1});
        QCOMPARE(result.files[0].name, std::string(exporter->defaultFile));
        QVERIFY(!result.files[0].content.empty());
        QCOMPARE(exporter->make(plan, model, {}).files[0].content, result.files[0].content);
        for (const NotExpressible& item : result.notExpressible) {
          QVERIFY(!item.feature.empty() && !item.instead.empty());
          QVERIFY(item.layer.empty() || model.find(item.layer).has_value());
        }
      }
    }
  }
}

QTEST_APPLESS_MAIN(TstExporters)
#include "tst_exporters.moc"
