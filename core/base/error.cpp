#include "core/base/error.h"

#include <cstdio>
#include <cstdlib>

namespace ql {

void assertionFailed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "quantloupe: internal error: %s does not hold (%s:%d); please report this\n",
               expression, file, line);
  std::fflush(stderr);
  std::abort();
}

}  // namespace ql
