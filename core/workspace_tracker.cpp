#include "core/workspace_tracker.h"

#include "core/evaluate/diagnosis_case.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace ql {

namespace {

bool isReader(TensorRole role) {
  switch (role) {
    case TensorRole::Q:
    case TensorRole::K:
    case TensorRole::V:
    case TensorRole::Qkv:
    case TensorRole::Gate:
    case TensorRole::Up:
    case TensorRole::GateUp:
    case TensorRole::Fc1:
    case TensorRole::QA:
    case TensorRole::KvA:
    case TensorRole::Router:
    case TensorRole::LmHead:
      return true;
    default:
      return false;
  }
}

bool isWriter(TensorRole role) {
  return role == TensorRole::O || role == TensorRole::Down || role == TensorRole::Fc2;
}

bool isTokenTable(TensorRole role) {
  return role == TensorRole::Embedding || role == TensorRole::Position;
}

/// The width that most readers inside blocks agree on.
std::int64_t residualWidth(const Model& model) {
  std::map<std::int64_t, int> widths;
  for (const Linear& linear : model.linears)
    if (linear.block && isReader(linear.role)) ++widths[linear.in()];
  std::int64_t width = 0;
  for (const auto& [candidate, count] : widths)
    if (width == 0 || count > widths[width]) width = candidate;
  return width;
}

/// "input_layernorm" of "model.layers.0.input_layernorm.weight".
std::string moduleName(const std::string& tensor) {
  std::string name = tensor;
  if (name.ends_with(".weight")) name.resize(name.size() - 7);
  return name.substr(name.rfind('.') + 1);
}

std::string rolesOf(const Model& model, const Site& site) {
  std::string text;
  std::set<TensorRole> told;
  for (const LinearId id : site.consumers) {
    const TensorRole role = model.linears[id].role;
    if (told.insert(role).second) text += (text.empty() ? "" : ", ") + std::string(roleName(role));
  }
  return text;
}

/// Collects matrices, experts of a role together, and the points they hang on.
class Structure {
 public:
  explicit Structure(const Model& model) : m_model(model) {
    m_stream.width = residualWidth(model);
    m_stream.blockCount = model.blockCount;
  }

  ResidualStream build() {
    for (LinearId id = 0; m_stream.width > 0 && id < m_model.linears.size(); ++id) add(id);
    return std::move(m_stream);
  }

 private:
  void add(LinearId id) {
    const Linear& linear = m_model.linears[id];
    ResidualMatrix matrix;
    matrix.role = linear.role;
    matrix.block = linear.block;
    if (isReader(linear.role) && linear.in() == m_stream.width) {
      matrix.side = ResidualSide::Reads;
    } else if (isWriter(linear.role) && linear.out() == m_stream.width) {
      matrix.side = ResidualSide::Writes;
      matrix.isColumn = false;
    } else if (isTokenTable(linear.role) && linear.in() == m_stream.width) {
      matrix.side = ResidualSide::Writes;  // a token's row is what is written: channels are columns
    } else {
      return;
    }
    if (linear.expert && linear.block) {
      const auto known = m_experts.find({*linear.block, linear.role});
      if (known != m_experts.end()) {
        m_stream.matrices[known->second].members.push_back(id);
        return;
      }
      m_experts[{*linear.block, linear.role}] = m_stream.matrices.size();
    }
    matrix.members = {id};
    if (matrix.side == ResidualSide::Reads) addPoints(linear, matrix);
    m_stream.matrices.push_back(std::move(matrix));
  }

  void addPoints(const Linear& linear, ResidualMatrix& matrix) {
    const auto point = [&](std::vector<ResidualPoint>& points, auto& known, const auto& key,
                           const std::string& name) {
      const auto [at, isNew] = known.try_emplace(key, points.size());
      if (isNew) points.push_back({name, linear.block, {}, 0, m_stream.matrices.size()});
      return at->second;
    };
    if (linear.norm) matrix.gain = point(m_stream.gains, m_gains, *linear.norm, moduleName(*linear.norm));
    if (linear.site)
      matrix.input =
          point(m_stream.inputs, m_inputs, *linear.site, rolesOf(m_model, m_model.sites[*linear.site]));
  }

