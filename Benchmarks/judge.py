#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The outside judge: measures what a load tool really does, by the kernel's accounts and never by the tool's own word.

A library for `bars.py`, and a command of its own:

    judge.py cpu --target 0.5 --for 12 -- COMMAND …       one CPU load against a constant target
    judge.py memory --bytes 4GiB -- COMMAND …             one memory load
    judge.py kill --signal KILL -- COMMAND …              what is left after the top process is killed
    judge.py resolution                                   the judge's own error here
    judge.py reference DUTY SECONDS                       a paced CPU load of known duty (what `resolution` runs)
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from ledger import (HostTimes, JudgeError, Ledger, Synchroniser, arguments_of, available_bytes, host_cpu_ns, is_alive,
                    open_ledger, process_cpu_ns, rollup_bytes, rss_bytes)

Target = float | Callable[[float], float]
"""Cores: a constant, or a function of the seconds since the load began."""

SAMPLE_S = 0.1  # The grid of synchronised samples.
DITHER_S = 0.0004  # Ten samples a second at ten phases of the tick: else ticks would see the judge always or never.
POLL_S = 0.002  # The grid of the unsynchronised polls that find where the load begins.
POLL_FOR_S = 1.0  # How long they go on. Each takes some 15 us of a CPU: what a load of 99 % lost to them it has to make
# up for at 1 % of a CPU, which must be over before its figures count.
WINDOW_S = 1.0
OWN_MEMORY_S = 1.2  # When the memory of what carries no load is looked at: it has started, and nothing counts yet.
STEADY_FROM_S = 2.0  # Windows count from here on, after the load began.
SETTLED_POINTS = 0.5


# Running a command --------------------------------------------------------------------------------------------------

