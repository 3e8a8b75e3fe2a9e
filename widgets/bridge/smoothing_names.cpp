#include "widgets/bridge/smoothing_names.h"

#include "widgets/bridge/number_format.h"

#include <QCoreApplication>
#include <QStringList>

#include <algorithm>

namespace ql {

namespace {

QString tr(const char* source) {
  return QCoreApplication::translate("ql::SmoothingNames", source);
}

QString lastPart(const std::string& name) {
  std::string path = name;
  const std::string suffix = ".weight";
  if (path.size() > suffix.size() && path.compare(path.size() - suffix.size(), suffix.size(), suffix) == 0)
    path.resize(path.size() - suffix.size());
  return QString::fromStdString(path.substr(path.rfind('.') + 1));
}

const Linear& firstReader(const Model& model, std::size_t group) {
  return model.linears[model.smoothingGroups.at(group).consumers.front()];
}

/// Roles alone say what most groups are; anything else is called by its readers.
QString kindOfRole(TensorRole role) {
  switch (role) {
    case TensorRole::Q:
    case TensorRole::K:
    case TensorRole::V:
    case TensorRole::Qkv:
    case TensorRole::QA:
    case TensorRole::KvA:
      return tr("attention");
    case TensorRole::QB:
    case TensorRole::KvB:
      return tr("attention, second projection");
    case TensorRole::O:
      return tr("attention output");
    case TensorRole::Gate:
    case TensorRole::Up:
    case TensorRole::GateUp:
    case TensorRole::Fc1:
    case TensorRole::Router:
      return tr("MLP");
    case TensorRole::Down:
    case TensorRole::Fc2:
      return tr("MLP down");
    default:
      return {};
  }
}

}  // namespace

QString groupKind(const Model& model, std::size_t group) {
  const QString kind = kindOfRole(firstReader(model, group).role);
  return kind.isEmpty() ? groupReaders(model, group) : kind;
}

QString groupName(const Model& model, std::size_t group) {
  const Linear& reader = firstReader(model, group);
  const QString kind = groupKind(model, group);
  const bool isOneExpert = reader.expert && model.smoothingGroups[group].consumers.size() <= 3 &&
                           std::all_of(model.smoothingGroups[group].consumers.begin(),
                                       model.smoothingGroups[group].consumers.end(), [&](LinearId id) {
                                         return model.linears[id].expert == reader.expert;
                                       });
  if (!reader.block) return kind;
  if (isOneExpert) return tr("block %1 %2, expert %3").arg(*reader.block).arg(kind).arg(*reader.expert);
  return tr("block %1 %2").arg(*reader.block).arg(kind);
}

QString groupReaders(const Model& model, std::size_t group) {
  QStringList names;
  for (const LinearId id : model.smoothingGroups.at(group).consumers) {
    const Linear& linear = model.linears[id];
    const std::string_view role = roleName(linear.role);
    const QString name = linear.role == TensorRole::Other
                             ? lastPart(linear.name)
                             : QString::fromUtf8(role.data(), static_cast<qsizetype>(role.size()));
    if (!names.contains(name)) names << name;
  }
  return names.join(QStringLiteral(", "));
}

QString groupProducer(const Model& model, std::size_t group) {
  return lastPart(model.smoothingGroups.at(group).producer);
}

QString alphaText(double alpha) {
  return fixedText(alpha, 2);
}

QString methodText(const SmoothingTrial& trial) {
  switch (trial.method) {
    case SmoothingTrial::Method::None:
      return tr("no smoothing");
    case SmoothingTrial::Method::SmoothQuant:
      return trial.llmCompressor ? tr("SmoothQuant (llm-compressor)") : tr("SmoothQuant");
    case SmoothingTrial::Method::Bismooth:
      break;
  }
  if (trial.dataFree)
    return trial.usesMedian ? tr("data-free bi-smoothing") : tr("data-free bi-smoothing (max)");
  return trial.usesMedian ? tr("bi-smoothing") : tr("bi-smoothing (max)");
}

QString trialText(const SmoothingTrial& trial) {
  if (trial.method == SmoothingTrial::Method::None) return methodText(trial);
  return trial.powersOfTwo ? tr("%1 α %2, powers of two").arg(methodText(trial), alphaText(trial.alpha))
                           : tr("%1 α %2").arg(methodText(trial), alphaText(trial.alpha));
}

}  // namespace ql
