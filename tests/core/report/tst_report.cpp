// The report's page: hostile names, bounded size, one picture for both themes, and numbers as written
// elsewhere.
#include "core/report/html_text.h"
#include "core/report/number_words.h"
#include "core/report/picture.h"
#include "core/report/pictures.h"
#include "core/report/report_html.h"

#include <QRegularExpression>
#include <QTest>
#include <QXmlStreamReader>

#include <clocale>
#include <cmath>

using namespace ql::report;

namespace {

Layer makeLayer(int block, const std::string& role, std::optional<double> error) {
  Layer layer;
  layer.name = "model.layers." + std::to_string(block) + "." + role + "_proj";
  layer.role = role;
  layer.block = block;
  layer.out = layer.in = 256;
  layer.weights = "int8 channel";
  layer.activations = "int8 token";
  layer.error = error;
  layer.bits = 8.125;
  return layer;
}

ReportData makeData(int blocks) {
  ReportData data;
  data.model = "demo";
  data.date = "2026-11-22";
  data.scheme = "int8 channel, activations int8 token";
  data.roles = {"q", "k"};
  data.blocks = blocks;
  for (int block = 0; block < blocks; ++block)
    for (const char* role : {"q", "k"}) data.layers.push_back(makeLayer(block, role, 0.004 * (block + 1)));
  return data;
}

/// The text is well-formed XML with balanced elements (the page is written so); the first error otherwise.
QString xmlProblem(const std::string& html) {
  QString text = QString::fromStdString(html);
  static const QRegularExpression voids(QStringLiteral("<meta[^>]*>|<!DOCTYPE html>"));
  QXmlStreamReader reader(text.remove(voids));
  while (!reader.atEnd()) reader.readNext();
  return reader.hasError()
             ? QStringLiteral("%1 at %2").arg(reader.errorString()).arg(reader.characterOffset())
             : QString();
}

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size()))
    ++found;
  return found;
}

}  // namespace

class TestReport : public QObject {
  Q_OBJECT

 private slots:
  void textIsEscaped_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("html");
    const auto row = [](const char* name, const char* text, const char* html) {
      QTest::newRow(name) << QByteArray(text) << QByteArray(html);
    };
    row("plain", "model.layers.0.q_proj", "model.layers.0.q_proj");
    row("markup", "<img src=x onerror='a&b'>\"", "&lt;img src=x onerror=&#39;a&amp;b&#39;&gt;&quot;");
    row("controls", "a\nb\x1b[31m",
        "a\xEF\xBF\xBD"
        "b\xEF\xBF\xBD[31m");
    row("not UTF-8", "a\xFFz\xC3", "a\xEF\xBF\xBDz\xEF\xBF\xBD");
    row("overlong <", "\xC0\xBC", "\xEF\xBF\xBD\xEF\xBF\xBD");
    row("surrogate", "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    row("right-to-left override", "abc\xE2\x80\xAEgnp", "abc\xEF\xBF\xBDgnp");
    row("other scripts", "\xE6\xA8\xA1\xE5\x9E\x8B \xF0\x9F\x98\x80",
        "\xE6\xA8\xA1\xE5\x9E\x8B \xF0\x9F\x98\x80");
  }
  void textIsEscaped() {
    QFETCH(QByteArray, text);
    QTEST(QByteArray::fromStdString(escaped(text.toStdString())), "html");
  }

  void longNamesLoseTheirMiddle() {
    const std::string name = std::string(5000, 'a') + "\xC3\xA4\xC3\xA4" + std::string(5000, 'b');
    const std::string html = escapedName(name);
    QVERIFY(html.size() <= kMaxNameBytes + 3);
    QVERIFY(html.starts_with("aaa") && html.ends_with("bbb"));
    const std::string umlauts = escapedName([] {
      std::string text;
      for (int i = 0; i < 500; ++i) text += "\xC3\xA4";
      return text;
    }());
    QCOMPARE(count(umlauts, "\xEF\xBF\xBD"), 0);  // no character is cut in two
  }

  void numbersAreTypeset() {
    QCOMPARE(typeset("90.9 % -> 1.85 %"), std::string("90.9\u202f% \u2192 1.85\u202f%"));
    QCOMPARE(percentHtml(2.9e-5), std::string("2.9e\u22123\u202f%"));
    QCOMPARE(percentHtml(0.909), std::string("90.9\u202f%"));
    QCOMPARE(percentHtml(0.00691), std::string("0.69\u202f%"));
    QCOMPARE(percentHtml(std::nan("")), std::string("\u2013"));
    QCOMPARE(typeset("from -3 to (-0.5)"), std::string("from \u22123 to (\u22120.5)"));
    QCOMPARE(typeset("arXiv 2408-15301, w8-a8"), std::string("arXiv 2408-15301, w8-a8"));
  }

