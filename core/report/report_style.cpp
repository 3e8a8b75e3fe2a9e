#include "core/report/report_html.h"

namespace ql::report {

// The colours are those of widgets/bridge/theme.cpp; paper is always light.
const char* const kReportStyle = R"(
:root{color-scheme:light dark;--ground:#fff;--panel:#f8f9fa;--line:#d6dae0;--grid:#e6e9ed;--text:#1a1f26;
--secondary:#56606d;--accent:#2359a8;--bad:#a8281c;--badground:#fbecea;--w:#0072b2;--x:#c05000;--s:#00805c}
@media (prefers-color-scheme:dark){:root{--ground:#181b1f;--panel:#1c1f24;--line:#363b43;--grid:#2a2e34;
--text:#e3e6ea;--secondary:#a3adb9;--accent:#7ab0ff;--bad:#ff9384;--badground:#3a2523;--w:#56b4e9;--x:#f0913a;
--s:#3ecf9f}}
@media print{:root{color-scheme:light;--ground:#fff;--panel:#fff;--line:#d6dae0;--grid:#e6e9ed;--text:#1a1f26;
--secondary:#56606d;--accent:#2359a8;--bad:#a8281c;--badground:#fff;--w:#0072b2;--x:#c05000;--s:#00805c}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}section,article,tr{break-inside:avoid}
section.long{break-inside:auto}main{max-width:none;padding:0}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:14px/1.45 "Noto Sans","Segoe UI",system-ui,sans-serif}
main{max-width:1040px;margin:0 auto;padding:24px 24px 64px}
h1{font-size:24px;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:17px;margin:36px 0 8px;padding-top:12px;border-top:1px solid var(--line)}
h3{font-size:14px;margin:0 0 4px;overflow-wrap:anywhere}
p{margin:4px 0 8px;max-width:76ch}
.lead{font-size:16px}
.dim,figcaption,.date{color:var(--secondary);font-size:12px}
.mono,code{font-family:"DejaVu Sans Mono",ui-monospace,monospace;font-size:12px;overflow-wrap:anywhere}
code{display:block;background:var(--panel);border:1px solid var(--line);padding:6px 8px;margin:4px 0;
white-space:pre-wrap}
code span{white-space:nowrap}
table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
th{text-align:left;font-weight:600;background:var(--panel)}
th,td{padding:3px 8px;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
th.n,td.n{text-align:right;white-space:nowrap}
td.bad{color:var(--bad);font-weight:600}
tfoot td{font-weight:600;border-top:2px solid var(--line)}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(340px,1fr));gap:8px 32px}
.pair th{width:38%;font-weight:400;color:var(--secondary);background:none}
figure{margin:8px 0}
svg{max-width:100%;height:auto;display:block;font-size:11px}
article{border:1px solid var(--line);padding:12px 14px;margin:12px 0}
.finding{border-left:3px solid var(--bad);padding:2px 0 2px 12px;margin:12px 0}
.finding p{margin:2px 0}
text{fill:var(--text)}
.halo{paint-order:stroke;stroke:var(--ground);stroke-width:3px}
rect{shape-rendering:crispEdges}
.s{fill:var(--secondary)}.t{fill:var(--text)}.strong{fill:var(--text);font-weight:600}.bad{fill:var(--bad)}
.dark{fill:#000}.light{fill:#fff}
line,polyline{fill:none;stroke-width:1}
.grid{stroke:var(--grid)}.axis{stroke:var(--secondary)}
.target{stroke:var(--bad);stroke-width:1.25;stroke-dasharray:5 3}
.empty{fill:var(--grid)}.flag{fill:#e0352b;stroke:#fff;stroke-width:.6}
.dot{fill:var(--accent);fill-opacity:.8}.dot.over{fill:var(--bad)}
.bar{fill:var(--accent)}.bar.over{fill:var(--bad)}
.w-line,.x-line,.s-line{fill:none;stroke-width:1.75}
.w-line{stroke:var(--w)}.x-line{stroke:var(--x)}.s-line{stroke:var(--s)}
.none-line{stroke:var(--secondary);stroke-dasharray:2 3}
)";

}  // namespace ql::report
