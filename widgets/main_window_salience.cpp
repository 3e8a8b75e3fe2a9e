// Actions for Hessian salience.
#include "widgets/bridge/command_text.h"
#include "widgets/bridge/session.h"
#include "widgets/main_window.h"
#include "widgets/panels/salience_lab.h"
#include "widgets/work_area.h"

#include <QMenu>

namespace ql {

namespace {

QString salienceCommand(Session& session) {
  const std::shared_ptr<Workspace> workspace = session.workspace();
  if (!workspace) return {};
  const SalienceLab& lab = *SalienceLab::of(&session);
  const std::string_view mode = salienceModeName(lab.mode());
  QStringList words{QStringLiteral("qloupe salience"),
                    shellQuoted(QString::fromStdString(workspace->path().string()))};
  const std::vector<LinearId>& selected = session.selection()->selected();
  const std::optional<LinearId> current = session.selection()->current();
  if (!selected.empty())
    words << linearArguments(workspace->model(), selected);
  else if (current)
    words << linearArguments(workspace->model(), {*current});
  words << QStringLiteral("--mode") << QString::fromUtf8(mode.data(), static_cast<qsizetype>(mode.size()))
        << QStringLiteral("--damp") << QString::number(lab.damping(), 'g', 6);
  if (lab.threshold() != kLlmInt8Threshold)
    words << QStringLiteral("--threshold") << QString::number(lab.threshold(), 'g', 6);
  if (lab.maskFraction() > 0)
    words << QStringLiteral("--mask") << QString::number(lab.maskFraction(), 'g', 6);
  return words.join(QLatin1Char(' '));
}

}  // namespace

void MainWindow::setupSalienceActions(QMenu* menu) {
  add(menu,
      {"show-salience", QT_TR_NOOP("Sa&lience of this linear"), "",
       QT_TR_NOOP("Hessian salience of the current linear: map, columns, damping, conditioning")},
      [this] { m_work->showPage(CentrePage::Salience); });
  add(menu,
      {"copy-salience", QT_TR_NOOP("Copy sal&ience command"), "",
       QT_TR_NOOP("qloupe salience for the selection, with the definition and damping of the page"),
       "command"},
      [this] { copyCommand(salienceCommand(*m_session)); });
}

}  // namespace ql
