#pragma once
// What the program remembers between runs: recent files, theme, window. Not for what a plan or a statistics
// file keeps.
#include <QDateTime>
#include <QString>

#include <cstdint>
#include <vector>

namespace ql {

enum class ThemeMode { System, Light, Dark };

struct RecentFile {
  enum class Kind { Model, Statistics, Plan };
  QString path;
  Kind kind = Kind::Model;
  QString detail;       // "42 linears · 57 tensors": what the list says under the name
  QString fingerprint;  // of the model, so that a plan finds it
  QDateTime opened;
};

namespace settings {

std::vector<RecentFile> recentFiles();  // newest first, at most 12
/// Puts the file in front (once, by path).
void addRecentFile(const RecentFile& file);
void removeRecentFile(const QString& path);
void clearRecentFiles();
/// The model or statistics file of this fingerprint that was opened last and is still there; empty = none.
QString recentModel(const QString& fingerprint);

/// Memory for weights that stay between what-ifs (Workspace::setResidentBytes): "memory/residentMiB", 1024 at
/// first, between 64 MiB and 1 TiB.
std::uint64_t residentBytes();
void setResidentBytes(std::uint64_t bytes);

ThemeMode themeMode();
void setThemeMode(ThemeMode mode);
QString lastFolder();
void setLastFolder(const QString& folder);

}  // namespace settings
}  // namespace ql
