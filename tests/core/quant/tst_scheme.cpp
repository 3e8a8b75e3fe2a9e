// SPEC and its texts: what is written on the command line, in plans and in tables.
#include "core/base/error.h"
#include "core/quant/scheme.h"
#include "tests/support/compare.h"

using namespace ql;

class TestScheme : public QObject {
  Q_OBJECT
 private slots:
  void optionsOfMethodsAreSpelt() {
    const Choice gptq = parseSpec("w4a16:group=128,algorithm=gptq:act_order:damp=0.05");
    QCOMPARE(gptq.weight->algorithm.options,
             algorithmChoice("gptq", {{"act_order", true}, {"damp", 0.05}}).options);
    for (const char* spec :
         {"w4a16:group=128,algorithm=gptq:damp=0.05:act_order", "w4a16:clip=percentile:percent=99.5",
          "w4a16:algorithm=billm:metric=magnitude:compensate=false", "w4a16:outliers=sigma:3",
          "w8a8:act_outliers=6", "w8a8:act_asym,act_groups=32:kmeans", "w8a8:static,act_groups=6:range"}) {
      const Choice choice = parseSpec(spec);
      QVERIFY2(parseSpec(specText(choice)) == choice, spec);
    }
    QCOMPARE(specText(parseSpec("w4a16:algorithm=gptq:damp=0.01")), std::string("w4a16:algorithm=gptq"));
    QL_THROWS(parseSpec("w4a16:algorithm=gptq:speed=3"), "no option \"speed\"");
    QL_THROWS(parseSpec("w4a16:algorithm=gptq:damp=7"), "damp");
    QL_THROWS(parseSpec("w4a16:algorithm=gptq:block_size=1.5"), "whole number");
    QL_THROWS(parseSpec("w4a16:outliers=magic:3"), "sigma, variance");
    QL_THROWS(parseSpec("w8a8:act_groups=0:kmeans"), "number of groups");
    QL_THROWS(parseSpec("w8a8:act_outliers=-1"), "threshold");
  }
  void presetsSayWeightsAndActivations() {
    const Choice w8a8 = parseSpec("w8a8");
    QCOMPARE(QString::fromStdString(w8a8.weight->format), QStringLiteral("int8"));
    QVERIFY(w8a8.weight->granularity == Granularity::OutputChannel && w8a8.weight->symmetric);
    QVERIFY(w8a8.activation->granularity == Granularity::Token && w8a8.activation->dynamic);
    QVERIFY(!parseSpec("w4a16").activation);
    QVERIFY(parseSpec("w4a16") == parseSpec("int4"));
    QVERIFY(parseSpec("bf16") == Choice{});
    QVERIFY(parseSpec("w16a16") == Choice{});
    const Choice fp8 = parseSpec("fp8_e4m3/fp8_e4m3");
    QCOMPARE(fp8.activation->format, std::string("fp8_e4m3"));
    QCOMPARE(parseSpec("mxfp4").weight->groupSize, std::optional<std::int64_t>(32));
  }

  void optionsChangeOneThing() {
    QCOMPARE(parseSpec("w8a8:group=128").weight->groupSize, std::optional<std::int64_t>(128));
    QVERIFY(!parseSpec("int4:asym").weight->symmetric);
    const Choice a = parseSpec("w4a16:group=32,flavour=gptq");
    QCOMPARE(a.weight->flavour, std::string("gptq"));
    QCOMPARE(parseSpec("w8a8:flavour=smoothquant").activation->flavour, std::string("smoothquant"));
    QCOMPARE(parseSpec("w8a8:flavour=gptq").activation->flavour, std::string("compressed-tensors"));
    QCOMPARE(parseSpec("w8a8:act=group:32").activation->groupSize, std::optional<std::int64_t>(32));
    QVERIFY(!parseSpec("w8a8:act=tensor,static").activation->dynamic);
    const auto block = *parseSpec("fp8_e4m3:block=128x64").weight->block;
    QVERIFY(block[0] == 128 && block[1] == 64);
    QCOMPARE(parseSpec("w4a16:algorithm=gptq").weight->algorithm.options.size(), std::size_t(5));
  }

