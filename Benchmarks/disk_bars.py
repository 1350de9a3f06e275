#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds exert's disk and file-handle stressors to their promises, next to fio: figure, bar and verdict of each.

    sudo python3 Benchmarks/disk_bars.py --exert PATH [--quick] [--only rate,max,…] [--repeats N] [--json FILE]

Exit code: 0 every bar was met, 2 one was not (or could not be measured), 64 bad usage.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from disk_judge import (HandleTrace, LevelFigures, RateFigures, ReachFigures, handle_figures, measure_level,
                        measure_rate, measure_reach, running, ticks, trace_handles, used)
from ledger import JudgeError
from program import (GIB, KIB, MB, MIB, Bar, Settings, attempt, basic_parser, complaints, exert_run, host_facts,
                     judge_groups, median, ratio, refuse)
from volumes import Volume, neighbour, volume, write_random
from work import LIKE, is_as_asked, off


@dataclass(kw_only=True)
class DiskSettings(Settings):
    """What the command line asked for."""

    fio: str | None
    scratch: str
    seconds: int  # Of each rate.
    hold: int  # Of each level.
    is_quick: bool = False


middle = partial(median, absolute=True)


# Rates --------------------------------------------------------------------------------------------------------------

@dataclass
class RateCase:
    """One load of a disk, as exert and fio are asked for it: the same operations, of the same size, in one pattern."""

    id: str
    name: str
    load: str  # exert's.
    block: int
    operation: str  # `write` or `read`.
    pattern: str  # `sequential` or `random`.
    depth: int
    target: float | None = None  # Bytes a second; None: as fast as it goes.
    size: int = GIB  # Of the file.
    is_quick: bool = True  # Whether a quick run has it.

    @property
    def asked(self) -> float | None:
        """Operations a second; None: as many as there are."""
        return None if self.target is None else self.target / self.block

    @property
    def key(self) -> str:
        return "written" if self.operation == "write" else "read"

    def exert(self, settings: DiskSettings, place: Path, *more: str) -> list[str]:
        """exert's command line; its file is its own."""
        sets = {"directory": place, "block": f"{self.block // KIB}KiB", "size": f"{self.size // MIB}MiB",
                "max-written": "100GiB", "operation": self.operation, "pattern": self.pattern}
        if self.target is None:
            sets["depth"] = self.depth
        return exert_run(settings.exert, settings.seconds, f"disk-bandwidth={self.load}",
                         sets=tuple(f"disk-bandwidth.{k}={v}" for k, v in sets.items()) + more)

    def fio(self, settings: DiskSettings, file: Path, *more: str) -> list[str]:
        """fio's command line, on a file that was written before."""
        words = [settings.fio or "fio", "--name=x", f"--filename={file}", f"--size={self.size}", f"--bs={self.block}",
                 f"--rw={'rand' if self.pattern == 'random' else ''}{self.operation}", "--direct=1",
                 "--ioengine=io_uring", f"--iodepth={self.depth}", "--time_based", f"--runtime={settings.seconds}"]
        if self.target is not None:
            words.append(f"--rate_iops={self.asked:.0f}" if self.load.endswith("iops") else f"--rate={self.target:.0f}")
        return words + list(more)


# exert writes its file once before the load, fio is given one: the less of it, the less the disk has to get over.
def rate_case(name: str, load: str, operation: str, pattern: str, is_quick: bool = False) -> RateCase:
    """A rate of RATES: bytes a second in operations of 64 KiB, or operations of 4 KiB a second."""
    how = "in sequence" if pattern == "sequential" else "at random"
    if load.endswith("iops"):
        count = int(load.split()[0])
        return RateCase(name, f"{operation} {count:,} times a second {how}, 4 KiB each", load, 4 * KIB, operation,
                        pattern, 16, count * 4 * KIB, 256 * MIB, is_quick)
    amount = int(load.removesuffix("MB/s"))
    return RateCase(name, f"{operation} {amount} MB/s {how}, 64 KiB each", load, 64 * KIB, operation, pattern, 16,
                    amount * MB, 256 * MIB, is_quick)


