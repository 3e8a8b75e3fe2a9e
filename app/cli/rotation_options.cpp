#include "app/cli/rotation_options.h"

#include "core/base/error.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <vector>

namespace ql::cli {

void RotationOptions::addTo(CLI::App& app) {
  std::vector<std::string> names;
  for (const RotationMethod* method : rotationMethods()) names.emplace_back(method->name);
  app.add_option("--r1", m_residual, "Rotate the residual stream: hadamard or random")
      ->check(CLI::IsMember(names))
      ->type_name("METHOD");
  app.add_option("--r2", m_heads, "Rotate the values of each attention head: hadamard or random")
      ->check(CLI::IsMember(names))
      ->type_name("METHOD");
  // what a plan keeps as a whole number
  app.add_option("--seed", m_seed, "Seed of signs and matrices (0 if not given)")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 40))
      ->type_name("N");
  const auto block = CLI::Range(std::int64_t{2}, std::int64_t{1} << 30);
  app.add_option("--block", m_block, "Channels of the residual stream that --r1 mixes with each other")
      ->check(block)
      ->type_name("N");
  app.add_option("--head-block", m_headBlock, "Channels of a head that --r2 mixes with each other")
      ->check(block)
      ->type_name("N");
}

ModelRotation RotationOptions::rotation() const {
  if (m_block && m_residual.empty())
    throw Error(ErrorCode::Usage, "--block goes with --r1; give --r1 hadamard or --r1 random.");
  if (m_headBlock && m_heads.empty())
    throw Error(ErrorCode::Usage, "--head-block goes with --r2; give --r2 hadamard or --r2 random.");
  ModelRotation rotation;
  if (!m_residual.empty()) rotation.residual = RotationSpec{m_residual, m_seed, m_block};
  if (!m_heads.empty()) rotation.headValues = RotationSpec{m_heads, m_seed, m_headBlock};
  return rotation;
}

}  // namespace ql::cli
