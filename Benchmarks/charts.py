# SPDX-License-Identifier: Apache-2.0
"""Two charts of a report as SVG, written by hand: light and dark by the reader's own setting."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from xml.sax.saxutils import escape

from matrix import TOOLS
from results import Report, Row, measured, middle, values

WIDTH, MARGIN_LEFT, MARGIN_RIGHT = 760, 62, 24
COLOURS = {"exert": ("#1f6feb", "#58a6ff"), "stress-ng": ("#c2410c", "#fb923c"),
           "stress-ng tuned": ("#15803d", "#4ade80"), "stress": ("#6b7280", "#9ca3af"), "fio": ("#7e22ce", "#c084fc"),
           "fio tuned": ("#7e22ce", "#c084fc")}
FLOOR = 0.001  # Points: what is less is drawn here; nearer than that the judge cannot tell.


def name_of(tool: str) -> str:
    """A CSS class."""
    return tool.replace(" ", "-")


def style() -> str:
    """The style sheet: ink, grid and a colour for each tool, in light and in dark."""
    def rules(which: int) -> str:
        ink, faint, grid = (("#1f2328", "#59636e", "#d8dee4"), ("#e6edf3", "#9198a1", "#30363d"))[which]
        parts = [f"text{{fill:{ink}}}.faint{{fill:{faint}}}.grid{{stroke:{grid}}}.target{{stroke:{faint}}}"]
        parts += [f".{name_of(tool)}{{stroke:{pair[which]};fill:{pair[which]}}}" for tool, pair in COLOURS.items()]
        return "".join(parts)
    return ("<style>text{font:13px system-ui,sans-serif}.title{font-weight:600;font-size:15px}.small{font-size:12px}"
            ".line{fill:none;stroke-width:2;stroke-linejoin:round}.grid{stroke-width:1}"
            ".target{stroke-width:1;stroke-dasharray:5 4}text.name{stroke:none}" + rules(0) +
            "@media (prefers-color-scheme:dark){" + rules(1) + "}</style>")


def document(height: int, title: str, body: Sequence[str]) -> str:
    """A whole SVG."""
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="{escape(title)}">', "<!-- SPDX-License-Identifier: Apache-2.0 -->",
        f"<title>{escape(title)}</title>", style(), *body, "</svg>"]) + "\n"


def text(x: float, y: float, words: str, classes: str = "", anchor: str = "start") -> str:
    """A line of text."""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{classes}" text-anchor="{anchor}">{escape(words)}</text>'


def rule(x1: float, y1: float, x2: float, y2: float, classes: str = "grid") -> str:
    """A straight line."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{classes}"/>'


def path(points: Sequence[tuple[float, float]], tool: str) -> str:
    """A line through points."""
    return f'<polyline class="line {name_of(tool)}" style="fill:none" points="' + " ".join(
        f"{x:.1f},{y:.1f}" for x, y in points) + '"/>'


def mark(x: float, y: float, tool: str) -> str:
    """A tool's mark: they differ in shape, too, for readers who do not tell the colours apart."""
    size, kind = 4.5, list(COLOURS).index(tool)
    shapes = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}"',
              polygon(x, y, size, [(-1, -1), (1, -1), (1, 1), (-1, 1)]),
              polygon(x, y, size + 1, [(0, -1), (1, 1), (-1, 1)]), polygon(x, y, size + 1, [(0, 1), (1, -1), (-1, -1)]),
              polygon(x, y, size + 1, [(0, -1), (1, 0), (0, 1), (-1, 0)])]
    return f'{shapes[min(kind, len(shapes) - 1)]} class="{name_of(tool)}"/>'


def polygon(x: float, y: float, size: float, corners: Sequence[tuple[int, int]]) -> str:
    """The begin of a polygon around a point."""
    return '<polygon points="' + " ".join(f"{x + dx * size:.1f},{y + dy * size:.1f}" for dx, dy in corners) + '"'


def legend(tools: Sequence[str], y: float) -> Iterator[str]:
    """The tools in a row."""
    x = float(MARGIN_LEFT)
    for tool in tools:
        yield mark(x + 5, y - 4, tool)
        yield text(x + 15, y, tool)
        x += 15 + 7.6 * len(tool) + 24


# Error by load ------------------------------------------------------------------------------------------------------

