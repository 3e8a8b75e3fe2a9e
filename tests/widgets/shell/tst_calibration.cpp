// Calibration with real clicks and keys: the demo with planted activation outliers is calibrated on the
// bundled text, everything that rests on it appears, the plan is verified, and what is missing says why.
#include "core/demo.h"
#include "tests/widgets/shell/shell_support.h"
#include "widgets/bridge/calibration_control.h"
#include "widgets/canvas/canvas.h"
#include "widgets/main_window.h"
#include "widgets/models/channel_table_model.h"
#include "widgets/panels/calibrate_dialog.h"
#include "widgets/panels/channel_panel.h"
#include "widgets/panels/channel_view.h"
#include "widgets/panels/error_readouts.h"
#include "widgets/panels/inspector_panel.h"
#include "widgets/panels/matrix_panel.h"
#include "widgets/panels/matrix_view.h"
#include "widgets/panels/message_bar.h"
#include "widgets/panels/text_chooser.h"
#include "widgets/panels/verify_dialog.h"
#include "widgets/work_area.h"

#include <QAction>
#include <QClipboard>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QTableView>

using namespace ql;

class TestCalibration : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    m_window = std::make_unique<MainWindow>();
    m_window->resize(1600, 1000);
    m_window->show();
    m_window->activateWindow();
    [[maybe_unused]] const bool isActive = QTest::qWaitForWindowActive(m_window.get());
    const auto folder =
        prepareDemo("demo-llama-activation-outliers", std::filesystem::path(QL_SOURCE_DIR) / "resources");
    m_window->openPath(QString::fromStdString(folder.string()));
    QTRY_VERIFY_WITH_TIMEOUT(test::isIdle(session()), 60000);
  }
  void cleanupTestCase() { m_window.reset(); }

  void withoutActivationsTheReasonIsShown() {
    QVERIFY(session()->view().metric == Metric::NormWeighted);
    QVERIFY(!m_window->action("metric-output_rel")->isEnabled());
    QVERIFY(!session()->calibration()->missing(Metric::OutputError).isEmpty());
    QVERIFY(session()->calibration()->missing(Metric::NormWeighted).isEmpty());
    MatrixPanel* matrix = m_window->workArea()->matrix();
    matrix->setQuantity(MatrixQuantity::Activations);
    QTRY_VERIFY(!matrix->view()->problem().isEmpty());
    QPushButton* calibrate = nullptr;
    for (QPushButton* button : matrix->findChildren<QPushButton*>())
      if (button->isVisible() && button->text() == QStringLiteral("Calibrate…")) calibrate = button;
    QVERIFY(calibrate);
    QTest::mouseClick(calibrate, Qt::LeftButton);
    QTRY_VERIFY(m_window->findChild<CalibrateDialog*>());
  }

  void calibrateFillsTheOverview() {
    auto* dialog = m_window->findChild<CalibrateDialog*>();
    QVERIFY(dialog);
    QTRY_VERIFY2_WITH_TIMEOUT(dialog->startButton()->isEnabled(), qPrintable(dialog->text()->problem()),
                              20000);
    dialog->text()->tokensBox()->setValue(2048);
    dialog->text()->contextBox()->setValue(256);
    QTRY_VERIFY_WITH_TIMEOUT(
        dialog->startButton()->isEnabled() && hasText(dialog, QStringLiteral("8 windows")), 20000);
    QTest::mouseClick(dialog->startButton(), Qt::LeftButton);
    QVERIFY(session()->calibration()->isRunning());
    QTRY_VERIFY_WITH_TIMEOUT(!session()->calibration()->isRunning() && session()->jobs()->isIdle(), 120000);
    const auto& record = session()->calibration()->record();
    QVERIFY2(record && record->isComplete, qPrintable(m_window->messageBar()->text()));
    QCOMPARE(record->tokens, std::uint64_t(2048));
    QCOMPARE(record->sites, session()->model()->sites.size());
    // The output error is the default colouring as soon as there is one.
    QVERIFY(session()->view().metric == Metric::OutputError);
    QVERIFY(m_window->action("metric-output_rel")->isEnabled());
    for (LinearId id = 0; id < session()->model()->linears.size(); ++id)
      if (session()->model()->linears[id].isQuantizable)
        QVERIFY2(session()->value(id, Metric::OutputError), session()->model()->linears[id].name.c_str());
    QVERIFY(m_window->messageBar()->text().contains(QStringLiteral("Calibrated on calibration.txt")));
  }

  void tokensAreDrawnBesideTheirText() {
    MatrixPanel* matrix = m_window->workArea()->matrix();
    const LinearId gate = *session()->model()->find("model.layers.2.mlp.gate_proj");
    session()->selection()->selectOnly(gate);
    matrix->setQuantity(MatrixQuantity::Activations);
    QTRY_VERIFY_WITH_TIMEOUT(matrix->view()->content()->tokens && matrix->view()->isSettled(), 20000);
    const TokenRowsPicture& tokens = *matrix->view()->content()->tokens;
    QCOMPARE(tokens.stats->sample.count(), std::int64_t(256));
    QCOMPARE(tokens.stats->sample.positions.front(), 0);
    QVERIFY(std::count_if(tokens.texts.begin(), tokens.texts.end(),
                          [](const QString& t) { return !t.isEmpty(); }) > 200);
    QVERIFY(
        matrix->view()->accessibleText().startsWith(QStringLiteral("|X| of model.layers.2.mlp.gate_proj")));
    QTest::keyClick(matrix->canvas()->focusProxy(), Qt::Key_M);  // and back to |W|
    QTRY_VERIFY_WITH_TIMEOUT(!matrix->view()->content()->tokens && matrix->view()->isSettled(), 20000);
    QVERIFY(matrix->view()->content()->stats);
  }

  void channelsSortByActivations() {
    ChannelPanel* channels = m_window->workArea()->channels();
    auto* model = qobject_cast<ChannelTableModel*>(channels->table()->model());
    QTRY_VERIFY_WITH_TIMEOUT(model->channels() && model->channels()->hasActAbsmax, 20000);
    QComboBox* sort = nullptr;
    for (QComboBox* box : channels->findChildren<QComboBox*>())
      if (box->accessibleName() == QStringLiteral("Sort channels by")) sort = box;
    QVERIFY(sort);
    sort->setCurrentIndex(sort->findData(static_cast<int>(ChannelSort::ActAbsMax)));
    const auto isSorted = [&] {
      const std::vector<ChannelRow>& rows = model->channels()->rows;
      return *rows[0].actAbsmax >= *rows[1].actAbsmax && *rows[1].actAbsmax >= *rows[200].actAbsmax &&
             channels->view()->isSettled();
    };
    QTRY_VERIFY_WITH_TIMEOUT(isSorted(), 20000);
    QVERIFY(*model->channels()->rows[0].actAbsmax > 6.0f);  // planted
  }

  void inspectorComparesOutputErrors() {
    InspectorPanel* inspector = m_window->workArea()->inspector();
    session()->selection()->selectOnly(*session()->model()->find("model.layers.0.mlp.up_proj"));
    QTRY_VERIFY_WITH_TIMEOUT(inspector->errors()->afterText(Metric::OutputW).contains(QLatin1Char('%')),
                             20000);
    // The comparison is of the metric that is shown: every granularity gets its output error.
    for (const char* spec : {"w8a8:group=64", "w8a8:group=16"})
      QTRY_VERIFY_WITH_TIMEOUT(
          session()->value(*session()->selection()->current(), Metric::OutputError, parseSpec(spec), false),
          20000);
    session()->plan()->setWhatIf(parseSpec("w4a16:group=32"));
    QTRY_VERIFY_WITH_TIMEOUT(inspector->errors()->afterText(Metric::OutputW).contains(QLatin1Char('%')) &&
                                 inspector->errors()->beforeText(Metric::OutputW).contains(QLatin1Char('%')),
                             20000);
    QTRY_VERIFY_WITH_TIMEOUT(session()->jobs()->isIdle(), 20000);
    session()->plan()->setWhatIf(std::nullopt);
  }

  void planIsVerifiedOnHeldOutText() {
    m_window->action("verify-plan")->trigger();
    auto* dialog = m_window->findChild<VerifyDialog*>();
    QVERIFY(dialog);
    QTRY_VERIFY2_WITH_TIMEOUT(dialog->startButton()->isEnabled(), qPrintable(dialog->text()->problem()),
                              20000);
    dialog->text()->tokensBox()->setValue(1024);
    dialog->text()->contextBox()->setValue(256);
    QTRY_VERIFY_WITH_TIMEOUT(hasText(dialog, QStringLiteral("4 windows")), 20000);
    QTest::mouseClick(dialog->startButton(), Qt::LeftButton);
    QVERIFY(dialog->isRunning());
    QTRY_VERIFY_WITH_TIMEOUT(!dialog->isRunning(), 120000);
    QVERIFY2(dialog->result(), qPrintable(m_window->messageBar()->text()));
    QVERIFY(dialog->result()->reference);
    QCOMPARE(dialog->scores()->windows().size(), std::size_t(4));
    QVERIFY(dialog->result()->reference->perplexity > 1);
    QVERIFY(dialog->result()->result.meanKl > 0);
    // What the windows add up to is what the result says.
    const double sum = dialog->scores()->totals().perplexityAfter;
    QVERIFY(std::abs(sum - dialog->result()->result.perplexity) < 1e-6 * sum);
    QTest::mouseClick(dialog->copyButton(), Qt::LeftButton);
    QVERIFY(QGuiApplication::clipboard()->text().contains(QStringLiteral("mean KL")));
    dialog->close();
  }

  void droppedActivationsAreImported() {
    QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("broken.npz"));
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("no zip");
    file.close();
    m_window->messageBar()->clear();
    session()->calibration()->importFile(path);
    QTRY_VERIFY_WITH_TIMEOUT(!session()->calibration()->isRunning(), 20000);
    QTRY_VERIFY2(m_window->messageBar()->text().contains(QStringLiteral("broken.npz")),
                 qPrintable(m_window->messageBar()->text()));
    QVERIFY(session()->calibration()->record());  // what there was is kept
  }

 private:
  Session* session() { return m_window->session(); }
  static bool hasText(const QWidget* widget, const QString& text) {
    for (const QLabel* label : widget->findChildren<QLabel*>())
      if (label->text().contains(text)) return true;
    return false;
  }
  std::unique_ptr<MainWindow> m_window;
};

QL_WINDOW_TEST_MAIN(TestCalibration)
#include "tst_calibration.moc"
