#include "core/base/sha256.h"

#include "core/base/error.h"

#include <openssl/evp.h>
#include <array>
#include <new>

namespace ql {

struct Sha256::State {
  struct Free {
    void operator()(EVP_MD_CTX* digest) const { EVP_MD_CTX_free(digest); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context;
  bool isFinished = false;
};

Sha256::Sha256() : m_state(std::make_unique<State>()) {
  m_state->context.reset(EVP_MD_CTX_new());
  if (!m_state->context) throw std::bad_alloc();
  if (EVP_DigestInit_ex(m_state->context.get(), EVP_sha256(), nullptr) != 1) {
    throw Error(
        ErrorCode::Unsupported,
        "libcrypto of this machine refuses SHA-256: repair the package libssl3 or its configuration.");
  }
}

Sha256::~Sha256() = default;

void Sha256::add(std::span<const std::byte> bytes) {
  QL_ASSERT(!m_state->isFinished);
  QL_ASSERT(EVP_DigestUpdate(m_state->context.get(), bytes.data(), bytes.size()) == 1);
}

void Sha256::add(std::string_view text) {
  add(std::as_bytes(std::span(text.data(), text.size())));
}

void Sha256::add(std::uint64_t value) {
  std::array<std::byte, 8> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::byte>((value >> (8 * i)) & 0xFFu);
  add(bytes);
}

std::string Sha256::finish() {
  QL_ASSERT(!m_state->isFinished);
  m_state->isFinished = true;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  QL_ASSERT(EVP_DigestFinal_ex(m_state->context.get(), digest.data(), &length) == 1);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (unsigned i = 0; i < length; ++i) {
    hex += kDigits[digest[i] >> 4];
    hex += kDigits[digest[i] & 15u];
  }
  return hex;
}

}  // namespace ql
