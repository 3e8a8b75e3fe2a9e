#pragma once
// Selections kept by name between runs, for the model they were made on and for models of the same
// architecture that have the same linears.
#include "core/model/model.h"

#include <QString>
#include <QStringList>

#include <vector>

namespace ql {

struct SavedSelection {
  QString name;
  QString architecture;  // "LlamaForCausalLM"
  QString fingerprint;   // of the model it was made on
  QStringList linears;   // names
};

namespace saved_selections {

/// Those that fit a model, by name: made on this fingerprint, or on the same architecture with linears that
/// all exist here (a selection of this very model goes before another of the same name).
std::vector<SavedSelection> of(const Model& model, const QString& fingerprint);
std::vector<LinearId> linears(const SavedSelection& selection, const Model& model);
/// Keeps one under a name, replacing that of the same name and fingerprint. Names are trimmed; an empty one
/// is not kept.
void save(const QString& name, const Model& model, const QString& fingerprint,
          const std::vector<LinearId>& ids);
/// False when there is no such selection or the new name is empty or taken by another one of that model.
bool rename(const SavedSelection& selection, const QString& name);
void remove(const SavedSelection& selection);

}  // namespace saved_selections
}  // namespace ql