  void editsKeepTheRest() {
    const Choice base = parseSpec("w8a8:asym,flavour=smoothquant");
    const Choice grouped = editChoice(base, "group=128");
    QVERIFY(grouped.weight->granularity == Granularity::Group && !grouped.weight->symmetric);
    QCOMPARE(grouped.weight->flavour, std::string("smoothquant"));
    const Choice back = editChoice(grouped, "channel");
    QVERIFY(back == base);
    QVERIFY(!editChoice(base, "asym,act=group:32").weight->symmetric);
    QCOMPARE(editChoice(base, "act=group:32").activation->groupSize, std::optional<std::int64_t>(32));
    QVERIFY(editChoice(base, "w4a16:group=32") == parseSpec("w4a16:group=32"));
    QVERIFY(editChoice(base, "int4") == parseSpec("int4"));
    QVERIFY(!editChoice(base, "act=none").activation);
    QCOMPARE(editChoice(parseSpec("w4a16"), "act=int8").activation->format, std::string("int8"));
  }

  void contradictingOptionsAreRefused() {
    QL_THROWS(parseSpec("w8a8:group=32,group=64"), "both set the granularity");
    QL_THROWS(parseSpec("int8:channel,tensor"), "both set the granularity");
    QL_THROWS(parseSpec("int8:sym,asym"), "both set the symmetry");
    QL_THROWS(parseSpec("w8a8:static,act=tensor,dynamic"), "static or dynamic");
    QL_THROWS(editChoice(parseSpec("w8a8"), "group=32,channel"), "both set the granularity");
    QCOMPARE(actSchemeText(parseSpec("w8a8:act=int4,act=token")), std::string("int4 token"));
  }

  void canonicalTextComesBack_data() {
    QTest::addColumn<QString>("spec");
    QTest::addColumn<QString>("canonical");
    const char* rows[][2] = {
        {"w8a8", "w8a8"},
        {"int4", "w4a16"},
        {"int4:asym", "w4a16:asym"},
        {"w8a8:output_channel", "w8a8"},
        {"w8a8:asym,group=64", "w8a8:group=64,asym"},
        {"w8a8:tensor,act=tensor,static", "w8a8:tensor,act=tensor,static"},
        {"w16a8", "w16a8"},
        {"bf16", "w16a16"},
        {"mxfp4", "mxfp4"},
        {"mxfp4:group=16", "mxfp4:group=16"},
        {"mxfp4:channel", "mxfp4:channel"},
        {"mxfp8/mxfp8:act=token", "mxfp8/mxfp8:act=token"},
        {"int4/fp8_e4m3", "int4/fp8_e4m3"},
        {"bf16/fp8_e4m3", "bf16/fp8_e4m3"},
        {"fp8_e4m3:block=128x128", "fp8_e4m3:block=128x128"},
        {"w3a16:group_in_channel=8,flavour=awq,clip=awq,algorithm=adadim",
         "w3a16:group_in_channel=8,clip=awq,flavour=awq,algorithm=adadim"},
        {"w8a8:flavour=smoothquant", "w8a8:flavour=smoothquant"},
        {"w8a8:flavour=smoothquant,act_flavour=compressed-tensors",
         "w8a8:flavour=smoothquant,act_flavour=compressed-tensors"},
        {"w4a8:act_asym,input_channel", "w4a8:input_channel,act_asym"},
    };
    for (const auto& row : rows) QTest::newRow(row[0]) << row[0] << row[1];
  }
  void canonicalTextComesBack() {
    QFETCH(QString, spec);
    QFETCH(QString, canonical);
    const Choice choice = parseSpec(spec.toStdString());
    QCOMPARE(QString::fromStdString(specText(choice)), canonical);
    QVERIFY(parseSpec(specText(choice)) == choice);
  }

  void messagesQuoteThePartAndShowAnExample() {
    QL_THROWS(parseSpec("w8a8:grp=128"), "\"grp=128\" is not an option");
    QL_THROWS(parseSpec("w8a8:group=0"), "e.g. group=128");
    QL_THROWS(parseSpec("w8a8:group=1e3"), "\"group=1e3\" needs a whole number");
    QL_THROWS(parseSpec("w8a8:group"), "\"group\" needs a value");
    QL_THROWS(parseSpec("w8a8:group="), "needs a value");
    QL_THROWS(parseSpec("w9a8"), "\"w9a8\" is not a preset");
    QL_THROWS(parseSpec(""), "is not a preset");
    QL_THROWS(parseSpec("group=32"), "is not a preset");
    QL_THROWS(parseSpec("w8a8,group=32"), "follow after a colon");
    QL_THROWS(parseSpec("w8a8:"), "an option is empty");
    QL_THROWS(parseSpec("w8a8:flavour=awk"), "compressed-tensors, gptq, awq");
    QL_THROWS(parseSpec("w8a8:static"), "only known at run time");
    QL_THROWS(parseSpec("w4a16:act=token"), "begin with a preset");
    QL_THROWS(parseSpec("fp8_e4m3:asym"), "has no zero point");
    QL_THROWS(parseSpec("w8a8:block=128"), "block=128x128");
    QL_THROWS(editChoice(Choice{}, "group=128"), "leaves them as stored");
    QL_THROWS(editChoice(parseSpec("w8a8"), "nonsense"), "\"nonsense\" is not an option");
    QL_THROWS(parseSpec("w8a8:act=group:x"), "act=group:32");
  }

