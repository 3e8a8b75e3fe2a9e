// The rotation tab: figures of the preview, what a click changes, the plan's rotations as one undoable edit,
// and models or plans that stand in the way.
#include "tests/widgets/shell/shell_support.h"
#include "widgets/bridge/number_format.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/method_views/rotation_figures.h"
#include "widgets/panels/method_views/rotation_view.h"

#include <QPushButton>
#include <QSpinBox>
#include <QToolButton>

using namespace ql;

class TestRotationView : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() {
    m_session = std::make_unique<Session>();
    m_session->open(test::demoPath());
    QTRY_VERIFY_WITH_TIMEOUT(m_session->workspace() != nullptr, 30000);
    m_session->jobs()->cancelAll();  // the analysis is not needed
    m_view = std::make_unique<RotationView>(m_session.get(), nullptr);
    m_view->resize(900, 600);
    m_view->show();
    m_target = {m_session->model()->find("model.layers.0.self_attn.q_proj"), parseSpec("w4a16")};
  }
  void cleanupTestCase() {
    m_view.reset();
    m_session.reset();
  }

  void figuresAreThoseOfTheCore() {
    m_view->setTarget(m_target);
    QTRY_VERIFY_WITH_TIMEOUT(m_view->preview() != nullptr, 30000);
    JobContext job(2);
    const ModelRotation both{RotationSpec{"hadamard", 0, {}}, RotationSpec{"hadamard", 0, {}}};
    QVERIFY(m_view->rotation() == both);
    const RotationPreview expected =
        RotationLab(m_session->workspace(), both, job).preview(*m_target.id, m_target.choice, job);
    const RotationFigures& figures = *m_view->figures();
    QCOMPARE(figures.text(RotationFigures::Kurtosis, false), ratioText(expected.before.summary.kurtosis));
    QCOMPARE(figures.text(RotationFigures::Kurtosis, true), ratioText(expected.after.summary.kurtosis));
    QCOMPARE(figures.text(RotationFigures::WeightError, true),
             percentText(expected.after.error->weightRelFro));
    QCOMPARE(figures.text(RotationFigures::OutputW, true), QString(kDash));  // nothing is calibrated
    QVERIFY(expected.after.summary.kurtosis < 5 && expected.before.summary.kurtosis > 100);
  }

  void aClickTakesAnotherRotation() {
    QTest::mouseClick(m_view->residualControl()->button(0), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(m_view->preview() && m_view->preview()->inputBlock == 0, 30000);
    QCOMPARE(m_view->figures()->text(RotationFigures::Kurtosis, true),
             m_view->figures()->text(RotationFigures::Kurtosis, false));  // R2 does not reach q
    QTest::mouseClick(m_view->residualControl()->button(2), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(m_view->preview() && m_view->preview()->inputBlock == 256, 30000);
    QVERIFY(m_view->rotation().residual->method == "random");
    m_view->findChild<QSpinBox*>()->setValue(7);
    QTRY_VERIFY_WITH_TIMEOUT(m_view->preview() != nullptr, 30000);
    QVERIFY(m_view->rotation().residual->seed == 7 && m_view->rotation().headValues->seed == 7);
  }

  void rotationsGoIntoThePlanInOneStep() {
    PlanDocument* const plan = m_session->plan();
    const std::string before = plan->plan().rotations;
    QVERIFY(m_view->applyButton()->isEnabled());
    m_view->applyButton()->click();
    QVERIFY(planRotation(plan->plan()) == m_view->rotation());
    QVERIFY(!m_view->applyButton()->isEnabled());
    QVERIFY(plan->undoStack()->undoText().contains(QStringLiteral("R1 random seed 7")));
    plan->undoStack()->undo();
    QCOMPARE(plan->plan().rotations, before);
    m_view->setTarget(m_target);
    QVERIFY(m_view->applyButton()->isEnabled());
  }

  void aPlanThatSmoothsStandsInTheWay() {
    m_session->plan()->edit(QStringLiteral("smoothing"), [](const QuantizationPlan& plan) {
      EditResult result{plan, {}, {}, {}};
      result.plan.smoothing.push_back({});
      return result;
    });
    m_view->setTarget(m_target);
    QVERIFY(!m_view->applyButton()->isEnabled());
    QVERIFY(m_view->note().contains(QStringLiteral("smooths and rotates")));
    m_session->plan()->undoStack()->undo();
    m_view->setTarget(m_target);
    QVERIFY(m_view->applyButton()->isEnabled());
  }

 private:
  std::unique_ptr<Session> m_session;
  std::unique_ptr<RotationView> m_view;
  MethodTarget m_target;
};

QL_WINDOW_TEST_MAIN(TestRotationView)
#include "tst_rotation_view.moc"