RATES = [rate_case("rate-50mb", "50MB/s", "write", "sequential", is_quick=True),
         rate_case("rate-50mb-random", "50MB/s", "write", "random", is_quick=True),
         rate_case("rate-50mb-read", "50MB/s", "read", "sequential"),
         rate_case("rate-50mb-read-random", "50MB/s", "read", "random"),
         rate_case("rate-200mb", "200MB/s", "write", "sequential"),
         rate_case("rate-200mb-random", "200MB/s", "write", "random"),
         rate_case("rate-2000iops", "2000 iops", "read", "random", is_quick=True),
         rate_case("rate-2000iops-sequential", "2000 iops", "read", "sequential"),
         rate_case("rate-2000iops-write", "2000 iops", "write", "sequential"),
         rate_case("rate-2000iops-write-random", "2000 iops", "write", "random")]
# 256 KiB, which the block layer does not split: 1 MiB in single pages is cut at 128 segments (`max_segments`), so at
# 512 KiB, and in huge pages it is not.
MAXIMA = [RateCase("max-write-256k", "max, 256 KiB writes, depth 16", "max", 256 * KIB, "write", "sequential", 16,
                   size=256 * MIB),
          RateCase("max-read", "max, 4 KiB random reads, depth 32", "max", 4 * KIB, "read", "random", 32)]


def in_turns(settings: DiskSettings, held: Volume, case: RateCase,
             rivals: dict[str, list[str]], rounds: int) -> tuple[dict[str, list[RateFigures]], list[str]]:
    """Runs the rivals A B A B … and gives the figures of each, and what went wrong."""
    seen: dict[str, list[RateFigures]] = {name: [] for name in rivals}
    problems: list[str] = []
    for _ in range(rounds):
        for name, command in rivals.items():
            held.sync()
            figures = attempt(settings, f"{case.name}, {name}", problems=problems, measure=partial(
                measure_rate, command, held.device, settings.seconds, case.key, case.target))
            seen[name] += [figures] if isinstance(figures, RateFigures) else []
    return seen, problems


def rate_bars(settings: DiskSettings) -> Iterator[Bar]:
    """Rates that the disk can serve: exact, and what they cost."""
    with rate_volume(settings) as (held, file):
        for case in RATES:
            if settings.is_quick and not case.is_quick:
                continue
            rivals = {"exert": case.exert(settings, held.mount)}
            if settings.fio:
                rivals["fio"] = case.fio(settings, file)
            yield from one_rate(case, *in_turns(settings, held, case, rivals, settings.repeats))


def one_rate(case: RateCase, seen: dict[str, list[RateFigures]], problems: list[str]) -> Iterator[Bar]:
    """The bars of one rate."""
    ours, theirs = seen["exert"], seen.get("fio", [])
    note = "; ".join(problems)
    for name, runs in (("exert", ours), ("fio", theirs)):
        bar = ("<=", 0.2, note) if name == "exert" else ("", None, "" if theirs else note or "not measured")
        yield Bar(f"{case.name}: {name}, mean |error| of windows", middle(runs, "mae"), "%", *bar)
        yield Bar(f"{case.name}: {name}, |mean error|", middle(runs, "error"), "%")
        yield Bar(f"{case.name}: {name}, worst 1 s window", middle(runs, "worst"), "%")
    done = {"exert": middle(ours, "operations"), "fio": middle(theirs, "operations")}
    for name, count in done.items():
        yield Bar(f"{case.name}: {name}, device operations", count, "a second", note=f"{case.asked:.0f} were asked")
    wrong = off(done["exert"], case.asked)
    yield Bar(f"{case.name}: exert, device operations off what was asked", None if wrong is None else abs(wrong), "%",
              "<=", 100 * LIKE, note)
    for name, runs in (("exert", ours), ("fio", theirs)):
        yield Bar(f"{case.name}: {name}, CPU of the load, whole tree", middle(runs, "cpu_s"), "s")
        yield Bar(f"{case.name}: {name}, CPU from exec to exit (wait4)", middle(runs, "rusage_s"), "s",
                  note="laying out its file included" if name == "exert" else "")
    share, most = ratio(middle(ours, "cpu_s"), middle(theirs, "cpu_s")), 0.4 if case.id.startswith("rate-50mb") else 0.5
    if not is_as_asked(done["exert"], done["fio"]):
        share, note = None, "; ".join([note] * bool(note) + ["unlike work is not compared"])
    yield Bar(f"{case.name}: CPU of the load, exert / fio", share, "×", "<=", most, note)


