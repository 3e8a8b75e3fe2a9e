#pragma once
// Comparisons for numeric tests: a stated bound, and a message that shows both sides.
#include <QTest>

#include <cmath>
#include <string>

namespace ql::test {

/// |a - b| <= relative * max(|a|, |b|) + absolute; equal infinities and NaN with NaN agree.
inline bool near(double a, double b, double relative, double absolute = 0) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (std::isinf(a) || std::isinf(b)) return a == b;
  return std::abs(a - b) <= relative * std::max(std::abs(a), std::abs(b)) + absolute;
}

}  // namespace ql::test

#define QL_NEAR(actual, expected, relative)                                                             \
  do {                                                                                                  \
    const double qlA = static_cast<double>(actual), qlB = static_cast<double>(expected);                \
    QVERIFY2(::ql::test::near(qlA, qlB, (relative)), qPrintable(QStringLiteral("%1 is %2, expected %3") \
                                                                    .arg(QLatin1String(#actual))        \
                                                                    .arg(qlA, 0, 'g', 17)               \
                                                                    .arg(qlB, 0, 'g', 17)));            \
  } while (false)

/// The expression must throw ql::Error whose message contains `part`.
#define QL_THROWS(expression, part)                                         \
  do {                                                                      \
    std::string qlMessage;                                                  \
    try {                                                                   \
      static_cast<void>(expression);                                        \
    } catch (const ::ql::Error& e) {                                        \
      qlMessage = e.what();                                                 \
    }                                                                       \
    QVERIFY2(!qlMessage.empty(), "no ql::Error from " #expression);         \
    QVERIFY2(qlMessage.find(part) != std::string::npos, qlMessage.c_str()); \
  } while (false)
