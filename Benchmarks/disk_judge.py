# SPDX-License-Identifier: Apache-2.0
"""What `disk_bars.py` measures with: what a tool does to a disk or a table of handles, as the kernel has it.

- a block device's `stat`: what a load really moved, and in how many operations, sampled at 10 Hz;
- `statvfs`: what is free, with a `syncfs` of the judge's own before it on btrfs, whose figures lag;
- `/proc/PID/fd`: what a process holds open.

Nothing here reads a tool's own figures. Everything that is made is given back however a measurement ends.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from judge import OWN_MEMORY_S, SAMPLE_S, Command, interpolate, sleep_until, undisturbed, window_errors
from ledger import (JudgeError, Ledger, Synchroniser, host_cpu_ns, is_alive, open_ledger, process_cpu_ns, read_text,
                    stat_fields)
from volumes import Volume

FROM_S, UNTIL_S = 1.5, 0.5  # A rate counts from so long after the load begins, until so long before its end.
SETTLED_S = 0.5  # A level counts from so long after exec.
SPREAD_S = 0.05  # Samples of levels are spread over so much, lest they keep step with a neighbour's writes.
SECTOR = 512


# Running a command --------------------------------------------------------------------------------------------------

@contextlib.contextmanager
def running(arguments: Sequence[str]) -> Iterator[tuple[Command, Ledger]]:
    """A command inside a ledger, the judge ahead of it on the processors; leaving ends all of it."""
    cpus = sorted(os.sched_getaffinity(0))
    with undisturbed(), Synchroniser(), open_ledger() as book, Command(arguments, book, cpus) as command:
        yield command, book


def ticks(command: Command, seconds: float, spread: float = 0.0) -> Iterator[float]:
    """10 Hz on an absolute grid from exec, for so long or until the command ends.

    `spread`: moments are shifted within so much by the golden ratio, so that they fall on every phase of whatever
    else happens at a fixed rate.
    """
    for index in range(int(seconds / SAMPLE_S) + 1):
        due = command.spawned_at + index * SAMPLE_S + index * 0.618034 % 1 * spread
        if due < time.monotonic() - SAMPLE_S:
            continue  # The judge was held up: no burst of late samples.
        sleep_until(due)
        if command.ended:
            return
        yield time.monotonic() - command.spawned_at


# Rates --------------------------------------------------------------------------------------------------------------

@dataclass
class DeviceSample:
    """One look at `/sys/block/…/stat`, and the CPU time of the tool's tree; bytes and operations since the device was
    made. What the block layer merges into one request is one operation (`Documentation/block/stat.rst`)."""

    at: float
    read: int
    written: int
    tree_ns: int
    reads: int = 0  # Completed.
    writes: int = 0
    host_ns: int | None = None  # CPU time of every task of the host.

    @property
    def operations(self) -> int:
        return self.reads + self.writes


@dataclass
class DeviceTrace:
    """All that was seen of one run."""

    command: str
    samples: list[DeviceSample] = field(default_factory=list)
    own_bytes: int | None = None  # `Command.own_bytes`, once.
    rusage_s: float = 0.0  # User + system of the top process and of what it waited for, by wait4.
    complaint: str = ""


def trace_device(arguments: Sequence[str], device: str, seconds: float, setup: float = 90.0) -> DeviceTrace:
    """Runs a command that loads for `seconds` after at most `setup` of preparing, and samples the device to its end."""
    trace = DeviceTrace(" ".join(arguments))
    before = children_cpu_s()
    with running(arguments) as (command, book):
        stat = os.open(f"/sys/block/{device}/stat", os.O_RDONLY)
        try:
            for at in ticks(command, seconds + setup):
                trace.samples.append(look_at_device(stat, book))
                if trace.own_bytes is None and at >= OWN_MEMORY_S:
                    trace.own_bytes = command.own_bytes()
            trace.samples.append(look_at_device(stat, book))  # What was done since the last tick before the exit.
        finally:
            os.close(stat)
        trace.complaint = command.complaint()
    trace.rusage_s = children_cpu_s() - before
    return trace


def look_at_device(stat: int, book: Ledger) -> DeviceSample:
    """The counters and the time at which they were read, to half of what reading took."""
    before = time.monotonic()
    fields = os.pread(stat, 512, 0).split()
    at = (before + time.monotonic()) / 2
    return DeviceSample(at, int(fields[2]) * SECTOR, int(fields[6]) * SECTOR, book.cpu_ns(), int(fields[0]),
                        int(fields[4]), host_cpu_ns())


def children_cpu_s() -> float:
    """CPU seconds of all children that were waited for, theirs included."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@dataclass
