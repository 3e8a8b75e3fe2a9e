// Views of activations without a model: the token heatmap, channel curves, output errors with their
// provenance, scores by window, expert coverage, and messages that move nothing.
#include "core/base/error.h"
#include "tests/support/data.h"
#include "widgets/bridge/metric_info.h"
#include "widgets/bridge/theme.h"
#include "widgets/canvas/canvas.h"
#include "widgets/models/channel_table_model.h"
#include "widgets/models/jobs_model.h"
#include "widgets/models/window_scores.h"
#include "widgets/panels/coverage_dialog.h"
#include "widgets/panels/error_readouts.h"
#include "widgets/panels/matrix_view.h"
#include "widgets/panels/message_bar.h"
#include "widgets/panels/window_chart.h"

#include <QAbstractItemModelTester>
#include <QLabel>
#include <QSignalSpy>
#include <QTest>
#include <QVBoxLayout>

#include <cmath>

using namespace ql;

namespace {

constexpr std::int64_t kTokens = 6, kWidth = 40;

/// Token t, channel c: small values, channel 26 a thousand times larger; token 0 of each window the largest.
std::shared_ptr<ActivationStats> smallActivations() {
  auto stats = std::make_shared<ActivationStats>();
  stats->width = kWidth;
  TokenSample& sample = stats->sample;
  sample.width = kWidth;
  sample.ids = {1, 5, 7, 1, 9, 11};
  sample.positions = {0, 4, 17, 0, 2, 3};
  sample.windows = {0, 0, 0, 1, 1, 1};
  stats->all.tokens = 100;
  stats->all.absmax.resize(kWidth);
  stats->all.sumSq.resize(kWidth);
  for (std::int64_t t = 0; t < kTokens; ++t)
    for (std::int64_t c = 0; c < kWidth; ++c) {
      const float x = (c == 26 ? 50.0f : 0.05f) * static_cast<float>(t + 1) * (c % 2 ? -1.0f : 1.0f);
      sample.values.push_back(x);
      auto& largest = stats->all.absmax[static_cast<std::size_t>(c)];
      largest = std::max(largest, std::abs(x));
    }
  for (std::size_t c = 0; c < stats->all.sumSq.size(); ++c) stats->all.sumSq[c] = c == 26 ? 400.0 : 4.0;
  stats->medianAbs.assign(kWidth, 0.1f);
  return stats;
}

std::shared_ptr<const MatrixContent> tokenContent() {
  auto content = std::make_shared<MatrixContent>();
  content->name = QStringLiteral("model.layers.0.mlp.gate_proj");
  content->tokens = makeTokenRows(smallActivations(), [](std::int32_t id) {
    return id == 7 ? QStringLiteral(" Elizabeth") : QStringLiteral("t%1").arg(id);
  });
  content->out = kTokens;
  content->in = kWidth;
  return content;
}

OutputError someOutput() {
  OutputError error;
  error.w = 0.024;
  error.a = 0.5;
  error.wa = 0.51;
  error.weightEvidence.n = 16384;
  error.sampleEvidence.n = 256;
  error.sampleEvidence.kind = Evidence::Kind::Sampled;
  error.sampleEvidence.interval = std::pair(0.50, 0.53);
  return error;
}

WindowScore score(double nll, std::int64_t targets, double kl = 0, double topAgreement = 0) {
  WindowScore result;
  result.nll = nll;
  result.targets = targets;
  result.kl = kl;
  result.topAgreement = topAgreement;
  return result;
}

QString noReason(Metric) {
  return {};
}

}  // namespace

class TestActivations : public QObject {
  Q_OBJECT

 private slots:
  void tokenRowsKnowTheirMagnitudes() {
    const auto content = tokenContent();
    QCOMPARE(content->tokens->largest, 300.0);
    QCOMPARE(content->tokens->tokenAbsmax[2], 150.0f);
    QVERIFY(content->tokens->typical > 0.09 && content->tokens->typical < 0.3);
    QCOMPARE(content->columnProfile()->at(26), 300.0f);
    QCOMPARE(content->rowProfile()->size(), std::size_t(kTokens));
    std::vector<float> row(kWidth);
    content->tokens->source->readRows({{}, kTokens, kWidth, false, -1}, 2, 3, row);
    QCOMPARE(row[26], 150.0f);
    QVERIFY_EXCEPTION_THROWN(content->tokens->source->readRows({{}, kTokens, kWidth, false, -1}, 5, 7, row),
                             Error);
  }

