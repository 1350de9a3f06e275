#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How accurate stressors are: exert and its peers on the same machine, in turns, judged from outside by the kernel.

    Benchmarks/run [--quick | --full] [--only cpu,memory,…] [--exert PATH] [--out DIR]
    Benchmarks/run --peer stress-ng=PATH --peer fio-3.42=PATH   other builds, in a peer's place or beside it
    Benchmarks/run --compare A.json B.json                   does the order of every row agree?
    Benchmarks/run --render A.json                           the tables and charts of a result, written anew

`Benchmarks/run` installs the peers and builds exert first; this program needs both to be there. The result, JSON with
every run, is written after each row, so that what was measured is never lost, and --resume goes on from there. A full
run of all rows then measures what exert itself costs (Benchmarks/internal all).

Exit code: 0 every bar was met (or the orders agree), 2 one was not, or tools did unlike work and were not compared,
64 bad usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from charts import CHARTS
from judge import host_view, resolution, trace_cpu, unwind_on_signals
from ledger import JudgeError
from matrix import GROUPS, PEERS, PLACES, Case, MatrixSettings, all_cases, base, peer_of
from program import MOST_CPUS, host_facts, refuse, verdict, version
from results import DISTURBED, SCHEMA, Report, Row, bars, compare, dump, load, order, row_of_case
from runs import Place, cost, measure, place
from tables import overview, page, write_readme

HERE = Path(__file__).resolve().parent
SAME_HOST = ("kernel", "exert_sha256", "stress_ng", "stress", "fio", "builds")  # For --resume.
FORMS = {"quick": (1, 5, 6), "full": (3, 6, 6)}  # Repeats, seconds of a rate, seconds of an amount.


# Progress -----------------------------------------------------------------------------------------------------------

class Progress:
    """Tells on stderr what runs and how long the rest will take."""

    def __init__(self, total: float) -> None:
        self._total = total  # By `cost`, in seconds.
        self._done = 0.0
        self._begin = time.monotonic()

    def left(self) -> float:
        """Seconds, corrected by how long it took so far."""
        pace = (time.monotonic() - self._begin) / self._done if self._done > 30 else 1.0
        return (self._total - self._done) * pace

    def say(self, words: str) -> None:
        left = self.left()
        rest = f"{left / 60:.0f} min" if left >= 90 else f"{max(left, 1):.0f} s"
        print(f"  {rest:>7} left  {words}", file=sys.stderr, flush=True)

    def spent(self, seconds: float) -> None:
        self._done += seconds


# Running ------------------------------------------------------------------------------------------------------------

def askable(case: Case, settings: MatrixSettings) -> list[str]:
    """The tools that the case asks and that are installed."""
    return [tool for tool in settings.tools if callable(case.entry(tool)) and settings.program(tool)]


def run_case(case: Case, where: Place, progress: Progress) -> Row:
    """All tools in turns, A B C A B C …, as often as asked; a row."""
    row, settings = row_of_case(case), where.settings
    tools = askable(case, settings)
    for tool in settings.tools:
        if callable(case.entry(tool)) and tool not in tools:
            row["tools"][tool] = {"reason": "not installed"}
        elif isinstance(case.entry(tool), str) and tool != base(tool):
            row["tools"][tool] = {"reason": case.entry(tool)}
    commands = {tool: case.entry(tool)(where.asking(tool)) for tool in tools}
    for tool, command in commands.items():
        row["tools"][tool] = {"command": where.label(command), "runs": []}
    rounds = rounds_of(case, settings)
    for turn in range(rounds):
        for tool, command in commands.items():
            progress.say(f"{case.id}: {tool}" + (f", {turn + 1} of {rounds}" if rounds > 1 else ""))
            entry = row["tools"][tool]
            try:
                entry["runs"].append(measure(case, command, where).compact(with_series=turn == 0))
            except JudgeError as error:
                entry.setdefault("problems", []).append(
                    str(error).replace(" ".join(command), entry["command"]))
            progress.spent(cost(case, settings))
    return row


