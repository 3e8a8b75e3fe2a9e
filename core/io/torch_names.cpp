// The names a pickle of tensors may mention (formats: the list of torch's own safe loader, without
// callables).
#include "core/io/torch_pickle.h"

#include <algorithm>
#include <array>

namespace ql {
namespace {

constexpr std::array<TorchType, 12> kStorages{{{"torch FloatStorage", DType::F32, false},
                                               {"torch HalfStorage", DType::F16, false},
                                               {"torch BFloat16Storage", DType::BF16, false},
                                               {"torch DoubleStorage", DType::F64, false},
                                               {"torch LongStorage", DType::I64, false},
                                               {"torch IntStorage", DType::I32, false},
                                               {"torch ShortStorage", DType::I16, false},
                                               {"torch CharStorage", DType::I8, false},
                                               {"torch ByteStorage", DType::U8, false},
                                               {"torch BoolStorage", DType::Bool, false},
                                               {"torch.storage UntypedStorage", DType::U8, true},
                                               {"torch.storage TypedStorage", DType::U8, true}}};

constexpr std::array<TorchType, 14> kScalars{{{"torch float32", DType::F32, false},
                                              {"torch float16", DType::F16, false},
                                              {"torch bfloat16", DType::BF16, false},
                                              {"torch float64", DType::F64, false},
                                              {"torch int64", DType::I64, false},
                                              {"torch int32", DType::I32, false},
                                              {"torch int16", DType::I16, false},
                                              {"torch int8", DType::I8, false},
                                              {"torch uint8", DType::U8, false},
                                              {"torch bool", DType::Bool, false},
                                              {"torch float8_e4m3fn", DType::F8E4M3, false},
                                              {"torch float8_e5m2", DType::F8E5M2, false},
                                              {"torch float8_e4m3fnuz", DType::F8E4M3Fnuz, false},
                                              {"torch float8_e5m2fnuz", DType::F8E5M2Fnuz, false}}};

template <class Table>
const TorchType* findIn(const Table& table, std::string_view name) {
  const auto* found = std::ranges::find(table, name, &TorchType::name);
  return found == table.end() ? nullptr : found;
}

}  // namespace

const TorchType* torchStorageType(std::string_view global) {
  return findIn(kStorages, global);
}
const TorchType* torchScalarType(std::string_view global) {
  return findIn(kScalars, global);
}

}  // namespace ql
