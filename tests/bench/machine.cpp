#include "machine.h"

#include "core/base/error.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstring>
#include <ctime>
#include <fstream>
#include <thread>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ql::bench {
namespace {

std::uint16_t bellCode(std::uint64_t& state) {
  float sum = 0;
  for (int k = 0; k < 4; ++k) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    sum += static_cast<float>(state >> 40) / 16777216.0f - 0.5f;
  }
  return floatToBf16(sum * 0.035f);
}

// A megabyte of codes repeated with a shift a row: quick to make, and neighbouring rows differ.
void writeMatrix(const std::filesystem::path& path, std::int64_t out, std::int64_t in) {
  std::uint64_t state = 88172645463325252ull;
  std::vector<std::uint16_t> codes((1 << 20) + static_cast<std::size_t>(in));
  for (auto& code : codes) code = bellCode(state);
  std::ofstream file(path, std::ios::binary);
  for (std::int64_t r = 0; r < out; ++r) {
    const auto shift = static_cast<std::size_t>(r * 7919) & ((1 << 20) - 1);
    file.write(reinterpret_cast<const char*>(codes.data() + shift), in * 2);
  }
  if (!file)
    throw Error(ErrorCode::Io, "Cannot write " + path.string() + "; name another place with --file.");
}

#if defined(__x86_64__)
__attribute__((target("avx512f"), noinline)) std::uint64_t sum512(const std::byte* data, std::size_t n) {
  __m512i a = _mm512_setzero_si512(), b = a, c = a, d = a;
  for (std::size_t i = 0; i + 256 <= n; i += 256) {
    a = _mm512_add_epi64(a, _mm512_loadu_si512(data + i));
    b = _mm512_add_epi64(b, _mm512_loadu_si512(data + i + 64));
    c = _mm512_add_epi64(c, _mm512_loadu_si512(data + i + 128));
    d = _mm512_add_epi64(d, _mm512_loadu_si512(data + i + 192));
  }
  return static_cast<std::uint64_t>(
      _mm512_reduce_add_epi64(_mm512_add_epi64(_mm512_add_epi64(a, b), _mm512_add_epi64(c, d))));
}
#endif

std::uint64_t sumPlain(const std::byte* data, std::size_t n) {
  std::uint64_t a = 0, b = 0, c = 0, d = 0, word[4];
  for (std::size_t i = 0; i + 32 <= n; i += 32) {
    std::memcpy(word, data + i, sizeof word);
    a += word[0], b += word[1], c += word[2], d += word[3];
  }
  return a + b + c + d;
}

std::uint64_t sumBytes(const std::byte* data, std::size_t n) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return sum512(data, n);
#endif
  return sumPlain(data, n);
}

}  // namespace

Timing fastest(int runs, const std::function<void()>& body) {
  const auto cpuSeconds = [] { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; };
  Timing best;
  for (int r = 0; r < runs; ++r) {
    const auto begin = std::chrono::steady_clock::now();
    const double cpu = cpuSeconds();
    body();
    best.cpu = std::min(best.cpu, cpuSeconds() - cpu);
    best.wall =
        std::min(best.wall, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return best;
}

double quantile(std::vector<double> times, double p) {
  std::sort(times.begin(), times.end());
  return times[static_cast<std::size_t>(p * static_cast<double>(times.size() - 1))];
}

BenchMatrix::BenchMatrix(const std::filesystem::path& path, std::int64_t out, std::int64_t in)
    : m_matrix{"bench", out, in, false, -1}, m_size(static_cast<std::uint64_t>(out * in) * 2) {
  std::error_code missing;
  if (std::filesystem::file_size(path, missing) != m_size || missing) writeMatrix(path, out, in);
  const int fd = ::open(path.c_str(), O_RDONLY);
  void* mapped = fd < 0 ? MAP_FAILED : ::mmap(nullptr, m_size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
  if (fd >= 0) ::close(fd);
  if (mapped == MAP_FAILED)
    throw Error(ErrorCode::Io, "Cannot map " + path.string() + "; name another file with --file.");
  m_data = static_cast<const std::byte*>(mapped);
}

BenchMatrix::~BenchMatrix() {
  ::munmap(const_cast<std::byte*>(m_data), m_size);
}

void BenchMatrix::readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                           std::span<float> out) const {
  const RawRows raw = *rawRows(matrix, rowBegin, rowEnd);
  convertToFloat(DType::BF16, {raw.data, raw.rowBytes * static_cast<std::size_t>(rowEnd - rowBegin)}, out);
}

std::optional<RawRows> BenchMatrix::rawRows(const MatrixRef& matrix, std::int64_t rowBegin,
                                            std::int64_t) const {
  const auto rowBytes = static_cast<std::size_t>(matrix.in) * 2;
  return RawRows{m_data + static_cast<std::size_t>(rowBegin) * rowBytes, DType::BF16, rowBytes};
}

Timing readFloor(const BenchMatrix& matrix, int threads, int runs) {
  volatile std::uint64_t sink = 0;
  return fastest(runs, [&] {
    std::vector<std::thread> others;
    const std::size_t part = matrix.sizeBytes() / static_cast<std::size_t>(threads);
    for (int t = 1; t < threads; ++t)
      others.emplace_back(
          [&, t] { sink = sink + sumBytes(matrix.data() + static_cast<std::size_t>(t) * part, part); });
    sink = sink + sumBytes(matrix.data(), part);
    for (auto& thread : others) thread.join();
  });
}

}  // namespace ql::bench