def max_bars(settings: DiskSettings) -> Iterator[Bar]:
    """As much as the disk gives: exert over fio's best."""
    with rate_volume(settings) as (held, file):
        for case in MAXIMA:
            rivals = {"exert": case.exert(settings, held.mount)}
            if settings.fio:
                rivals["fio"] = case.fio(settings, file)
                rivals["fio, fixed buffers"] = case.fio(settings, file, "--fixedbufs", "--registerfiles")
            rivals["exert, threads"] = case.exert(settings, held.mount, "disk-bandwidth.engine=threads")
            # More rounds than of rates: a shared disk's best is noisy, and the better of two rivals is so by luck too.
            seen, problems = in_turns(settings, held, case, rivals, 2 * settings.repeats - 1)
            rates = {name: middle(runs, "rate") for name, runs in seen.items()}
            for name, runs in seen.items():
                yield Bar(f"{case.name}: {name}", ratio(rates[name], MB), "MB/s",
                          note=f"{(middle(runs, 'cpu_s') or 0) / settings.seconds * 100:.0f} % of a core")
            best = max((rate or 0 for name, rate in rates.items() if name.startswith("fio")), default=0)
            yield Bar(f"{case.name}: exert / fio's best", ratio(rates["exert"], best), "×", ">=", 0.95,
                      "; ".join(problems))
            yield Bar(f"{case.name}: exert, threads / fio's best", ratio(rates["exert, threads"], best), "×")


class rate_volume:
    """An ext4 on an image that was written once, with a file for fio that was, too."""

    def __init__(self, settings: DiskSettings) -> None:
        print("  … writing an image of 3 GiB and a file of 1 GiB", file=sys.stderr, flush=True)
        self._volume = volume(settings.scratch, "ext4", 3 * GIB, written=True)

    def __enter__(self) -> tuple[Volume, Path]:
        held = self._volume.__enter__()
        try:
            write_random(held.mount / "fio", GIB)
        except BaseException:
            self._volume.__exit__(*sys.exc_info())
            raise
        return held, held.mount / "fio"

    def __exit__(self, *what: object) -> None:
        self._volume.__exit__(*what)


# Space and inodes ---------------------------------------------------------------------------------------------------

def available(space: os.statvfs_result) -> int:
    """Bytes that `df` calls available."""
    return space.f_bavail * space.f_frsize


def inodes(space: os.statvfs_result) -> int:
    """Inodes that `df -i` calls free."""
    return space.f_favail


def space_run(settings: DiskSettings, held: Volume, load: str, seconds: float, *more: str, of: str = "disk-space",
              log: Path | None = None) -> list[str]:
    """exert's command line for a level of a file system."""
    words = exert_run(settings.exert, seconds, f"{of}={load}", sets=(f"{of}.directory={held.mount}", *more))
    return words + (["--log", str(log)] if log else [])


def space_bars(settings: DiskSettings) -> Iterator[Bar]:
    """To the block, alone and beside a program that writes and deletes."""
    for kind in ("ext4", "xfs", "btrfs"):
        for load, most in (("leave 8MiB", 4), ("95%", 20)):
            with volume(settings.scratch, kind, GIB) as held:
                yield from one_level(settings, held, load, None)
                yield from one_level(settings, held, load, most)


