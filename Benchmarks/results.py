# SPDX-License-Identifier: Apache-2.0
"""What came of a matrix: medians, spread and order of each row, the bars, two results compared, JSON.

A report is plain data, as it stands in the JSON file, so that tables, charts and comparisons need nothing else.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

from matrix import Case, base
from program import Bar, ratio
from work import LIKE, is_alike, is_recorded, off, said, work

SCHEMA = "exert-accuracy/1"
SAME = 0.05  # Medians within so much of the larger, or within what the judge can tell, are no order.
DISTURBED = 3.0  # Percent of a core of other load and steal, from which on a figure is not the tool's alone.
KERNEL_TOO = 30.0  # The same of disk rows, where the kernel's own threads do part of the load.

Report = dict
Row = dict
Entry = dict


def row_of_case(case: Case) -> Row:
    """An empty row; reasons stand where a tool is not asked."""
    return {"id": case.id, "group": case.group, "title": case.title, "kind": case.kind, "unit": case.unit,
            "target": case.target, "percent": case.percent, "resolution": case.resolution,
            "asked_work": case.asked_work, "key": "rate" if case.is_saturation else "mae",
            "tools": {tool: {"reason": entry} for tool, entry in case.tools.items() if isinstance(entry, str)}}


# Figures ------------------------------------------------------------------------------------------------------------

def values(row: Row, tool: str, name: str) -> list[float]:
    """One figure of each run that has it."""
    runs = row["tools"].get(tool, {}).get("runs", [])
    return [run[name] for run in runs if run.get(name) is not None]


def middle(row: Row, tool: str, name: str | None = None) -> float | None:
    """The median of a figure, or of the row's key figure; None: there is none."""
    seen = values(row, tool, name or row["key"])
    return statistics.median(seen) if seen else None


def measured(row: Row) -> list[str]:
    """The tools that have the key figure, in the order in which they were asked."""
    return [tool for tool in row["tools"] if middle(row, tool) is not None]


def is_saturation(row: Row) -> bool:
    """Whether more is better."""
    return row["key"] == "rate"


def resolution(report: Report, row: Row) -> float:
    """What the judge cannot tell apart in this row."""
    return report.get("judge", {}).get("mae", 0.0) if row["kind"] == "cpu" else row["resolution"]


def ahead(report: Report, row: Row, one: str, other: str) -> int:
    """1: the one is ahead of the other; -1: behind; 0: the medians are too near, or the runs too mixed, to tell."""
    a, b = middle(row, one), middle(row, other)
    assert a is not None and b is not None
    if abs(a - b) <= max(resolution(report, row), SAME * max(abs(a), abs(b))):
        return 0
    if is_within(a, values(row, other, row["key"])) and is_within(b, values(row, one, row["key"])):
        return 0
    return 1 if (a > b) == is_saturation(row) else -1


def is_within(value: float, runs: Sequence[float]) -> bool:
    """Whether a value lies in the spread of some runs."""
    return min(runs) <= value <= max(runs)


def comparable(row: Row) -> list[str]:
    """The tools that did the same work as exert, itself included; where it has no figure, as the first that has."""
    tools = measured(row)
    first = "exert" if "exert" in tools else next(iter(tools), "exert")
    return [tool for tool in tools if is_alike(row, first, tool)]


def unlike(row: Row) -> list[str]:
    """The tools that did other work than exert, and are not compared with it."""
    return [tool for tool in measured(row) if tool not in comparable(row)]


def peers(row: Row) -> list[str]:
    """The tools to which exert is compared."""
    return [tool for tool in comparable(row) if tool != "exert"]


def of_base(row: Row, tool: str) -> list[str]:
    """The columns that are asked as a tool is: itself, and other builds of it."""
    return [tool, *(other for other in row["tools"] if other != tool and base(other) == tool)]


def ranked(row: Row) -> list[str]:
    """The tools that did the same work, from the best on."""
    return sorted(comparable(row), key=lambda tool: middle(row, tool) or 0, reverse=is_saturation(row))


