#pragma once
// From names in a foreign file to sites of the model: widths checked, duplicates compared, what does not fit
// remembered for the warnings. Internal to calib/.
#include "core/calib/activation_import.h"
#include "core/model/model.h"
#include "core/stats/activation_stats.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

class ImportedSites {
 public:
  /// where: the file in quotes, for messages. model and sink must outlive this.
  ImportedSites(const Model& model, std::string where, std::string sha256, ActivationOrigin origin,
                const ActivationSink& sink);

  const Model& model() const { return m_model; }
  const std::string& where() const { return m_where; }

  /// The site of any consumer's name: exact, without ".weight", without wrappers' prefixes, and with or
  /// without the outermost module ("model."). Nothing for names that feed no site.
  std::optional<std::size_t> find(std::string_view name) const;
  /// As find(); a name without a site is counted for the warnings as `entry`.
  std::optional<std::size_t> siteOf(std::string_view name, const std::string& entry);

  /// What the warnings tell, each once with the first few names.
  void noteUnknown(const std::string& entry) { m_unknown.push_back(entry); }
  void noteEmpty(const std::string& entry) { m_empty.push_back(entry); }    // no tokens
  void noteBroken(const std::string& entry) { m_broken.push_back(entry); }  // negative or not finite
  void warn(std::string sentence) { m_warnings.push_back(std::move(sentence)); }

  /// Throws Error(Shape): the sentence about activations of the wrong width.
  void requireWidth(std::size_t site, const std::string& entry, std::int64_t found) const;
  [[noreturn]] void throwDifferent(std::size_t site, const std::string& first,
                                   const std::string& second) const;

  /// Statistics by channel only; kept until finish() so that a second entry for the same site can be
  /// compared. Throws Error(Format) when it differs by more than float32 sums may (1e-5).
  void take(std::size_t site, const std::string& entry, ActivationStats stats);
  /// Complete statistics of a site whose duplicates the caller has compared. Goes to the sink at once.
  void give(std::size_t site, ActivationStats stats);
  /// Method and tokens of the evidence; the rest is filled in here.
  Evidence evidence(const std::string& method, std::uint64_t tokens) const;

  /// Hands over what was kept and returns the warnings. Throws Error(Format) when nothing of the file fits.
  std::vector<std::string> finish();

 private:
  struct Kept {
    std::string entry;
    ActivationStats stats;
  };
  void warnAbout(const std::vector<std::string>& entries, const std::string& one, const std::string& many);

  const Model& m_model;
  std::string m_where, m_sha256;
  ActivationOrigin m_origin;
  const ActivationSink& m_sink;
  std::map<std::size_t, Kept> m_kept;
  std::vector<std::string> m_unknown, m_empty, m_broken, m_warnings;
  std::size_t m_given = 0;
};

}  // namespace ql