def rounds_of(case: Case, settings: MatrixSettings) -> int:
    """How often each tool runs; a shared disk's best is noisy, so its rows have more."""
    return 2 * settings.repeats - 1 if case.is_noisy else settings.repeats


def run_all(report: Report, cases: Sequence[Case], settings: MatrixSettings) -> Iterator[Row]:
    """Every case that the report does not have yet, each in its place."""
    there = {row["id"] for row in report["rows"]}
    todo = [case for case in cases if case.id not in there]
    progress = Progress(sum(cost(c, settings) * rounds_of(c, settings) * len(askable(c, settings)) for c in todo))
    for name, mine in groupby(todo, lambda case: PLACES.get(case.group, "")):
        try:
            with place(name, settings) as where:
                for case in mine:
                    yield run_case(case, where, progress)
        except (JudgeError, OSError) as error:
            print(f"bench: {name}: {error}", file=sys.stderr)
            report.setdefault("problems", []).append(f"{name}: {error}")


def judge_itself(seconds: float) -> dict[str, object]:
    """How quiet the machine is, and the judge's own error by loads whose truth is known."""
    print("  … the machine at rest, and the judge's own error", file=sys.stderr, flush=True)
    trace = trace_cpu(["sleep", "2"], 2)
    first, last = trace.samples[0], trace.samples[-1]
    view = host_view(first, last)
    found: dict[str, object] = {"background": view and view[2],
                                "steal": 100 * (last.host.steal - first.host.steal) / (last.at - first.at)}
    loads = {name.removesuffix(", synchronised"): figures["mae"]
             for name, figures in resolution(seconds, (0.05, 0.5, 0.95), as_read=False).items()
             if isinstance(figures, dict) and name.startswith("paced")}
    return found | {"mae": statistics.median(loads.values()), "loads": loads}


# Writing ------------------------------------------------------------------------------------------------------------

def write(report: Report, out: Path) -> None:
    """The JSON, the page and the charts of what there is so far."""
    out.mkdir(parents=True, exist_ok=True)
    keep(out / "accuracy.json", dump(report))
    keep(out / "accuracy.md", page(report))
    for name, draw in CHARTS.items():
        if (drawn := draw(report)) is not None:
            keep(out / name, drawn)


