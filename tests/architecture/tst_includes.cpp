// The arrows between modules: every #include of the product is on the list below, which repeats the table in
// CONTRIBUTING.md; and no file is too long to read.
#include "tests/support/data.h"

#include <QTest>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

constexpr int kMostLines = 500;

using Names = std::set<std::string>;

/// Module of core -> modules it may include.
const std::map<std::string, Names>& coreArrows() {
  static const std::map<std::string, Names> arrows = {
      {"base", {}},
      {"jobs", {"base"}},
      {"io", {"base", "jobs"}},
      {"model", {"base", "io"}},
      {"linalg", {"base", "jobs", "io"}},
      {"stats", {"base", "jobs", "io", "linalg"}},
      {"calib", {"base", "jobs", "io", "model", "linalg", "stats"}},
      {"quant", {"base", "jobs", "io", "linalg", "stats"}},
      {"smooth", {"base", "jobs", "io", "model", "linalg", "stats", "quant"}},
      {"evaluate", {"base", "jobs", "io", "model", "linalg", "stats", "calib", "quant", "smooth"}},
      {"plan", {"base", "io", "model", "stats", "quant", "smooth"}},
      {"export", {"base", "jobs", "io", "model", "quant", "smooth", "plan", "store"}},
      {"store", {"base"}},
      {"report", {"base", "model", "quant", "evaluate"}},
      {"search", {"base", "jobs"}},
  };
  return arrows;
}

struct Include {
  std::string file;  // including file, from the root
  int line = 0;
  std::string target;
};

std::string readAll(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

bool isSource(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".cpp" || extension == ".h" || extension == ".inc";
}

/// Sources under a folder, from the root, with '/'.
std::vector<std::string> sources(const std::string& folder) {
  const fs::path root = ql::test::sourceDirectory();
  std::vector<std::string> files;
  if (!fs::exists(root / folder)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(root / folder))
    if (entry.is_regular_file() && isSource(entry.path()))
      files.push_back(entry.path().lexically_relative(root).generic_string());
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<Include> includesOf(const std::string& file) {
  static const std::regex directive("^\\s*#\\s*include\\s*[<\"]([^>\"]+)[>\"]");
  std::ifstream stream(fs::path(ql::test::sourceDirectory()) / file);
  std::vector<Include> includes;
  std::string text;
  for (int line = 1; std::getline(stream, text); ++line) {
    std::smatch match;
    if (std::regex_search(text, match, directive)) includes.push_back({file, line, match[1].str()});
  }
  return includes;
}

/// Part n of a path: segment("core/base/error.h", 1) = "base".
std::string segment(const std::string& path, std::size_t index) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < index && begin != std::string::npos; ++i) {
    begin = path.find('/', begin);
    if (begin != std::string::npos) ++begin;
  }
  if (begin == std::string::npos) return {};
  return path.substr(begin, path.find('/', begin) - begin);
}

bool isInFolder(const std::string& path, const std::string& folder) {
  return path.rfind(folder + "/", 0) == 0;
}

bool isQt(const std::string& target) {
  return target.rfind("Qt", 0) == 0 || std::regex_match(target, std::regex("Q[A-Z][A-Za-z0-9]*"));
}
bool isGl(const std::string& target) {
  return target.rfind("GL/", 0) == 0 || target.rfind("QOpenGL", 0) == 0 || target.rfind("QtOpenGL", 0) == 0;
}
bool isImGui(const std::string& target) {
  return target.find("imgui") != std::string::npos;
}
bool isMpi(const std::string& target) {
  return target == "mpi.h";
}
bool isHdf5(const std::string& target) {
  return target.rfind("hdf5", 0) == 0 || std::regex_match(target, std::regex("H5[A-Za-z]*\\.h"));
}

/// Why an include of core is wrong; empty when it is right.
std::string coreProblem(const Include& include) {
  const std::string& target = include.target;
  if (isQt(target) || isGl(target) || isImGui(target) || isMpi(target))
    return "core is free of Qt, GL, ImGui and MPI";
  if (isHdf5(target) && !isInFolder(include.file, "core/store")) return "only core/store includes HDF5";
  if (isInFolder(target, "widgets") || isInFolder(target, "app") || isInFolder(target, "tests"))
    return "core knows nothing of what is built on it";
  const std::string from = segment(include.file, 1), to = segment(target, 1);
  if (!coreArrows().contains(from)) return {};  // core/workspace.* and its neighbours see all of core
  if (!isInFolder(target, "core") || from == to) return {};
  return coreArrows().at(from).contains(to) ? std::string() : from + " may not include " + to;
}

std::string widgetsProblem(const Include& include) {
  const bool isCanvas = isInFolder(include.file, "widgets/canvas");
  if ((isImGui(include.target) || isGl(include.target)) && !isCanvas)
    return "ImGui and GL belong to widgets/canvas";
  if (isMpi(include.target) || isHdf5(include.target)) return "widgets see HDF5 and MPI through core only";
  if (isInFolder(include.target, "app")) return "widgets know nothing of the programs";
  return {};
}

std::string appProblem(const Include& include) {
  const bool isGui = isInFolder(include.file, "app/gui");
  const bool isQtOrWidgets = isQt(include.target) || isInFolder(include.target, "widgets");
  if (isQtOrWidgets && !isGui) return "only app/gui sees Qt and widgets";
  if (isImGui(include.target) || isHdf5(include.target)) return "ImGui and HDF5 stay in their modules";
  if (isMpi(include.target) && !isInFolder(include.file, "app/mpi")) return "only app/mpi includes MPI";
  return {};
}

