#pragma once
// The last few immutable results, within a budget of bytes. Not thread-safe: the owner holds its own lock.
#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <utility>

namespace ql {

template <class Key, class Value>
class LruCache {
 public:
  explicit LruCache(std::size_t budgetBytes) : m_budget(budgetBytes) {}

  /// Null when absent; marks it as used.
  std::shared_ptr<const Value> find(const Key& key) {
    const auto found = m_entries.find(key);
    if (found == m_entries.end()) return nullptr;
    m_order.splice(m_order.begin(), m_order, found->second.place);
    return found->second.value;
  }

  /// The newest entry always stays, however large it is.
  void insert(const Key& key, std::shared_ptr<const Value> value, std::size_t bytes) {
    erase(key);
    m_order.push_front(key);
    m_entries[key] = {std::move(value), bytes, m_order.begin()};
    m_bytes += bytes;
    while (m_bytes > m_budget && m_order.size() > 1) erase(Key(m_order.back()));
  }

  void erase(const Key& key) {
    const auto found = m_entries.find(key);
    if (found == m_entries.end()) return;
    m_bytes -= found->second.bytes;
    m_order.erase(found->second.place);
    m_entries.erase(found);
  }

 private:
  struct Entry {
    std::shared_ptr<const Value> value;
    std::size_t bytes = 0;
    typename std::list<Key>::iterator place;
  };
  std::size_t m_budget;
  std::size_t m_bytes = 0;
  std::list<Key> m_order;  // newest first
  std::map<Key, Entry> m_entries;
};

}  // namespace ql
