// Methods that decide for many linears, with real clicks: the dialog measures, shows verdicts, applies what
// is checked as one undo step, and says why it cannot; number formats in the form of a choice.
#include "tests/widgets/shell/shell_support.h"
#include "widgets/main_window.h"
#include "widgets/models/method_table_model.h"
#include "widgets/panels/choice_extras.h"
#include "widgets/panels/choice_form.h"
#include "widgets/panels/method_dialog.h"
#include "widgets/panels/option_form.h"

#include <QAbstractItemModelTester>
#include <QAction>
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QPushButton>
#include <QTableView>

#include <map>

using namespace ql;

class TestMethodDialog : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    m_window = std::make_unique<MainWindow>();
    m_window->resize(1280, 800);
    m_window->show();
    m_window->openPath(test::demoPath());
    QTRY_VERIFY_WITH_TIMEOUT(test::isIdle(session()), 60000);
  }
  void cleanupTestCase() { m_window.reset(); }

  void verdictsAreAppliedAsOneStep() {
    MethodDialog* dialog = open("mofq");
    QVERIFY(dialog);
    QTRY_VERIFY_WITH_TIMEOUT(dialog->table()->hasReport(), 60000);
    MethodTableModel* table = dialog->table();
    const QAbstractItemModelTester tester(table, QAbstractItemModelTester::FailureReportingMode::QtTest);
    QCOMPARE(table->rowCount(), 42);
    QVERIFY(table->changeCount() > 0 && table->checkedCount() == table->changeCount());
    const int row = firstChange(table);
    QCOMPARE(text(table, row, MethodTableModel::Layer), QStringLiteral("model.layers.0.self_attn.q_proj"));
    QVERIFY(text(table, row, MethodTableModel::Verdict).startsWith(QStringLiteral("fp8_e4m3")));
    QVERIFY(text(table, row, MethodTableModel::First).endsWith(QLatin1Char('%')));
    QVERIFY(table->asText().count(QLatin1Char('\n')) == 42);
    // a click on the mark of q takes it from k and v too
    const std::size_t all = table->checkedCount();
    clickCheck(dialog, row);
    QTRY_COMPARE(table->checkedCount(), all - 3);
    const std::size_t steps = static_cast<std::size_t>(session()->plan()->undoStack()->count());
    const QuantizationPlan before = session()->plan()->plan();
    const auto expected = table->checkedDecisions();
    QTest::mouseClick(dialog->applyButton(), Qt::LeftButton);
    QCOMPARE(static_cast<std::size_t>(session()->plan()->undoStack()->count()), steps + 1);
    for (const AutoDecision& decision : expected) QVERIFY(session()->choiceOf(decision.id) == decision.after);
    QCOMPARE(session()->plan()->plan().layers.size(), expected.size());
    session()->plan()->undoStack()->undo();
    QVERIFY(session()->plan()->plan() == before);
    QTRY_VERIFY(!m_window->findChild<MethodDialog*>());
  }

  void fewestLayersListsTheOnesInTrouble() {
    MethodDialog* dialog = open("fewest-layers");
    QTRY_VERIFY_WITH_TIMEOUT(dialog->table()->hasReport(), 60000);
    // the planted columns are too large for every group: nothing to apply, and it is said
    QCOMPARE(dialog->table()->rowCount(), 12);
    QVERIFY(!dialog->applyButton()->isEnabled());
    QVERIFY2(dialog->stateText().contains(QStringLiteral("12 linears stay over the target")),
             qPrintable(dialog->stateText()));
    // another target is another question
    dialog->targetBox()->setValue(60);
    QVERIFY(!dialog->table()->hasReport() && dialog->startButton()->isEnabled());
    QTest::mouseClick(dialog->startButton(), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(dialog->table()->hasReport(), 60000);
    QVERIFY(dialog->table()->changeCount() > 0 && dialog->applyButton()->isEnabled());
    // the plan moves on: the report is of another one
    session()->plan()->edit(QStringLiteral("x"), [&](const QuantizationPlan& plan) {
      return setLocked(plan, {"model.layers.0.self_attn.q_proj"}, true);
    });
    QVERIFY(!dialog->applyButton()->isEnabled());
    session()->plan()->undoStack()->undo();
    dialog->close();
  }

  void missingActivationsAreSaid() {
    MethodDialog* dialog = open("adadim");
    QVERIFY(!dialog->startButton()->isEnabled() && !dialog->isRunning());
    QVERIFY(dialog->stateText().contains(QStringLiteral("calibrate")));
    dialog->close();
  }

  void formsOfferEveryMeasurableFormat() {
    ChoiceForm form;
    form.setChoice(parseSpec("int8:asym,flavour=gptq"), parseSpec("w8a8"));
    Choice edited;
    connect(&form, &ChoiceForm::edited, this, [&edited](const Choice& choice) { edited = choice; });
    auto* format = combo(form, "Weight format");
    QVERIFY(format && format->findText(QStringLiteral("fp4_e2m1")) >= 0);
    pick(format, "fp8_e4m3");
    // floats have no zero point and one rule of rounding
    QCOMPARE(specText(edited), std::string("fp8_e4m3"));
    QVERIFY(!combo(form, "Flavour")->isEnabled());
    pick(combo(form, "Granularity"), "input channel");
    pick(combo(form, "Activation format"), "fp8_e5m2");
    pick(combo(form, "Activation granularity"), "tensor, static");
    QCOMPARE(specText(edited), std::string("fp8_e4m3/fp8_e5m2:input_channel,act=tensor,static"));
    pick(combo(form, "Activation granularity"), "group, static");
    QCOMPARE(specText(edited), std::string("fp8_e4m3/fp8_e5m2:input_channel,act=group:128,static"));
    pick(combo(form, "Activation granularity"), "token, dynamic");
    pick(format, "int4");
    QCOMPARE(specText(edited), std::string("int4/fp8_e5m2:input_channel"));
    pick(format, "mxfp4");  // comes with its own group
    QCOMPARE(specText(edited), std::string("mxfp4/fp8_e5m2"));
    pick(format, "int4");
    QCOMPARE(edited.weight->granularity, Granularity::OutputChannel);
  }

  void optionsOfMethodsAreEdited() {
    ChoiceForm form;
    const Choice base = parseSpec("w8a8");
    form.setChoice(parseSpec("w4a8:group=32,algorithm=gptq:damp=0.05,act=tensor"), base);
    Choice edited;
    connect(&form, &ChoiceForm::edited, this, [&edited](const Choice& choice) { edited = choice; });
    auto* actOrder = qobject_cast<QCheckBox*>(form.extras()->algorithmOptions()->editor("act_order"));
    QVERIFY(actOrder && !actOrder->isChecked() && actOrder->toolTip().contains(QStringLiteral("activation")));
    actOrder->click();
    QCOMPARE(specText(edited), std::string("w4a8:group=32,algorithm=gptq:damp=0.05:act_order,act=tensor"));
    pick(combo(form, "Groups of channels"), "clusters (RPTQ)");
    QVERIFY(specText(edited).ends_with("act_groups=32:kmeans"));
    pick(combo(form, "Groups of channels"), "one range");
    form.extras()->threshold()->setValue(6);
    QVERIFY(specText(edited).ends_with("act=tensor,act_outliers=6"));
    pick(combo(form, "Algorithm"), "rtn");
    QVERIFY(edited.weight->algorithm.options.empty() && form.extras()->algorithmOptions()->isEmpty());
    form.extras()->outliers()->setValue(3);
    QCOMPARE(*edited.weight->outliers, (OutlierRule{"sigma", 3}));
    pick(combo(form, "Granularity"), "block");
    QCOMPARE(edited.weight->block, (std::array<std::int64_t, 2>{128, 128}));
    // what the form does not touch stays as it is, whatever the plan holds
    const Choice whole = parseSpec("w4a8:block=4x8,outliers=variance:2,act_groups=6:range");
    form.setChoice(whole, base);
    QVERIFY(form.choice() == whole);
  }

 private:
  Session* session() const { return m_window->session(); }
  MethodDialog* open(const char* action) {
    m_window->action(action)->trigger();
    for (MethodDialog* dialog : m_window->findChildren<MethodDialog*>())
      if (dialog->isVisible()) return dialog;
    return nullptr;
  }
  static QString text(const MethodTableModel* table, int row, int column) {
    return table->index(row, column).data().toString();
  }
  static int firstChange(const MethodTableModel* table) {
    for (int row = 0; row < table->rowCount(); ++row)
      if (table->index(row, MethodTableModel::Layer).data(Qt::CheckStateRole).isValid()) return row;
    return -1;
  }
  static void clickCheck(MethodDialog* dialog, int row) {
    QTableView* view = dialog->tableView();
    const QModelIndex index = dialog->table()->index(row, MethodTableModel::Layer);
    QStyleOptionViewItem option;
    option.initFrom(view);
    option.rect = view->visualRect(index);
    option.features = QStyleOptionViewItem::HasCheckIndicator | QStyleOptionViewItem::HasDisplay;
    const QRect mark = view->style()->subElementRect(QStyle::SE_ItemViewItemCheckIndicator, &option, view);
    QTest::mouseClick(view->viewport(), Qt::LeftButton, {}, mark.center());
  }
  static QComboBox* combo(const ChoiceForm& form, const char* name) {
    for (QComboBox* box : form.findChildren<QComboBox*>())
      if (box->accessibleName() == QLatin1String(name)) return box;
    return nullptr;
  }
  static void pick(QComboBox* box, const char* name) {
    const int at = box->findText(QLatin1String(name));
    QVERIFY2(at >= 0, name);
    box->setCurrentIndex(at);
    emit box->activated(at);
  }

  std::unique_ptr<MainWindow> m_window;
};

QL_WINDOW_TEST_MAIN(TestMethodDialog)
#include "tst_method_dialog.moc"
