# SPDX-License-Identifier: Apache-2.0
"""An amount that any tool holds (memory, handles, disk space), sampled at 10 Hz, against a level, a curve or a clock.

The amount is what the kernel has: the resident sets of the processes that hold a part of it, the size of
`/proc/PID/fd` of the processes that carry load, what `statvfs` shows beyond what it showed before.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from disk_judge import load_pids, open_handles, running, used
from judge import OWN_MEMORY_S, SAMPLE_S, STEADY_FROM_S, Command, sleep_until, window_errors
from ledger import JudgeError, Ledger, rss_bytes

Amount = Callable[[Command, Ledger], int]
"""Reads how much a command holds now."""

Curve = Callable[[float], float]
"""The amount that is wanted at a time: seconds after the curve began."""

REACHED = 0.995  # Of the target: there, but for rounding.
END_S = 0.3  # Before the end of the stated time a level counts no more: tools start at different speeds.
SETTLED_PERCENT = 0.5


def resident(target: int) -> Amount:
    """The resident sets of the processes that hold a sixteenth of the target or more; so no tool's own size counts."""
    def look(_: Command, book: Ledger) -> int:
        return sum(size for size in map(rss_bytes, book.pids()) if size >= target // 16)
    return look


def handles(command: Command, book: Ledger) -> int:
    """The open descriptors of the processes that carry load."""
    return sum(map(open_handles, load_pids(command, book)))


def space(mount: Path) -> Amount:
    """What `statvfs` shows as used, beyond what it shows now."""
    before = used(os.statvfs(mount))
    return lambda *_: used(os.statvfs(mount)) - before


@dataclass
class LevelTrace:
    """All that was seen of one run; times in seconds after exec, CPU time of the whole tree in ns."""

    looks: list[tuple[float, int]] = field(default_factory=list)  # The samples, and the polls between them.
    samples: list[tuple[float, int]] = field(default_factory=list)
    tree_ns: list[tuple[float, int]] = field(default_factory=list)
    own_bytes: int | None = None
    complaint: str = ""


def trace_level(arguments: Sequence[str], amount: Amount, seconds: float, until: float, poll_s: float,
                stop_there: bool = False) -> LevelTrace:
    """Runs a load and looks at it ten times a second, and each `poll_s` until it is at `until`; ends it itself.

    `stop_there`: only to see how long it takes to be there.
    """
    trace = LevelTrace()
    with running(arguments) as (command, book):
        index, there = 0, False
        while not command.ended and not (there and stop_there):
            due = command.spawned_at + index * SAMPLE_S
            if due > command.spawned_at + seconds:
                break
            now = time.monotonic()
            if now < due and not there:
                sleep_until(min(due, now + poll_s))
            else:
                sleep_until(due)
            is_sample = time.monotonic() >= due
            held = amount(command, book)
            at = time.monotonic() - command.spawned_at
            there = there or held >= until
            trace.looks.append((at, held))
            if is_sample:
                trace.samples.append((at, held))
                trace.tree_ns.append((at, book.cpu_ns()))
                index = int(at / SAMPLE_S) + 1
                if trace.own_bytes is None and at >= OWN_MEMORY_S:
                    trace.own_bytes = command.own_bytes()
        trace.complaint = command.complaint()
    return trace


def first_at(trace: LevelTrace, amount: float) -> float | None:
    """When the amount was first there, in seconds after exec."""
    return next((at for at, held in trace.looks if held >= amount), None)


@dataclass
class HoldFigures:
    """How an amount was held; errors in percent of the target (of a curve: of its top), times after exec."""

    reached: float | None  # 99.5 % of the target (of a curve: of its begin).
    settle: float | None  # From when on every 1 s window is within 0.5 %; None: never.
    mean: float
    mae: float
    worst: float
    overshoot: float  # The most that a look saw above the target.
    tree_cpu: float  # Of the whole tree, in percent of a core, over the stretch that counts.
    own_bytes: int | None
    windows: int
    series: list[tuple[float, float]]  # Seconds after exec, amount over target.


def hold_figures(trace: LevelTrace, target: int, curve: Curve | None = None, curve_from: float = 0) -> HoldFigures:
    """The figures of a trace against a level, or against a curve that begins at the amount `curve_from`; pure.

    What counts of a level begins 2 s after half of it was there first, in the middle of the time if that is before;
    of a curve half a second after its begin.
    """
    middle = trace.samples[-1][0] / 2 if trace.samples else 0.0
    origin = first_at(trace, REACHED * curve_from if curve else target / 2)
    if origin is None and (curve or not any(held for _, held in trace.looks)):
        raise JudgeError(f"no load was seen: {trace.complaint}")
    origin = middle if origin is None else origin
    wanted = (lambda at: curve(at) / target) if curve else 1.0
    steady_from = origin + 0.5 if curve else min(origin + STEADY_FROM_S, middle)
    # The integral of the amount, in units of a core's time, so that windows are the same as of a rate.
    total, sums = 0.0, []
    for (t0, v0), (t1, v1) in zip(trace.samples, trace.samples[1:]):
        sums.append((t0, round(total / target * 1e9)))
        total += (v0 + v1) / 2 * (t1 - t0)
    steady = [point for point in sums if point[0] >= steady_from]
    errors = [e for _, e in window_errors(steady, origin, wanted)]
    if len(errors) < 3:
        raise JudgeError(f"too short to judge ({len(steady)} samples): {trace.complaint}")
    settled = None
    for begin, off in reversed(window_errors([p for p in sums if p[0] >= origin], origin, wanted)):
        if abs(off) > SETTLED_PERCENT:
            break
        settled = origin + begin
    level = curve or (lambda _: float(target))

    def error(look: tuple[float, int]) -> float:
        return 100 * (look[1] - level(look[0] - origin)) / target

    spent = [(at, ns) for at, ns in trace.tree_ns if at >= steady_from]
    return HoldFigures(
        reached=first_at(trace, REACHED * (curve_from if curve else target)), settle=settled,
        mean=statistics.fmean(error(look) for look in trace.samples if look[0] >= steady_from),
        mae=statistics.fmean(map(abs, errors)), worst=max(map(abs, errors)),
        overshoot=max(0.0, *(error(look) for look in trace.looks if look[0] >= origin)),
        tree_cpu=100 * (spent[-1][1] - spent[0][1]) / 1e9 / (spent[-1][0] - spent[0][0]), own_bytes=trace.own_bytes,
        windows=len(errors), series=[(at, held / target) for at, held in trace.samples])


@dataclass
class FillFigures:
    """How fast an amount came, start-up included."""

    reached: float | None  # Seconds from exec until 99.5 % of it was there; None: it never was.
    rate: float  # Amount a second until then; where it never was, the most that was seen over the time given.


def fill_figures(trace: LevelTrace, target: int) -> FillFigures:
    """The figures of a trace; pure."""
    reached = first_at(trace, REACHED * target)
    if reached is not None:
        return FillFigures(reached, target / reached)
    most = max((held for _, held in trace.looks), default=0)
    if most <= 0:
        raise JudgeError(f"no load was seen: {trace.complaint}")
    return FillFigures(None, most / trace.looks[-1][0])
