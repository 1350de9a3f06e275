#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds exert to its promises: runs the loads, judges them from outside, prints figure, bar and verdict of each.

    sudo python3 Benchmarks/bars.py --exert PATH [--quick] [--only cpu,contended,…] [--json FILE]

Exit code: 0 every bar was met, 2 one was not (or could not be measured), 64 bad usage.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from judge import CPUFigures, MemoryFigures, measure_cpu, measure_kill, measure_memory, touch_memory
from program import (GIB, MIB, MOST_CPUS, Bar, Settings, attempt, basic_parser, complaints, exert_run, host_facts,
                     judge_groups, median, refuse)


@dataclass(kw_only=True)
class BarSettings(Settings):
    """What the command line asked for."""

    stress_ng: str | None
    cpu_seconds: int
    observer_seconds: int
    hold_seconds: float
    memory: int
    ledger: str | None


# Command lines ------------------------------------------------------------------------------------------------------

def stress_ng_cpu(stress_ng: str, percent: int, seconds: int, *, tuned: bool, pinned: bool = False,
                  workers: int = 1) -> list[str]:
    """stress-ng's CPU load: as it comes, or as Chaos Mesh tunes it (`--cpu-load-slice 10 --cpu-method sqrt`)."""
    words = [stress_ng, "--quiet", "--cpu", str(workers), "--cpu-load", str(percent), "-t", f"{seconds}s"]
    words += ["--cpu-load-slice", "10", "--cpu-method", "sqrt"] if tuned else []
    return words + (["--taskset", "0"] if pinned else [])


def stress_ng_memory(settings: BarSettings, size: int) -> list[str]:
    """stress-ng's memory load over two workers; `--vm-bytes` is the total, split by stress-ng."""
    return [settings.stress_ng or "", "--quiet", "--vm", "2", "--vm-bytes", f"{size // MIB}m", "--vm-keep",
            "--vm-populate", "--vm-madvise", "hugepage", "-t", "120s"]


# CPU ----------------------------------------------------------------------------------------------------------------

def cpu_case(settings: BarSettings, label: str, cores: float, sets: tuple[str, ...], compare: bool,
             pinned: bool = False) -> list[Bar]:
    """One CPU target: exert against its bars; A B A B with stress-ng where it can be asked for the same."""
    seconds, percent = settings.cpu_seconds, round(cores * 100)
    rivals: dict[str, list[str]] = {"exert": exert_run(settings.exert, seconds, f"cpu={cores:g} cores", sets=sets)}
    if compare and settings.stress_ng:
        for name, tuned in (("stress-ng", False), ("stress-ng tuned", True)):
            rivals[name] = stress_ng_cpu(settings.stress_ng, percent, seconds, tuned=tuned, pinned=pinned)
    seen: dict[str, list[CPUFigures]] = {name: [] for name in rivals}
    problems: list[str] = []
    for _ in range(settings.repeats):
        for name, command in rivals.items():
            measure = partial(measure_cpu, command, seconds, cores, ledger=settings.ledger)
            figures = attempt(settings, f"{label}, {name}", measure, problems)
            if figures is not None:
                seen[name].append(figures)
    return cpu_bars(label, percent, seen, problems)


def cpu_bars(label: str, percent: int, seen: dict[str, list[CPUFigures]], problems: list[str]) -> list[Bar]:
    """The bars of one CPU target."""
    ours = seen["exert"]
    note = problems[0] if problems and not ours else ""

    def of(name: str, absolute: bool = True) -> float | None:
        values = [getattr(f, name) for f in ours]
        if not values or None in values:
            return None
        return statistics.median(map(abs, values) if absolute else values)

    disturbed = note
    if ours:
        disturbed = f"other load {median(ours, 'background') or 0:.0f} %, steal {median(ours, 'steal') or 0:.1f} %"
    bars = [Bar(f"{label}: |mean error|", of("mean"), "points", "<=", 0.15, disturbed),
            Bar(f"{label}: mean |error| of windows", of("mae"), "points", "<=", 0.15, note),
            Bar(f"{label}: worst 1 s window", of("worst"), "points", "<=", 0.5, note),
            Bar(f"{label}: |mean error|, stressor alone", of("load_mean"), "points"),
            Bar(f"{label}: mean |error| of windows, stressor alone", of("load_mae"), "points"),
            Bar(f"{label}: |first second's error|", of("first_second"), "points", "<=", 1.0, note),
            Bar(f"{label}: |busy columns - real|", of("busy_columns"), "points", "<=", 1.5, note),
            Bar(f"{label}: |1-idle - real|", of("idle_view"), "points"),
            Bar(f"{label}: settled after", of("settle"), "s"),
            Bar(f"{label}: start to 90 %", of("start_latency"), "s", "<=", 0.3, note),
            Bar(f"{label}: own cost", of("own_cost"), "% of a core")]
    for name, theirs in seen.items():
        if name == "exert":
            continue
        their_mae, our_mae = median(theirs, "mae"), of("mae")
        bars.append(Bar(f"{label}: {name}, mean |error| of windows", their_mae, "points", note=(
            f"mean {median(theirs, 'mean'):+.3f}, worst {median(theirs, 'worst'):.3f}" if theirs else "not measured")))
        ratio = their_mae / our_mae if their_mae is not None and our_mae else None
        factor = 2 if "tuned" in name else 5
        bars.append(Bar(f"{label}: times better than {name}", ratio, "×", ">=" if percent <= 50 else "",
                        factor if percent <= 50 else None))
    return bars


