// The double kernels of the Cholesky factorization for one instruction-set level; how and why as in
// kernel.cpp: compiled once per level with its flags and QL_LEVEL, nothing but extern "C" leaves the object.
#define QL_JOIN2(a, b) a##b
#define QL_JOIN(a, b) QL_JOIN2(a, b)
#define Eigen QL_JOIN(Eigen_, QL_LEVEL)
#define EIGEN_DONT_PARALLELIZE  // the caller's tasks own the cores
#define EIGEN_NO_DEBUG
#define EIGEN_MPL2_ONLY
#include <Eigen/Core>

#include <cstddef>

namespace {

using Index = std::ptrdiff_t;
using Stride = Eigen::OuterStride<>;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using ColumnMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
using ConstMap = Eigen::Map<const RowMajor, 0, Stride>;
using Map = Eigen::Map<RowMajor, 0, Stride>;
using ColumnMap = Eigen::Map<ColumnMajor, 0, Stride>;

}  // namespace

#define QL_EXPORT(name) QL_JOIN(name, QL_LEVEL)

extern "C" {
// C [m, n] -= A [m, k] B [n, k]^T
void QL_EXPORT(ql_subtract_nt_f64_)(Index m, Index n, Index k, const double* a, Index lda, const double* b,
                                    Index ldb, double* c, Index ldc) {
  Map(c, m, n, Stride(ldc)).noalias() -=
      ConstMap(a, m, k, Stride(lda)) * ConstMap(b, n, k, Stride(ldb)).transpose();
}

// C [m, n] -= A [m, k] B [k, n]
void QL_EXPORT(ql_subtract_nn_f64_)(Index m, Index n, Index k, const double* a, Index lda, const double* b,
                                    Index ldb, double* c, Index ldc) {
  Map(c, m, n, Stride(ldc)).noalias() -= ConstMap(a, m, k, Stride(lda)) * ConstMap(b, k, n, Stride(ldb));
}

// X [n, m] := L^-1 X, L [n, n] lower triangular
void QL_EXPORT(ql_solve_left_f64_)(Index n, Index m, const double* l, Index ldl, double* x, Index ldx) {
  Map target(x, n, m, Stride(ldx));
  ConstMap(l, n, n, Stride(ldl)).triangularView<Eigen::Lower>().solveInPlace(target);
}

// X [m, n] := X L^-T: the same on the transposed, whose columns are the rows of X
void QL_EXPORT(ql_solve_right_f64_)(Index n, Index m, const double* l, Index ldl, double* x, Index ldx) {
  ColumnMap target(x, n, m, Stride(ldx));
  ConstMap(l, n, n, Stride(ldl)).triangularView<Eigen::Lower>().solveInPlace(target);
}
}