  /// A window sets the user's locale; a report says 0.5 all the same.
  void numbersDoNotFollowTheLocale() {
    const char* const set = std::setlocale(LC_NUMERIC, "de_DE.UTF-8");
    const std::string text = percent(0.1234) + " " + figure(1234.5) + " " + fixedText(2.5, 2) + " " +
                             bytesText(1536.0) + " " + percent(2.9e-5) + " " + coordinate(1.25);
    std::setlocale(LC_NUMERIC, "C");
    if (!set) qInfo("no German locale here: checked in the C locale");
    QCOMPARE(text, std::string("12.3 % 1234 2.50 1.5 KiB 2.9e-03 % 1.25"));
  }

  /// d3.interpolateCividis at 0, 1/2 and 1: rgb(0, 32, 81), rgb(127, 124, 117), rgb(253, 234, 69).
  void colorsAreCividis() {
    QCOMPARE(cividis(0), std::string("#002051"));
    QCOMPARE(cividis(1), std::string("#fdea45"));
    // by hand: 127.2247, 123.5584, 116.6484
    QCOMPARE(cividis(0.5), std::string("#7f7c75"));
    QCOMPARE(textOnCividis(0.0), std::string_view("light"));
    QCOMPARE(textOnCividis(1.0), std::string_view("dark"));
    QCOMPARE(cividis(std::nan("")), cividis(0.0));
    QCOMPARE(cividis(7.0), cividis(1.0));
  }

  void logAxisHoldsItsValues() {
    const LogAxis axis(0.003, 0.9, 5, 200, 0);
    QCOMPARE(axis.pixel(1.0), 0.0);
    QCOMPARE(axis.pixel(0.001), 200.0);
    QVERIFY(std::abs(axis.pixel(0.1) - 200.0 / 3) < 1e-9);
    QCOMPARE(axis.pixel(0.0), 200.0);
    QCOMPARE(axis.ticks().size(), std::size_t{4});
    QCOMPARE(LogAxis(1e-20, 1, 5, 0, 1).fraction(1e-5), 0.0);  // at most five decades
    QCOMPARE(LogAxis(0.1, 0.1, 5, 0, 1).ticks().back(), 0.1);  // a single value still has a decade
    for (const double bad : {0.0, -1.0, std::nan(""), HUGE_VAL})
      for (const double tick : LogAxis(bad, bad, 5, 0, 1).ticks()) QVERIFY(std::isfinite(tick));
    QCOMPARE(percentTick(0.02), std::string("2\u202f%"));
    QCOMPARE(valueTick(1e-4), std::string("1e\u22124"));
  }

  void hostileNamesStayText() {
    ReportData data = makeData(2);
    const std::string evil = "</title><script>alert(1)</script><svg onload=x>\"'&";
    data.model = evil;
    for (Layer& layer : data.layers) layer.name = evil;
    data.layers[0].weights = data.scheme = data.planName = data.date = evil;
    data.roles[0] = data.layers[0].role = evil;
    data.facts = {{evil, evil}};
    data.notes = {evil};
    data.findings = {{evil, evil, evil, evil, evil}};
    data.findingCount = 1;
    data.worst = {{0, {1, 2}, {3, 4}, {{evil, 0.5, true}}, {{evil, evil, evil, evil, evil}}}};
    data.smoothing = {{evil, {evil}, 0.5, {{evil, {{0, 0.4}, {1, 0.3}}, 1, 0.3}}}};
    data.perplexity = PerplexityFigures{1, 2, 3, 4, evil};
    const std::string html = reportHtml(data);
    QCOMPARE(count(html, "<script"), 0);
    QCOMPARE(count(html, "onload=x>"), 0);
    QCOMPARE(count(html, "</title>"), 1 + count(html, "<title>") - 1);
    QCOMPARE(xmlProblem(html), QString());
  }

  void nothingIsLoadedFromElsewhere() {
    ReportData data = makeData(3);
    data.worst = {{0, {1, 2, 3}, {4, 5, 6}, {{"int8 channel", 0.5, true}}, {}}};
    const std::string html = reportHtml(data);
    for (const char* part : {"src=", "href=", "@import", "url(", "<link", "<iframe", "javascript:"})
      QCOMPARE(count(html, part), 0);
    QVERIFY(html.find("default-src 'none'") != std::string::npos);
    QVERIFY(html.find("prefers-color-scheme:dark") != std::string::npos);
    QCOMPARE(xmlProblem(html), QString());
  }

  void sameDataGiveTheSameBytes() {
    ReportData data = makeData(4);
    const std::string first = reportHtml(data);
    QCOMPARE(reportHtml(data), first);
    data.date = "another day";
    std::string other = reportHtml(data);
    const std::size_t at = other.find("another day");
    QVERIFY(at != std::string::npos);
    other.replace(at, 11, "2026-11-22");
    QCOMPARE(other, first);  // the date stands in one place
  }

