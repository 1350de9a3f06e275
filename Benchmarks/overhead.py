#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What exert itself costs: runs of its null stressor, which does nothing on schedule, seen from outside.

    sudo python3 Benchmarks/overhead.py --exert PATH [--quick] [--only observer,pacing,start] [--json FILE]

Everything is the kernel's account of the processes (CPU clocks, `statm`, `smaps_rollup`); exert is asked nothing. Exit
code: 0 every bar was met, 2 one was not (or could not be measured), 64 bad usage.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bars import Bar
from judge import (POLL_S, Command, JudgeError, load_start, sleep_until, start_latency, undisturbed, unwind_on_signals)
from ledger import (Ledger, Synchroniser, arguments_of, open_ledger, process_cpu_ns, read_text, rollup_bytes,
                    rss_bytes)

WAKES_PER_S = 101  # Of a rate lane; see Sources/Engine/Drive/Pacer.swift.
LOOKS_PER_S = 10  # Of the observer.
SETTLE_S = 2.0  # Figures count from here on: start-up is another figure.


@dataclass
class Settings:
    """What the command line asked for."""

    exert: str
    repeats: int
    seconds: float
    raw: dict[str, list[dict[str, object]]] = field(default_factory=dict)


@dataclass
class Cost:
    """What the processes of one run took in steady state."""

    observer_cores: float
    stressor_cores: float  # Of all stressor processes together.
    observer_rss: int
    observer_pss: int
    stressor_rss: int  # Of one stressor process, the largest.
    stressor_pss: int


def profile(folder: str, seconds: float, stressors: dict[str, str], loads: dict[str, str]) -> str:
    """Writes a profile of one phase and returns its path."""
    lines = ["stressors:"] + [f"  {name}: {{ {settings} }}" for name, settings in stressors.items()]
    lines += ["phases:", f"  - name: steady\n    for: {seconds:g}s\n    load:"]
    lines += [f"      {name}: {load}" for name, load in loads.items()]
    path = Path(folder) / "overhead.yaml"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def nulls(count: int, workers: int = 1) -> tuple[dict[str, str], dict[str, str]]:
    """So many null stressors, and a load for each."""
    names = [f"null-{index}" for index in range(count)]
    return {name: f'kind: "null", workers: {workers}' for name in names}, {name: "1000 iops" for name in names}


def measure_cost(settings: Settings, count: int, workers: int = 1) -> Cost:
    """Runs null stressors with a log, and takes CPU from 2 s on until just before the end."""
    seconds = settings.seconds + SETTLE_S + 0.5
    everywhere = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="exert-overhead-") as folder:
        path = profile(folder, seconds, *nulls(count, workers))
        words = [settings.exert, "run", "--quiet", "--log", f"{folder}/log.ndjson", path]
        with undisturbed(), Synchroniser() as sync, open_ledger() as book, Command(words, book, everywhere) as command:
            sleep_until(command.spawned_at + SETTLE_S + 0.2)
            first = look(command, sync)
            sleep_until(command.spawned_at + SETTLE_S + settings.seconds)
            last = look(command, sync)
            loads = [pid for pid in last[1] if pid != command.pid]
            if len(loads) != count or set(first[1]) != set(last[1]):
                raise JudgeError(f"{len(loads)} of {count} stressor processes were there: {command.complaint()}")
            span = last[0] - first[0]
            spent = {pid: (last[1][pid] - first[1][pid]) / 1e9 / span for pid in last[1]}
            rollups = [rollup_bytes(pid) for pid in loads]
            top = rollup_bytes(command.pid)
            return Cost(
                observer_cores=spent[command.pid], stressor_cores=sum(spent[pid] for pid in loads),
                observer_rss=rss_bytes(command.pid), observer_pss=top["Pss"],
                stressor_rss=max(r["Rss"] for r in rollups), stressor_pss=max(r["Pss"] for r in rollups))


