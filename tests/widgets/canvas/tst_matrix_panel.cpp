#include "core/quant/quantizer.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "widgets/bridge/session.h"
#include "widgets/canvas/canvas.h"
#include "widgets/panels/matrix_panel.h"
#include "widgets/panels/matrix_view.h"

#include <QApplication>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

namespace ql {
namespace {

const std::string kLinear = "model.layers.0.self_attn.q_proj";

CanvasEvent moveTo(QPointF at) {
  CanvasEvent event;
  event.type = CanvasEvent::Move;
  event.position = at;
  return event;
}

QPointF pixelOf(const MatrixView& view, double row, double column) {
  return {view.columnAxis().toPixel(column + 0.5), view.rowAxis().toPixel(row + 0.5)};
}

}  // namespace

// The panel on the shipped model: pictures, read-outs and links come from the workspace through jobs.
class TestMatrixPanel : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase();
  void showsTheSelectedLinear();
  void readsTheWeightUnderTheCursor();
  void errorPictureFollowsTheWhatIf();
  void unquantizedHasNoError();
  void linksCursorAndPins();
  void namesTheOutlierChannels();
  void fullScreenAndBack();
  void statisticsAloneShowACoarsePicture();
  void savedPictureIsSharpAtItsOwnSize();
  void closingTheModelEmptiesTheView();

 private:
  bool isShown() const { return m_panel->view()->content() && m_panel->view()->isSettled(); }
  QTemporaryDir m_cache;
  std::unique_ptr<Session> m_session;
  std::unique_ptr<MatrixPanel> m_panel;
  LinearId m_id = 0;
};

void TestMatrixPanel::initTestCase() {
  qputenv("XDG_CACHE_HOME", m_cache.path().toUtf8());
  m_session = std::make_unique<Session>();
  m_panel = std::make_unique<MatrixPanel>(m_session.get());
  m_panel->resize(500, 420);
  m_panel->show();
  m_session->open(QString::fromStdString(ql::test::demoModel().string()));
  QTRY_VERIFY_WITH_TIMEOUT(m_session->model() != nullptr, 20000);
  m_id = *m_session->model()->find(kLinear);
}

void TestMatrixPanel::showsTheSelectedLinear() {
  QSignalSpy subtitle(m_panel.get(), &MatrixPanel::subtitleChanged);
  m_session->selection()->selectOnly(m_id);
  QCOMPARE(m_panel->subtitle(), QStringLiteral("block 0 · q_proj · 256 × 256 · BF16"));
  QVERIFY(subtitle.count() > 0);
  QTRY_VERIFY_WITH_TIMEOUT(isShown(), 20000);
  const QImage picture = renderToImage(*m_panel->view(), {500, 380}, 1, darkTheme());
  const QPointF outlier = pixelOf(*m_panel->view(), 185, 30), other = pixelOf(*m_panel->view(), 100, 150);
  QVERIFY(lightness(picture.pixel(outlier.toPoint())) > lightness(picture.pixel(other.toPoint())) + 25);
}

void TestMatrixPanel::readsTheWeightUnderTheCursor() {
  MatrixView& view = *m_panel->view();
  renderToImage(view, {500, 380}, 1, darkTheme());
  view.handle(moveTo(pixelOf(view, 185, 30)));
  QTRY_VERIFY_WITH_TIMEOUT(view.accessibleText().contains(QStringLiteral("w −93.50")), 20000);
  QVERIFY2(view.accessibleText().contains(QStringLiteral("Q(w) −93.87")), qPrintable(view.accessibleText()));
}

void TestMatrixPanel::errorPictureFollowsTheWhatIf() {
  MatrixView& view = *m_panel->view();
  m_panel->setQuantity(MatrixQuantity::Error);
  QTRY_VERIFY_WITH_TIMEOUT(isShown(), 20000);
  const ValueRange byChannel = view.colorScale().range;
  QVERIFY(byChannel.to > 0.1);
  QCOMPARE(view.content()->groupColumns, std::int64_t{0});
  m_session->plan()->setWhatIf(parseSpec("w8a8:group=32"));
  QCOMPARE(view.content()->groupColumns, std::int64_t{32});
  QTRY_VERIFY_WITH_TIMEOUT(isShown(), 20000);
  QVERIFY(view.colorScale().range.from < byChannel.from / 5);  // most groups are saved from the outliers
  m_session->plan()->setWhatIf(std::nullopt);
  QTRY_VERIFY_WITH_TIMEOUT(isShown(), 20000);
  QVERIFY(view.colorScale().range == byChannel);
}

