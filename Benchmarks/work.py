# SPDX-License-Identifier: Apache-2.0
"""Whether tools did the same work to a disk: only then are their errors and their CPU time compared.

Bytes a second do not tell: 50 MB/s may reach the device as 763 operations of 64 KiB, or as a hundred that the block
layer merged, which cost both the tool and the device less. So what the device completed counts, for every tool alike
(`/sys/block/…/stat`, `Documentation/block/stat.rst`): operations a second where a rate was asked for, the mean size
of an operation where it was as much as the device gives.

A row is plain data, as everywhere in results.
"""

from __future__ import annotations

import statistics

LIKE = 0.03  # Device operations within so much of each other are the same work, of what was asked for as asked.

WORK = {"rate": ("operations", "device operations a second"), "max": ("operation_bytes", "bytes an operation")}
"""What tells the work of a kind of row: the figure of a run, and in words. Other kinds have none."""

Row = dict


def figures(row: Row, tool: str) -> list[float]:
    """What each run of a tool did to the device; empty where that was not recorded."""
    key = WORK[row["kind"]][0]
    return [run[key] for run in row["tools"].get(tool, {}).get("runs", []) if run.get(key) is not None]


def work(row: Row, tool: str) -> float | None:
    """The median of that."""
    seen = figures(row, tool)
    return statistics.median(seen) if seen else None


def is_recorded(row: Row) -> bool:
    """Whether any tool's work is known: results of before November 2026 have none."""
    return row["kind"] not in WORK or any(work(row, tool) is not None for tool in row["tools"])


def is_alike(row: Row, one: str, other: str) -> bool:
    """Whether two tools did the same work; of rows that load no disk, always; where it is not known, not."""
    if one == other or row["kind"] not in WORK:
        return True
    a, b = work(row, one), work(row, other)
    return a is not None and b is not None and abs(a - b) <= LIKE * max(a, b)


def off(done: float | None, asked: float | None) -> float | None:
    """How far what was done is off what was asked, in percent of that, with its sign."""
    return None if done is None or not asked else 100 * (done / asked - 1)


def is_as_asked(done: float | None, asked: float | None) -> bool:
    """Whether that is within what is allowed; what is not known is not."""
    return done is not None and bool(asked) and abs(done - asked) <= LIKE * asked


def amount(value: float) -> str:
    """A count, or a size, as the tables have it."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def said(row: Row, tool: str) -> str:
    """What a tool did, in words."""
    done = work(row, tool)
    if done is None:
        return f"{tool}: device operations were not recorded"
    return f"{tool} made {amount(done)} {WORK[row['kind']][1]}"


def why_unlike(row: Row, tool: str, other: str) -> str:
    """Why two tools are not compared: how many each made."""
    return f"unlike work: {said(row, tool)}, {said(row, other)}"
