#pragma once
// A result type names its fields once, with unit and one sentence; HDF5, JSON, CSV and the tables on screen
// are visitors over that list. A new statistic is one line here and appears everywhere.
#include <string_view>
#include <tuple>
#include <utility>

namespace ql {

struct FieldInfo {
  std::string_view key;       // snake_case, stable: scripts rely on it
  std::string_view unit;      // "fraction", "dB", "bits", "" for a count or a name
  std::string_view sentence;  // what it is, for tooltips, help and schemas
};

template <class T, class M>
struct Field {
  FieldInfo info;
  M T::*member;
};

template <class T, class M>
constexpr Field<T, M> field(std::string_view key, std::string_view unit, std::string_view sentence,
                            M T::*member) {
  return {FieldInfo{key, unit, sentence}, member};
}

/// Specialise with `static constexpr auto fields = std::make_tuple(field(...), ...)`.
template <class T>
struct FieldList;

/// Calls visit(const FieldInfo&, member reference) for every field in order.
template <class T, class Visitor>
void forEachField(T&& object, Visitor&& visit) {
  using Plain = std::remove_cvref_t<T>;
  std::apply([&](const auto&... f) { (visit(f.info, object.*(f.member)), ...); }, FieldList<Plain>::fields);
}

/// Calls visit(pointer to member) for every field in order.
template <class T, class Visitor>
void forEachFieldPointer(Visitor&& visit) {
  std::apply([&](const auto&... f) { (visit(f.member), ...); }, FieldList<T>::fields);
}

}  // namespace ql