def keep(path: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    beside = path.with_name(path.name + ".new")
    beside.write_text(text)
    beside.replace(path)


def finish(report: Report, out: Path, readme: Path | None) -> int:
    """Files, README, the table and the bars on stdout; the exit code."""
    write(report, out)
    print("\n".join(overview(report, report["rows"])))
    print()
    for bar in (found := list(bars(report))):
        print(bar.row())
    if readme:
        folder = os.path.relpath(out.resolve(), readme.parent)
        if not write_readme(readme, report, folder):
            print(f"bench: {readme.name} has no markers; its table was not written", file=sys.stderr)
    print(f"written: {', '.join(str(out / name) for name in ('accuracy.json', 'accuracy.md', *CHARTS))}")
    return verdict(found)


# Command line -------------------------------------------------------------------------------------------------------

def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="Benchmarks/run", description=__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    form = top.add_mutually_exclusive_group()
    form.add_argument("--full", dest="form", action="store_const", const="full", help="every row, about an hour "
                      "(default)")
    form.add_argument("--quick", dest="form", action="store_const", const="quick", help="fewer rows, one run of each, "
                      "under 10 minutes: not for quoting")
    top.add_argument("--exert", metavar="PATH", help="the binary to judge; default: built first")
    top.add_argument("--peer", action="append", default=[], metavar="NAME=PATH", help="another build of a peer: "
                     f"{', '.join(PEERS)} in its place; one of these with - and a word, such as fio-3.42, beside it")
    top.add_argument("--built-from", metavar="TEXT", help="what exert was built from, for the page; default: this "
                     "checkout's commit")
    top.add_argument("--only", default=",".join(GROUPS), metavar="LIST", help=f"groups or ids of rows; groups: "
                     f"{','.join(GROUPS)}")
    top.add_argument("--out", type=Path, metavar="DIR", help="default Benchmarks/results, with --quick below it")
    top.add_argument("--scratch", default="/var/tmp", metavar="DIR", help="for images of disks, 4 GB; /var/tmp")
    top.add_argument("--resume", action="store_true", help="go on from the result in --out")
    top.add_argument("--readme", type=Path, metavar="FILE", help="whose table is replaced; default: README.md, by a "
                     "full run of all groups")
    top.add_argument("--repeats", type=int, metavar="N")
    top.add_argument("--seconds", type=int, metavar="S", help="of each rate (developing)")
    top.add_argument("--compare", nargs=2, type=Path, metavar="JSON", help="two results: does every order agree?")
    top.add_argument("--render", type=Path, metavar="JSON", help="write the page and the charts of a result anew")
    return top


def chosen(options: argparse.Namespace, cases: Sequence[Case]) -> list[Case]:
    """The rows of the form and the groups that were asked for; a row that is named runs in any form."""
    names = {name.strip() for name in options.only.split(",") if name.strip()}
    return [case for case in cases
            if case.id in names or (case.group in names and (case.quick or options.form == "full"))]


def complaints(options: argparse.Namespace, cases: Sequence[Case]) -> Iterator[str]:
    """What is wrong with the command line or the machine."""
    known = set(GROUPS) | {case.id for case in cases}
    if unknown := [name for name in options.only.split(",") if name.strip() and name.strip() not in known]:
        yield f"no such group or row: {', '.join(unknown)}; groups are {', '.join(GROUPS)}"
    if not options.exert:
        yield "--exert PATH is needed; Benchmarks/run builds it"
    elif not os.access(options.exert, os.X_OK) or os.path.isdir(options.exert):
        yield f"{options.exert} is not a program"
    for word in options.peer:
        name, given, path = word.partition("=")
        if not given or peer_of(name) is None or " " in name:
            yield f"--peer takes NAME=PATH, where NAME is or begins with one of {', '.join(PEERS)}: {word}"
        elif not os.access(path, os.X_OK) or os.path.isdir(path):
            yield f"--peer {name}: {path} is not a program"
    if (options.repeats or 1) < 1:
        yield "--repeats takes 1 or more"
    if (options.seconds or 4) < 4:
        yield "--seconds takes 4 or more: figures count from 2 s on"
    if not os.path.isdir(options.scratch):
        yield f"{options.scratch} is not a directory"
    if os.geteuid() != 0:
        yield "needs root, for groups, real-time class and loop devices"


def begin(options: argparse.Namespace, settings: MatrixSettings, out: Path) -> Report:
    """A new report, or the one to go on from."""
    named = {"repeats": settings.repeats, "seconds": settings.seconds, "hold": settings.hold}
    host = host_facts(settings.scratch, exert=settings.exert, stress_ng=settings.stress_ng, stress=settings.stress,
                      fio=settings.fio)
    if settings.builds:
        host["builds"] = {name: version(path) for name, path in settings.builds.items()}
    if options.resume and (out / "accuracy.json").exists():
        report = load(out / "accuracy.json")
        if report["settings"] == named and all(report["host"].get(name) == host.get(name) for name in SAME_HOST):
            report["command"] = command_line(options)  # Of the last that went on: it names all rows that there are.
            return report
        print("bench: the result there is of other settings, versions or kernel; begun anew", file=sys.stderr)
    return {"schema": SCHEMA, "form": options.form, "command": command_line(options),
            "built_from": options.built_from or commit(), "host": host, "settings": named,
            "judge": judge_itself(max(4, settings.seconds)), "rows": []}


def command_line(options: argparse.Namespace) -> str:
    """What was asked for, for others to repeat: without this machine's paths."""
    words = ["Benchmarks/run", f"--{options.form}"]
    if options.only != ",".join(GROUPS):
        words += ["--only", options.only]
    for peer in options.peer:
        words += ["--peer", f"{peer.partition('=')[0]}=PATH"]
    for name in ("repeats", "seconds"):
        if getattr(options, name):
            words += [f"--{name}", str(getattr(options, name))]
    return " ".join(words)


def commit() -> str:
    """The commit of this checkout, and whether it has changes beside."""
    def git(*words: str) -> str:
        done = subprocess.run(["git", "-C", HERE, *words], capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else ""

    return f"{git('rev-parse', '--short', 'HEAD') or 'an unknown commit'}" + (
        ", with changes" if git("status", "--porcelain", "--untracked-files=no", "--", "../Sources") else "")


def settings_of(options: argparse.Namespace) -> MatrixSettings:
    """What the command line says."""
    repeats, seconds, hold = FORMS[options.form]
    peers = dict(word.split("=", 1) for word in options.peer if "=" in word)
    peers = {name: os.path.abspath(path) for name, path in peers.items()}
    own = {name: peers.pop(name, None) or shutil.which(name) for name in PEERS}
    return MatrixSettings(
        exert=os.path.abspath(options.exert or ""), stress_ng=own["stress-ng"], stress=own["stress"], fio=own["fio"],
        builds={name: path for name, path in peers.items() if peer_of(name)}, scratch=options.scratch,
        repeats=options.repeats or repeats, seconds=options.seconds or seconds, hold=hold,
        processors=len(os.sched_getaffinity(0)))


def show_comparison(paths: Sequence[Path]) -> int:
    """Two results; 0 if the order of every row agrees."""
    try:
        lines, agree = compare(load(paths[0]), load(paths[1]))
    except (OSError, ValueError) as error:
        return refuse("bench", [str(error)])
    print("\n".join(lines))
    print("the order of every row agrees" if agree else "the orders do not agree")
    return 0 if agree else 2


def main() -> int:
    """Runs what was asked for, writes after each row, and tells the bars."""
    options = parser().parse_args()
    if options.compare:
        return show_comparison(options.compare)
    if options.render:
        return finish(load(options.render), options.out or options.render.parent, options.readme)
    whole = options.only == ",".join(GROUPS)
    options.form = options.form or "full"
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:MOST_CPUS])
    settings = settings_of(options)
    cases = all_cases(settings.processors)
    if wrong := list(complaints(options, cases)):
        return refuse("bench", wrong)
    unwind_on_signals()
    place_of = {case.id: number for number, case in enumerate(cases)}
    out = options.out or HERE / "results" / ("quick" if options.form == "quick" else "")
    readme = options.readme or (HERE.parent / "README.md" if options.form == "full" and whole else None)
    try:
        report = begin(options, settings, out)
        warn(report)
        report["unfinished"] = "it still runs, or was interrupted"
        for row in run_all(report, chosen(options, cases), settings):
            report["rows"].append(row)
            report["rows"].sort(key=lambda row: place_of[row["id"]])  # A result that was gone on with, too.
            write(report, out)
            print(f"{'':>14}{row['id']}: {order(report, row) or 'not measured'}", file=sys.stderr, flush=True)
        del report["unfinished"]
    except KeyboardInterrupt:
        print(f"bench: interrupted; what was measured is in {out}; --resume goes on", file=sys.stderr)
        return 130
    status = finish(report, out, readme)
    if options.form == "full" and whole:
        print("bench: now what exert itself costs", file=sys.stderr, flush=True)
        try:
            own = subprocess.run([HERE / "internal", "all", "--exert", settings.exert, "--out", out]).returncode
        except KeyboardInterrupt:
            print(f"bench: interrupted; {out} has the matrix, Benchmarks/internal all the rest", file=sys.stderr)
            return 130
        status = max(status, own)
    return status


def warn(report: Report) -> None:
    """Says so where the machine is not quiet."""
    other = max(report["judge"].get("background") or 0, report["judge"].get("steal") or 0)
    if other > DISTURBED:
        print(f"bench: others take {other:.0f} % of a core: these figures are not for quoting", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