def one_level(settings: DiskSettings, held: Volume, load: str, most: int | None) -> Iterator[Bar]:
    """One level of one file system; `most` MiB are what the neighbour holds, None: there is none."""
    runs, problems = [], []
    label = f"{held.kind} {load} {'alone' if most is None else 'beside 20 MB/s'}"
    for _ in range(settings.repeats):
        figures = attempt(settings, label, partial(level_beside, settings, held, load, most), problems)
        runs += [figures] if isinstance(figures, LevelFigures) else []
    note = "; ".join(problems + sorted({run.note for run in runs if run.note}))
    worst = max((run.worst for run in runs), default=None)
    bar = ("<=", held.space().f_frsize, note)
    yield Bar(f"{label}: worst |statvfs - wanted|", worst, "bytes", *(bar if most is None else ()))
    yield Bar(f"{label}: median |statvfs - wanted|", middle(runs, "median"), "bytes", *(bar if most else ()))
    yield Bar(f"{label}: samples within one block", middle(runs, "share"), "%",
              note=f"the neighbour was refused {sum(run.refused for run in runs)} times" if most else "")
    if held.kind == "btrfs":
        yield Bar(f"{label}: the same, before the judge's syncfs", middle(runs, "unsynced"), "%")


def level_beside(settings: DiskSettings, held: Volume, load: str, most: int | None) -> LevelFigures:
    """A level of a file system, alone or beside a neighbour; a percentage is of used + available, as df counts."""
    space = held.space()
    if load == "95%":
        look, wanted = used, 0.95 * (used(space) + available(space))
    else:
        look, wanted = available, 8 * MIB
    run = partial(measure_level, space_run(settings, held, load, settings.hold), held, settings.hold, look, wanted,
                  space.f_frsize)
    if most is None:
        return run()
    with neighbour(held.mount, most) as refused:
        figures = run()
        figures.refused = refused()
        return figures


def fill_bars(settings: DiskSettings) -> Iterator[Bar]:
    """20 GB at once, and all back after SIGKILL."""
    with volume(settings.scratch, "ext4", 30 * GIB) as held:
        small, large, top, problems = [], [], [], []
        for amount, name, whole, runs in ((4 * MB, "4MB", True, small), (20_000 * MB, "20GB", True, large),
                                          (20_000 * MB, "20GB", False, top)):
            for _ in range(settings.repeats):
                figures = attempt(settings, f"{name}, SIGKILL of {'the tree' if whole else 'the top'}", partial(
                    measure_reach, space_run(settings, held, name, 60), held, available, amount,
                    held.space().f_frsize, whole), problems)
                runs += [figures] if isinstance(figures, ReachFigures) else []
    note = "; ".join(problems)
    start, whole = middle(small, "reached"), middle(large + top, "reached")
    yield Bar("20 GB on ext4: from exec until statvfs shows it", whole, "s", "<=", 0.3, note)
    yield Bar("20 GB on ext4: the same for 4 MB, which is start-up", start, "s")
    yield Bar("20 GB on ext4: without start-up", whole - start if whole is not None and start is not None else None,
              "s", "<=", 0.3, note)
    yield from back_bars("20 GB, SIGKILL of the whole tree", large, settings.repeats, note)
    yield from back_bars("20 GB, SIGKILL of the top process", top, settings.repeats, note)


def back_bars(label: str, runs: list[ReachFigures], repeats: int, note: str) -> Iterator[Bar]:
    """The worst of several kills: processes gone, space or inodes back, no file left."""
    for name, what in (("gone", "every process gone"), ("back", "all back")):
        times = [getattr(run, name) for run in runs]
        worst = None if len(runs) < repeats or None in times else max(times)
        yield Bar(f"{label}: {what} after (worst)", worst, "s", "<=", 1, note)
    left = [file for run in runs for file in run.left]
    yield Bar(f"{label}: files left", len(left) if len(runs) == repeats else None, "", "<=", 0, ", ".join(left[:3]))