  const Model& m_model;
  ResidualStream m_stream;
  std::map<std::pair<int, TensorRole>, std::size_t> m_experts;
  std::map<std::string, std::size_t> m_gains;
  std::map<std::size_t, std::size_t> m_inputs;
};

void takeLargest(std::vector<float>& into, const std::vector<float>& values) {
  if (into.empty()) {
    into = values;
    return;
  }
  for (std::size_t c = 0; c < into.size(); ++c) into[c] = std::max(into[c], values[c]);
}

void addAbsmax(ResidualMatrix& matrix, std::size_t member, const std::vector<float>& absmax) {
  if (matrix.members.size() == 1 || matrix.absmax.empty()) {
    matrix.absmax = absmax;
    if (matrix.members.size() > 1) matrix.largest.assign(absmax.size(), static_cast<std::uint16_t>(member));
    return;
  }
  for (std::size_t c = 0; c < absmax.size(); ++c) {
    if (!(absmax[c] > matrix.absmax[c])) continue;
    matrix.absmax[c] = absmax[c];
    matrix.largest[c] = static_cast<std::uint16_t>(member);
  }
}

void addShares(const Workspace& workspace, LinearId id, const Choice& choice, const WeightStats& stats,
               ResidualMatrix& matrix, ResidualStream& stream) {
  if (!choice.weight) return;
  const auto error = workspace.error(id, choice);
  if (!error) return;
  const auto& site = workspace.model().linears[id].site;
  const auto activations =
      site && workspace.activationSummary(*site) ? workspace.activations(*site) : nullptr;
  const ErrorShares shares =
      columnErrorShares(*error, workspace.gain(id), activations.get(), stats.columns.sumSq);
  if (!shares.isKnown()) return;
  stream.shareBasis = std::max(stream.shareBasis.value_or(shares.basis), shares.basis);
  takeLargest(matrix.errorShare, {shares.share.begin(), shares.share.end()});
}

void fillPoints(const Workspace& workspace, ResidualStream& stream, JobContext& job) {
  for (ResidualPoint& point : stream.gains) {
    job.step(1);
    point.values = workspace.gain(stream.matrices[point.matrix].members.front());
    for (float& value : point.values) value = std::abs(value);
    point.median = lowerMedian(point.values);
  }
  for (ResidualPoint& point : stream.inputs) {
    job.step(1);
    const auto& site = workspace.model().linears[stream.matrices[point.matrix].members.front()].site;
    if (!workspace.activationSummary(*site)) continue;
    const auto stats = workspace.activations(*site);
    if (!stats || !stats->hasExtremes() || stats->width != stream.width) continue;
    point.values = stats->all.absmax;
    point.median = lowerMedian(point.values);
    stream.tokens = std::max(stream.tokens, stats->all.tokens);
  }
}

/// The largest ratio of every channel so far.
class Leads {
 public:
  explicit Leads(std::int64_t width) : m_leads(static_cast<std::size_t>(width)) {
    for (std::size_t c = 0; c < m_leads.size(); ++c) m_leads[c].channel = static_cast<std::int64_t>(c);
  }

  void add(const std::vector<float>& values, double median, ChannelLead::Quantity quantity,
           std::size_t where) {
    if (!(median > 0) || values.size() != m_leads.size()) return;
    for (std::size_t c = 0; c < values.size(); ++c) {
      const double value = static_cast<double>(values[c]), ratio = value / median;
      ChannelLead& lead = m_leads[c];
      if (ratio >= kLeadRatio) ++lead.places;
      if (!(ratio > lead.ratio)) continue;
      lead.quantity = quantity;
      lead.ratio = ratio;
      lead.value = value;
      lead.where = where;
    }
  }

  std::vector<ChannelLead> best(std::size_t most, std::size_t least) {
    std::stable_sort(m_leads.begin(), m_leads.end(),
                     [](const ChannelLead& a, const ChannelLead& b) { return a.ratio > b.ratio; });
    std::size_t count = 0;
    while (count < m_leads.size() && m_leads[count].ratio > 0 &&
           (m_leads[count].ratio >= kLeadRatio || count < least))
      ++count;
    m_leads.resize(std::min(count, most));
    return std::move(m_leads);
  }

 private:
  std::vector<ChannelLead> m_leads;
};

}  // namespace

LinearId ResidualMatrix::linearAt(std::int64_t channel) const {
  const auto c = static_cast<std::size_t>(channel);
  return channel >= 0 && c < largest.size() ? members[largest[c]] : members.front();
}

bool ResidualStream::hasWeights() const {
  return std::any_of(matrices.begin(), matrices.end(),
                     [](const ResidualMatrix& matrix) { return !matrix.absmax.empty(); });
}

bool ResidualStream::hasInputs() const {
  return std::any_of(inputs.begin(), inputs.end(),
                     [](const ResidualPoint& point) { return !point.values.empty(); });
}

ResidualStream residualStructure(const Model& model) {
  return Structure(model).build();
}

ResidualStream residualStream(const Workspace& workspace, const QuantizationPlan& plan, JobContext& job) {
  const Model& model = workspace.model();
  ResidualStream stream = residualStructure(model);
  std::uint64_t steps = stream.gains.size() + stream.inputs.size();
  for (const ResidualMatrix& matrix : stream.matrices) steps += matrix.members.size();
  job.expect(steps);
  for (ResidualMatrix& matrix : stream.matrices) {
    for (std::size_t member = 0; member < matrix.members.size(); ++member) {
      job.step(1);
      const LinearId id = matrix.members[member];
      const auto stats = workspace.weightStats(id);
      if (!stats) continue;
      const std::vector<float>& absmax = matrix.isColumn ? stats->columns.absmax : stats->rows.absmax;
      if (absmax.size() != static_cast<std::size_t>(stream.width)) continue;
      addAbsmax(matrix, member, absmax);
      if (matrix.side == ResidualSide::Reads)
        addShares(workspace, id, plan.choiceFor(model.linears[id].name), *stats, matrix, stream);
    }
    matrix.median = lowerMedian(matrix.absmax);
  }
  fillPoints(workspace, stream, job);
  return stream;
}

std::vector<ChannelLead> channelsToFollow(const ResidualStream& stream, std::size_t most, std::size_t least) {
  using Quantity = ChannelLead::Quantity;
  Leads leads(stream.width);
  for (std::size_t i = 0; i < stream.matrices.size(); ++i) {
    const ResidualMatrix& matrix = stream.matrices[i];
    leads.add(matrix.absmax, matrix.median,
              matrix.side == ResidualSide::Reads ? Quantity::WeightRead : Quantity::WeightWritten, i);
  }
  for (std::size_t i = 0; i < stream.gains.size(); ++i)
    leads.add(stream.gains[i].values, stream.gains[i].median, Quantity::Gain, i);
  for (std::size_t i = 0; i < stream.inputs.size(); ++i)
    leads.add(stream.inputs[i].values, stream.inputs[i].median, Quantity::Input, i);
  return leads.best(most, least);
}

}  // namespace ql
