#include "widgets/panels/text_chooser.h"

#include "core/folders.h"
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/bridge/settings.h"
#include "widgets/panels/form_parts.h"

#include <QComboBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QSpinBox>

namespace ql {

namespace {

enum SourceKind { Bundled, TextFile, IdFile };
constexpr int kDefaultTokens = 16384;
constexpr int kEstimateMs = 250;  // after the last keystroke

QSpinBox* makeSpin(int least, int most, int value, const QString& special, QWidget* parent) {
  auto* box = new QSpinBox(parent);
  box->setRange(least, most);
  box->setGroupSeparatorShown(true);
  box->setSpecialValueText(special);
  box->setValue(value);
  return box;
}

}  // namespace

TextChooser::TextChooser(Session* session, Use use, QFormLayout* form, QWidget* parent)
    : QWidget(parent), m_session(session), m_use(use) {
  hide();  // its rows are the form's
  setupSource(form);
  setupNumbers(form);
  m_later.setSingleShot(true);
  m_later.setInterval(kEstimateMs);
  connect(&m_later, &QTimer::timeout, this, &TextChooser::estimate);
  connect(session->calibration(), &CalibrationControl::readinessChanged, this, &TextChooser::estimate);
  sourceChanged();
  estimate();
}

void TextChooser::setupSource(QFormLayout* form) {
  QWidget* owner = parentWidget();
  m_source = new QComboBox(owner);
  m_source->addItem(m_use == Use::Calibration ? tr("Bundled calibration text") : tr("Bundled held-out text"));
  m_source->addItem(tr("Text file"));
  m_source->addItem(tr("Token ids from a file"));
  m_source->setAccessibleName(tr("Text"));
  m_source->setToolTip(m_use == Use::Calibration
                           ? tr("Text like what the model will be used on calibrates best")
                           : tr("Text that was not used for calibration; 1 to 2 % of a corpus is plenty"));
  form->addRow(tr("&Text"), m_source);
  auto* row = new QWidget(owner);
  auto* line = new QHBoxLayout(row);
  line->setContentsMargins(0, 0, 0, 0);
  line->setSpacing(scaledPx(metrics::kGap));
  line->addWidget(m_path = new QLineEdit(row), 1);
  m_path->setAccessibleName(tr("File"));
  line->addWidget(m_browse = new QPushButton(tr("B&rowse…"), row));
  form->addRow(tr("&File"), row);
  connect(m_source, &QComboBox::currentIndexChanged, this, &TextChooser::sourceChanged);
  connect(m_browse, &QPushButton::clicked, this, &TextChooser::browse);
  connect(m_path, &QLineEdit::textChanged, &m_later, qOverload<>(&QTimer::start));
}

void TextChooser::setupNumbers(QFormLayout* form) {
  QWidget* owner = parentWidget();
  m_tokens = makeSpin(0, 100'000'000, kDefaultTokens, tr("all"), owner);
  m_tokens->setSingleStep(1024);
  m_tokens->setToolTip(tr("At most so many tokens of the text, the special ones included; 0 = all of it"));
  m_context = makeSpin(0, 1 << 20, 0, tr("the model's, at most 2,048"), owner);
  m_context->setSingleStep(128);
  m_context->setToolTip(
      tr("Tokens in a window; the text is cut into windows that the model sees one by one"));
  m_memory = makeSpin(0, 4096, 0, tr("60 % of what is free"), owner);
  m_memory->setSuffix(tr(" GiB"));
  m_memory->setToolTip(tr("What does not fit is kept in a file, or left out with a word about it"));
  form->addRow(tr("T&okens"), m_tokens);
  form->addRow(tr("&Context"), m_context);
  form->addRow(tr("&Memory"), m_memory);
  form->addRow(tr("Model"), m_model = makeDimLabel({}, FontRole::Body, owner));
  form->addRow(tr("Windows"), m_estimate = makeLabel({}, FontRole::Body, owner));
  for (QLabel* label : {m_model, m_estimate}) {
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
  }
  for (QSpinBox* box : {m_tokens, m_context})
    connect(box, &QSpinBox::valueChanged, &m_later, qOverload<>(&QTimer::start));
}

void TextChooser::sourceChanged() {
  const int kind = m_source->currentIndex();
  const std::filesystem::path texts = resourceFolder() / "texts";
  if (kind == Bundled) {
    const char* name = m_use == Use::Calibration ? "calibration.txt" : "heldout.txt";
    m_path->setText(QString::fromStdString((texts / name).string()));
  } else if (m_path->isReadOnly()) {
    m_path->clear();
  }
  m_path->setReadOnly(kind == Bundled);
  m_path->setPlaceholderText(kind == IdFile ? tr(".npy, .safetensors or .txt with token ids")
                                            : tr("UTF-8 text"));
  m_browse->setEnabled(kind != Bundled);
  m_later.start();
}

void TextChooser::browse() {
  const bool isIds = m_source->currentIndex() == IdFile;
  const QString path =
      QFileDialog::getOpenFileName(this, isIds ? tr("Token ids") : tr("Text"), settings::lastFolder(),
                                   isIds ? tr("Token ids (*.npy *.safetensors *.txt);;All files (*)")
                                         : tr("Text (*.txt *.md *.jsonl);;All files (*)"));
  if (path.isEmpty()) return;
  settings::setLastFolder(QFileInfo(path).absolutePath());
  m_path->setText(path);
}

TextSource TextChooser::source() const {
  TextSource source;
  const std::filesystem::path path(m_path->text().toStdString());
  (m_source->currentIndex() == IdFile ? source.ids : source.text) = path;
  return source;
}

WindowOptions TextChooser::windows() const {
  WindowOptions options;
  options.context = m_context->value();
  options.maxTokens = m_tokens->value();
  options.protocol = m_protocol;
  return options;
}

std::uint64_t TextChooser::memoryBytes() const {
  return static_cast<std::uint64_t>(m_memory->value()) << 30;
}

void TextChooser::setProtocol(WindowProtocol protocol) {
  m_protocol = protocol;
  m_later.start();
}

QString TextChooser::blockingProblem() {
  const CalibrationReadiness& ready = m_session->calibration()->readiness();
  if (!ready.isKnown) return tr("Looking at the model…");
  if (!ready.forwardProblem.isEmpty()) return ready.forwardProblem;
  if (!ready.tokenizerProblem.isEmpty() && m_source->currentIndex() != IdFile) return ready.tokenizerProblem;
  if (m_path->text().isEmpty()) return tr("Choose a file.");
  return {};
}

void TextChooser::estimate() {
  const CalibrationReadiness& ready = m_session->calibration()->readiness();
  QStringList facts;
  if (ready.isKnown) {
    facts << (ready.forwardProblem.isEmpty() ? tr("forward pass: yes") : tr("forward pass: no"));
    if (ready.context > 0) facts << tr("context %1").arg(countText(ready.context));
    facts << (ready.tokenizer.isEmpty() ? tr("no tokenizer") : tr("tokenizer: %1").arg(ready.tokenizer));
  }
  m_model->setText(facts.isEmpty() ? QString(kDash) : facts.join(QStringLiteral(" · ")));
  m_problem = blockingProblem();
  m_estimate->setText(m_problem.isEmpty() ? tr("Counting…") : m_problem);
  setStyleProperty(m_estimate, "bad", ready.isKnown && !m_problem.isEmpty());
  emit changed();
  if (!m_problem.isEmpty()) return;
  m_session->calibration()->estimate(this, source(), windows(), [this](TextEstimate estimate) {
    m_problem = estimate.problem;
    const QString windows = pluralText(estimate.windows, tr("window"), tr("windows"));
    m_estimate->setText(m_problem.isEmpty()
                            ? tr("%1 of at most %2 tokens, %3 tokens in all")
                                  .arg(windows, countText(estimate.context), countText(estimate.tokens))
                            : m_problem);
    setStyleProperty(m_estimate, "bad", !m_problem.isEmpty());
    emit changed();
  });
}

}  // namespace ql
