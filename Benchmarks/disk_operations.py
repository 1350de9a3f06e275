#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether the device completes the operations that exert was asked for: number and size, in every way it can be asked.

    sudo python3 Benchmarks/disk_operations.py --exert PATH [--only ext4,write,4KiB,…] [--json FILE [--resume]]

Reads and writes, in sequence and at random, of 4 KiB, 64 KiB and 1 MiB, by io_uring and by threads, on ext4, XFS and
btrfs, each on a loop device of its own with direct I/O. What counts is the device's own `stat`: reads and writes
completed a second (a file system's own included), against what was asked; nothing of exert's log is read. A load that
is off is run twice more, and the median counts: a file system writes its journal now and then, and machines stall. All
runs are in the JSON. 72 loads, about 8 minutes; `--only` takes those that have every kind of word it names.

Exit code: 0 all were within 3 %, 2 one was not (or could not be measured), 64 bad usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby, product
from pathlib import Path

from disk_judge import FROM_S, UNTIL_S, measure_rate
from judge import unwind_on_signals
from ledger import JudgeError
from program import GIB, KIB, MIB, exert_run, host_facts, refuse
from volumes import Volume, volume
from work import LIKE, amount, is_as_asked, off

FILE_SYSTEMS = ("ext4", "xfs", "btrfs")
OPERATIONS = ("read", "write")
PATTERNS = ("sequential", "random")
BLOCKS = {"4KiB": (4 * KIB, 500), "64KiB": (64 * KIB, 300), "1MiB": (MIB, 40)}  # Bytes; operations a second.
ENGINES = ("uring", "threads")
WORDS = (FILE_SYSTEMS, OPERATIONS, PATTERNS, tuple(BLOCKS), ENGINES)
SIZE = 128 * MIB  # Of the file.
LEAST_S = 4  # What counts is shorter by FROM_S and UNTIL_S.


# The grid -----------------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Ask:
    """One load."""

    file_system: str
    operation: str
    pattern: str
    block: str
    engine: str

    @property
    def words(self) -> tuple[str, ...]:
        return (self.file_system, self.operation, self.pattern, self.block, self.engine)

    @property
    def bytes(self) -> int:
        return BLOCKS[self.block][0]

    @property
    def iops(self) -> int:
        return BLOCKS[self.block][1]

    def command(self, exert: str, seconds: float, place: Path) -> list[str]:
        """exert's command line."""
        sets = {"directory": place, "block": self.block, "size": f"{SIZE // MIB}MiB", "max-written": "100GiB",
                "operation": self.operation, "pattern": self.pattern, "engine": self.engine}
        return exert_run(exert, seconds, f"disk-bandwidth={self.iops} iops",
                         sets=[f"disk-bandwidth.{name}={value}" for name, value in sets.items()])


def grid(only: Sequence[str]) -> list[Ask]:
    """All loads, or those that have a word of each kind of which `only` names some."""
    chosen = [[word for word in kind if word in only] or kind for kind in WORDS]
    return [Ask(*words) for words in product(*chosen)]


# Figures ------------------------------------------------------------------------------------------------------------

@dataclass
class Row:
    """What the device did for one load."""

    ask: Ask
    operations: float | None = None  # Completed a second, reads and writes.
    operation_bytes: float | None = None
    error: float | None = None  # Mean absolute error of the bytes of 1 s windows, percent.
    problem: str = ""
    runs: list[float] = field(default_factory=list)  # Operations a second of each, where there were several.

    @property
    def off(self) -> float | None:
        """Percent."""
        return off(self.operations, self.ask.iops)

    @property
    def is_met(self) -> bool:
        return is_as_asked(self.operations, self.ask.iops)

    def line(self) -> str:
        """For the table."""
        words = "  ".join(f"{word:<{max(map(len, kind))}}" for word, kind in zip(self.ask.words, WORDS))
        if self.operations is None:
            return f"{words}  {self.ask.iops:>5}  FAIL   {self.problem}"
        size = f"{self.operation_bytes / KIB:>8.1f} KiB" if self.operation_bytes else f"{'–':>12}"
        runs = f"  median of {', '.join(f'{run:.1f}' for run in self.runs)}" if self.runs else ""
        return (f"{words}  {self.ask.iops:>5}  {self.operations:>8.1f}  {self.off:>+7.2f} %  {size}  "
                f"{'pass' if self.is_met else 'FAIL'}{runs}")

    def plain(self) -> dict[str, object]:
        """For the JSON."""
        kept = asdict(self.ask) | {"iops": self.ask.iops, "met": self.is_met}
        for name in ("operations", "operation_bytes", "error", "off"):
            if (value := getattr(self, name)) is not None:
                kept[name] = float(f"{value:.5g}")
        if self.runs:
            kept["runs"] = [float(f"{run:.5g}") for run in self.runs]
        return kept | ({"problem": self.problem} if self.problem else {})


def from_plain(kept: dict[str, object]) -> Row:
    """A row of a JSON file."""
    ask = Ask(*(str(kept[name]) for name in ("file_system", "operation", "pattern", "block", "engine")))
    return Row(ask, kept.get("operations"), kept.get("operation_bytes"), kept.get("error"), kept.get("problem", ""),
               kept.get("runs", []))


def head() -> str:
    """The table's first line."""
    names = ("on", "does", "pattern", "block", "engine")
    words = "  ".join(f"{name:<{max(map(len, kind))}}" for name, kind in zip(names, WORDS))
    return f"{words}  {'asked':>5}  {'a second':>8}  {'off':>9}  {'size':>12}"


def summary(rows: Sequence[Row]) -> str:
    """How many are within what is allowed, and the worst."""
    good = sum(row.is_met for row in rows)
    known = [abs(row.off) for row in rows if row.off is not None]
    worst = f"; the worst is {amount(max(known))} % off" if known else ""
    return f"{good} of {len(rows)} within {100 * LIKE:.0f} %{worst}"


def status(rows: Sequence[Row]) -> int:
    """0 if there are any, and all are within what is allowed."""
    return 0 if rows and all(row.is_met for row in rows) else 2


# Measuring ----------------------------------------------------------------------------------------------------------

def measure(ask: Ask, held: Volume, exert: str, seconds: float) -> Row:
    """Runs one load."""
    held.sync()
    key = "written" if ask.operation == "write" else "read"
    try:
        seen = measure_rate(ask.command(exert, seconds, held.mount), held.device, seconds, key, ask.iops * ask.bytes)
    except JudgeError as error:
        return Row(ask, problem=str(error).replace(str(held.mount), "DIR").replace(exert, "exert"))
    return Row(ask, seen.operations, seen.operation_bytes, seen.mae)


def middle_of(rows: Sequence[Row]) -> Row:
    """The run in the middle, which knows of the others; a run without figures is off by the most."""
    known = sorted((row for row in rows if row.operations is not None), key=lambda row: row.operations or 0)
    if len(known) * 2 < len(rows):
        return next(row for row in rows if row.operations is None)
    chosen = known[len(known) // 2] if len(known) == len(rows) else max(known, key=lambda row: abs(row.off or 0))
    return replace(chosen, runs=[row.operations or 0.0 for row in rows])


def measure_all(asks: Sequence[Ask], exert: str, seconds: float, scratch: str) -> Iterator[Row]:
    """Each load, on a file system for all of its kind; its image is written, so that every extent is real."""
    for kind, mine in groupby(asks, lambda ask: ask.file_system):
        with volume(scratch, kind, GIB, written=True) as held:
            for ask in mine:
                row = measure(ask, held, exert, seconds)
                if not row.is_met:
                    row = middle_of([row, *(measure(ask, held, exert, seconds) for _ in range(2))])
                yield row


# Command line -------------------------------------------------------------------------------------------------------

def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("--exert", required=True, metavar="PATH", help="the binary to judge")
    top.add_argument("--only", default="", metavar="LIST", help=f"of {','.join(sum(WORDS, ()))}")
    top.add_argument("--seconds", type=float, default=5, metavar="S", help=f"of each load, {LEAST_S} or more; what "
                     f"counts is {FROM_S + UNTIL_S:g} s less; default 5")
    top.add_argument("--scratch", default="/var/tmp", metavar="DIR", help="on the real disk, 1 GB; default /var/tmp")
    top.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured")
    top.add_argument("--resume", action="store_true", help="go on from what --json has: of the same exert and kernel")
    top.add_argument("--built-from", metavar="TEXT", help="what exert was built from, for the JSON")
    return top


def complaints(options: argparse.Namespace, only: Sequence[str]) -> Iterator[str]:
    """What is wrong with the command line or the machine."""
    if unknown := [word for word in only if all(word not in kind for kind in WORDS)]:
        yield f"--only does not know {', '.join(unknown)}"
    if not os.access(options.exert, os.X_OK) or os.path.isdir(options.exert):
        yield f"{options.exert} is not a program; build it with scripts/build"
    if options.seconds < LEAST_S:
        yield f"--seconds takes {LEAST_S} or more"
    if options.resume and not options.json:
        yield "--resume needs --json"
    if not os.path.isdir(options.scratch):
        yield f"{options.scratch} is not a directory"
    if os.geteuid() != 0:
        yield "needs root, for loop devices and mounts"


def measured_before(options: argparse.Namespace, host: dict[str, object]) -> list[Row]:
    """The rows from which to go on."""
    if not options.resume or not options.json.exists():
        return []
    report = json.loads(options.json.read_text())
    if any(report["host"].get(name) != host.get(name) for name in ("kernel", "exert_sha256")) or (
            report["seconds"] != options.seconds):
        print("disk_operations: the result there is of another exert, kernel or length; begun anew", file=sys.stderr)
        return []
    return [from_plain(kept) for kept in report["rows"] if kept["met"]]


def write(options: argparse.Namespace, host: dict[str, object], rows: Sequence[Row]) -> None:
    """The JSON: a row a line."""
    lines = ",\n".join("  " + json.dumps(row.plain(), ensure_ascii=False) for row in rows)
    facts = {"schema": "exert-disk-operations/1", "built_from": options.built_from, "host": host,
             "seconds": options.seconds, "summary": summary(rows)}
    options.json.write_text(json.dumps(facts, indent=1, ensure_ascii=False)[:-2] + f',\n "rows": [\n{lines}\n ]\n}}\n')


def main() -> int:
    """Measures what was asked for, prints a line for each, writes the JSON after each."""
    options = parser().parse_args()
    only = [word.strip() for word in options.only.split(",") if word.strip()]
    if wrong := list(complaints(options, only)):
        return refuse("disk_operations", wrong)
    unwind_on_signals()
    exert = os.path.abspath(options.exert)
    host = host_facts(options.scratch, exert=exert)
    asks = grid(only)
    rows = [row for row in measured_before(options, host)]
    there, place = {row.ask for row in rows}, {ask: number for number, ask in enumerate(grid([]))}
    print(head(), *(row.line() for row in rows), sep="\n", flush=True)
    try:
        for row in measure_all([ask for ask in asks if ask not in there], exert, options.seconds, options.scratch):
            rows.append(row)
            rows.sort(key=lambda row: place[row.ask])  # Of a result that was gone on with, too.
            print(row.line(), flush=True)
            if options.json:
                write(options, host, rows)
    except KeyboardInterrupt:
        print("disk_operations: interrupted", file=sys.stderr)
        return 130
    except (JudgeError, OSError) as error:
        print(f"disk_operations: {error}", file=sys.stderr)
        return 2
    print(summary(rows))
    return status(rows)


if __name__ == "__main__":
    sys.exit(main())