  void tokenHeatmapIsDrawnAndRead() {
    MatrixView view;
    view.setQuantity(MatrixQuantity::Activations);
    const auto content = tokenContent();
    connect(&view, &MatrixView::imageWanted, &view, [&](const MatrixRequest& request) {
      JobContext job(1);
      const MatrixRef matrix{{}, kTokens, kWidth, false, -1};
      auto values = std::make_shared<const MatrixImage>(resampleMatrix(
          content->tokens->source.get(), matrix, nullptr, request.viewport, request.pool, job));
      view.setPicture(request, makeHeatmapPicture(request.viewport, values, request.colors), false);
    });
    QSignalSpy cells(&view, &MatrixView::cellWanted);
    QSignalSpy rows(&view, &MatrixView::rowPicked);
    QSignalSpy hovered(&view, &MatrixView::hovered);
    view.setContent(content);
    view.setLevels(MatrixLevels{content->tokens->typical, content->tokens->largest});
    QImage picture = renderToImage(view, {600, 420}, 1, lightTheme());
    picture = renderToImage(view, {600, 420}, 1, lightTheme());
    QVERIFY(view.isSettled());
    const auto pixel = [&](std::int64_t token, std::int64_t channel) {
      return QPointF(view.columnAxis().toPixel(static_cast<double>(channel) + 0.5),
                     view.rowAxis().toPixel(static_cast<double>(token) + 0.5));
    };
    QVERIFY(lightness(picture.pixel(pixel(5, 26).toPoint())) >
            lightness(picture.pixel(pixel(5, 20).toPoint())) + 25);
    CanvasEvent move;
    move.type = CanvasEvent::Move;
    move.position = pixel(2, 26);
    view.handle(move);
    QVERIFY2(view.accessibleText().contains(
                 QStringLiteral("token ' Elizabeth' (window 0, position 17), channel 26: x = 150.0")),
             qPrintable(view.accessibleText()));
    // A token is no output channel: the linked cursor and the pins of rows are left alone.
    QCOMPARE(hovered.last()[0].toLongLong(), -1);
    QCOMPARE(hovered.last()[1].toLongLong(), 26);
    CanvasEvent press{CanvasEvent::Press, QPointF(view.layout().right.center()), Qt::LeftButton,
                      Qt::LeftButton};
    view.handle(press);
    press.type = CanvasEvent::Release;
    view.handle(press);
    QVERIFY(rows.isEmpty());
    QVERIFY(cells.isEmpty());
    QVERIFY(!renderToImage(view, {600, 420}, 2, darkTheme()).isNull());
  }

  // A line end in a token must not break the title of the read-out.
  void tokensAreNamedOnOneLine() {
    auto content = std::make_shared<MatrixContent>(*tokenContent());
    content->tokens = makeTokenRows(smallActivations(), [](std::int32_t) { return QStringLiteral("\n\tx"); });
    MatrixView view;
    view.setQuantity(MatrixQuantity::Activations);
    view.setContent(content);
    view.setLevels(MatrixLevels{content->tokens->typical, content->tokens->largest});
    renderToImage(view, {600, 420}, 1, lightTheme());
    CanvasEvent move;
    move.type = CanvasEvent::Move;
    move.position = view.layout().plot.center();
    view.handle(move);
    QVERIFY2(view.accessibleText().contains(QStringLiteral("token '\u21b5\u21e5x'")),
             qPrintable(view.accessibleText()));
    QVERIFY(!view.accessibleText().contains(QLatin1Char('\n')));
  }

  void channelsAreRankedByActivations() {
    WeightStats stats;
    stats.out = 2;
    stats.in = kWidth;
    stats.columns.resize(kWidth);
    stats.rows.resize(2);
    stats.columns.absmax.assign(kWidth, 1.0f);
    stats.columns.absmax[3] = 9;
    const auto activations = smallActivations();
    const ChannelData data =
        rankChannels(stats, {}, nullptr, ChannelAxis::Input, ChannelSort::ActAbsMax, activations.get());
    QCOMPARE(data.rows.front().channel, std::int64_t(26));
    QCOMPARE(*data.rows.front().actAbsmax, 300.0f);
    QCOMPARE(*data.rows.front().actRms, 2.0);  // sqrt(400 / 100)
    QCOMPARE(*data.rows.front().actMedian, 0.1f);
    // Rows of W do not meet X; activations of another width are not those of this linear.
    QVERIFY(!rankChannels(stats, {}, nullptr, ChannelAxis::Output, ChannelSort::Index, activations.get())
                 .hasActAbsmax);
    activations->width = 7;
    QVERIFY(!rankChannels(stats, {}, nullptr, ChannelAxis::Input, ChannelSort::Index, activations.get())
                 .hasActAbsmax);
    ChannelTableModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setChannels(std::make_shared<ChannelData>(data));
    QStringList headers;
    for (int column = 0; column < model.columnCount(); ++column)
      headers << model.headerData(column, Qt::Horizontal, Qt::DisplayRole).toString();
    QCOMPARE(headers.mid(3), (QStringList{QStringLiteral("|X| max"), QStringLiteral("Rows"),
                                          QStringLiteral("|X| med."), QStringLiteral("|X| rms")}));
    QCOMPARE(model.index(0, 3).data().toString(), QStringLiteral("300.0"));
  }

