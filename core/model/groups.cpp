// Which linears share an input, can be smoothed together, and are stored as one by runtimes.
#include "core/model/mapping.h"
#include "core/model/names.h"

#include <algorithm>
#include <map>

namespace ql {
namespace {

class GroupBuilder {
 public:
  GroupBuilder(const Mapping& mapping, const TensorList& tensors, const ModelConfig& config, Model& model)
      : m_mapping(mapping), m_tensors(tensors), m_config(config), m_model(model) {}

  void run() {
    for (LinearId id = 0; id < m_model.linears.size(); ++id) {
      addSite(id);
      addNorm(id);
    }
    for (LinearId id = 0; id < m_model.linears.size(); ++id) {
      addSmoothing(id);
      addFused(id);
    }
    dropLoneFused();
  }

 private:
  std::string fill(LinearId id, std::string_view pattern) const {
    return m_mapping.linears[id].blockPrefix + fillPattern(pattern, m_model.linears[id].expert.value_or(0));
  }

  void addSite(LinearId id) {
    Linear& linear = m_model.linears[id];
    if (linear.role == TensorRole::Embedding || linear.role == TensorRole::Position) return;
    const LinearPattern* pattern = m_mapping.linears[id].pattern;
    // The width is part of the key: a damaged checkpoint may pair matrices that cannot read the same vector.
    const std::string key = pattern == nullptr ? linear.name : fill(id, pattern->inputGroup);
    const auto [place, isNew] = m_sites.try_emplace({key, linear.in()}, m_model.sites.size());
    if (isNew) m_model.sites.push_back({linear.name, {}, linear.in()});
    linear.site = place->second;
    m_model.sites[place->second].consumers.push_back(id);
  }

  void addNorm(LinearId id) {
    Linear& linear = m_model.linears[id];
    const LinearPattern* pattern = m_mapping.linears[id].pattern;
    if (pattern == nullptr || !pattern->isProducerNorm || m_config.isPostNorm) return;
    const auto norm = m_tensors.byName.find(fill(id, pattern->producer) + ".weight");
    if (norm == m_tensors.byName.end()) return;
    if (norm->second->shape != Shape{linear.in()}) {
      const std::string warning = norm->second->name + " has shape " + shapeText(norm->second->shape) +
                                  " where " + std::to_string(linear.in()) +
                                  " channels were expected: it is left out, and errors are column-normalised";
      if (std::find(m_model.warnings.begin(), m_model.warnings.end(), warning) == m_model.warnings.end())
        m_model.warnings.push_back(warning);
      return;
    }
    linear.norm = norm->second->name;
    linear.normOffset = m_mapping.table->normOffset;
  }

  /// A linear can take over the smoothing if its outputs are this input: value for value; v shared by several
  /// query heads; or the last part of a fused [q; k; v] or [gate; up]. Which of these can be folded is for
  /// smooth/ to say (foldTarget).
  bool canProduce(LinearId id, const std::string& producer) const {
    const Linear& linear = m_model.linears[id];
    if (m_mapping.linears[id].pattern->isProducerNorm) return linear.norm.has_value();
    const auto found = m_model.find(producer);
    if (!found) return false;
    const Linear& source = m_model.linears[*found];
    if (source.role == TensorRole::V) return source.out() > 0 && linear.in() % source.out() == 0;
    if (source.role == TensorRole::Qkv) return source.out() > linear.in();
    return source.out() == (source.role == TensorRole::GateUp ? 2 : 1) * linear.in();
  }

  void addSmoothing(LinearId id) {
    const LinearPattern* pattern = m_mapping.linears[id].pattern;
    if (pattern == nullptr || pattern->producer.empty()) return;
    const std::string producer = fill(id, pattern->producer);
    if (!canProduce(id, producer)) return;
    const auto [place, isNew] = m_smoothing.try_emplace(producer, m_model.smoothingGroups.size());
    if (isNew) m_model.smoothingGroups.push_back({producer, {}});
    m_model.smoothingGroups[place->second].consumers.push_back(id);
    m_model.linears[id].smoothingGroup = place->second;
  }

  void addFused(LinearId id) {
    const LinearPattern* pattern = m_mapping.linears[id].pattern;
    if (pattern == nullptr || pattern->fused.empty()) return;
    const std::string name = fill(id, pattern->fused);
    const auto [place, isNew] = m_fused.try_emplace(name, m_candidates.size());
    if (isNew) m_candidates.push_back({name, {}});
    m_candidates[place->second].members.push_back(id);
  }

  void dropLoneFused() {
    for (FusedGroup& group : m_candidates) {
      if (group.members.size() < 2) continue;
      for (const LinearId id : group.members) m_model.linears[id].fusedGroup = m_model.fusedGroups.size();
      m_model.fusedGroups.push_back(std::move(group));
    }
  }

  const Mapping& m_mapping;
  const TensorList& m_tensors;
  const ModelConfig& m_config;
  Model& m_model;
  std::map<std::pair<std::string, std::int64_t>, std::size_t> m_sites;
  std::map<std::string, std::size_t> m_smoothing, m_fused;
  std::vector<FusedGroup> m_candidates;
};

}  // namespace

void addGroups(const Mapping& mapping, const TensorList& tensors, const ModelConfig& config, Model& model) {
  GroupBuilder(mapping, tensors, config, model).run();
}

}  // namespace ql
