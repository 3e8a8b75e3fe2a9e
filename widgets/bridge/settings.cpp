#include "widgets/bridge/settings.h"

#include <QDir>
#include <QFileInfo>
#include <QSettings>

#include <algorithm>

namespace ql::settings {

namespace {

constexpr std::size_t kMaxRecent = 12;
const QString kRecent = QStringLiteral("recent");
const QString kTheme = QStringLiteral("view/theme");
const QString kResident = QStringLiteral("memory/residentMiB");
constexpr qulonglong kLeastResident = 64, kUsualResident = 1024, kMostResident = 1 << 20;  // MiB
const QString kFolder = QStringLiteral("files/lastFolder");

void store(const std::vector<RecentFile>& files) {
  QSettings s;
  s.beginWriteArray(kRecent, static_cast<int>(files.size()));
  for (std::size_t i = 0; i < files.size(); ++i) {
    s.setArrayIndex(static_cast<int>(i));
    s.setValue(QStringLiteral("path"), files[i].path);
    s.setValue(QStringLiteral("kind"), static_cast<int>(files[i].kind));
    s.setValue(QStringLiteral("detail"), files[i].detail);
    s.setValue(QStringLiteral("fingerprint"), files[i].fingerprint);
    s.setValue(QStringLiteral("opened"), files[i].opened);
  }
  s.endArray();
}

}  // namespace

std::vector<RecentFile> recentFiles() {
  QSettings s;
  std::vector<RecentFile> files;
  const int count = s.beginReadArray(kRecent);
  for (int i = 0; i < count; ++i) {
    s.setArrayIndex(i);
    RecentFile file;
    file.path = s.value(QStringLiteral("path")).toString();
    file.kind = static_cast<RecentFile::Kind>(std::clamp(s.value(QStringLiteral("kind")).toInt(), 0, 2));
    file.detail = s.value(QStringLiteral("detail")).toString();
    file.fingerprint = s.value(QStringLiteral("fingerprint")).toString();
    file.opened = s.value(QStringLiteral("opened")).toDateTime();
    if (!file.path.isEmpty()) files.push_back(file);
  }
  s.endArray();
  return files;
}

void addRecentFile(const RecentFile& file) {
  std::vector<RecentFile> files = recentFiles();
  std::erase_if(files, [&](const RecentFile& other) { return other.path == file.path; });
  files.insert(files.begin(), file);
  if (files.size() > kMaxRecent) files.resize(kMaxRecent);
  store(files);
}

void removeRecentFile(const QString& path) {
  std::vector<RecentFile> files = recentFiles();
  std::erase_if(files, [&](const RecentFile& other) { return other.path == path; });
  store(files);
}

void clearRecentFiles() {
  store({});
}

QString recentModel(const QString& fingerprint) {
  for (const RecentFile& file : recentFiles())
    if (file.kind != RecentFile::Kind::Plan && file.fingerprint == fingerprint &&
        QFileInfo::exists(file.path))
      return file.path;
  return {};
}

std::uint64_t residentBytes() {
  bool isNumber = false;
  const qulonglong mebibytes = QSettings().value(kResident, kUsualResident).toULongLong(&isNumber);
  return std::clamp(isNumber ? mebibytes : kUsualResident, kLeastResident, kMostResident) << 20;
}

void setResidentBytes(std::uint64_t bytes) {
  QSettings().setValue(kResident, std::clamp<qulonglong>(bytes >> 20, kLeastResident, kMostResident));
}

ThemeMode themeMode() {
  return static_cast<ThemeMode>(std::clamp(QSettings().value(kTheme, 0).toInt(), 0, 2));
}

void setThemeMode(ThemeMode mode) {
  QSettings().setValue(kTheme, static_cast<int>(mode));
}

QString lastFolder() {
  return QSettings().value(kFolder, QDir::homePath()).toString();
}

void setLastFolder(const QString& folder) {
  QSettings().setValue(kFolder, folder);
}

}  // namespace ql::settings