void TestMatrixPanel::unquantizedHasNoError() {
  m_session->plan()->setWhatIf(Choice{});
  QVERIFY(m_panel->view()->isSettled());  // a sentence instead of a picture
  m_session->plan()->setWhatIf(std::nullopt);
  m_panel->setQuantity(MatrixQuantity::Magnitude);
  QTRY_VERIFY_WITH_TIMEOUT(isShown(), 20000);
}

void TestMatrixPanel::linksCursorAndPins() {
  MatrixView& view = *m_panel->view();
  renderToImage(view, {500, 380}, 1, darkTheme());
  view.handle(moveTo(pixelOf(view, 12, 200)));
  QCOMPARE(m_session->selection()->hoverRow(), 12);
  QCOMPARE(m_session->selection()->hoverChannel(), 200);
  emit view.channelPicked(30);
  QVERIFY(m_session->selection()->channel() == 30);
  emit view.channelPicked(std::nullopt);
  QVERIFY(!m_session->selection()->channel());
}

void TestMatrixPanel::namesTheOutlierChannels() {
  QTRY_VERIFY_WITH_TIMEOUT(!m_session->findings(m_id).empty(), 60000);
  QTRY_COMPARE(m_panel->view()->content()->flaggedColumns, (std::vector<std::int64_t>{18, 26, 30}));
}

void TestMatrixPanel::fullScreenAndBack() {
  QWidget* const before = m_panel->canvas()->window();
  m_panel->toggleFullScreen();
  QVERIFY(m_panel->canvas()->window() != before);
  QVERIFY(m_panel->canvas()->isVisible());
  QTest::keyClick(m_panel->canvas()->focusProxy(), Qt::Key_Escape);
  QVERIFY(m_panel->canvas()->window() == before);
  QVERIFY(m_panel->canvas()->isVisible());
}

void TestMatrixPanel::statisticsAloneShowACoarsePicture() {
  QTRY_VERIFY_WITH_TIMEOUT(!m_session->jobs()->isBusy(), 60000);
  const std::filesystem::path statistics = m_session->workspace()->cacheFile();
  const std::filesystem::path copy = std::filesystem::path(m_cache.path().toStdString()) / "alone.h5";
  std::filesystem::copy_file(statistics, copy);
  Session session;
  MatrixPanel panel(&session);
  panel.resize(500, 420);
  panel.show();
  session.open(QString::fromStdString(copy.string()));
  QTRY_VERIFY_WITH_TIMEOUT(session.model() != nullptr, 20000);
  session.selection()->selectOnly(*session.model()->find(kLinear));
  QTRY_VERIFY_WITH_TIMEOUT(panel.view()->isSettled(), 20000);
  QVERIFY(!panel.view()->content()->hasWeights);
  renderToImage(*panel.view(), {500, 380}, 1, lightTheme());
  panel.view()->handle(moveTo(pixelOf(*panel.view(), 185, 30)));
  QVERIFY(!panel.view()->accessibleText().contains(QLatin1String(": w ")));
  QVERIFY(panel.view()->table() != nullptr);
  panel.setQuantity(MatrixQuantity::Error);
  QVERIFY(panel.view()->isSettled());
}

// A picture larger than the canvas is resampled for its own size, not stretched: more than the canvas' pixels
// differ.
void TestMatrixPanel::savedPictureIsSharpAtItsOwnSize() {
  MatrixView& view = *m_panel->view();
  const QString path = m_cache.filePath(QStringLiteral("matrix.png"));
  savePicture(view, {900, 700}, 2, lightTheme(), path);
  QVERIFY(view.isSettled());
  const QImage saved(path);
  QCOMPARE(saved.size(), QSize(1800, 1400));
  QCOMPARE(view.layout().plot.right() < 900 && view.layout().plot.right() > 800, true);
  const QPointF outlier = pixelOf(view, 185, 30) * 2, other = pixelOf(view, 100, 150) * 2;
  QVERIFY(lightness(saved.pixel(outlier.toPoint())) > lightness(saved.pixel(other.toPoint())) + 25);
}

void TestMatrixPanel::closingTheModelEmptiesTheView() {
  m_session->close();
  QVERIFY(!m_panel->view()->content());
  QVERIFY(m_panel->subtitle().isEmpty());
}

}  // namespace ql

int main(int argc, char** argv) {
  qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication application(argc, argv);
  ql::TestMatrixPanel test;
  return QTest::qExec(&test, argc, argv);
}
#include "tst_matrix_panel.moc"