def order(report: Report, row: Row) -> str:
    """`exert < stress-ng tuned ≈ stress-ng`: from the best on; who did other work is named, without a place."""
    tools = ranked(row)
    parts = tools[:1]
    for before, tool in zip(tools, tools[1:]):
        parts += ["≈" if ahead(report, row, before, tool) == 0 else ">" if is_saturation(row) else "<", tool]
    others = unlike(row)
    return " ".join(parts) + (f"; not compared: {', '.join(others)}" if others else "")


# What falls short ---------------------------------------------------------------------------------------------------

def shortfalls(report: Report) -> Iterator[tuple[Row, str, str]]:
    """(row, the peers that exert is not ahead of, why), where there are any."""
    for row in report["rows"]:
        if "exert" not in measured(row):
            if measured(row):
                yield row, ", ".join(measured(row)), "exert could not be measured: " + complaint(row, "exert")
            continue
        near = [tool for tool in peers(row) if ahead(report, row, "exert", tool) == 0]
        better = [tool for tool in peers(row) if ahead(report, row, "exert", tool) < 0]
        if better:
            yield row, ", ".join(better), why(report, row, better)
        elif near and row["group"] not in ("rate", "max"):
            yield row, ", ".join(f"{tool} (level)" for tool in near), why(report, row, near)


def complaint(row: Row, tool: str) -> str:
    """What went wrong with a tool, shortly."""
    return "; ".join(row["tools"].get(tool, {}).get("problems", [])[:1]) or "no figure"


def why(report: Report, row: Row, better: Sequence[str]) -> str:
    """The reason that the figures themselves give."""
    others = ("steal",) if row["group"] == "neighbour" else ("background", "steal")
    quiet = KERNEL_TOO if row["kind"] in ("rate", "max") else DISTURBED
    if (other := max(middle(row, "exert", name) or 0 for name in others)) > quiet:
        return f"the machine was not quiet: others took {other:.0f} % of a core"
    if not values(row, "exert", "background") and (other := report.get("judge", {}).get("background") or 0) > DISTURBED:
        return f"the machine was not quiet: others took {other:.0f} % of a core before the first run"
    alone, own = middle(row, "exert", "load_mae"), middle(row, "exert", "own_cpu")
    best = min((middle(row, tool) or 0 for tool in better), default=0)
    if alone is not None and own is not None and alone <= best:
        return (f"exert's observer, which measures and logs, takes {own:.2f} points of CPU and is charged; "
                f"the load alone is off by {alone:.2f}")
    return REASONS.get(row["id"], "not explained")


REASONS = {  # What the figures themselves do not tell.
    "space-fill": "both allocate without writing; what is left is start-up, and exert starts an observer, a stressor "
                  "and its witnesses before it takes anything",
}


# Bars ---------------------------------------------------------------------------------------------------------------

def bars(report: Report) -> Iterator[Bar]:
    """What exert is held to beside its peers."""
    for row in report["rows"]:
        yield from row_bars(report, row)


def row_bars(report: Report, row: Row) -> Iterator[Bar]:
    """The bars of one row."""
    name, ours = row["id"], middle(row, "exert")
    others = peers(row)
    known = [tool for tool in others if ours is not None]
    if not is_recorded(row):
        yield Bar(f"{name}: comparison", None, "", "<=", 0, "device operations were not recorded")
        return
    if row["group"] in ("rate", "max"):
        yield from work_bars(row)
    if row["group"] == "rate":
        better = [tool for tool in known if ahead(report, row, "exert", tool) < 0]
        yield Bar(f"{name}: peers ahead of exert", len(better) if known else None, "", "<=", 0, ", ".join(better))
        for tool in of_base(row, "fio"):
            share = ratio(middle(row, "exert", "tree_cpu"), middle(row, tool, "tree_cpu"))
            same = is_alike(row, "exert", tool)
            yield Bar(f"{name}: CPU, exert / {tool}", share if same else None, "×", "<=",
                      0.4 if name.startswith("rate-50mb") else 0.5, "" if same else "unlike work is not compared")
    elif not is_saturation(row) and (others or ours is None):
        level = [tool for tool in known if ahead(report, row, "exert", tool) <= 0]
        yield Bar(f"{name}: peers that exert is not ahead of", len(level) if known else None, "", "<=", 0,
                  ", ".join(level))
    if row["kind"] == "cpu" and row["percent"] <= 50:
        for asked, factor in (("stress-ng", 5), ("stress-ng tuned", 2)):
            for tool in of_base(row, asked):
                yield Bar(f"{name}: times better than {tool}", ratio(middle(row, tool), ours), "×", ">=", factor)
    if row["id"] == "memory-fill":
        best = max((middle(row, tool) or 0 for tool in others if tool.startswith("stress-ng")), default=0)
        yield Bar(f"{name}: exert / stress-ng's best", ratio(ours, best), "×", ">=", 2)
    if row["group"] == "max":
        best = max((middle(row, tool) or 0 for tool in others if tool.startswith("fio")), default=0)
        yield Bar(f"{name}: exert / fio's best", ratio(ours, best), "×", ">=", 0.95,
                  "" if best else "no fio did the same work")


