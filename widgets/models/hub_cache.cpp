#include "widgets/models/hub_cache.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <optional>

namespace ql {

namespace {

constexpr qint64 kMaxConfigBytes = 1 << 20;  // a config.json is a few KiB

QString architectureOf(const QString& configPath) {
  QFile file(configPath);
  if (!file.open(QIODevice::ReadOnly) || file.size() > kMaxConfigBytes) return {};
  const QJsonObject config = QJsonDocument::fromJson(file.readAll()).object();
  const QString first = config.value(QLatin1String("architectures")).toArray().at(0).toString();
  return first.isEmpty() ? config.value(QLatin1String("model_type")).toString() : first;
}

std::optional<HubModel> modelIn(const QString& snapshot) {
  const QDir folder(snapshot);
  if (!folder.exists(QStringLiteral("config.json"))) return std::nullopt;
  HubModel model;
  model.path = snapshot;
  for (const QFileInfo& file : folder.entryInfoList({QStringLiteral("*.safetensors")}, QDir::Files)) {
    ++model.shards;
    model.sizeBytes += static_cast<quint64>(file.size());  // of what the link points to
  }
  if (model.shards == 0) return std::nullopt;
  model.architecture = architectureOf(folder.filePath(QStringLiteral("config.json")));
  return model;
}

}  // namespace

QString hubCacheFolder() {
  for (const char* name : {"HUGGINGFACE_HUB_CACHE", "HF_HUB_CACHE"})
    if (const QString path = qEnvironmentVariable(name); !path.isEmpty()) return path;
  if (const QString home = qEnvironmentVariable("HF_HOME"); !home.isEmpty())
    return home + QStringLiteral("/hub");
  const QString cache = qEnvironmentVariable("XDG_CACHE_HOME");
  return (cache.isEmpty() ? QDir::homePath() + QStringLiteral("/.cache") : cache) +
         QStringLiteral("/huggingface/hub");
}

std::vector<HubModel> findHubModels(const QString& folder, JobContext& job) {
  std::vector<HubModel> models;
  const QDir hub(folder);
  for (const QString& entry : hub.entryList({QStringLiteral("models--*")}, QDir::Dirs, QDir::Name)) {
    job.step();
    const QDir snapshots(hub.filePath(entry) + QStringLiteral("/snapshots"));
    for (const QFileInfo& snapshot : snapshots.entryInfoList(QDir::Dirs | QDir::NoDotAndDotDot, QDir::Time)) {
      std::optional<HubModel> model = modelIn(snapshot.absoluteFilePath());
      if (!model) continue;
      model->name = entry.mid(8).replace(QStringLiteral("--"), QStringLiteral("/"));
      models.push_back(std::move(*model));
      break;
    }
  }
  return models;
}

}  // namespace ql
