#include "widgets/bridge/linear_query.h"

#include "widgets/bridge/command_text.h"
#include "widgets/bridge/metric_info.h"

#include <QCoreApplication>
#include <QStringList>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace ql {

namespace {

QString tr(const char* source) {
  return QCoreApplication::translate("ql::LinearQuery", source);
}

[[noreturn]] void fail(const QString& sentence) {
  throw Error(ErrorCode::Usage, sentence.toStdString());
}

/// Words as a POSIX shell splits them, with both kinds of quotes. Throws for a quote that is not closed.
QStringList shellWords(const QString& text) {
  QStringList words;
  QString word;
  bool isInWord = false;
  QChar quote;
  for (const QChar c : text) {
    if (!quote.isNull()) {
      if (c == quote)
        quote = QChar();
      else
        word += c;
    } else if (c == QLatin1Char('\'') || c == QLatin1Char('"')) {
      quote = c;
      isInWord = true;
    } else if (c.isSpace()) {
      if (isInWord) words << word;
      word.clear();
      isInWord = false;
    } else {
      word += c;
      isInWord = true;
    }
  }
  if (!quote.isNull()) fail(tr("A quote is not closed: %1.").arg(text));
  if (isInWord) words << word;
  return words;
}

/// "output_rel_wa>=2%"
void parseWhere(const QString& text, LinearQuery& query) {
  query.isAtLeast = text.contains(QStringLiteral(">="));
  const QStringList parts = text.split(query.isAtLeast ? QStringLiteral(">=") : QStringLiteral("<="));
  if (parts.size() != 2) fail(tr("'%1' is no threshold; write for example output_rel_wa>=2%.").arg(text));
  const QString key = parts[0].trimmed();
  for (const MetricInfo& info : metricInfos())
    if (key == QLatin1String(info.key)) query.metric = info.metric;
  if (!query.metric) {
    QStringList keys;
    for (const MetricInfo& info : metricInfos()) keys << QLatin1String(info.key);
    fail(tr("'%1' is no metric; the metrics are %2.").arg(key, keys.join(QStringLiteral(", "))));
  }
  QString number = parts[1].trimmed();
  const bool isPercent = number.endsWith(QLatin1Char('%'));
  if (isPercent) number.chop(1);
  bool isNumber = false;
  query.threshold = number.trimmed().toDouble(&isNumber);
  if (!isNumber || !std::isfinite(query.threshold))
    fail(tr("'%1' is no number; write for example 0.02 or 2%.").arg(parts[1].trimmed()));
  if (isPercent) query.threshold /= 100;
}

bool fitsFinding(Session& session, LinearId id, const QStringList& codes) {
  const std::vector<Finding>& findings = session.findings(id);
  if (codes.contains(QStringLiteral("none"))) return findings.empty();
  if (codes.contains(QStringLiteral("any"))) return !findings.empty();
  return std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
    return codes.contains(QString::fromStdString(finding.code));
  });
}

QStringList findingList(const QString& text) {
  QStringList codes;
  for (const QString& part : text.split(QLatin1Char(','), Qt::SkipEmptyParts)) codes << part.trimmed();
  QStringList known{QStringLiteral("any"), QStringLiteral("none")};
  for (const char* code : findingCodes()) known << QLatin1String(code);
  for (const QString& code : codes)
    if (!known.contains(code))
      fail(tr("'%1' is no finding; write one of %2.").arg(code, known.join(QStringLiteral(", "))));
  return codes;
}

bool fitsThreshold(Session& session, LinearId id, const LinearQuery& query) {
  const std::optional<double> value = session.value(id, *query.metric);
  if (!value || std::isnan(*value)) return false;
  return query.isAtLeast ? *value >= query.threshold : *value <= query.threshold;
}

}  // namespace

const std::vector<const char*>& findingCodes() {
  static const std::vector<const char*> codes{"weight_outlier_columns",
                                              "activation_outliers",
                                              "norm_gain_outliers",
                                              "heavy_tails",
                                              "dead_rows",
                                              "non_finite"};
  return codes;
}

