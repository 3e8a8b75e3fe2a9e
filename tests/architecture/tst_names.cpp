// One flat namespace: two types of one name in different headers would be one type to the linker, which keeps
// the code of either and calls it for both.
#include "tests/support/data.h"

#include <QTest>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <string>

namespace fs = std::filesystem;

class TestNames : public QObject {
  Q_OBJECT

 private slots:
  void typesOfHeadersAreUnique_data() {
    QTest::addColumn<QString>("folder");
    for (const char* folder : {"core", "widgets", "app/cli", "app/gui"})
      QTest::addRow("%s", folder) << QString(folder);
  }
  void typesOfHeadersAreUnique() {
    QFETCH(QString, folder);
    const std::regex definition("^(class|struct|enum class) ([A-Za-z0-9_]+)( [^;]*)?$");  // not Outer::Inner
    std::map<std::string, std::string> places;
    const fs::path root = fs::path(ql::test::sourceDirectory()) / folder.toStdString();
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      if (entry.path().extension() != ".h") continue;
      std::ifstream stream(entry.path());
      std::string line, before;
      for (; std::getline(stream, line); before = line) {
        std::smatch match;
        if (!std::regex_search(line, match, definition) || before.rfind("template", 0) == 0) continue;
        const auto [place, isNew] = places.emplace(match[2].str(), entry.path().string());
        QVERIFY2(isNew,
                 (match[2].str() + " is defined in " + place->second + " and in " + entry.path().string())
                     .c_str());
      }
    }
    QVERIFY(!places.empty());
  }
};

QTEST_APPLESS_MAIN(TestNames)
#include "tst_names.moc"
