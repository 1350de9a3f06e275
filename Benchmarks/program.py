# SPDX-License-Identifier: Apache-2.0
"""What the programs of bars share: a bar, one measurement, what they ran on, and the way a program goes and ends."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path

from judge import open_ledger_kind, unwind_on_signals
from ledger import JudgeError, read_text

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
MB = 1_000_000
MOST_CPUS = 4  # The judge visits each CPU at each sample; on large hosts everything is kept to this many.


@dataclass
class Bar:
    """One promise: a figure, what it is held to, and whether it was met. A bar of None is for information."""

    name: str
    figure: float | None
    unit: str
    relation: str = ""
    bar: float | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        if self.bar is None:
            return None
        if self.figure is None:
            return False
        if self.relation == "=":
            return self.figure == self.bar
        return self.figure <= self.bar if self.relation == "<=" else self.figure >= self.bar

    def row(self) -> str:
        figure = "–" if self.figure is None else f"{self.figure:.4g}"
        bar = "" if self.bar is None else f"{self.relation} {self.bar:g}"
        verdict = {True: "pass", False: "FAIL", None: ""}[self.met]
        return f"{self.name:<62} {figure:>10} {self.unit:<11} {bar:>9}  {verdict:<5} {self.note}".rstrip()


@dataclass(kw_only=True)
class Settings:
    """What the command line asked for, and all that was measured; each program adds what it needs."""

    exert: str
    repeats: int = 1
    raw: dict[str, list[object]] = field(default_factory=dict)

    def keep(self, name: str, figures: object) -> None:
        """Keeps what one run measured for the JSON file."""
        self.raw.setdefault(name, []).append(asdict(figures) if is_dataclass(figures) else figures)


# Measuring ----------------------------------------------------------------------------------------------------------

def attempt(settings: Settings, name: str, measure: Callable[[], object], problems: list[str]) -> object | None:
    """One measurement; a failure becomes a problem to report, not the end of the bars."""
    print(f"  … {name}", file=sys.stderr, flush=True)
    try:
        figures = measure()
    except JudgeError as error:
        problems.append(str(error))
        settings.keep(name, {"problem": str(error)})
        return None
    settings.keep(name, figures)
    return figures


def median(runs: Sequence[object], name: str, *, absolute: bool = False) -> float | None:
    """The median of one field over the repeats, on request without its sign; None if a repeat had none."""
    values = [getattr(run, name) for run in runs]
    return None if not values or None in values else statistics.median(map(abs, values) if absolute else values)


def ratio(ours: float | None, theirs: float | None) -> float | None:
    """One over the other, where both are known."""
    return ours / theirs if ours is not None and theirs else None


def exert_run(exert: str, seconds: float, *loads: str, sets: Sequence[str] = ()) -> list[str]:
    """`exert run --quiet --load … --set … --for …`."""
    words = [exert, "run", "--quiet", "--for", f"{seconds:g}s"]
    for load in loads:
        words += ["--load", load]
    for value in sets:
        words += ["--set", value]
    return words


# The machine --------------------------------------------------------------------------------------------------------

def version(program: str | None) -> str | None:
    """What a program says of its version, in one line."""
    if program is None:
        return None
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (done.stdout.strip().splitlines() or [""])[0]


def host_facts(scratch: str | None = None, **programs: str | None) -> dict[str, object]:
    """What figures were measured on: the machine, the judge's means, the programs' versions, the disk."""
    model = next((line.split(":", 1)[1].strip() for line in (read_text("/proc/cpuinfo") or "").splitlines()
                  if line.startswith("model name")), "unknown")
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    facts: dict[str, object] = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "kernel": platform.release(),
        "architecture": platform.machine(), "cpu": model, "cpus": os.cpu_count(),
        "cpus_used": len(os.sched_getaffinity(0)), "memory_bytes": memory,
        "virtual": "hypervisor" in (read_text("/proc/cpuinfo") or ""), "python": platform.python_version(),
        "ledger": open_ledger_kind()}
    if scratch:
        disk = subprocess.run(["df", "--output=fstype,avail", scratch], capture_output=True, text=True)
        facts["scratch"] = " ".join(disk.stdout.splitlines()[-1:]).split()
    if exert := programs.get("exert"):  # A version is of many builds, a digest of one.
        facts["exert_sha256"] = hashlib.sha256(Path(exert).read_bytes()).hexdigest()
    return facts | {name: version(program) for name, program in programs.items()}


# The program --------------------------------------------------------------------------------------------------------

Groups = dict[str, Callable[[Settings], Iterator[Bar]]]


def basic_parser(description: str, groups: Groups) -> argparse.ArgumentParser:
    """The command line that all programs have."""
    top = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("--exert", required=True, metavar="PATH", help="the binary to judge")
    top.add_argument("--only", default=",".join(groups), metavar="LIST", help=f"of {','.join(groups)}")
    top.add_argument("--json", metavar="FILE", help="write everything that was measured")
    return top


def complaints(options: argparse.Namespace, groups: Groups) -> list[str]:
    """What is wrong with the basic command line."""
    wrong = []
    if unknown := [name for name in chosen(options) if name not in groups]:
        wrong.append(f"no such group: {', '.join(unknown)}; there are {', '.join(groups)}")
    if not os.access(options.exert, os.X_OK) or os.path.isdir(options.exert):
        wrong.append(f"{options.exert} is not a program; build it with scripts/build")
    if (getattr(options, "repeats", None) or 1) < 1:
        wrong.append("--repeats takes 1 or more")
    return wrong


def chosen(options: argparse.Namespace) -> list[str]:
    """The groups that --only names."""
    return [name.strip() for name in options.only.split(",") if name.strip()]


def refuse(program: str, wrong: Sequence[str]) -> int:
    """Says what is wrong with the command line; 64."""
    print("\n".join(f"{program}: {line}" for line in wrong), file=sys.stderr)
    return 64


def whole_group(name: str, groups: Groups, settings: Settings) -> Iterator[Bar]:
    """The bars of a group; what could not be set up is a bar that was not met, not the end."""
    try:
        yield from groups[name](settings)
    except (JudgeError, OSError) as error:
        yield Bar(f"{name}: could not be measured", None, "", "<=", 0, str(error))


def judge_groups(program: str, options: argparse.Namespace, groups: Groups, settings: Settings,
                 host: dict[str, object] | None = None) -> int:
    """Runs the groups asked for, prints a row per bar as it is known, writes the JSON; gives the exit code."""
    unwind_on_signals()
    bars: list[Bar] = []
    try:
        for name in chosen(options):
            for bar in whole_group(name, groups, settings):
                bars.append(bar)
                print(bar.row(), flush=True)
    except KeyboardInterrupt:
        print(f"{program}: interrupted", file=sys.stderr)
        return 130
    finally:
        if options.json:
            report = ({"host": host} if host else {}) | {"bars": [asdict(bar) | {"met": bar.met} for bar in bars],
                                                         "runs": settings.raw}
            Path(options.json).write_text(json.dumps(report, indent=2) + "\n")
    return verdict(bars)


def verdict(bars: Sequence[Bar]) -> int:
    """Says how many bars were met; 0 if all were, 2 otherwise."""
    judged = [bar for bar in bars if bar.met is not None]
    print(f"{sum(bar.met is True for bar in judged)} of {len(judged)} bars met")
    return 0 if judged and all(bar.met for bar in judged) else 2