/// Lists every wrong include of a folder.
std::string problemsIn(const std::string& folder, std::string (*problemOf)(const Include&)) {
  std::string problems;
  for (const std::string& file : sources(folder))
    for (const Include& include : includesOf(file))
      if (const std::string problem = problemOf(include); !problem.empty())
        problems += "\n" + include.file + ":" + std::to_string(include.line) + " includes " + include.target +
                    ": " + problem;
  return problems;
}

std::string headerProblem(const Include& include) {
  if (!include.file.ends_with(".h")) return {};
  if (include.target == "nlohmann/json.hpp") return "headers include nlohmann/json_fwd.hpp at most";
  if (include.target == "QtWidgets" || include.target == "QtCore" || include.target == "QtGui")
    return "a whole Qt module is slow to compile; include the class";
  if (include.target == "tbb/tbb.h" || include.target == "oneapi/tbb.h")
    return "include the part of oneTBB that is used";
  return {};
}

/// Quoted includes are written from the root of the tree.
std::string rootProblem(const Include& include) {
  static const Names roots = {"core", "widgets", "app", "tests"};
  const fs::path root = ql::test::sourceDirectory();
  if (include.target.find('/') == std::string::npos || !roots.contains(segment(include.target, 0))) return {};
  return fs::exists(root / include.target) ? std::string() : "there is no such file";
}

}  // namespace

class TestIncludes : public QObject {
  Q_OBJECT

 private slots:
  void coreFollowsTheArrows() {
    const std::string problems = problemsIn("core", coreProblem);
    QVERIFY2(problems.empty(), problems.c_str());
  }
  void widgetsFollowTheArrows() {
    const std::string problems = problemsIn("widgets", widgetsProblem);
    QVERIFY2(problems.empty(), problems.c_str());
  }
  void programsFollowTheArrows() {
    const std::string problems = problemsIn("app", appProblem);
    QVERIFY2(problems.empty(), problems.c_str());
  }
  void headersStayLight() {
    for (const char* folder : {"core", "widgets", "app"}) {
      const std::string problems = problemsIn(folder, headerProblem) + problemsIn(folder, rootProblem);
      QVERIFY2(problems.empty(), problems.c_str());
    }
  }
  void everyModuleIsInTheTable() {
    const fs::path core = fs::path(ql::test::sourceDirectory()) / "core";
    for (const auto& entry : fs::directory_iterator(core)) {
      if (!entry.is_directory()) continue;
      const std::string name = entry.path().filename().string();
      QVERIFY2(coreArrows().contains(name) || name == "workspace" || name == "demo", name.c_str());
    }
  }
  void headersAreGuarded() {
    for (const char* folder : {"core", "widgets", "app", "tests"})
      for (const std::string& file : sources(folder)) {
        if (!file.ends_with(".h")) continue;
        const std::string text = readAll(fs::path(ql::test::sourceDirectory()) / file);
        // Kernels are compiled once a Highway target: their guard lets the next target in.
        const bool isGuarded = file.ends_with("_inl.h") ? text.find("HWY_TARGET_TOGGLE") != std::string::npos
                                                        : text.rfind("#pragma once", 0) == 0;
        QVERIFY2(isGuarded, (file + " does not begin with #pragma once").c_str());
      }
  }
  void noFileIsTooLong() {
    std::string problems;
    for (const char* folder : {"core", "widgets", "app", "tests"})
      for (const std::string& file : sources(folder)) {
        const std::string text = readAll(fs::path(ql::test::sourceDirectory()) / file);
        const auto lines = std::count(text.begin(), text.end(), '\n');
        if (lines > kMostLines) problems += "\n" + file + " has " + std::to_string(lines) + " lines";
      }
    QVERIFY2(problems.empty(), problems.c_str());
  }
  /// The checks themselves see what they look for.
  void wrongArrowsAreFound() {
    QVERIFY(!coreProblem({"core/io/checkpoint.cpp", 1, "core/stats/weight_stats.h"}).empty());
    QVERIFY(!coreProblem({"core/store/file.cpp", 1, "core/io/checkpoint.h"}).empty());
    QVERIFY(!coreProblem({"core/plan/plan.cpp", 1, "QString"}).empty());
    QVERIFY(!coreProblem({"core/plan/plan.cpp", 1, "hdf5.h"}).empty());
    QVERIFY(coreProblem({"core/store/file.cpp", 1, "hdf5.h"}).empty());
    QVERIFY(coreProblem({"core/workspace.cpp", 1, "core/store/statistics_file.h"}).empty());
    QVERIFY(!widgetsProblem({"widgets/panels/inspector.cpp", 1, "imgui.h"}).empty());
    QVERIFY(widgetsProblem({"widgets/canvas/canvas.cpp", 1, "imgui.h"}).empty());
    QVERIFY(!appProblem({"app/cli/main.cpp", 1, "QString"}).empty());
    QVERIFY(!headerProblem({"core/plan/plan.h", 1, "nlohmann/json.hpp"}).empty());
  }
};

QTEST_APPLESS_MAIN(TestIncludes)
#include "tst_includes.moc"