class Command:
    """A command under test, started inside a ledger; leaving the context ends all of it."""

    def __init__(self, arguments: Sequence[str], ledger: Ledger, cpus: Sequence[int],
                 enter: Callable[[], None] | None = None) -> None:
        """`enter` is called in the child before exec: it joins groups, say."""
        self.arguments = list(arguments)
        self.ledger = ledger
        self._cpus = cpus
        self._enter = enter
        self._stderr: IO[bytes] = tempfile.TemporaryFile()
        self._scratch = tempfile.TemporaryDirectory(prefix="exert-judge-")
        self.spawned_at = 0.0

    def __enter__(self) -> Command:
        reader, writer = os.pipe()

        def prepare() -> None:
            os.sched_setaffinity(0, self._cpus)
            if self._enter:
                self._enter()
            self.ledger.enlist()  # Slow in v1 (an RCU grace period): not the tool's time.
            os.write(writer, time.monotonic_ns().to_bytes(8, "little"))

        try:
            # A process group of its own keeps a Ctrl-C for the judge; not a session: autogroup would change its share.
            self.process = subprocess.Popen(self.arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                            stderr=self._stderr, cwd=self._scratch.name, process_group=0,
                                            preexec_fn=prepare)
            self.spawned_at = int.from_bytes(os.read(reader, 8), "little") / 1e9
        except OSError as error:
            raise JudgeError(f"could not start {self.arguments[0]}: {error.strerror}") from error
        finally:
            os.close(reader)
            os.close(writer)
        self.pid = self.process.pid
        self.ledger.adopt(self.pid)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.ledger.kill()
            if self.process.poll() is None:
                self.process.kill()
            self.process.wait(5)
        finally:
            self._stderr.close()
            self._scratch.cleanup()

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def is_load(self, pid: int) -> bool:
        """Whether a process carries load: exert's `stressor` children; of any other tool every child."""
        if pid == self.pid:
            return False
        arguments = arguments_of(pid)
        if self.arguments[1:2] == ["run"]:  # A child of exert that has not reached its exec yet is none.
            return arguments[1:2] == ["stressor"]
        return bool(arguments)

    def own_bytes(self) -> int:
        """Memory of the processes that carry no load: the sum of PSS, in which shared pages count once."""
        return sum(rollup_bytes(pid)["Pss"] for pid in self.ledger.pids() if not self.is_load(pid))

    def complaint(self) -> str:
        """The command, how it ended and the last it said on stderr."""
        self._stderr.seek(0)
        lines = self._stderr.read().decode("utf-8", "replace").strip().splitlines()[-4:]
        return f"{' '.join(self.arguments)} ended with {self.process.poll()}: {' | '.join(lines) or 'no message'}"


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """No pause of the garbage collector while measuring."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def sleep_until(moment: float) -> None:
    """Sleeps to an absolute CLOCK_MONOTONIC time in seconds."""
    if (rest := moment - time.monotonic()) > 0:
        time.sleep(rest)


# CPU ----------------------------------------------------------------------------------------------------------------

@dataclass
class Sample:
    """One synchronised look: CLOCK_MONOTONIC, CPU time of the tree and of its processes, and of the host."""

    at: float
    tree_ns: int
    process_ns: dict[int, int]
    host: HostTimes
    host_ns: int | None
    lag: float | None  # The most by which `tree_ns` is behind, in seconds; None: up to a tick.


@dataclass
class Trace:
    """All that was seen of one CPU run."""

    spawned_at: float
    ended_at: float
    samples: list[Sample] = field(default_factory=list)
    polls: list[tuple[float, int]] = field(default_factory=list)
    load_pids: set[int] = field(default_factory=set)
    top_pid: int = 0
    own_bytes: int | None = None  # `Command.own_bytes`, once, before the figures count.
    late: float = 0.0  # The worst sample behind its grid, in seconds.
    exit_code: int | None = None
    complaint: str = ""


def trace_cpu(arguments: Sequence[str], duration: float, *, synchronised: bool = True, ledger: str | None = None,
              poll_for: float = POLL_FOR_S, cpus: Sequence[int] | None = None, enter: Callable[[], None] | None = None,
              within: Path | None = None) -> Trace:
    """Runs a command for `duration` seconds (plus 5 of grace) and records its CPU time on an absolute 10 Hz grid."""
    everywhere = sorted(os.sched_getaffinity(0))
    with (undisturbed(), Synchroniser(synchronised) as sync, open_ledger(ledger, within) as book,
          Command(arguments, book, cpus or everywhere, enter) as command):
        trace = Trace(command.spawned_at, command.spawned_at, top_pid=command.pid)
        give_up = command.spawned_at + duration + 5
        index = 0
        while not command.ended and time.monotonic() < give_up:
            due = command.spawned_at + index * SAMPLE_S + index % 10 * DITHER_S
            if time.monotonic() - command.spawned_at < poll_for:
                while (now := time.monotonic()) < due - POLL_S:
                    trace.polls.append((now, book.cpu_ns()))
                    sleep_until(now + POLL_S)
            sleep_until(due)
            if command.ended:
                break
            trace.samples.append(_look(command, book, sync, trace.load_pids))
            trace.late = max(trace.late, trace.samples[-1].at - due)
            if trace.own_bytes is None and index >= OWN_MEMORY_S / SAMPLE_S:
                trace.own_bytes = command.own_bytes()
            index = max(index + 1, int((time.monotonic() - command.spawned_at) / SAMPLE_S) + 1)
        trace.ended_at = time.monotonic()
        trace.exit_code = command.process.poll()
        trace.complaint = command.complaint()
        if not trace.load_pids:
            trace.load_pids.add(command.pid)  # A tool of one process is its own load.
        return trace


def _look(command: Command, book: Ledger, sync: Synchroniser, load_pids: set[int]) -> Sample:
    """Synchronises, then reads: first the tree with its time, then what may be a few microseconds late."""
    lag = sync.synchronise()
    before = time.monotonic()
    tree_ns = book.cpu_ns()
    at = (before + time.monotonic()) / 2
    host_ns = host_cpu_ns()
    host = HostTimes()
    clocks = {}
    for pid in book.pids():
        if (spent := process_cpu_ns(pid)) is not None:
            clocks[pid] = spent
        if pid not in load_pids and command.is_load(pid):
            load_pids.add(pid)
    return Sample(at, tree_ns, clocks, host, host_ns, lag)


@dataclass
class CPUFigures:
    """What `measure_cpu` found. Errors are percentage points of one core; times are seconds."""

    target: float
    start_latency: float | None  # Spawn until 90 % of the target over the 100 ms that follow.
    load_began: float  # After spawn: where the load's first second is taken to begin.
    settle: float | None  # From there until every later 1 s window is within 0.5 points; None: never.
    first_second: float  # Error of [load began, + 1 s].
    mean: float  # Error of everything from 2 s on.
    mae: float  # Mean absolute error of the sliding 1 s windows from 2 s on.
    worst: float  # The worst of those windows, absolute.
    overshoot: float  # The most by which a 1 s window from the load's begin on is above the target.
    load_mean: float  # The same three of the processes that carry load, without the tool's own cost.
    load_mae: float
    load_worst: float
    busy_columns: float | None  # /proc/stat busy columns minus other load minus the tree's real use.
    idle_view: float | None  # The same by 1 - idle.
    own_cost: float  # Processes that carry no load, in percent of a core.
    own_bytes: int | None  # Memory of those processes, the sum of PSS.
    background: float | None  # Other processes of the host, in percent of a core.
    steal: float  # Time the hypervisor withheld, in percent of a core.
    late: float  # The judge's own worst sample, seconds behind its grid: tells a disturbed run.
    lag: float | None  # The most by which a synchronised counter was behind, in seconds; None: not synchronised.
    windows: int
    exit_code: int | None


def measure_cpu(arguments: Sequence[str], duration: float, target: Target, **options: object) -> CPUFigures:
    """Runs a CPU load of a stated duration and computes its figures against a target in cores."""
    return cpu_figures(trace_cpu(arguments, duration, **options), duration, target)


def cpu_figures(trace: Trace, duration: float, target: Target) -> CPUFigures:
    """The figures of a trace; pure."""
    began = load_start(trace.polls, target)
    if began is None:
        raise JudgeError(f"no load was seen: {trace.complaint}")
    curve = [(s.at, s.tree_ns) for s in trace.samples]
    until = min(began + duration - 0.15, trace.ended_at - 0.1)
    steady = [s for s in trace.samples if began + STEADY_FROM_S <= s.at <= until]
    if len(steady) < WINDOW_S / SAMPLE_S + 2:
        raise JudgeError(f"too short to judge ({len(steady)} samples from 2 s on): {trace.complaint}")
    errors = [e for _, e in window_errors([(s.at, s.tree_ns) for s in steady], began, target)]

    def own_ns(sample: Sample) -> int:
        return sum(spent for pid, spent in sample.process_ns.items() if pid not in trace.load_pids)

    load_errors = [e for _, e in window_errors([(s.at, s.tree_ns - own_ns(s)) for s in steady], began, target)]
    first, last = steady[0], steady[-1]
    span = last.at - first.at

    def rate(figure: Callable[[Sample], float]) -> float:
        return 100 * (figure(last) - figure(first)) / span

    tree = rate(lambda s: s.tree_ns / 1e9)
    whole = [(s.at, s.tree_ns) for s in trace.samples if began <= s.at <= until]
    seen = host_view(first, last)
    own = (own_ns(last) - own_ns(first)) / 1e9 / span
    wanted = mean_target(target, first.at - began, last.at - began)
    first_end = interpolate(trace.polls + curve, began + WINDOW_S)
    first_begin = interpolate(trace.polls + curve, began)
    return CPUFigures(
        target=mean_target(target, 0, duration),
        start_latency=start_latency(trace.polls, trace.spawned_at, began, target),
        load_began=began - trace.spawned_at,
        settle=settle_time(whole, began, target),
        first_second=100 * ((first_end - first_begin) / 1e9 / WINDOW_S - mean_target(target, 0, WINDOW_S)),
        mean=tree - 100 * wanted,
        mae=statistics.fmean(map(abs, errors)),
        worst=max(map(abs, errors)),
        overshoot=max(0.0, *(e for _, e in window_errors(whole, began, target))),
        load_mean=tree - 100 * own - 100 * wanted,
        load_mae=statistics.fmean(map(abs, load_errors)),
        load_worst=max(map(abs, load_errors)),
        busy_columns=seen and seen[0],
        idle_view=seen and seen[1],
        own_cost=100 * own,
        own_bytes=trace.own_bytes,
        background=seen and seen[2],
        steal=rate(lambda s: s.host.steal),
        late=trace.late,
        lag=None if any(s.lag is None for s in steady) else max(s.lag or 0 for s in steady),
        windows=len(errors),
        exit_code=trace.exit_code)


def host_view(first: Sample, last: Sample) -> tuple[float, float, float] | None:
    """(busy columns' error, 1 - idle's error, other load), in points of a core, between two samples.

    Other load is what the scheduler charged to all tasks of the host minus what it charged to the tree, so that no
    estimate of the background before the run is needed. None where the kernel gives no such total.
    """
    if first.host_ns is None or last.host_ns is None:
        return None
    span = last.at - first.at
    tree = (last.tree_ns - first.tree_ns) / 1e9
    other = (last.host_ns - first.host_ns) / 1e9 - tree
    busy = last.host.busy - first.host.busy
    awake = span * (os.cpu_count() or 1) - (last.host.idle - first.host.idle)
    return 100 * (busy - other - tree) / span, 100 * (awake - other - tree) / span, 100 * other / span


def mean_target(target: Target, begin: float, end: float) -> float:
    """The mean of a target over [begin, end] seconds of the load (midpoint rule, 64 pieces)."""
    if not callable(target):
        return target
    piece = (end - begin) / 64
    return statistics.fmean(target(begin + (k + 0.5) * piece) for k in range(64))


def window_errors(curve: Sequence[tuple[float, int]], began: float, target: Target) -> list[tuple[float, float]]:
    """(window's begin after the load began, error in points) of each 1 s window: sample to sample, by measured Δt."""
    times = [at for at, _ in curve]
    errors = []
    for at, spent in curve:
        index = bisect_left(times, at + WINDOW_S - SAMPLE_S / 2)
        if index < len(curve) and times[index] - at < WINDOW_S + SAMPLE_S:
            span = times[index] - at
            wanted = mean_target(target, at - began, times[index] - began)
            errors.append((at - began, 100 * ((curve[index][1] - spent) / 1e9 / span - wanted)))
    return errors


def settle_time(curve: Sequence[tuple[float, int]], began: float, target: Target) -> float | None:
    """Begin of the first 1 s window after which all, itself included, are within 0.5 points; None: there is none."""
    settled = None
    for begin, error in reversed(window_errors(curve, began, target)):
        if abs(error) > SETTLED_POINTS:
            break
        settled = begin
    return settled


def interpolate(points: Sequence[tuple[float, int]], at: float) -> float:
    """The value of a growing curve at a time, linear between the points at which it changed."""
    ordered = sorted(points)
    kept = ordered[:1] + [p for before, p in zip(ordered, ordered[1:]) if p[1] > before[1]]
    index = bisect_left(kept, (at, 0))
    if index == 0 or index == len(kept):
        return kept[min(index, len(kept) - 1)][1]
    (t0, v0), (t1, v1) = kept[index - 1], kept[index]
    return v0 + (v1 - v0) * (at - t0) / (t1 - t0)


def forward_rates(polls: Sequence[tuple[float, int]]) -> list[tuple[float, float]]:
    """(time, cores over the 100 ms that follow) at each poll."""
    times = [at for at, _ in polls]
    rates = []
    for at, spent in polls:
        index = bisect_left(times, at + 0.1)
        if index < len(polls):
            rates.append((at, (polls[index][1] - spent) / 1e9 / (times[index] - at)))
    return rates


def load_start(polls: Sequence[tuple[float, int]], target: Target) -> float | None:
    """When the load begins: CLOCK_MONOTONIC, to about 2 ms.

    A tool's own start-up uses CPU as well, so "usage begins" is read as: the first moment from which the next 100 ms
    run within 5 % of the target (or 1 point, if that is more). Where there is none within half a second of the first
    moment above half the target, as with tools that swing, it is that moment.
    """
    wanted = mean_target(target, 0, 0.1)
    rates = forward_rates(polls)
    coarse = next((at for at, rate in rates if rate >= 0.5 * wanted), None)
    if coarse is None:
        return None
    near = max(0.05 * wanted, 0.01)
    return next((at for at, rate in rates if coarse <= at < coarse + 0.5 and abs(rate - wanted) <= near), coarse)


def start_latency(polls: Sequence[tuple[float, int]], spawned: float, began: float, target: Target) -> float | None:
    """Seconds from spawn until the next 100 ms run at 90 % of the target; None: not within the polls."""
    wanted = 0.9 * mean_target(target, 0, 0.1)
    rates = [(at, rate) for at, rate in forward_rates(polls) if at >= began]
    return next((at - spawned for at, rate in rates if rate >= wanted), None)


# Memory -------------------------------------------------------------------------------------------------------------

@dataclass
class MemoryFigures:
    """What `measure_memory` found, in bytes, seconds and percent of a core."""

    target: int
    reached: float | None  # Spawn until 99.5 % of the target is resident.
    hold_error: int  # max |RSS - target| of the hold: the biggest process, or the sum of the load's processes.
    hold_drift: int  # max RSS - min RSS of the hold.
    hold_cpu: float  # CPU of the whole tree over the last seconds of the hold.
    added_rss: int  # Sum of Rss of the whole tree minus the target.
    added_pss: int  # Sum of Pss of the whole tree minus the target: shared pages counted once.
    hold_samples: int


def measure_memory(arguments: Sequence[str], target: int, hold: float, *, split: bool = False, write_for: float = 3.0,
                   give_up_after: float = 60.0, ledger: str | None = None) -> MemoryFigures:
    """Runs a memory load and measures its rise and then `hold` seconds of it; ends the command itself.

    `split`: the target is spread over several processes, whose RSS is summed. The first `write_for` seconds after the
    target was reached belong to writing content, not to the hold.
    """
    cpus = sorted(os.sched_getaffinity(0))
    with undisturbed(), Synchroniser() as sync, open_ledger(ledger) as book, Command(arguments, book, cpus) as command:

        def resident() -> int:
            sizes = [rss_bytes(pid) for pid in book.pids()]
            return sum(sizes) if split else max(sizes, default=0)

        reached = None
        while reached is None and not command.ended and time.monotonic() < command.spawned_at + give_up_after:
            now = time.monotonic()
            if resident() >= 0.995 * target:
                reached = time.monotonic() - command.spawned_at
            # 5 ms: finer, and the judge, which runs before everything else, would take the load's processors.
            sleep_until(now + 0.005)
        if reached is None:
            raise JudgeError(f"{target} bytes were not reached: {command.complaint()}")
        time.sleep(write_for)
        sync.synchronise()
        began, spent = time.monotonic(), book.cpu_ns()
        sizes = []
        while time.monotonic() < began + hold:
            if command.ended:
                raise JudgeError(f"ended before the hold was over: {command.complaint()}")
            sizes.append(resident())
            time.sleep(0.1)
        sync.synchronise()
        cost = 100 * (book.cpu_ns() - spent) / 1e9 / (time.monotonic() - began)
        tree = [rollup_bytes(pid) for pid in book.pids()]
        if not split:
            sizes.append(max(entry["Rss"] for entry in tree))
        return MemoryFigures(target, reached, max(abs(size - target) for size in sizes), max(sizes) - min(sizes), cost,
                             sum(e["Rss"] for e in tree) - target, sum(e["Pss"] for e in tree) - target, len(sizes))


def touch_memory(size: int) -> None:
    """Touches and gives back `size` bytes in a helper process, so that a hypervisor has backed them.

    To be done right before a measurement: with free page reporting a guest gives freed blocks back within seconds. In
    huge pages, since blocks of their size are what is given back; they serve small pages as well.
    """
    script = (f"import mmap\nm = mmap.mmap(-1, {size}, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)\n"
              f"m.madvise(mmap.MADV_HUGEPAGE)\nfor at in range(0, {size}, 4096): m[at] = 1")
    # Where a pass was slow, the hypervisor was still backing; a block that was freed may be another one, so once more.
    for _ in range(4):
        began = time.monotonic()
        subprocess.run([sys.executable, "-c", script], check=True)
        if time.monotonic() - began < 0.5 * size / (1 << 30):
            return


# Kill ---------------------------------------------------------------------------------------------------------------

@dataclass
class KillFigures:
    """What was left after the top process got a signal; seconds after the signal, None: not within 10 s."""

    signal: str
    processes: int  # In the tree before the signal.
    gone: float | None  # Until every process of the tree is gone.
    memory_back: float | None  # Until MemAvailable is within 64 MiB of what it was before the command.
    exit_code: int | None


def measure_kill(arguments: Sequence[str], number: signal.Signals, settle: float = 3.0, memory: int = 0,
                 ledger: str | None = None) -> KillFigures:
    """Starts a command and signals it once `settle` seconds passed and at least `memory` bytes are resident."""
    before = available_bytes()
    with open_ledger(ledger) as book, Command(arguments, book, sorted(os.sched_getaffinity(0))) as command:
        give_up = time.monotonic() + 20
        sleep_until(command.spawned_at + settle)
        while sum(map(rss_bytes, book.pids())) < memory and time.monotonic() < give_up and not command.ended:
            time.sleep(0.01)
        if command.ended or sum(map(rss_bytes, book.pids())) < memory:
            raise JudgeError(f"was not under load when it was to be signalled: {command.complaint()}")
        members = len(book.pids())
        sent = time.monotonic()
        os.kill(command.pid, number)
        gone = memory_back = None
        while (gone is None or memory_back is None) and time.monotonic() < sent + 10:
            command.process.poll()  # Reaps the top process.
            now = time.monotonic() - sent
            if gone is None and not any(is_alive(pid) for pid in book.pids()):
                gone = now
            if memory_back is None and available_bytes() >= before - (64 << 20):
                memory_back = now
            time.sleep(0.001)
        return KillFigures(number.name, members, gone, memory_back, command.process.poll())


# The judge's own error ----------------------------------------------------------------------------------------------

def reference(duty: float, seconds: float) -> None:
    """Loads one core at a known duty: cumulative thread-CPU budget on an absolute grid of 101 periods a second.

    What its threads use before the first and after the last period is the interpreter's; between, it is exact to
    microseconds, so that errors of `judge.py cpu` against it are the judge's (and the machine's disturbances).
    """
    gc.disable()
    begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC) + 5_000_000
    sleep_until(begin / 1e9)
    base = time.thread_time_ns()
    for period in range(1, int(seconds * 101) + 1):
        wake = period * 1_000_000_000 // 101
        budget = base + int(wake * duty)
        while time.thread_time_ns() < budget:
            pass
        sleep_until((begin + wake) / 1e9)


