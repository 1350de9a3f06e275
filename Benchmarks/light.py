#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How light exert is: its binary, its start, each process of a run, and with --only build its first build.

    light.py --exert .build/release/exert [--repeats N] [--only size,start,processes,load]
    light.py --exert .build/release/exert --only build      # fresh clones, twice; minutes, and wants a quiet machine

MB are 10^6 bytes. A build is of a clone of the last commit, sources of dependencies fetched beforehand.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ledger import JudgeError, arguments_of, children_by_parent, rollup_bytes
from program import (MB, Bar, Settings, basic_parser, complaints, exert_run, host_facts, judge_groups, refuse)

OLDEST = {"GLIBC": (2, 34), "GLIBCXX": (3, 4, 29)}


def size(settings: Settings) -> Iterator[Bar]:
    """The binary as it is, stripped, and where its bytes are."""
    with tempfile.TemporaryDirectory() as folder:
        stripped = Path(folder) / "exert"
        subprocess.run(["strip", "-o", stripped, settings.exert], check=True)
        yield Bar("binary as shipped", Path(settings.exert).stat().st_size / MB, "MB", "<=", 35)
        yield Bar("binary stripped", stripped.stat().st_size / MB, "MB", "<=", 35)
    lines = subprocess.run(["size", "-A", "-d", settings.exert], capture_output=True, text=True, check=True).stdout
    sections = {words[0]: int(words[1]) for line in lines.splitlines() if len(words := line.split()) == 3
                and words[1].isdigit()}
    for name, count in sorted(sections.items(), key=lambda item: -item[1])[:6]:
        yield Bar(f"… of it {name}", count / MB, "MB")
    symbols = subprocess.run(["objdump", "-T", settings.exert], capture_output=True, text=True, check=True).stdout
    for library, oldest in OLDEST.items():
        versions = {tuple(map(int, word.strip("()").split("_")[1].split("."))) for word in symbols.split()
                    if word.strip("()").startswith(library + "_")}
        newest = max(versions, default=(0,))
        yield Bar(f"newest {library} that it needs", float(newest <= oldest), "", ">=", 1,
                  ".".join(map(str, newest)) if versions else "none")


def forget(exert: str) -> None:
    """Drops the binary from the page cache, so that it is there as an installed one is after a boot.

    What a linker or a copy has just written is cached in large folios, of which a fault maps more than the 64 KiB
    around it (mm/filemap.c): the same binary had 16 MB resident in place of 12.
    """
    file = os.open(exert, os.O_RDONLY)
    try:
        os.fsync(file)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(file)
    subprocess.run([exert, "--version"], stdout=subprocess.DEVNULL, check=True)


def start(settings: Settings) -> Iterator[Bar]:
    """`exert --version`, again and again."""
    forget(settings.exert)
    seconds, resident = [], []
    for _ in range(20 * settings.repeats):
        begun = time.monotonic()
        subprocess.run([settings.exert, "--version"], stdout=subprocess.DEVNULL, check=True)
        seconds.append(time.monotonic() - begun)
    for _ in range(3):
        resident.append(most_resident(settings.exert))
    settings.keep("start", {"seconds": seconds, "resident": resident})
    yield Bar("exert --version: most resident", statistics.median(resident) / MB, "MB", "<=", 10)
    yield Bar("exert --version: fork to end", 1000 * statistics.median(seconds), "ms", "<=", 5,
              f"least {1000 * min(seconds):.2g}")


def most_resident(exert: str) -> int:
    """VmHWM of `exert --version`, which waits at its end since nobody reads what it prints.

    Not what wait4 tells: that is what was resident before `exec`, too, of this program.
    """
    reader, writer = os.pipe2(os.O_NONBLOCK)
    try:
        while True:
            os.write(writer, bytes(4096))
    except BlockingIOError:
        os.set_blocking(writer, True)
    child = subprocess.Popen([exert, "--version"], stdout=writer)
    status = Path(f"/proc/{child.pid}/status")
    while not any(word in Path(f"/proc/{child.pid}/wchan").read_text() for word in ("pipe_write", "poll")):
        if child.poll() is not None:
            raise JudgeError(f"{exert} --version ended with {child.returncode} although nobody read what it printed")
        time.sleep(0.01)
    most = next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    os.close(reader)
    os.close(writer)
    child.wait()
    return most * 1024


def descendants(pid: int) -> list[int]:
    """A process and all below it."""
    children = children_by_parent()
    found, new = [], [pid]
    while new:
        found += new
        new = [child for parent in new for child in children.get(parent, [])]
    return found


