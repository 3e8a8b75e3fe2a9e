#pragma once
// Objects that parallel tasks borrow in turn.
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace ql {

/// Reused objects, so that memory is bound by the number of threads.
template <class T>
class Pool {
 public:
  std::unique_ptr<T> take() {
    const std::lock_guard lock(m_mutex);
    if (m_free.empty()) return std::make_unique<T>();
    auto object = std::move(m_free.back());
    m_free.pop_back();
    return object;
  }
  void give(std::unique_ptr<T> object) {
    const std::lock_guard lock(m_mutex);
    m_free.push_back(std::move(object));
  }
  std::vector<std::unique_ptr<T>>& all() { return m_free; }  // once every one was given back

 private:
  std::mutex m_mutex;  // guards m_free
  std::vector<std::unique_ptr<T>> m_free;
};

}  // namespace ql
