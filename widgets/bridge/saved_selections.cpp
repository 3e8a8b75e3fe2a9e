#include "widgets/bridge/saved_selections.h"

#include <QSettings>

#include <algorithm>

namespace ql::saved_selections {

namespace {

constexpr std::size_t kMost = 200;  // the oldest go
const QString kArray = QStringLiteral("selections");

bool isSame(const SavedSelection& a, const SavedSelection& b) {
  return a.name == b.name && a.fingerprint == b.fingerprint;
}

std::vector<SavedSelection> all() {
  QSettings settings;
  std::vector<SavedSelection> list;
  const int count = settings.beginReadArray(kArray);
  for (int i = 0; i < count; ++i) {
    settings.setArrayIndex(i);
    SavedSelection selection{settings.value(QStringLiteral("name")).toString(),
                             settings.value(QStringLiteral("architecture")).toString(),
                             settings.value(QStringLiteral("fingerprint")).toString(),
                             settings.value(QStringLiteral("linears")).toStringList()};
    if (!selection.name.isEmpty() && !selection.linears.isEmpty()) list.push_back(std::move(selection));
  }
  settings.endArray();
  return list;
}

void store(std::vector<SavedSelection> list) {
  if (list.size() > kMost) list.erase(list.begin(), list.end() - static_cast<std::ptrdiff_t>(kMost));
  QSettings settings;
  settings.remove(kArray);
  settings.beginWriteArray(kArray, static_cast<int>(list.size()));
  for (std::size_t i = 0; i < list.size(); ++i) {
    settings.setArrayIndex(static_cast<int>(i));
    settings.setValue(QStringLiteral("name"), list[i].name);
    settings.setValue(QStringLiteral("architecture"), list[i].architecture);
    settings.setValue(QStringLiteral("fingerprint"), list[i].fingerprint);
    settings.setValue(QStringLiteral("linears"), list[i].linears);
  }
  settings.endArray();
}

}  // namespace

std::vector<SavedSelection> of(const Model& model, const QString& fingerprint) {
  std::vector<SavedSelection> own, others;
  for (SavedSelection& selection : all()) {
    if (selection.fingerprint == fingerprint)
      own.push_back(std::move(selection));
    else if (selection.architecture == QString::fromStdString(model.architecture) &&
             std::all_of(selection.linears.begin(), selection.linears.end(),
                         [&](const QString& name) { return model.find(name.toStdString()); }))
      others.push_back(std::move(selection));
  }
  for (SavedSelection& other : others)
    if (std::none_of(own.begin(), own.end(), [&](const SavedSelection& s) { return s.name == other.name; }))
      own.push_back(std::move(other));
  std::stable_sort(own.begin(), own.end(), [](const SavedSelection& a, const SavedSelection& b) {
    return a.name.localeAwareCompare(b.name) < 0;
  });
  return own;
}

std::vector<LinearId> linears(const SavedSelection& selection, const Model& model) {
  std::vector<LinearId> ids;
  for (const QString& name : selection.linears)
    if (const auto id = model.find(name.toStdString())) ids.push_back(*id);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

void save(const QString& name, const Model& model, const QString& fingerprint,
          const std::vector<LinearId>& ids) {
  SavedSelection selection{name.trimmed(), QString::fromStdString(model.architecture), fingerprint, {}};
  if (selection.name.isEmpty() || ids.empty()) return;
  for (const LinearId id : ids) selection.linears << QString::fromStdString(model.linears[id].name);
  std::vector<SavedSelection> list = all();
  std::erase_if(list, [&](const SavedSelection& other) { return isSame(other, selection); });
  list.push_back(std::move(selection));
  store(std::move(list));
}

bool rename(const SavedSelection& selection, const QString& name) {
  SavedSelection renamed = selection;
  renamed.name = name.trimmed();
  std::vector<SavedSelection> list = all();
  const auto same = [](const SavedSelection& wanted) {
    return [&wanted](const SavedSelection& other) { return isSame(other, wanted); };
  };
  const auto at = std::find_if(list.begin(), list.end(), same(selection));
  if (at == list.end() || renamed.name.isEmpty()) return false;
  if (renamed.name == selection.name) return true;
  if (std::any_of(list.begin(), list.end(), same(renamed))) return false;
  at->name = renamed.name;
  store(std::move(list));
  return true;
}

void remove(const SavedSelection& selection) {
  std::vector<SavedSelection> list = all();
  std::erase_if(list, [&](const SavedSelection& other) { return isSame(other, selection); });
  store(std::move(list));
}

}  // namespace ql::saved_selections
