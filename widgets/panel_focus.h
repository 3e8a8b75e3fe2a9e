#pragma once
// F6: the keyboard goes from panel to panel, into what each is for.
class QWidget;

namespace ql {

class WorkArea;

/// Moves the focus to the next (1) or previous (-1) visible panel: the docks, and the page in the centre when
/// it is not the overview. Inside, to its first table or canvas, from which Tab and Shift+Tab go on.
void focusPanel(WorkArea& work, int step);

/// Tab leaves the tables inside `root` instead of walking through their cells for ever; arrows do that.
void letTabLeaveTables(QWidget& root);

}  // namespace ql