QString queryText(const LinearQuery& query) {
  QStringList words;
  const auto add = [&words](const char* option, const QString& value) {
    if (!value.isEmpty()) words << QLatin1String(option) << shellQuoted(value);
  };
  add("--blocks", query.blocks);
  add("--roles", query.roles);
  add("--layers", query.layers);
  add("--finding", query.finding);
  if (query.metric)
    add("--where", QLatin1String(metricInfo(*query.metric).key) +
                       (query.isAtLeast ? QStringLiteral(">=") : QStringLiteral("<=")) +
                       QString::number(query.threshold, 'g', 6));
  add("--scheme", query.scheme);
  return words.join(QLatin1Char(' '));
}

LinearQuery parseQuery(const QString& text) {
  LinearQuery query;
  const QStringList words = shellWords(text);
  for (qsizetype i = 0; i < words.size(); i += 2) {
    const QString& option = words[i];
    QString* field = option == QLatin1String("--blocks")    ? &query.blocks
                     : option == QLatin1String("--roles")   ? &query.roles
                     : option == QLatin1String("--layers")  ? &query.layers
                     : option == QLatin1String("--finding") ? &query.finding
                     : option == QLatin1String("--scheme")  ? &query.scheme
                                                            : nullptr;
    const bool isWhere = option == QLatin1String("--where");
    if (!field && !isWhere)
      fail(tr("'%1' is unknown; there are --blocks, --roles, --layers, --finding, --where and --scheme.")
               .arg(option));
    if (i + 1 >= words.size()) fail(tr("%1 needs a value.").arg(option));
    if (isWhere)
      parseWhere(words[i + 1], query);
    else
      *field = words[i + 1];
  }
  return query;
}

std::vector<LinearId> matchingLinears(Session& session, const LinearQuery& query) {
  if (!session.model()) return {};
  LinearFilter filter;
  filter.regex = query.layers.toStdString();
  if (!query.blocks.isEmpty()) filter.blocks = parseBlockRanges(query.blocks.toStdString());
  if (!query.roles.isEmpty()) filter.roles = parseRoles(query.roles.toStdString());
  const QStringList codes = findingList(query.finding);
  const std::optional<Choice> choice =
      query.scheme.isEmpty() ? std::nullopt : std::optional<Choice>(parseSpec(query.scheme.toStdString()));
  std::vector<LinearId> ids = selectLinears(*session.model(), filter);
  std::erase_if(ids, [&](LinearId id) {
    return (!codes.isEmpty() && !fitsFinding(session, id, codes)) ||
           (choice && session.choiceOf(id) != *choice) ||
           (query.metric && !fitsThreshold(session, id, query));
  });
  return ids;
}

std::vector<LinearId> combined(const std::vector<LinearId>& selected, const std::vector<LinearId>& found,
                               SelectionMode mode) {
  std::vector<LinearId> ids;
  switch (mode) {
    case SelectionMode::Replace:
      return found;
    case SelectionMode::Add:
      std::set_union(selected.begin(), selected.end(), found.begin(), found.end(), std::back_inserter(ids));
      break;
    case SelectionMode::Remove:
      std::set_difference(selected.begin(), selected.end(), found.begin(), found.end(),
                          std::back_inserter(ids));
      break;
    case SelectionMode::Intersect:
      std::set_intersection(selected.begin(), selected.end(), found.begin(), found.end(),
                            std::back_inserter(ids));
      break;
  }
  return ids;
}

std::vector<LinearId> inverted(const Model& model, const std::vector<LinearId>& selected) {
  return combined(selectLinears(model, LinearFilter{}), selected, SelectionMode::Remove);
}

void applySelection(Session& session, std::vector<LinearId> ids) {
  std::optional<LinearId> current = session.selection()->current();
  const bool isInside = current && std::find(ids.begin(), ids.end(), *current) != ids.end();
  if (!isInside && !ids.empty()) current = ids.front();
  session.selection()->set(std::move(ids), current);
}

}  // namespace ql