class RateFigures:
    """What one run did to the device; errors in percent of the target."""

    command: str
    rate: float  # Mean over the stretch that counts, in bytes a second.
    error: float | None  # Of that mean; None: there is no target.
    mae: float | None  # Mean absolute error of sliding 1 s windows.
    worst: float | None
    windows: int
    cpu_s: float  # Of the whole tree, while the load ran.
    rusage_s: float  # Of the whole tree, from exec to exit.
    began: float  # Seconds after exec.
    ended: float
    operations: float  # That the device completed a second, reads and writes, over the stretch that counts.
    operation_bytes: float | None  # The mean size of those; None: there were none.
    background: float | None  # CPU of others, in percent of a core; the kernel's threads that serve the load included.


def measure_rate(arguments: Sequence[str], device: str, seconds: float, key: str,
                 target: float | None = None) -> RateFigures:
    """Runs a load on a device and computes its figures; `key` is `read` or `written`, the target bytes a second."""
    return rate_figures(trace_device(arguments, device, seconds), seconds, key, target)


def rate_figures(trace: DeviceTrace, seconds: float, key: str, target: float | None) -> RateFigures:
    """The figures of a trace; pure."""
    curve = [(s.at, getattr(s, key)) for s in trace.samples]
    end = load_end(curve, seconds, target)
    if end is None:
        raise JudgeError(f"no load was seen: {trace.complaint}")
    begin = end - seconds
    looks = [s for s in trace.samples if begin + FROM_S <= s.at <= end - UNTIL_S]
    steady = [(s.at, getattr(s, key)) for s in looks]
    if begin < curve[0][0] - SAMPLE_S or len(steady) < 1.2 / SAMPLE_S:
        raise JudgeError(f"loaded for less than {seconds:g} s ({len(steady)} samples): {trace.complaint}")
    (t0, v0), (t1, v1) = steady[0], steady[-1]
    rate = (v1 - v0) / (t1 - t0)
    errors = [] if target is None else [
        error for _, error in window_errors([(at, round(v / target * 1e9)) for at, v in steady], begin, 1.0)]
    spent = [(s.at, s.tree_ns) for s in trace.samples]
    done = looks[-1].operations - looks[0].operations
    moved = looks[-1].read + looks[-1].written - looks[0].read - looks[0].written
    return RateFigures(
        trace.command, rate,
        error=None if target is None else 100 * (rate / target - 1),
        mae=statistics.fmean(map(abs, errors)) if errors else None,
        worst=max(map(abs, errors), default=None),
        windows=len(errors),
        cpu_s=(interpolate(spent, end) - interpolate(spent, begin)) / 1e9,
        rusage_s=trace.rusage_s, began=begin - trace.samples[0].at, ended=end - trace.samples[0].at,
        operations=done / (t1 - t0), operation_bytes=moved / done if done else None,
        background=other_load(looks[0], looks[-1]))


def other_load(first: DeviceSample, last: DeviceSample) -> float | None:
    """What others took between two looks, in percent of a core; None where the kernel does not tell."""
    if first.host_ns is None or last.host_ns is None:
        return None
    return (last.host_ns - first.host_ns - last.tree_ns + first.tree_ns) / (last.at - first.at) / 1e7