def log_bars(settings: DiskSettings) -> Iterator[Bar]:
    """A log on the very file system that is filled to the last block is whole."""
    for kind, more in (("ext4", ()), ("ext4", ("disk-space.use-reserved=true",)), ("xfs", ()), ("btrfs", ())):
        label = f"log on a full {kind}{', reserved blocks too' if more else ''}"
        problems: list[str] = []
        runs = [attempt(settings, label, partial(log_when_full, settings, kind, more), problems)
                for _ in range(settings.repeats)]
        seen = [run for run in runs if isinstance(run, dict)]
        faults = [fault for run in seen for fault in run["faults"]]
        yield Bar(f"{label}: faults", len(faults) if len(seen) == len(runs) else None, "", "<=", 0,
                  "; ".join(problems + faults[:2]))
        yield Bar(f"{label}: least that statvfs showed available", max((run["least"] for run in seen), default=None),
                  "bytes", note=f"{seen[0]['lines']} lines, exit {seen[0]['exit']}" if seen else "")


def log_when_full(settings: DiskSettings, kind: str, more: tuple[str, ...]) -> dict[str, object]:
    """Fills a file system on which the log is, and reads the log back."""
    with volume(settings.scratch, kind, GIB) as held:
        log = held.mount / "log.ndjson"
        words = space_run(settings, held, "max", settings.hold, *more, log=log) + ["--interval", "100ms"]
        with running(words) as (command, _):
            least = min(available(held.space()) for _ in ticks(command, settings.hold + 10))
            code = command.process.wait(10)
            faults = [] if code in (0, 2) else [command.complaint()]
        text = log.read_text() if log.exists() else ""
        faults += log_faults(text)
        return {"faults": faults, "least": least, "lines": text.count("\n"), "exit": code}


def log_faults(text: str) -> list[str]:
    """What is wrong with a log's form: each line must parse, the last be whole and tell the end."""
    faults, last = [], None
    for number, line in enumerate(text.splitlines(), 1):
        try:
            last = json.loads(line).get("event")
        except (ValueError, AttributeError):
            faults.append(f"line {number} does not parse: {line[:60]!r}")
    if not text.endswith("\n"):
        faults.append("does not end with a newline")
    if last != "run_ended":
        faults.append(f"the last event is {last}")
    return faults


def inode_bars(settings: DiskSettings) -> Iterator[Bar]:
    """All inodes but 100, exactly; back after SIGKILL."""
    with volume(settings.scratch, "ext4", GIB) as held:
        runs, kills, problems = [], [], []
        for _ in range(settings.repeats):
            seconds = settings.hold + 2
            figures = attempt(settings, "inodes leave 100", partial(
                measure_level, space_run(settings, held, "leave 100", seconds, of="inodes"), held, seconds, inodes,
                100, 1, settled=2.0), problems)
            runs += [figures] if isinstance(figures, LevelFigures) else []
            figures = attempt(settings, "inodes, SIGKILL", partial(
                measure_reach, space_run(settings, held, "15000", 30, of="inodes"), held, inodes, 15_000, 0), problems)
            kills += [figures] if isinstance(figures, ReachFigures) else []
    note = "; ".join(problems)
    yield Bar("inodes leave 100: worst |free - wanted|", max((run.worst for run in runs), default=None), "inodes",
              "<=", 0, note)
    yield Bar("inodes 15000: from exec until statvfs shows it", middle(kills, "reached"), "s")
    yield from back_bars("inodes 15000, SIGKILL of the whole tree", kills, settings.repeats, note)


# Handles ------------------------------------------------------------------------------------------------------------