  void emptyModelsHaveReports() {
    const std::string html = reportHtml(ReportData());
    QCOMPARE(xmlProblem(html), QString());
    QVERIFY(html.find("No error has been measured") != std::string::npos);
    QVERIFY(html.find("Nothing stands out") != std::string::npos);
  }

  void cellsShowTheWorstOfTheirLinears() {
    ReportData data = makeData(1);
    Layer expert = makeLayer(0, "q", 0.5);
    expert.name = "the.worst.expert";
    data.layers.push_back(expert);
    const std::string svg = overviewPicture(data);
    QVERIFY(svg.find("the.worst.expert, int8 channel: 50.0\u202f% (worst of 2)") != std::string::npos);
    QVERIFY(svg.find(">50.0</text>") != std::string::npos);
  }

  void unmeasuredCellsAreGrey() {
    ReportData data = makeData(2);
    data.layers[0].error.reset();
    const std::string svg = overviewPicture(data);
    QCOMPARE(count(svg, "class=\"empty\""), 1);
    QVERIFY(svg.find("not measured") != std::string::npos);
    for (Layer& layer : data.layers) layer.error.reset();
    QCOMPARE(overviewPicture(data), std::string());
    QCOMPARE(errorPicture(data), std::string());
  }

  void dotsLieOnTheirErrors() {
    ReportData data = makeData(1);
    data.layers = {makeLayer(0, "q", 1.0), makeLayer(0, "k", 0.01), makeLayer(0, "k", 0.1)};
    data.target = 0.01;
    const std::string svg = errorPicture(data);
    // axis from 1 % (y = 216) to 100 % (y = 12): a decade takes 102
    for (const char* y : {"cy=\"12\"", "cy=\"216\"", "cy=\"114\""})
      QVERIFY2(svg.find(y) != std::string::npos, y);
    QCOMPARE(count(svg, "class=\"dot over\""), 2);
  }

  void giantModelsStaySmall() {
    ReportData data = makeData(0);
    data.blocks = 5000;
    for (int i = 0; i < 50'000; ++i) {
      Layer layer = makeLayer(i / 10, "q", 1e-4 * (1 + i % 97));
      layer.expert = i % 10;
      layer.name += "." + std::to_string(i);
      layer.weights = i % 2 ? "int8 channel" : "int8 g128";
      data.layers.push_back(std::move(layer));
    }
    data.layers[31'234].error = 0.77;
    data.layers[31'234].name = "the.needle";
    data.findings.assign(200, {"layer", "code", "A sentence.", "A remedy.", "a command"});
    data.findingCount = 12'345;
    const std::string html = reportHtml(data);
    QVERIFY2(html.size() < (1u << 20), std::to_string(html.size()).c_str());
    QCOMPARE(count(html, "class=\"finding\""), static_cast<int>(kMaxFindings));
    QVERIFY(html.find("the first 40 are written out") != std::string::npos);
    QVERIFY(html.find("more rows are left out") != std::string::npos);
    QVERIFY(overviewPicture(data).find("the.needle") != std::string::npos);  // pooling keeps the worst
    QVERIFY(errorPicture(data).find("the.needle") != std::string::npos);
    QCOMPARE(xmlProblem(html), QString());
  }

  void channelCurvesAreSortedAndThinned() {
    WorstLayer layer;
    for (int i = 0; i < 30'000; ++i)
      layer.weightAbsmax.push_back(static_cast<float>((i * 7919) % 30'000 + 1));
    layer.weightAbsmax[5] = std::nanf("");
    layer.weightAbsmax[6] = 1e9f;
    const std::string svg = channelPicture(layer);
    QVERIFY(svg.size() < 12'000);
    const QRegularExpression line(QStringLiteral("<polyline class=\"w-line\" points=\"([^\"]*)\""));
    const QStringList points =
        line.match(QString::fromStdString(svg)).captured(1).split(QLatin1Char(' '), Qt::SkipEmptyParts);
    QVERIFY(points.size() > 50);
    double lastX = -1, lastY = -1;
    for (const QString& point : points) {
      const double x = point.section(QLatin1Char(','), 0, 0).toDouble();
      const double y = point.section(QLatin1Char(','), 1, 1).toDouble();
      QVERIFY(x > lastX && y >= lastY);  // further right, and down
      lastX = x, lastY = y;
    }
    QCOMPARE(channelPicture(WorstLayer()), std::string());
  }

  void expertsOfOneChoiceShareAPlanRow() {
    ReportData data;
    for (int expert = 0; expert < 8; ++expert) {
      Layer layer = makeLayer(0, "up", 0.01 * (expert + 1));
      layer.expert = expert;
      if (expert == 3) layer.weights = "int8 g32";
      data.layers.push_back(layer);
    }
    const std::string html = reportHtml(data);
    QVERIFY(html.find("and 6 experts like it") != std::string::npos);
    QCOMPARE(count(html, "<td>int8 g32</td>"), 1);
  }
};

QTEST_APPLESS_MAIN(TestReport)
#include "tst_report.moc"