def load_end(curve: Sequence[tuple[float, int]], seconds: float, target: float | None) -> float | None:
    """When the load ended: the last moment at which the device moved at its rate.

    The begin is so many seconds before: a file that is laid out may run into the load without a visible seam, while
    what comes after a load is small. Without a target the rate is the median of the last seconds.
    """
    rates = [(v1 - v0) / (t1 - t0) for (t0, v0), (t1, v1) in zip(curve, curve[1:])]
    usual = target or (statistics.median(rates[-int(seconds / SAMPLE_S):]) if rates else 0)
    last = next((k for k in reversed(range(len(rates))) if rates[k] >= 0.1 * usual > 0), None)
    if last is None:
        return None
    (t0, _), (t1, _) = curve[last:last + 2]
    return t0 + min(1.0, rates[last] / usual) * (t1 - t0)  # The part of the interval in which the load still ran.


# Levels -------------------------------------------------------------------------------------------------------------

@dataclass
class LevelFigures:
    """How a level was held: figures minus what was wanted, at each sample."""

    command: str
    wanted: float
    block: int  # What "within one" means: a block, a handle, an inode.
    samples: int
    worst: float  # Largest absolute difference.
    median: float  # Median absolute difference.
    share: float  # Of the samples, percent within one block.
    note: str = ""
    refused: int = 0  # Writes of the neighbour that found no space.
    unsynced: float | None = None  # Share of the samples within one block as statvfs stood before the judge's syncfs.


def level_figures(command: str, wanted: float, block: int, differences: Sequence[float], note: str) -> LevelFigures:
    """The figures of some samples; pure."""
    if len(differences) < 5:
        raise JudgeError(f"only {len(differences)} samples: {note or command}")
    sizes = [abs(d) for d in differences]
    return LevelFigures(command, wanted, block, len(sizes), max(sizes), statistics.median(sizes),
                        100 * sum(size <= block for size in sizes) / len(sizes), note)


def used(space: os.statvfs_result) -> int:
    """Bytes that `df` calls used."""
    return (space.f_blocks - space.f_bfree) * space.f_frsize


Look = Callable[[os.statvfs_result], float]
"""Reads one figure out of `statvfs`: bytes available, bytes in use, inodes free."""


def measure_level(arguments: Sequence[str], held: Volume, seconds: float, look: Look, wanted: float,
                  block: int, settled: float = SETTLED_S) -> LevelFigures:
    """Runs a load that holds a level of a file system, and compares what `statvfs` shows with what was wanted."""
    stood, seen = [], []
    with running(arguments) as (command, _):
        for at in ticks(command, seconds - 0.2, SPREAD_S):
            if at >= settled:
                before, after = look(os.statvfs(held.mount)), look(held.space())
                if not command.ended:
                    stood.append(before - wanted)
                    seen.append(after - wanted)
        note = command.complaint() if command.ended else ""
    figures = level_figures(" ".join(arguments), wanted, block, seen, note)
    figures.unsynced = 100 * sum(abs(difference) <= block for difference in stood) / len(stood)
    return figures


@dataclass
class ReachFigures:
    """A level reached, and given back after SIGKILL; seconds, None: not within 10 s."""

    command: str
    reached: float | None  # From before exec until `statvfs` shows it.
    processes: int = 0  # That were killed.
    gone: float | None = None  # From the first kill until none of them is alive.
    back: float | None = None  # … until `statvfs` shows what it showed before.
    left: list[str] = field(default_factory=list)  # Files in the directory after.


def measure_reach(arguments: Sequence[str], held: Volume, look: Look, amount: float, slack: float,
                  whole_tree: bool = True) -> ReachFigures:
    """Runs a load that takes `amount` of what `look` shows as free, then kills its tree (or top) with SIGKILL."""
    before = look(held.space())
    with running(arguments) as (command, book):
        figures = ReachFigures(" ".join(arguments), None)
        while figures.reached is None and not command.ended and time.monotonic() < command.spawned_at + 30:
            if before - look(held.space()) >= amount - slack:
                figures.reached = time.monotonic() - command.spawned_at
            else:
                time.sleep(0.001)
        if figures.reached is None:
            raise JudgeError(f"{amount:g} were not reached: {command.complaint()}")
        time.sleep(0.5)
        kill_tree(command, book, held, figures, whole_tree, lambda: look(held.space()) >= before - slack)
    figures.left = held.files()
    return figures


