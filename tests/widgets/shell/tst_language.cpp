// The German window: every text of the sources has its translation, with the same placeholders, and the
// window shows them.
#include "core/demo.h"
#include "core/export/exporter.h"
#include "core/quant/quantizer.h"
#include "core/quant/scheme.h"
#include "tests/support/temp_folder.h"
#include "widgets/bridge/language.h"
#include "widgets/main_window.h"

#include <QFile>
#include <QMenuBar>
#include <QProcess>
#include <QRegularExpression>
#include <QTest>
#include <QXmlStreamReader>

using namespace ql;
using ql::test::TempFolder;

namespace {

struct Message {
  QStringList translations;  // several plural forms; empty = unfinished
  bool isUnfinished = false;
};

std::map<QString, Message> messagesOf(const QString& path) {
  QFile file(path);
  std::map<QString, Message> messages;
  if (!file.open(QIODevice::ReadOnly)) return messages;
  QXmlStreamReader xml(&file);
  QString source;
  while (!xml.atEnd()) {
    if (xml.readNext() != QXmlStreamReader::StartElement) continue;
    if (xml.name() == u"source") source = xml.readElementText();
    if (xml.name() != u"translation") continue;
    Message& message = messages[source];
    message.isUnfinished = xml.attributes().value(QLatin1String("type")) == u"unfinished";
    while (xml.readNext() != QXmlStreamReader::EndElement || xml.name() != u"translation") {
      if (xml.isStartElement() && xml.name() == u"numerusform") message.translations << xml.readElementText();
      if (xml.isCharacters() && !xml.isWhitespace()) message.translations << xml.text().toString();
      if (xml.atEnd()) break;
    }
  }
  return messages;
}

QSet<QString> placeholders(const QString& text) {
  static const QRegularExpression pattern(QStringLiteral("%(?:\\d|n)"));
  QSet<QString> found;
  for (auto it = pattern.globalMatch(text); it.hasNext();) found << it.next().captured();
  return found;
}

const QString kTop = QStringLiteral(QL_SOURCE_DIR);
const QString kGerman = kTop + QStringLiteral("/resources/translations/quantloupe_de.ts");

}  // namespace

class LanguageTest : public QObject {
  Q_OBJECT
 private slots:
  void everyTextOfTheSourcesIsTranslated() {
    const QString lupdate = QStringLiteral("/usr/lib/qt6/bin/lupdate");
    if (!QFile::exists(lupdate)) QSKIP("lupdate (qt6-l10n-tools) is not installed");
    TempFolder folder;
    const QString all = QString::fromStdString((folder.path() / "all.ts").string());
    QProcess process;
    process.setWorkingDirectory(kTop);
    process.setStandardErrorFile(QProcess::nullDevice());
    process.start(lupdate, {QStringLiteral("-silent"), QStringLiteral("-I"), QStringLiteral("."),
                            QStringLiteral("-tr-function-alias"), QStringLiteral("tr+=text"),
                            QStringLiteral("-locations"), QStringLiteral("none"), QStringLiteral("widgets"),
                            QStringLiteral("app"), QStringLiteral("-ts"), all});
    QVERIFY(process.waitForFinished(120000));
    const auto sources = messagesOf(all), german = messagesOf(kGerman);
    QVERIFY(sources.size() > 1000);
    QStringList missing;
    for (const auto& [source, message] : sources)
      if (!german.contains(source) || german.at(source).isUnfinished) missing << source;
    QVERIFY2(missing.isEmpty(),
             qPrintable(QStringLiteral("run resources/translations/update and translate: ") +
                        missing.join(QStringLiteral(" | "))));
  }

  void fixedSentencesOfTheCoreAreTranslated() {
    const auto german = messagesOf(kGerman);
    std::vector<std::string_view> texts;
    for (const DemoModel& demo : demoModels()) texts.insert(texts.end(), {demo.title, demo.sentence});
    for (const NumberFormatInfo& format : numberFormats()) texts.push_back(format.sentence);
    for (const Exporter* target : exporters()) texts.push_back(target->sentence);
    for (const Quantizer* quantizer : quantizers()) texts.push_back(quantizer->sentence);
    std::vector<OptionSpec> options;
    for (const auto& [names, optionsOf] :
         {std::pair(algorithmNames(), &algorithmOptions), std::pair(clipNames(), &clipOptions)})
      for (const std::string& name : names)
        for (const OptionSpec& option : optionsOf(name)) options.push_back(option);
    for (const OptionSpec& option : options) {
      texts.push_back(option.sentence);
      if (!option.unit.empty()) texts.push_back(option.unit);
    }
    for (const std::string_view text : texts)
      QVERIFY2(german.contains(QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()))),
               std::string(text).c_str());
  }

  void placeholdersAndMenuKeysSurviveTranslation() {
    for (const auto& [source, message] : messagesOf(kGerman)) {
      for (const QString& text : message.translations) {
        QVERIFY2(placeholders(source) == placeholders(text),
                 qPrintable(source + QStringLiteral(" => ") + text));
        QVERIFY2(source.endsWith(QChar(0x2026)) == text.endsWith(QChar(0x2026)), qPrintable(source));
      }
    }
  }

  void theWindowSpeaksGerman() {
    installLanguage(QStringLiteral("de"));
    MainWindow window;
    QStringList titles;
    for (const QAction* action : window.menuBar()->actions())
      titles << action->text().remove(QLatin1Char('&'));
    QCOMPARE(titles.value(0), QStringLiteral("Datei"));
    QVERIFY(titles.contains(QStringLiteral("Hilfe")));
    QCOMPARE(window.action("save-plan")->text(), QStringLiteral("Plan &speichern"));
  }

  void unknownLanguagesAreEnglish() {
    QCOMPARE(effectiveLanguage(QStringLiteral("xx")), QStringLiteral("en"));
    QCOMPARE(effectiveLanguage(QStringLiteral("de")), QStringLiteral("de"));
  }
};

QTEST_MAIN(LanguageTest)
#include "tst_language.moc"
