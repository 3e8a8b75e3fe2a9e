#pragma once
// A 95 % interval of a ratio of means from a few independent and possibly skewed observations: what sketches
// and token samples can say about R = sum y / sum x.
#include <span>

namespace ql {

/// How far R may be off, in units of R: the interval is [value - below, value + above].
struct RatioInterval {
  double value = 0;  // sum y / sum x
  double below = 0, above = 0;
};

/// R = mean(y) / mean(x) over independent pairs (y_i, x_i), y and x of equal length, mean(x) > 0.
///
/// Linearised (delta method): the residuals u_i = (y_i - R x_i) / mean(x) have mean 0 and R's standard error
/// is s(u) / sqrt(n). Residuals of quadratic forms in few random signs are close to a chi-square of one
/// degree and their Student interval covers 90 % only; the result is therefore the hull of Student's interval
/// and of the one corrected for skewness by Hall's transformation (P. Hall, J. R. Stat. Soc. B 54 (1992)
/// 221-228). `populationSize` > 0: the observations are that much of a finite population, drawn without
/// replacement. Fewer than 4 observations give nothing to go by: below and above are infinite.
RatioInterval ratioInterval(std::span<const double> y, std::span<const double> x, double populationSize = 0);

/// 95 % half-widths of a mean in units of its standard error: the hull above, for n observations of the given
/// skewness (third central moment over cubed standard deviation) and so many degrees of freedom.
struct SkewedQuantiles {
  double below = 0, above = 0;
};
SkewedQuantiles skewedQuantiles(double skewness, double n, double degrees);

/// 97.5 % quantile of Student's t: expansion of Abramowitz & Stegun 26.7.5, within 1e-3 from 4 degrees on.
double studentQuantile(double degrees);

}  // namespace ql