def processes(settings: Settings) -> Iterator[Bar]:
    """Every process of a run with a load of each kind that needs no directory, in the middle of it."""
    forget(settings.exert)
    command = exert_run(settings.exert, 6, "cpu=20%", "memory=64MiB", "file-handles=100",
                        "memory-bandwidth=100MB/s")
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(3.5)
        figures = {pid: (arguments_of(pid), rollup_bytes(pid)) for pid in descendants(run.pid)}
    finally:
        run.wait()
    settings.keep("processes", {str(pid): list(each) for pid, each in figures.items()})
    for pid, (words, sizes) in figures.items():
        name = "observer" if pid == run.pid else " ".join(words[1:3]) if words[1:2] == ["stressor"] else "its keeper"
        private = sizes.get("Private_Clean", 0) + sizes.get("Private_Dirty", 0)
        judged = words[1:3] not in (["stressor", "memory"], ["stressor", "memory-bandwidth"])
        note = "" if judged else "its load is in it"
        yield Bar(f"{name}: resident", sizes["Rss"] / MB, "MB", "<=" if judged else "", 12 if judged else None, note)
        yield Bar(f"{name}: private", private / MB, "MB", "<=" if judged else "", 5 if judged else None, note)


def load(settings: Settings) -> Iterator[Bar]:
    """From before `exec` until a CPU load of one core is there: the time that its threads have not had.

    The kernel books a running thread's time at its ticks, so what is read is at most too little: of many looks, the
    least delay counts.
    """
    delays = []
    for _ in range(5 * settings.repeats):
        begun = time.monotonic_ns()
        run = subprocess.Popen(exert_run(settings.exert, 0.4, "cpu=1 cores", sets=["cpu.workers=1"]),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        delay = None
        while (now := time.monotonic_ns() - begun) < 300e6:
            time.sleep(0.002)
            for pid in descendants(run.pid)[1:]:
                if arguments_of(pid)[1:3] != ["stressor", "cpu"]:
                    continue
                now = time.monotonic_ns() - begun
                busy = max((ran(thread) for thread in Path(f"/proc/{pid}/task").glob("*")), default=0)
                # Early on, what a thread has had is what its start costs.
                if now > 100e6 and busy > 0:
                    delay = min(delay or now, now - busy)
        run.wait()
        delays.append(delay)
    settings.keep("load", delays)
    known = [delay / 1e6 for delay in delays if delay is not None]
    yield Bar("CPU load is there after exec", statistics.median(known) if known else None, "ms", "<=", 15,
              f"least {min(known):.3g}" if known else "")


def ran(thread: Path) -> int:
    """What a thread has run, in ns; 0 once it is gone."""
    try:
        return int((thread / "schedstat").read_text().split()[0])
    except OSError:
        return 0


def build(settings: Settings) -> Iterator[Bar]:
    """First builds of fresh clones, with the server and without."""
    root = Path(__file__).resolve().parent.parent
    for name, words, limit in [("all", [], 5), ("without Server", ["--disable-default-traits"], 2.5)]:
        folder = Path(tempfile.mkdtemp(prefix="exert-build-", dir="/var/tmp"))
        try:
            subprocess.run(["git", "clone", "-q", root, folder / "exert"], check=True)
            subprocess.run(["swift", "package", *words, "resolve"], cwd=folder / "exert", check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
            done = subprocess.run(["scripts/build", *words], cwd=folder / "exert", stdout=subprocess.PIPE, text=True)
            seconds, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            made = Path(done.stdout.strip() or "/nothing")
            note = f"{made.stat().st_size / MB:.1f} MB" if done.returncode == 0 else "it failed"
            yield Bar(f"first build, {name}", seconds / 60 if done.returncode == 0 else None, "min", "<=", limit, note)
            yield Bar(f"… its CPU time, {name}", cpu / 60, "min")
        finally:
            shutil.rmtree(folder)


GROUPS = {"size": size, "start": start, "processes": processes, "load": load, "build": build}


def main() -> int:
    """Judges the groups that were asked for; all but the builds where nothing is said."""
    top = basic_parser(__doc__ or "", GROUPS)
    top.set_defaults(only="size,start,processes,load")
    top.add_argument("--repeats", type=int, default=3)
    options = top.parse_args()
    if wrong := complaints(options, GROUPS):
        return refuse("light", wrong)
    settings = Settings(exert=os.path.abspath(options.exert), repeats=options.repeats)
    return judge_groups("light", options, GROUPS, settings, host_facts(exert=options.exert))


if __name__ == "__main__":
    sys.exit(main())