  void textsForTables() {
    const auto weight = [](const char* spec) {
      return QString::fromStdString(weightSchemeText(parseSpec(spec)));
    };
    const auto act = [](const char* spec) { return QString::fromStdString(actSchemeText(parseSpec(spec))); };
    QCOMPARE(weight("w8a8"), QStringLiteral("int8 channel"));
    QCOMPARE(weight("w8a8:group=32"), QStringLiteral("int8 g32"));
    QCOMPARE(weight("int4:group=128,asym"), QStringLiteral("int4 g128 asym"));
    QCOMPARE(weight("bf16"), QStringLiteral("as stored"));
    QCOMPARE(weight("mxfp4"), QStringLiteral("mxfp4"));
    QCOMPARE(weight("w8a8:flavour=gptq"), QStringLiteral("int8 channel (gptq)"));
    QCOMPARE(act("w8a8"), QStringLiteral("int8 token"));
    QCOMPARE(act("w8a16"), QStringLiteral("16 bit"));
    QCOMPARE(act("w8a8:act=tensor,static"), QStringLiteral("int8 tensor static"));
  }

  void contradictionsAreNamed() {
    Choice choice = parseSpec("w8a8:group=128");
    choice.weight->groupSize.reset();
    QL_THROWS(validateChoice(choice, "plan.json, layers.x"),
              "plan.json, layers.x: weight needs a group_size");
    choice = parseSpec("w8a8");
    choice.weight->groupSize = 64;
    QL_THROWS(validateChoice(choice, "p"), "weight.group_size is 64");
    choice = parseSpec("w8a8");
    choice.activation->dynamic = false;
    QL_THROWS(validateChoice(choice, "p"), "static with granularity token");
    choice = parseSpec("w8a8");
    choice.weight->format = "int9";
    QL_THROWS(validateChoice(choice, "p"), "\"int9\" is not known");
    choice.weight->format = "int8";
    choice.weight->granularity = Granularity::Token;
    QL_THROWS(validateChoice(choice, "p"), "is for activations");
  }

  void bitsCountScalesAndZeroPoints() {
    const auto bits = [](const char* spec, std::int64_t out, std::int64_t in) {
      return bitsPerWeight(parseSpec(spec), out, in, 16);
    };
    QCOMPARE(bits("w8a8", 256, 256), 8.125);         // 8 + 32 / 256
    QCOMPARE(bits("w8a8:group=32", 256, 256), 9.0);  // 8 + 32 / 32
    QCOMPARE(bits("w8a8:group=128", 256, 256), 8.25);
    QCOMPARE(bits("w4a16:group=128,asym", 256, 256), 4.0 + 36.0 / 128);
    QCOMPARE(bits("w8a8:tensor", 64, 64), 8.0 + 32.0 / 4096);
    QCOMPARE(bits("w8a8:input_channel", 64, 128), 8.5);
    QCOMPARE(bits("w8a8:group=100", 10, 250), 8.0 + 30 * 32.0 / 2500);  // 3 groups a row, the last shorter
    QCOMPARE(bits("mxfp4", 32, 64), 4.25);
    QCOMPARE(bits("nvfp4", 1024, 1024), 4.5 + 32.0 / (1024 * 1024));
    QCOMPARE(bits("bf16", 256, 256), 16.0);
    QCOMPARE(bitsPerWeight(parseSpec("w4a16:group=128"), 256, 256, 16, 16), 4.125);
  }

  void everyFormatHasAName() {
    for (const NumberFormatInfo& format : numberFormats()) {
      QCOMPARE(findNumberFormat(format.name), &format);
      QVERIFY(!format.sentence.empty());
      QVERIFY(parseSpec(format.name).weight.has_value() == format.isQuantized);
    }
    QVERIFY(!findNumberFormat("int9"));
  }
};

QTEST_APPLESS_MAIN(TestScheme)
#include "tst_scheme.moc"