def kill_tree(command: Command, book: Ledger, held: Volume, figures: ReachFigures, whole_tree: bool,
              is_back: Callable[[], bool]) -> None:
    """SIGKILLs the processes and waits until they, and what they held, are gone."""
    members = book.pids()
    figures.processes = len(members)
    sent = time.monotonic()
    for pid in members if whole_tree else [command.pid]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    while (figures.gone is None or figures.back is None) and time.monotonic() < sent + 10:
        command.process.poll()  # Reaps the top process.
        if figures.gone is None and not any(map(is_alive, book.pids())):
            figures.gone = time.monotonic() - sent
        if figures.back is None and is_back():
            figures.back = time.monotonic() - sent
        time.sleep(0.001)


# Handles ------------------------------------------------------------------------------------------------------------

@dataclass
class HandleTrace:
    """What the stressor processes held open at each moment, and the CPU time that they used."""

    command: str
    samples: list[tuple[float, int]] = field(default_factory=list)  # Seconds after exec, sum over the processes.
    processes: int = 0
    cpu_s: float = 0.0  # Sum over the stressor processes, start-up included.
    limit: int = 0  # The hard RLIMIT_NOFILE of a stressor process.
    complaint: str = ""


def open_handles(pid: int) -> int:
    """The open descriptors of a process: the size of `/proc/PID/fd` (Linux 6.2), else the entries it lists."""
    try:
        return os.stat(f"/proc/{pid}/fd").st_size or len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def hard_limit(pid: int) -> int:
    """The hard limit of open files of a process."""
    for line in (read_text(f"/proc/{pid}/limits") or "").splitlines():
        if line.startswith("Max open files"):
            return int(line.split()[4])
    return 0


def trace_handles(arguments: Sequence[str], seconds: float, start: int | None = None) -> HandleTrace:
    """Runs a load of handles and counts at 10 Hz; the time is after exec, or after the count first was at `start`."""
    trace = HandleTrace(" ".join(arguments))
    with running(arguments) as (command, book):
        origin = 0.0
        while start is not None and not origin:
            if command.ended or time.monotonic() > command.spawned_at + 5:
                raise JudgeError(f"{start} handles were not seen: {command.complaint()}")
            if sum(map(open_handles, load_pids(command, book))) >= start:
                origin = time.monotonic() - command.spawned_at
            time.sleep(0.001)
        for _ in ticks(command, seconds - 0.2 + origin):
            pids = load_pids(command, book)
            at = time.monotonic() - command.spawned_at - origin
            trace.samples.append((at, sum(map(open_handles, pids))))
            trace.processes = max(trace.processes, len(pids))
            trace.cpu_s = max(trace.cpu_s, sum(process_cpu_ns(pid) or 0 for pid in pids) / 1e9)
            trace.limit = trace.limit or (hard_limit(pids[0]) if pids else 0)
        trace.complaint = command.complaint() if command.ended else ""
    return trace


def load_pids(command: Command, book: Ledger) -> list[int]:
    """The processes that carry load."""
    return [pid for pid in book.pids() if command.is_load(pid) and stat_fields(pid) is not None]


def handle_figures(trace: HandleTrace, wanted: float | Callable[[float], float], within: float,
                   begin: float = SETTLED_S) -> LevelFigures:
    """The counts of a trace against a level or a curve; pure."""
    curve = wanted if callable(wanted) else lambda _: wanted
    differences = [count - curve(at) for at, count in trace.samples if at >= begin]
    return level_figures(trace.command, curve(0), int(within), differences, trace.complaint)