def work_bars(row: Row) -> Iterator[Bar]:
    """What the device did for exert against what was asked, and whether the peers did the same."""
    error = off(work(row, "exert"), row.get("asked_work"))
    yield Bar(f"{row['id']}: exert's device operations off what was asked", None if error is None else abs(error), "%",
              "<=", 100 * LIKE, said(row, "exert"))
    others = unlike(row)
    yield Bar(f"{row['id']}: peers that did other work than exert, not compared", len(others), "", "<=", 0,
              "; ".join(said(row, tool) for tool in others))


# Two results --------------------------------------------------------------------------------------------------------

def is_clear(row: Row, one: str, other: str) -> bool:
    """Whether neither tool's median lies among the other's runs: else another day's luck may turn their order."""
    a, b, key = middle(row, one), middle(row, other), row["key"]
    assert a is not None and b is not None
    return not is_within(a, values(row, other, key)) and not is_within(b, values(row, one, key))


def contradictions(first: Report, row: Row, second: Report, again: Row) -> list[str]:
    """The pairs of tools that the two results put in opposite orders, each clearly."""
    found = []
    for one, other in combinations([tool for tool in comparable(row) if tool in comparable(again)], 2):
        before, after = ahead(first, row, one, other), ahead(second, again, one, other)
        if before * after < 0 and is_clear(row, one, other) and is_clear(again, one, other):
            found.append(f"{one if before > 0 else other} was ahead of {other if before > 0 else one}, then behind")
    return found


def compare(first: Report, second: Report) -> tuple[list[str], bool]:
    """A line for each row that both have, and whether the order of every one agrees."""
    again = {row["id"]: row for row in second["rows"]}
    lines, agree = [], True
    for row in first["rows"]:
        if row["id"] not in again:
            lines.append(f"{row['id']:<18} only in the first")
            continue
        wrong = contradictions(first, row, second, again.pop(row["id"]))
        agree = agree and not wrong
        lines.append(f"{row['id']:<18} " + ("; ".join(wrong) if wrong else f"agree: {order(first, row)}"))
    lines += [f"{name:<18} only in the second" for name in again]
    return lines, agree


# Files --------------------------------------------------------------------------------------------------------------

def load(path: Path) -> Report:
    """Reads a result."""
    report = json.loads(path.read_text())
    if report.get("schema") != SCHEMA:
        raise ValueError(f"{path} is not a result of this benchmark ({SCHEMA})")
    return report


def dump(report: Report) -> str:
    """JSON in which each run stands on one line, so that a difference can be read."""
    runs: list[str] = []

    def folded(value: object) -> object:
        if isinstance(value, dict):
            if "runs" in value:
                value = value | {"runs": [stand_in(run) for run in value["runs"]]}
            return {key: folded(inner) for key, inner in value.items()}
        return [folded(inner) for inner in value] if isinstance(value, list) else value

    def stand_in(run: object) -> str:
        runs.append(json.dumps(run, ensure_ascii=False, separators=(", ", ": ")))
        return f"@run {len(runs) - 1}@"

    text = json.dumps(folded(report), indent=1, ensure_ascii=False)
    for number, run in enumerate(runs):
        text = text.replace(f'"@run {number}@"', run, 1)
    return text + "\n"