def resolution(seconds: float = 8.0, duties: Sequence[float] = (0.05, 0.2, 0.5, 0.8, 0.95),
               as_read: bool = True) -> dict[str, object]:
    """Judges loads whose truth is known: a pinned busy loop, a sleep, paced references; synchronised, and as read."""
    me = os.path.abspath(__file__)
    cpu = sorted(os.sched_getaffinity(0))[-1]
    script = f"import time\nend = time.monotonic() + {seconds}\nwhile time.monotonic() < end: pass"
    loop = [sys.executable, "-c", script]
    cases: list[tuple[str, list[str], float, Sequence[int] | None]] = [
        ("busy loop, pinned", loop, 1.0, [cpu]), ("sleep", ["sleep", str(seconds)], 0.0, None)]
    cases += [(f"paced {duty:.0%}", [sys.executable, me, "reference", str(duty), str(seconds)], duty, None)
              for duty in duties]
    report: dict[str, object] = {"ledger": open_ledger_kind()}
    for name, command, duty, cpus in cases:
        for synchronised in (True, False) if as_read else (True,):
            trace = trace_cpu(command, seconds, synchronised=synchronised, cpus=cpus)
            steady = [s for s in trace.samples if trace.spawned_at + 2 <= s.at <= trace.spawned_at + seconds - 0.3]
            errors = [e for _, e in window_errors([(s.at, s.tree_ns) for s in steady], trace.spawned_at, duty)]
            host = host_view(steady[0], steady[-1])
            report[f"{name}, {'synchronised' if synchronised else 'as read'}"] = {
                "mean": statistics.fmean(errors), "mae": statistics.fmean(map(abs, errors)),
                "worst": max(map(abs, errors)), "steal": 100 * (steady[-1].host.steal - steady[0].host.steal) / (
                    steady[-1].at - steady[0].at), "lag": max(s.lag or 0 for s in steady),
                "background": host and host[2],
                "busy_columns": host and host[0], "idle_view": host and host[1]}
    return report