  void metricsHaveKeysAndFormats() {
    QCOMPARE(metricInfos().size(), std::size_t(19));
    for (std::size_t i = 0; i < metricInfos().size(); ++i)
      QCOMPARE(static_cast<std::size_t>(metricInfos()[i].metric), i);
    QVERIFY(metricOfKey(Qt::Key_1) == Metric::NormWeighted);
    QVERIFY(metricOfKey(Qt::Key_0) == Metric::OutputError);
    QVERIFY(!metricOfKey(Qt::Key_A));
    QCOMPARE(metricText(Metric::OutputWa, 0.5129),
             QString(QStringLiteral("51.3") + QChar(0x202f) + QLatin1Char('%')));
    QCOMPARE(metricText(Metric::ActOutlierChannels, 3.0), QStringLiteral("3"));
    QCOMPARE(metricText(Metric::EffectiveRank, 41.26), QStringLiteral("41.3"));
    std::size_t listed = 0;
    for (const auto& group : metricGroups()) listed += group.size();
    QCOMPARE(listed, metricInfos().size());
  }

  void outputErrorsShowWhatTheyRestOn() {
    ErrorReadouts errors;
    auto weights = std::make_shared<LayerError>();
    weights->normWeightedRel = 0.9;
    errors.setData(noReason, true, QStringLiteral("text.txt, 16,384 tokens"));
    errors.setErrors({weights, someOutput()}, {}, false);
    QVERIFY(errors.afterText(Metric::OutputWa).startsWith(QStringLiteral("51.0")));
    QCOMPARE(errors.originText(Metric::OutputW), QStringLiteral("16,384 tok."));
    QVERIFY(errors.originText(Metric::OutputWa).startsWith(QStringLiteral("± 1.50")));
    QCOMPARE(errors.originText(Metric::OutputA),
             QStringLiteral("256 tok."));                 // its own interval is not known
    errors.setErrors({weights, someOutput()}, {}, true);  // the what-if is being measured
    QVERIFY(errors.beforeText(Metric::OutputW).startsWith(QStringLiteral("2.40")));
    QCOMPARE(errors.afterText(Metric::OutputW), QStringLiteral("–"));
    QCOMPARE(errors.originText(Metric::OutputW), QStringLiteral("measuring"));
    // The preview's figures stand in until the exact ones come.
    auto preview = std::make_shared<LayerError>();
    preview->outputRelW = 0.0117;
    errors.setErrors({weights, someOutput()}, {preview, std::nullopt}, true);
    QVERIFY(errors.afterText(Metric::OutputW).startsWith(QStringLiteral("1.17")));
    QCOMPARE(errors.originText(Metric::OutputW), QStringLiteral("preview"));
  }

  void fallbacksAreShown() {
    ErrorReadouts errors;
    auto plain = std::make_shared<LayerError>(), other = std::make_shared<LayerError>();
    other->fallbacks = {{"damping raised to 0.1", 1}, {"dead channels left out", 12}};
    errors.setErrors({plain, std::nullopt}, {}, false);
    QVERIFY(errors.fallbackText().isEmpty());
    errors.setErrors({plain, std::nullopt}, {other, std::nullopt}, true);
    QCOMPARE(errors.fallbackText(), QStringLiteral("Not as asked: damping raised to 0.1.\n"
                                                   "Not as asked, 12 times: dead channels left out."));
  }

