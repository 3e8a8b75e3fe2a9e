#pragma once
// The command line of the window.
#include "widgets/bridge/settings.h"
#include "widgets/canvas/renderer.h"

#include <QSize>
#include <QString>
#include <QStringList>

#include <optional>

namespace ql {

struct GuiOptions {
  QString model, plan;
  QString render;  // a view: "overview", "main", "gptq", ...; empty = a window
  QString layer;   // linear shown in views of one linear
  QString output;  // PNG, SVG or PDF
  QString title;   // above the picture of one view; empty = none
  QSize size{1600, 1000};
  std::optional<ThemeMode> theme;
  std::optional<QString> language;  // "en", "de"
  Renderer renderer = Renderer::Auto;
};

/// What was asked for, or a text to print with the exit code (help, version, bad usage = 2).
struct ParsedOptions {
  GuiOptions options;
  std::optional<int> exitCode;
  QString text;
};
ParsedOptions parseGuiOptions(const QStringList& arguments);

}  // namespace ql