def open_ledger_kind() -> str:
    """Which ledger this host grants."""
    with open_ledger() as book:
        return book.kind


# Command line -------------------------------------------------------------------------------------------------------

def parse_bytes(text: str) -> int:
    """`4GiB`, `256MiB`, `1000` → bytes."""
    for suffix, shift in (("KiB", 10), ("MiB", 20), ("GiB", 30)):
        if text.endswith(suffix):
            return int(float(text.removesuffix(suffix)) * (1 << shift))
    return int(text)


def unwind_on_signals() -> None:
    """Makes SIGTERM and SIGHUP unwind like Ctrl-C does, so that every context gives back what it holds."""
    def unwind(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, unwind)


def parser() -> argparse.ArgumentParser:
    """The command line of `judge.py`."""
    top = argparse.ArgumentParser(description="Judge a load tool from outside.")
    verbs = top.add_subparsers(dest="verb", required=True)
    cpu = verbs.add_parser("cpu", help="a CPU load against a constant target")
    cpu.add_argument("--target", type=float, required=True, help="cores")
    cpu.add_argument("--for", dest="duration", type=float, required=True, help="seconds the command loads")
    memory = verbs.add_parser("memory", help="a memory load")
    memory.add_argument("--bytes", type=parse_bytes, required=True)
    memory.add_argument("--hold", type=float, default=5.0, help="seconds")
    memory.add_argument("--split", action="store_true", help="the target is spread over several processes")
    kill = verbs.add_parser("kill", help="what is left after a signal to the top process")
    kill.add_argument("--signal", default="KILL", help="INT, TERM or KILL")
    for verb in (cpu, memory, kill):
        verb.add_argument("--ledger", choices=("v1", "v2", "tree"), help="insist on one way of accounting")
        verb.add_argument("command", nargs=argparse.REMAINDER)
    verbs.add_parser("resolution", help="the judge's own error on this host")
    paced = verbs.add_parser("reference", help="a paced CPU load of known duty")
    paced.add_argument("duty", type=float)
    paced.add_argument("seconds", type=float)
    return top


def main() -> int:
    """Runs one verb and prints its figures as JSON."""
    options = parser().parse_args()
    unwind_on_signals()
    command = [word for k, word in enumerate(getattr(options, "command", [])) if k or word != "--"]
    try:
        match options.verb:
            case "reference":
                reference(options.duty, options.seconds)
                return 0
            case "resolution":
                figures: object = resolution()
            case "cpu":
                figures = asdict(measure_cpu(command, options.duration, options.target, ledger=options.ledger))
            case "memory":
                figures = asdict(measure_memory(command, options.bytes, options.hold, split=options.split,
                                                ledger=options.ledger))
            case _:
                figures = asdict(measure_kill(command, signal.Signals["SIG" + options.signal], ledger=options.ledger))
    except JudgeError as error:
        print(f"judge: {error}", file=sys.stderr)
        return 1
    print(json.dumps(figures, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