def look(command: Command, sync: Synchroniser) -> tuple[float, dict[int, int]]:
    """CPU time of every process of the tree, and when that was."""
    sync.synchronise()
    clocks = {pid: process_cpu_ns(pid) for pid in command.ledger.pids()}
    return time.monotonic(), {pid: spent for pid, spent in clocks.items() if spent is not None}


def measure_start(settings: Settings, others: int) -> float:
    """Seconds from exec until the CPU stressor runs at 90 % of half a core, beside so many null stressors."""
    stressors, loads = nulls(others)
    stressors = {"load": "kind: cpu, workers: 1"} | stressors
    loads = {"load": "0.5 cores"} | loads
    with tempfile.TemporaryDirectory(prefix="exert-overhead-") as folder:
        words = [settings.exert, "run", "--quiet", profile(folder, 3, stressors, loads)]
        with undisturbed(), open_ledger() as book, Command(words, book, sorted(os.sched_getaffinity(0))) as command:
            polls: list[tuple[float, int]] = []
            worker = None
            while (now := time.monotonic()) < command.spawned_at + 2.5 and not command.ended:
                worker = worker or worker_of(book, "load")
                # What the process itself takes to start is not its load: only the worker's thread counts.
                spent = read_text(worker / "schedstat") if worker else None
                polls.append((now, int(spent.split()[0]) if spent else 0))
                sleep_until(now + POLL_S)
            began = load_start(polls, 0.5)
            latency = None if began is None else start_latency(polls, command.spawned_at, began, 0.5)
            if latency is None:
                raise JudgeError(f"no load was seen: {command.complaint()}")
            return latency


def worker_of(book: Ledger, stressor: str) -> Path | None:
    """The folder in `/proc` of a CPU stressor's first worker; None where it is not there yet."""
    for pid in book.pids():
        if arguments_of(pid)[1:3] == ["stressor", stressor]:
            for thread in Path(f"/proc/{pid}/task").glob("*"):
                if read_text(thread / "comm") == "cpu-0\n":
                    return thread
    return None


# Bars ---------------------------------------------------------------------------------------------------------------

def repeat(settings: Settings, name: str, measure: Callable[[], object], problems: list[str]) -> list[object]:
    """Measures as often as was asked for; a failure becomes a note."""
    found = []
    for _ in range(settings.repeats):
        print(f"  … {name}", file=sys.stderr, flush=True)
        try:
            found.append(measure())
        except JudgeError as error:
            problems.append(str(error))
            continue
        kept = found[-1]
        settings.raw.setdefault(name, []).append(asdict(kept) if isinstance(kept, Cost) else {"seconds": kept})
    return found


def median(found: list[Cost], figure: Callable[[Cost], float]) -> float | None:
    """The median of a figure over the repeats."""
    return statistics.median(map(figure, found)) if found else None


def observer_bars(settings: Settings) -> Iterator[Bar]:
    """The observer's CPU and memory with 1, 8 and 64 stressors, and what one more costs."""
    cores: dict[int, float | None] = {}
    memory: dict[int, float | None] = {}
    for count in (1, 8, 64):
        problems: list[str] = []
        name = f"observer of {count} null stressor{'s' if count > 1 else ''}"
        found = repeat(settings, name, lambda: measure_cost(settings, count), problems)
        note = problems[0] if problems and not found else ""
        cores[count] = median(found, lambda c: c.observer_cores)
        memory[count] = median(found, lambda c: c.observer_rss)
        percent = None if cores[count] is None else 100 * cores[count]
        yield Bar(f"{name}: CPU", percent, "% of a core", "<=", 0.2 if count < 64 else 1, note)
        yield Bar(f"{name}: RSS", None if memory[count] is None else memory[count] / 1e6, "MB", "<=", 40, note)
        if count == 1 and found:
            yield Bar("null stressor process: RSS", median(found, lambda c: c.stressor_rss / 1e6), "MB")
            yield Bar("null stressor process: PSS, shared pages shared", median(found, lambda c: c.stressor_pss / 1e6),
                      "MB", note="beside one observer")
    if cores[8] is not None and cores[64] is not None:
        yield Bar("observer: CPU for a stressor and look", (cores[64] - cores[8]) / 56 / LOOKS_PER_S * 1e6, "us",
                  "<=", 100, "from 8 to 64 stressors")
    if memory[8] is not None and memory[64] is not None:
        yield Bar("observer: memory for a stressor", (memory[64] - memory[8]) / 56 / 1024, "KiB", "<=", 256,
                  "from 8 to 64 stressors")