def error_by_load(report: Report) -> str | None:
    """|error| by CPU load on one worker, alone; a log scale, since tools differ by orders. None: there are no rows."""
    rows = [row for row in report["rows"] if row["group"] == "cpu" and "-all-" not in row["id"] and measured(row)]
    if len(rows) < 2:
        return None
    tools = [tool for tool in TOOLS if any(tool in measured(row) for row in rows)]
    top, bottom, left, right = 92, 360, MARGIN_LEFT, WIDTH - MARGIN_RIGHT
    most = max(max(values(row, tool, "mae")) for row in rows for tool in measured(row))
    decades = max(2, math.ceil(math.log10(most / FLOOR)))

    def x(row: Row) -> float:  # Evenly spaced: the ends of the scale are where tools differ.
        return left + (right - left) * (rows.index(row) + 0.5) / len(rows)

    def y(error: float) -> float:
        return bottom - (bottom - top) * math.log10(max(error, FLOOR) / FLOOR) / decades

    title = "How far a CPU load is from what was asked"
    body = [text(left, 24, title, "title"),
            text(left, 44, "mean |error| of sliding 1 s windows, points of a core; alone, whole process tree; "
                 "log scale: lower is better", "faint small"), *legend(tools, 70)]
    for decade in range(decades + 1):
        level = FLOOR * 10 ** decade
        body += [rule(left, y(level), right, y(level)), text(left - 8, y(level) + 4, f"{level:g}", "faint", "end")]
    for row in rows:
        body.append(text(x(row), bottom + 20, f"{row['percent']}", "faint small", "middle"))
    body.append(text((left + right) / 2, bottom + 42, "CPU load asked for, % of a core", "faint", "middle"))
    for tool in reversed(tools):  # exert on top.
        mine = [row for row in rows if tool in measured(row)]
        body.append(path([(x(row), y(middle(row, tool) or 0)) for row in mine], tool))
        for row in mine:
            each = values(row, tool, "mae")
            if len(each) > 1:
                body.append(rule(x(row), y(min(each)), x(row), y(max(each)), name_of(tool)))
            body.append(mark(x(row), y(middle(row, tool) or 0), tool))
    return document(bottom + 56, title, body)


# Over time ----------------------------------------------------------------------------------------------------------

def over_time(report: Report, name: str = "cpu-50") -> str | None:
    """A load of 50 % as it went, each 100 ms; a panel for each tool. None: it was not run."""
    row = next((row for row in report["rows"] if row["id"] == name), None)
    series = {tool: found for tool in ("exert", "stress-ng", "stress-ng tuned", "fio")
              if row and (found := series_of(row, tool))}
    if row is None or not series:
        return None
    left, right, top, tall, gap = MARGIN_LEFT, WIDTH - MARGIN_RIGHT, 84, 92, 48
    last = max(points[-1][0] for points in series.values())
    ceiling = max(1.0, math.ceil(10 * max(value for points in series.values() for _, value in points)) / 10)

    def x(at: float) -> float:
        return left + (right - left) * at / last

    title = f"{row['title']}, as it went"
    body = [text(left, 24, title, "title"),
            text(left, 44, "CPU use of the whole process tree over each 100 ms, % of a core; dashed: what was asked",
                 "faint small")]
    for index, (tool, points) in enumerate(series.items()):
        base = top + tall + index * (tall + gap)

        def y(value: float, base: float = base) -> float:
            return base - tall * value / ceiling
        body += panel(row, tool, x, y, ceiling, last)
        body.append(path([(x(at), y(value)) for at, value in points], tool))
    height = top + len(series) * (tall + gap)
    body.append(text((left + right) / 2, height - 8, "seconds after exec", "faint", "middle"))
    return document(height + 6, title, body)


def series_of(row: Row, tool: str) -> list[tuple[float, float]]:
    """The first run's curve."""
    runs = row["tools"].get(tool, {}).get("runs", [])
    return [(at, value) for at, value in (runs[0].get("series", []) if runs else [])]


def panel(row: Row, tool: str, x: Callable[[float], float], y: Callable[[float], float], ceiling: float,
          last: float) -> Iterator[str]:
    """Grid, names and target line of one tool."""
    for level in (0.0, 0.5, 1.0):
        if level <= ceiling:
            yield rule(x(0), y(level), x(last), y(level))
            yield text(x(0) - 8, y(level) + 4, f"{100 * level:.0f}", "faint small", "end")
    yield text(x(0), y(ceiling) - 7, tool, f"name {name_of(tool)}")
    error = middle(row, tool)
    if error is not None:
        yield text(x(last), y(ceiling) - 7, f"mean |error| of 1 s windows {error:.3f} points", "faint small", "end")
    yield rule(x(0), y(row["target"]), x(last), y(row["target"]), "target")
    for second in range(int(last) + 1):
        yield text(x(second), y(0) + 15, f"{second}", "faint small", "middle")


CHARTS: dict[str, Callable[[Report], str | None]] = {"cpu-error.svg": error_by_load, "cpu-50.svg": over_time}
