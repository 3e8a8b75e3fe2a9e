#pragma once
// SHA-256 as lower-case hex, for fingerprints and provenance. Thin wrapper over libcrypto.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace ql {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(std::span<const std::byte> bytes);
  void add(std::string_view text);
  void add(std::uint64_t value);  // little endian
  std::string finish();           // 64 hex digits; call once

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace ql
