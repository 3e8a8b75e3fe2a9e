#include "core/io/mapping_registry.h"

#include "core/base/error.h"

#include <sys/mman.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <mutex>

namespace ql {
namespace {

struct Chunk {
  std::array<MappingSlot, 64> slots;
  std::atomic<Chunk*> next{nullptr};
};

// What the handler touches: lock-free atomics and plain values written before it is installed.
Chunk firstChunk;
std::uintptr_t pageSize = 0;
struct sigaction previousAction {};

static_assert(std::atomic<std::uintptr_t>::is_always_lock_free && std::atomic<Chunk*>::is_always_lock_free);

std::mutex registryMutex;  // guards changes of slots and the growth of the list, never held by the handler

/// The end of the mapping if `address` lies in this slot, else 0. A slot that changes while it is read
/// belongs to another mapping than the faulting one, which is in use and so cannot change.
std::uintptr_t endIfInside(const MappingSlot& slot, std::uintptr_t address) {
  const std::uint32_t generation = slot.generation.load();
  const std::uintptr_t begin = slot.begin.load();
  const std::uintptr_t end = slot.end.load();
  if (slot.generation.load() != generation) return 0;
  return begin <= address && address < end ? end : 0;
}

/// Everything behind the missing page is missing too, so one zero mapping covers it: one signal, not one a
/// page.
bool replaceByZeros(std::uintptr_t address, std::uintptr_t end) {
  const std::uintptr_t page = address / pageSize * pageSize;
  void* const place = reinterpret_cast<void*>(page);
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
  return ::mmap(place, end - page, PROT_READ, flags, -1, 0) != MAP_FAILED;
}

void handleBusError(int signal, siginfo_t* info, void*) {
  const int savedErrno = errno;
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  for (Chunk* chunk = &firstChunk; chunk != nullptr; chunk = chunk->next.load()) {
    for (MappingSlot& slot : chunk->slots) {
      const std::uintptr_t end = endIfInside(slot, address);
      if (end == 0) continue;
      slot.isTruncated.store(true);
      if (!replaceByZeros(address, end)) break;
      errno = savedErrno;
      return;
    }
  }
  // Not ours: the access is repeated and meets what was installed before us.
  ::sigaction(signal, &previousAction, nullptr);
  errno = savedErrno;
}

bool installHandler() {
  pageSize = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  struct sigaction action {};
  action.sa_sigaction = handleBusError;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  return ::sigaction(SIGBUS, &action, &previousAction) == 0;
}

MappingSlot& freeSlot() {
  for (Chunk* chunk = &firstChunk;; chunk = chunk->next.load()) {
    for (MappingSlot& slot : chunk->slots) {
      if (slot.end.load() == 0) return slot;
    }
    if (chunk->next.load() == nullptr) chunk->next.store(new Chunk);  // lives as long as the process
  }
}

}  // namespace

MappingSlot* registerMapping(std::uintptr_t begin, std::uintptr_t end) {
  const std::lock_guard lock(registryMutex);
  static const bool isInstalled = installHandler();
  QL_ASSERT(isInstalled);
  MappingSlot& slot = freeSlot();
  slot.isTruncated.store(false);
  slot.generation.fetch_add(1);
  slot.begin.store(begin);
  slot.end.store(end);
  slot.generation.fetch_add(1);
  return &slot;
}

void unregisterMapping(MappingSlot* slot) {
  const std::lock_guard lock(registryMutex);
  slot->generation.fetch_add(1);
  slot->end.store(0);
  slot->begin.store(0);
  slot->generation.fetch_add(1);
}

}  // namespace ql