def handle_bars(settings: DiskSettings) -> Iterator[Bar]:
    """Counts that the kernel confirms, and what they cost."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    yield from exact_handles(settings, "19900 handles", "19900", 19_900, limit)
    yield from exact_handles(settings, "leave 10 handles", "leave 10", None, limit)
    yield from exact_handles(settings, "100000 handles", "100000", 100_000, limit)
    yield from sawtooth_handles(settings, limit)


def handle_trace(settings: DiskSettings, load: str, seconds: float, start: int | None = None) -> HandleTrace:
    """A load of handles, counted."""
    return trace_handles(exert_run(settings.exert, seconds, f"file-handles={load}"), seconds, start)


def exact_handles(settings: DiskSettings, label: str, load: str, wanted: int | None, limit: int) -> Iterator[Bar]:
    """A count, exact at every sample; wanted None: all of one table but ten."""
    if limit < 20_000:
        yield Bar(f"{label}: worst |count - wanted|", None, "handles", note=f"skipped: the hard limit is {limit}")
        return
    runs, problems = [], []
    for _ in range(settings.repeats):
        figures = attempt(settings, label, partial(handle_trace, settings, load, settings.hold), problems)
        runs += [figures] if isinstance(figures, HandleTrace) else []
    worst = None
    try:
        levels = [handle_figures(run, run.limit - 10 if wanted is None else wanted, 0) for run in runs]
        worst = max((level.worst for level in levels), default=None)
    except JudgeError as error:
        problems.append(str(error))
    samples = sum(len(run.samples) for run in runs)
    note = "; ".join(problems) or f"{samples} samples, {max(run.processes for run in runs)} process(es)"
    yield Bar(f"{label}: worst |count - wanted|", worst, "handles", "<=", 0, note)
    bar = ("<=", 0.05) if wanted == 19_900 else ("", None)
    yield Bar(f"{label}: CPU of the stressor, {settings.hold} s", middle(runs, "cpu_s"), "s", *bar)


def sawtooth_handles(settings: DiskSettings, limit: int) -> Iterator[Bar]:
    """A curve, within 1 % of its top at 95 % of the samples."""
    label, low, top = "sawtooth of handles", 100, 19_000
    if limit < 20_000:
        yield Bar(f"{label}: samples within 1 %", None, "%", note=f"skipped: the hard limit is {limit}")
        return
    problems: list[str] = []
    runs = [attempt(settings, label, partial(
        handle_trace, settings, "sawtooth 100 to 19000 every 30s", 30, start=low), problems)
        for _ in range(settings.repeats)]
    seen = [handle_figures(run, lambda at: low + (top - low) * (at % 30) / 30, 0.01 * top, begin=0)
            for run in runs if isinstance(run, HandleTrace)]
    note = "; ".join(problems)
    yield Bar(f"{label}: samples within 1 %", min((run.share for run in seen), default=None), "%", ">=", 95, note)
    yield Bar(f"{label}: worst |count - curve|", max((run.worst for run in seen), default=None), "handles")
    yield Bar(f"{label}: median |count - curve|", middle(seen, "median"), "handles")


GROUPS: dict[str, Callable[[DiskSettings], Iterator[Bar]]] = {
    "rate": rate_bars, "max": max_bars, "space": space_bars, "fill": fill_bars, "log": log_bars, "inodes": inode_bars,
    "handles": handle_bars}


# Command line -------------------------------------------------------------------------------------------------------

def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = basic_parser("Hold exert's disk and file-handle stressors to their bars.", GROUPS)
    top.add_argument("--fio", default=shutil.which("fio"), metavar="PATH", help="default: from PATH")
    top.add_argument("--quick", action="store_true", help="one repeat, short: not for quoting")
    top.add_argument("--repeats", type=int, metavar="N", help="default 3, with --quick 1")
    top.add_argument("--scratch", default="/var/tmp", metavar="DIR", help="on the real disk; default /var/tmp")
    return top


def main() -> int:
    """Runs the groups asked for, prints a row per bar as it is known, writes the JSON."""
    options = parser().parse_args()
    wrong = complaints(options, GROUPS)
    if not os.path.isdir(options.scratch):
        wrong.append(f"{options.scratch} is not a directory")
    if os.geteuid() != 0:
        wrong.append("needs root, for loop devices and mounts")
    if wrong:
        return refuse("disk_bars", wrong)
    if options.fio is None:
        print("disk_bars: fio was not found: comparisons fail", file=sys.stderr)
    quick = options.quick
    settings = DiskSettings(exert=os.path.abspath(options.exert), fio=options.fio, scratch=options.scratch,
                            repeats=options.repeats or (1 if quick else 3), seconds=6 if quick else 15,
                            hold=4 if quick else 10, is_quick=quick)
    host = host_facts(settings.scratch, exert=settings.exert, fio=settings.fio)
    host |= {"repeats": settings.repeats, "seconds": settings.seconds, "hold": settings.hold}
    return judge_groups("disk_bars", options, GROUPS, settings, host)


if __name__ == "__main__":
    sys.exit(main())