def cpu_bars_all(settings: BarSettings) -> Iterator[Bar]:
    """5 to 95 % of one core, and 35 % of two."""
    for percent in (5, 20, 35, 50, 80, 95):
        yield from cpu_case(settings, f"cpu {percent} % of a core", percent / 100, ("cpu.workers=1",), compare=True)
    yield from cpu_case(settings, "cpu 35 % of two cores", 0.7, ("cpu.workers=2",), compare=False)


@contextlib.contextmanager
def busy_loop(cpu: int) -> Iterator[None]:
    """A plain process that burns one CPU: the rival in `contended`."""
    loop = subprocess.Popen([sys.executable, "-c", "while True: pass"], process_group=0,
                            preexec_fn=lambda: os.sched_setaffinity(0, (cpu,)))
    try:
        yield
    finally:
        loop.kill()
        loop.wait()


def contended_bars(settings: BarSettings) -> Iterator[Bar]:
    """20 and 40 % of CPU 0, on which a busy loop runs too: the fair share is 50 %, so capacity exists."""
    for percent in (20, 40):
        with busy_loop(0):
            yield from cpu_case(settings, f"contended {percent} % of CPU 0", percent / 100,
                                ("cpu.workers=1", "cpu.cpus=0"), compare=True, pinned=True)


# Memory and start ---------------------------------------------------------------------------------------------------

def memory_bars(settings: BarSettings) -> Iterator[Bar]:
    """A large footprint: time to reach, hold, what the tool adds; A B A B with stress-ng."""
    size = settings.memory
    label = f"memory {size / GIB:g} GiB"
    ours: list[MemoryFigures] = []
    theirs: list[MemoryFigures] = []
    problems: list[str] = []
    for _ in range(settings.repeats):
        touch_memory(size * 3 // 2)
        figures = attempt(settings, f"{label}, exert", problems=problems, measure=lambda: measure_memory(
            exert_run(settings.exert, 120, f"memory={size // MIB}MiB"), size, settings.hold_seconds,
            ledger=settings.ledger))
        ours += [figures] if figures is not None else []
        if settings.stress_ng:
            touch_memory(size * 3 // 2)
            figures = attempt(settings, f"{label}, stress-ng", problems=problems, measure=lambda: measure_memory(
                stress_ng_memory(settings, size), size, 1, split=True, write_for=1, ledger=settings.ledger))
            theirs += [figures] if figures is not None else []
    note = problems[0] if problems and not ours else ""

    def of(name: str, divisor: float = 1) -> float | None:
        value = median(ours, name)
        return None if value is None else value / divisor

    reached, their_reached = of("reached"), median(theirs, "reached")
    yield Bar(f"{label}: 99.5 % reached after", reached, "s", note=note)
    yield Bar(f"{label}: stress-ng, 99.5 % reached after", their_reached, "s",
              note=f"then {median(theirs, 'hold_cpu'):.0f} % of a core" if theirs else "not measured")
    faster = their_reached / reached if reached and their_reached else None
    yield Bar(f"{label}: times faster than stress-ng", faster, "×", ">=", 2, note)
    yield Bar(f"{label}: worst |RSS - target| of the hold", of("hold_error", MIB), "MiB", "<=", 1, note)
    yield Bar(f"{label}: RSS drift in the hold", of("hold_drift", MIB), "MiB")
    yield Bar(f"{label}: CPU of the hold, whole tree", of("hold_cpu"), "% of a core", "<=", 0.5, note)
    yield Bar(f"{label}: whole tool adds (sum of RSS)", of("added_rss", 1e6), "MB", "<=", 60, note)
    yield Bar(f"{label}: whole tool adds (sum of PSS)", of("added_pss", 1e6), "MB")


def start_bars(settings: BarSettings) -> Iterator[Bar]:
    """From spawn to load, for CPU and for a small memory load."""
    size, problems = 256 * MIB, []
    memory = []
    for _ in range(settings.repeats):
        touch_memory(GIB)
        memory.append(attempt(settings, "start, memory", problems=problems, measure=lambda: measure_memory(
            exert_run(settings.exert, 10, "memory=256MiB"), size, 0.3, write_for=0.2, ledger=settings.ledger)))
    cpu = [attempt(settings, "start, cpu", problems=problems, measure=lambda: measure_cpu(
        exert_run(settings.exert, 4, "cpu=0.5 cores"), 4, 0.5, ledger=settings.ledger))
        for _ in range(settings.repeats)]
    note = problems[0] if problems else ""
    yield Bar("start: spawn to 90 % of 0.5 cores", median([c for c in cpu if c], "start_latency"), "s", "<=", 0.3, note)
    yield Bar("start: spawn to 99.5 % of 256 MiB", median([m for m in memory if m], "reached"), "s", "<=", 0.3, note)


# Kill and observer --------------------------------------------------------------------------------------------------

def kill_bars(settings: BarSettings) -> Iterator[Bar]:
    """SIGINT, SIGTERM and SIGKILL of the observer under CPU and memory load: everything is gone within a second."""
    command = exert_run(settings.exert, 60, "cpu=0.5 cores", "memory=1GiB")
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)):
        problems: list[str] = []
        runs = [attempt(settings, f"kill {number.name}", problems=problems, measure=lambda: measure_kill(
            command, number, memory=1019 * MIB, ledger=settings.ledger)) for _ in range(settings.repeats)]
        seen = [run for run in runs if run is not None]
        for name, what in (("gone", "every process gone"), ("memory_back", "memory back")):
            times = [getattr(run, name) for run in seen]
            worst = None if not times or len(seen) < len(runs) or None in times else max(times)
            yield Bar(f"kill {number.name}: {what} after (worst)", worst, "s", "<=", 1, problems[0] if problems else "")
        codes = sorted({run.exit_code for run in seen if run.exit_code is not None})
        yield Bar(f"kill {number.name}: exit codes other than {code}", sum(c != code for c in codes) if seen else None,
                  "", "<=", 0, f"seen {codes}")


