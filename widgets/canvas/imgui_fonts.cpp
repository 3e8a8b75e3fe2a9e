#include "widgets/canvas/imgui_fonts.h"

#include <QFontDatabase>
#include <QRawFont>
#include <QtEndian>

#include <imgui.h>
#include <algorithm>

namespace ql {
namespace {

// Latin, Greek, punctuation, sub- and superscripts, arrows, mathematics, geometric shapes.
const ImWchar kRanges[] = {0x0020, 0x017f, 0x0370, 0x03ff, 0x2009, 0x203a, 0x2070, 0x208e, 0x2190,
                           0x2199, 0x2200, 0x22ff, 0x25a0, 0x25ff, 0x2713, 0x2717, 0};

// The whole font file: FreeType hands it out for table tag 0 (FT_Load_Sfnt_Table), so no path is needed.
QByteArray fontFile(const QRawFont& font) {
  if (!font.isValid()) return {};
  const QByteArray file = font.fontTable("\0\0\0\0");
  const auto isSfnt = [&file] {
    const auto tag = qFromBigEndian<quint32>(file.constData());
    return tag == 0x00010000 || tag == 0x74727565 || tag == 0x4f54544f;  // TrueType, "true", "OTTO"
  };
  return file.size() > 1024 && isSfnt() ? file : QByteArray();
}

// ImGui's size is ascent - descent of the hhea table; Qt's pixel size is the em.
double imguiPixels(const QRawFont& font, double emPixels) {
  const QByteArray hhea = font.fontTable("hhea");
  if (hhea.size() < 8 || font.unitsPerEm() <= 0) return emPixels * 1.2;
  const auto ascent = qFromBigEndian<qint16>(hhea.constData() + 4);
  const auto descent = qFromBigEndian<qint16>(hhea.constData() + 6);
  return emPixels * (ascent - descent) / font.unitsPerEm();
}

ImFont* addFont(ImFontAtlas& atlas, std::vector<QByteArray>& files, const QFont& font, double pixels,
                bool isMerged) {
  QFont atEm = font;
  atEm.setPixelSize(64);  // only for the tables; the real size may be fractional
  const QRawFont raw = QRawFont::fromFont(atEm);
  QByteArray file = fontFile(raw);
  if (file.isEmpty()) return nullptr;
  files.push_back(file);
  ImFontConfig config;
  config.FontDataOwnedByAtlas = false;
  config.MergeMode = isMerged;
  config.OversampleH = 2, config.OversampleV = 1;
  config.PixelSnapH = false;
  return atlas.AddFontFromMemoryTTF(files.back().data(), static_cast<int>(files.back().size()),
                                    static_cast<float>(imguiPixels(raw, pixels)), &config, kRanges);
}

QChar plainSubstitute(QChar c) {
  switch (c.unicode()) {
    case 0x2009:
    case 0x200a:
    case 0x202f:
    case 0x00a0:
      return QLatin1Char(' ');
    case 0x2010:
    case 0x2011:
    case 0x2013:
    case 0x2014:
    case 0x2212:
      return QLatin1Char('-');
    case 0x00d7:
      return QLatin1Char('x');
    case 0x2192:
      return QLatin1Char('>');
    case 0x2026:
      return QLatin1Char('.');
    default:
      return QLatin1Char('?');
  }
}

}  // namespace

bool ImGuiFonts::isFor(double devicePixelRatio) const {
  return m_dpr == devicePixelRatio && m_roles == RoleFonts::current();
}

void ImGuiFonts::build(ImFontAtlas& atlas, double devicePixelRatio) {
  atlas.Clear();
  m_files.clear();
  m_files.reserve(2 * kFontRoles);  // the atlas keeps pointers into them
  m_dpr = devicePixelRatio;
  m_roles = RoleFonts::current();
  const bool hasFallback = QFontDatabase::hasFamily(QStringLiteral("DejaVu Sans"));
  for (std::size_t i = 0; i < kFontRoles; ++i) {
    const QFont& font = m_roles->font(static_cast<FontRole>(i));
    const double pixels = font.pixelSize() * devicePixelRatio;
    m_fonts[i] = addFont(atlas, m_files, font, pixels, false);
    if (!m_fonts[i]) {
      ImFontConfig config;
      config.SizePixels = static_cast<float>(pixels);
      m_fonts[i] = atlas.AddFontDefault(&config);
    } else if (hasFallback && font.family() != QLatin1String("DejaVu Sans")) {
      QFont fallback = font;
      fallback.setFamily(QStringLiteral("DejaVu Sans"));
      addFont(atlas, m_files, fallback, pixels, true);
    }
  }
  atlas.Build();
}

QByteArray ImGuiFonts::drawable(const QString& text, FontRole role) const {
  const ImFont* const used = font(role);
  QString result = text;
  for (QChar& c : result)
    if (!used->FindGlyphNoFallback(static_cast<ImWchar>(c.unicode()))) c = plainSubstitute(c);
  return result.toUtf8();
}

}  // namespace ql
