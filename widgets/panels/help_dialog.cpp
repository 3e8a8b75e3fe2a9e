#include "widgets/panels/help_dialog.h"

#include "widgets/panels/form_parts.h"

#include <QAction>
#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QListWidget>
#include <QTextBrowser>
#include <QVBoxLayout>

namespace ql {

namespace {

struct Guide {
  const char *key, *title, *html;
};

const Guide kGuides[] = {
    {"find", QT_TRANSLATE_NOOP("ql::HelpDialog", "W8A8 lost points: find the layers that did it"),
     QT_TRANSLATE_NOOP(
         "ql::HelpDialog",
         "<ol><li>Open the model folder. The overview fills with the error of every matrix under int8 per "
         "channel while "
         "the weights are measured; nothing is changed on disk.</li>"
         "<li>Bright cells with a red corner have a finding. Press <b>D</b> to go from one to the next.</li>"
         "<li>The inspector says in a sentence what is wrong. The matrix view shows the input channels that "
         "do it; the "
         "channel view ranks them and follows one through all blocks.</li>"
         "<li>Select the bad linears: drag a rectangle in the overview, Ctrl+click in the tree, or "
         "<b>Ctrl+D</b> for all "
         "with findings.</li>"
         "<li>Try a remedy: its button, a bar under Compare, or the form. That is a what-if; errors and cost "
         "follow at "
         "once. <b>Apply</b> (Ctrl+Enter) writes it into the plan as one undo step.</li>"
         "<li>Save the plan (Ctrl+S) and export it (Ctrl+E).</li></ol>")},
    {"remote", QT_TRANSLATE_NOOP("ql::HelpDialog", "The model is on another machine"),
     QT_TRANSLATE_NOOP(
         "ql::HelpDialog",
         "<p>Measure where the model is:</p><pre>qloupe analyze MODEL -o stats.h5</pre>"
         "<p>Copy the one file and open it here (Ctrl+Shift+O). Statistics, errors of the schemes measured "
         "there, findings and plans work without the weights; new schemes and the deepest zoom of the matrix "
         "view need them.</p>")},
    {"export", QT_TRANSLATE_NOOP("ql::HelpDialog", "Hand the plan to the tools that quantize and serve"),
     QT_TRANSLATE_NOOP(
         "ql::HelpDialog",
         "<p>Ctrl+E opens the export. Choose a target and read two lists before writing: what the target "
         "cannot express, linear by linear, and what the loaders of the runtimes will object to. Nothing is "
         "left out unless you say so. Files are written whole or not at all.</p>"
         "<p>Fused siblings (q, k, v; gate, up; the experts of a block) must share one scheme; the inspector "
         "says when they do not and offers to repair it.</p>")},
    {"numbers", QT_TRANSLATE_NOOP("ql::HelpDialog", "What the numbers mean"),
     QT_TRANSLATE_NOOP(
         "ql::HelpDialog",
         "<p><b>Norm-weighted error</b>: the output error if the normalised activations had unit variance; "
         "input channels "
         "weigh g² of the norm before the linear. Where no norm feeds it every column weighs the same.</p>"
         "<p><b>Relative Frobenius</b> hides outlier columns, because they dominate the norm of the "
         "matrix.</p>"
         "<p><b>Dead codes</b>: non-zero weights that round to zero. The inspector says how many a Gaussian "
         "matrix would "
         "have.</p><p>A filled dot beside a figure: exact, every weight was read. A half dot: from a sample "
         "of rows, with "
         "its interval; the exact value follows.</p>")},
};

}  // namespace

QList<QPair<QString, QString>> guides() {
  QList<QPair<QString, QString>> list;
  for (const Guide& guide : kGuides)
    list << qMakePair(QString::fromLatin1(guide.key), HelpDialog::tr(guide.title));
  return list;
}

HelpDialog::HelpDialog(const QList<QAction*>& actions, QWidget* parent)
    : QDialog(parent), m_actions(actions) {
  setWindowTitle(tr("QuantLoupe guides"));
  resize(scaledPx(820), scaledPx(520));
  auto* column = new QVBoxLayout(this);
  auto* row = new QHBoxLayout;
  m_list = new QListWidget(this);
  m_list->setObjectName(QStringLiteral("guides"));
  m_list->setAccessibleName(tr("Guides"));
  m_list->setFixedWidth(scaledPx(250));
  m_list->setWordWrap(true);
  m_list->setSpacing(scaledPx(2));
  m_text = new QTextBrowser(this);
  m_text->setAccessibleName(tr("Text of the guide"));
  m_text->setOpenLinks(false);
  row->addWidget(m_list);
  row->addWidget(m_text, 1);
  column->addLayout(row, 1);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::close);
  column->addWidget(buttons);
  for (const Guide& guide : kGuides) {
    auto* item = new QListWidgetItem(tr(guide.title), m_list);
    item->setData(Qt::UserRole, QString::fromLatin1(guide.key));
  }
  auto* keys = new QListWidgetItem(tr("Keyboard shortcuts"), m_list);
  keys->setData(Qt::UserRole, QStringLiteral("shortcuts"));
  connect(m_list, &QListWidget::currentRowChanged, this, [this](int at) {
    const QString title = QStringLiteral("<h3>%1</h3>").arg(m_list->item(at)->text());
    const bool isGuide = at < static_cast<int>(std::size(kGuides));
    m_text->setHtml(title + (isGuide ? tr(kGuides[at].html) : shortcutPage()));
  });
  m_list->setCurrentRow(0);
}

void HelpDialog::showPage(const QString& key) {
  for (int i = 0; i < m_list->count(); ++i)
    if (m_list->item(i)->data(Qt::UserRole).toString() == key) m_list->setCurrentRow(i);
  show();
  raise();
  activateWindow();
}

QString HelpDialog::shortcutPage() const {
  QString rows;
  const auto add = [&rows](const QString& keys, const QString& text) {
    rows += QStringLiteral("<tr><td style='padding-right:24px'><b>%1</b></td><td>%2</td></tr>")
                .arg(keys.toHtmlEscaped(), text.toHtmlEscaped());
  };
  for (const QAction* action : m_actions) {
    if (action->shortcut().isEmpty()) continue;
    QString text = action->text();
    add(action->shortcut().toString(QKeySequence::NativeText), text.remove(QLatin1Char('&')));
  }
  rows += QStringLiteral("<tr><td colspan=2><br><i>%1</i></td></tr>").arg(tr("In the views"));
  add(tr("Click, Ctrl+click, Shift+click"), tr("select, add, extend"));
  add(tr("Double-click"), tr("open in matrix and channels"));
  add(tr("Arrow keys, Space"), tr("move the cursor, select"));
  add(tr("Ctrl+wheel, middle drag, F"), tr("zoom, pan, fit"));
  add(tr("Ctrl+C, Ctrl+Shift+C"), tr("copy the numbers, the picture"));
  add(tr("Ctrl+T"), tr("the same numbers as a table"));
  add(tr("M, G"), tr("matrix: next mode, group boundaries"));
  add(tr("V"), tr("one channel in all blocks: next quantity"));
  add(tr("F2"), tr("plan table: edit the choice"));
  return QStringLiteral("<table>%1</table>").arg(rows);
}

}  // namespace ql