def observer_bars(settings: BarSettings) -> Iterator[Bar]:
    """What watching two stressors at 10 Hz costs."""
    seconds, problems = settings.observer_seconds, []
    runs = [attempt(settings, "observer", problems=problems, measure=lambda: measure_cpu(
        exert_run(settings.exert, seconds, "cpu=0.2 cores", "memory=256MiB"), seconds, 0.2, ledger=settings.ledger))
        for _ in range(settings.repeats)]
    seen = [run for run in runs if run is not None]
    yield Bar("observer: CPU with two stressors", median(seen, "own_cost"), "% of a core", "<=", 0.2,
              problems[0] if problems else "")


GROUPS: dict[str, Callable[[BarSettings], Iterator[Bar]]] = {
    "cpu": cpu_bars_all, "contended": contended_bars, "memory": memory_bars, "start": start_bars, "kill": kill_bars,
    "observer": observer_bars}


# Command line -------------------------------------------------------------------------------------------------------

def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = basic_parser("Hold exert to its bars, judged from outside.", GROUPS)
    top.add_argument("--stress-ng", default=shutil.which("stress-ng"), metavar="PATH", help="default: from PATH")
    top.add_argument("--quick", action="store_true", help="one repeat, short, 1 GiB: not for quoting")
    top.add_argument("--repeats", type=int, metavar="N", help="default 3, with --quick 1")
    top.add_argument("--ledger", choices=("v1", "v2", "tree"), help="insist on one way of accounting")
    return top


def main() -> int:
    """Runs the groups asked for, prints a row per bar as it is known, writes the JSON."""
    options = parser().parse_args()
    if wrong := complaints(options, GROUPS):
        return refuse("bars", wrong)
    if os.geteuid() != 0:
        print("bars: not root: no cgroups and no SCHED_FIFO, so CPU figures come from the process tree and lag by "
              "up to a timer tick; do not quote them", file=sys.stderr)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:MOST_CPUS])
    quick = options.quick
    settings = BarSettings(exert=os.path.abspath(options.exert), stress_ng=options.stress_ng,
                           repeats=options.repeats or (1 if quick else 3), cpu_seconds=6 if quick else 12,
                           observer_seconds=8 if quick else 30, hold_seconds=3 if quick else 8,
                           memory=GIB if quick else 4 * GIB, ledger=options.ledger)
    if settings.stress_ng is None:
        print("bars: stress-ng was not found: comparisons fail", file=sys.stderr)
    host = host_facts(exert=settings.exert, stress_ng=settings.stress_ng)
    host |= {"repeats": settings.repeats, "cpu_seconds": settings.cpu_seconds}
    return judge_groups("bars", options, GROUPS, settings, host)


if __name__ == "__main__":
    sys.exit(main())