def pacing_bars(settings: Settings) -> Iterator[Bar]:
    """What it costs to wake on schedule and find that there is nothing to do."""
    for workers in (1, 8):
        problems: list[str] = []
        name = f"null stressor with {workers} worker{'s' if workers > 1 else ''}"
        found = repeat(settings, name, lambda: measure_cost(settings, 1, workers), problems)
        wake = median(found, lambda c: c.stressor_cores / workers / WAKES_PER_S * 1e6)
        yield Bar(f"{name}: CPU for a wake", wake, "us", "<=", 100, problems[0] if problems and not found else "")


def start_bars(settings: Settings) -> Iterator[Bar]:
    """From exec to effective load, alone and with as many stressors as a profile may have."""
    for others, bar in ((0, 0.3), (63, 1.0)):
        problems: list[str] = []
        name = "start to 90 % of 0.5 cores" + (f", beside {others} null stressors" if others else "")
        found = repeat(settings, name, lambda: measure_start(settings, others), problems)
        yield Bar(name, statistics.median(found) if found else None, "s", "<=", bar, problems[0] if problems else "")


GROUPS: dict[str, Callable[[Settings], Iterator[Bar]]] = {
    "observer": observer_bars, "pacing": pacing_bars, "start": start_bars}


# Command line -------------------------------------------------------------------------------------------------------

def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(description="What exert itself costs, seen from outside.")
    top.add_argument("--exert", required=True, metavar="PATH")
    top.add_argument("--quick", action="store_true", help="one short repeat: not for quoting")
    top.add_argument("--only", default=",".join(GROUPS), metavar="LIST", help=f"of {','.join(GROUPS)}")
    top.add_argument("--repeats", type=int, metavar="N", help="default 3, with --quick 1")
    top.add_argument("--json", metavar="FILE", help="write everything that was measured")
    return top


def main() -> int:
    """Runs the groups asked for, prints a row per bar as it is known, writes the JSON."""
    options = parser().parse_args()
    exert = os.path.abspath(options.exert)
    groups = [name.strip() for name in options.only.split(",") if name.strip()]
    if unknown := [name for name in groups if name not in GROUPS]:
        print(f"overhead: no such group: {', '.join(unknown)}; there are {', '.join(GROUPS)}", file=sys.stderr)
        return 64
    if not os.access(exert, os.X_OK):
        print(f"overhead: {exert} is not an executable", file=sys.stderr)
        return 64
    unwind_on_signals()
    settings = Settings(exert, options.repeats or (1 if options.quick else 3), 4 if options.quick else 15)
    bars: list[Bar] = []
    try:
        for name in groups:
            for bar in GROUPS[name](settings):
                bars.append(bar)
                print(bar.row(), flush=True)
    except KeyboardInterrupt:
        print("overhead: interrupted", file=sys.stderr)
        return 130
    finally:
        if options.json:
            report = {"quick": options.quick, "bars": [asdict(bar) | {"met": bar.met} for bar in bars],
                      "runs": settings.raw}
            Path(options.json).write_text(json.dumps(report, indent=2) + "\n")
    judged = [bar for bar in bars if bar.met is not None]
    print(f"{sum(bar.met is True for bar in judged)} of {len(judged)} bars met")
    return 0 if judged and all(bar.met for bar in judged) else 2


if __name__ == "__main__":
    sys.exit(main())
