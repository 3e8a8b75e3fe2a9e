#pragma once
// The font atlas of Dear ImGui made from the very fonts that Qt uses, one ImFont a role, at device
// resolution. A glyph that no font has is replaced by the nearest plain one.
#include "widgets/canvas/role_fonts.h"

#include <QByteArray>
#include <QString>

#include <array>
#include <memory>
#include <vector>

struct ImFont;
struct ImFontAtlas;

namespace ql {

class ImGuiFonts {
 public:
  /// Fills the atlas (cleared before). GUI thread; about 30 ms, when a canvas is first shown or changes its
  /// screen.
  void build(ImFontAtlas& atlas, double devicePixelRatio);
  bool isFor(double devicePixelRatio) const;
  ImFont* font(FontRole role) const { return m_fonts[static_cast<std::size_t>(role)]; }
  const RoleFonts& roles() const { return *m_roles; }
  /// UTF-8 with every character that the font lacks replaced (narrow space -> space, real minus -> hyphen,
  /// ...).
  QByteArray drawable(const QString& text, FontRole role) const;

 private:
  double m_dpr = 0;
  std::shared_ptr<const RoleFonts> m_roles;
  std::array<ImFont*, kFontRoles> m_fonts{};
  std::vector<QByteArray> m_files;  // must outlive the atlas' build
};

}  // namespace ql