  void whatCannotBeHadSaysWhy() {
    ErrorReadouts errors;
    errors.setData([](Metric) { return QStringLiteral("an imatrix keeps no tokens"); }, true, {});
    errors.setErrors({std::make_shared<LayerError>(), std::nullopt}, {}, false);
    QCOMPARE(errors.afterText(Metric::OutputWa), QStringLiteral("–"));
    QCOMPARE(errors.originText(Metric::OutputWa), QStringLiteral("no data"));
    bool hasReason = false;
    for (const QLabel* label : errors.findChildren<QLabel*>())
      hasReason = hasReason || label->toolTip().contains(QStringLiteral("an imatrix keeps no tokens"));
    QVERIFY(hasReason);
  }

  void windowsAddUpToPerplexity() {
    WindowScoresModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    QCOMPARE(model.totals().targets, std::int64_t(0));
    const WindowScore before = score(20, 10), after = score(30, 10, 1, 9);
    model.append({{after, before}});
    const WindowScore late = score(10, 5, 0.5, 5);
    model.append({{late, score(10, 5)}});
    const ScoreTotals totals = model.totals();
    QCOMPARE(totals.targets, std::int64_t(15));
    QVERIFY(std::abs(totals.perplexityBefore - std::exp(2.0)) < 1e-12);  // (20 + 10) / 15
    QVERIFY(std::abs(totals.perplexityAfter - std::exp(40.0 / 15)) < 1e-12);
    QVERIFY(std::abs(totals.meanKl - 0.1) < 1e-12);
    QVERIFY(std::abs(totals.topAgreement - 14.0 / 15) < 1e-12);
    QCOMPARE(model.index(0, WindowScoresModel::Change).data().toString(), QStringLiteral("+1.0000"));
    QCOMPARE(model.asText().split(QLatin1Char('\n')).size(), 3);
    WindowChart chart(&model, nullptr);
    const QImage picture = renderToImage(chart, {500, 260}, 1, lightTheme());
    QVERIFY(!picture.isNull());
    CanvasEvent move;
    move.type = CanvasEvent::Move;
    move.position = {300, 100};
    QVERIFY(chart.handle(move));
    QVERIFY(renderToImage(chart, {500, 260}, 1, lightTheme()) != picture);  // the read-out
    model.clear();
    QVERIFY(!renderToImage(chart, {500, 260}, 1, lightTheme()).isNull());
  }

  void timeLeftWaitsForProgress() {
    JobContext job(1);
    job.expect(1000);
    job.step(1);
    QCOMPARE(timeLeftText(job), QString());
    job.step(500);
    QVERIFY(timeLeftText(job).contains(QStringLiteral("left")));
  }

  void perplexityAloneHasNoReference() {
    WindowScoresModel model;
    model.append({{score(20, 10), std::nullopt}});
    QVERIFY(!model.totals().hasReference);
    QCOMPARE(model.index(0, WindowScoresModel::NllBefore).data().toString(), QStringLiteral("–"));
  }

  void coverageNamesTheUnseen() {
    CoverageView view;
    view.setCoverage({{0, {10, 0, 30, 0}}, {1, {5, 5, 5, 25}}});
    QCOMPARE(view.experts(), std::size_t(4));
    QCOMPARE(view.unseen(), std::size_t(2));
    QCOMPARE(view.most(), std::uint64_t(30));
    QVERIFY(view.copyText().contains(QStringLiteral("0\t2\t30")));
    const auto table = view.table();
    QCOMPARE(table->rowCount(), 2);
    QCOMPARE(table->index(1, 3).data().toString(), QStringLiteral("25"));
    QVERIFY(!renderToImage(view, {400, 160}, 1, darkTheme()).isNull());
    QVERIFY(view.accessibleText().contains(QStringLiteral("2 saw none")));
  }

  void messagesMoveNothing() {
    QWidget window;
    auto* column = new QVBoxLayout(&window);
    auto* content = new QWidget(&window);
    column->addWidget(content);
    auto* bar = new MessageBar(&window);
    window.resize(900, 400);
    window.show();
    QVERIFY(QTest::qWaitForWindowExposed(&window));
    const QRect before = content->geometry();
    bar->show(QStringLiteral("Saved a plan"), false);
    QCoreApplication::processEvents();
    QVERIFY(bar->isVisible());
    QCOMPARE(content->geometry(), before);
    QVERIFY(window.rect().contains(bar->geometry()));
    window.resize(500, 300);
    QCoreApplication::processEvents();
    QVERIFY(window.rect().contains(bar->geometry()));
  }
};

QTEST_MAIN(TestActivations)
#include "tst_activations.moc"
