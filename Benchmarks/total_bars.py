#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds exert to its totals: of a host's processors and of a control group's memory, while others come and go.

    sudo python3 Benchmarks/total_bars.py --exert PATH [--repeats N] [--only cpu,memory,bandwidth] [--json FILE]

Judged from outside: utilisation by the idle columns of `/proc/stat` and by the scheduler's own count of all tasks, the
group by its `usage_in_bytes` (or `memory.current`) less inactive page cache. Memory bandwidth has no witness: there the
figures are exert's own count, and are said to be.

Exit code: 0 every bar was met, 2 one was not (or could not be measured), 64 bad usage.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from groups import ControlGroup, held, memory_group
from ledger import HostTimes, JudgeError, host_cpu_ns, process_cpu_ns, read_text
from program import MIB, Bar, Settings, basic_parser, complaints, judge_groups, refuse

STEP_S = 5.0  # How long others keep to a level.
LEVELS = (0.0, 0.40, 0.10)  # What others take, of all processors.
TOTAL = 0.70
GROUP = 1 << 30
GROUP_TOTAL = 0.80
OTHERS_MEMORY = 200 * MIB


# The host's processors ----------------------------------------------------------------------------------------------

def idle_s() -> float:
    """Seconds that all processors together were idle or stolen, of `/proc/stat`."""
    times = HostTimes()
    return times.idle + times.steal


def burn(levels: tuple[float, ...], until: float) -> None:
    """Takes a share of one processor, another one each STEP_S, in turns of 9.7 ms; a process of the others."""
    start = time.monotonic()
    period = 0.0097
    while (now := time.monotonic()) < until:
        level = levels[int((now - start) / STEP_S) % len(levels)]
        busy = now + period * level
        while time.monotonic() < busy:
            pass
        if (rest := now + period - time.monotonic()) > 0:
            time.sleep(rest)


@contextlib.contextmanager
def others(levels: tuple[float, ...], seconds: float) -> Iterator[float]:
    """One burning process for each processor; yields when they began (monotonic)."""
    count = os.cpu_count() or 1
    start = time.monotonic()
    pids = []
    for _ in range(count):
        pid = os.fork()
        if pid == 0:
            with contextlib.suppress(BaseException):
                burn(levels, start + seconds)
            os._exit(0)
        pids.append(pid)
    try:
        yield start
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def cpu_windows(settings: Settings, levels: tuple[float, ...],
                seconds: float) -> list[tuple[float, float, float | None]]:
    """Runs the total; (begin since the first step, utilisation by idle, by the scheduler) of each second."""
    cpus = os.cpu_count() or 1
    command = [settings.exert, "run", "--quiet", "--load", f"cpu={TOTAL * 100:g}%", "--set", "cpu.mode=total",
               "--set", "cpu.of=host", "--for", f"{seconds + 2:g}s"]
    windows: list[tuple[float, float, float | None]] = []
    with others(levels, seconds + 4) as start:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            last = (time.monotonic(), idle_s(), host_cpu_ns())
            for second in range(1, int(seconds) + 1):
                time.sleep(max(0.0, start + second - time.monotonic()))
                now = (time.monotonic(), idle_s(), host_cpu_ns())
                span = (now[0] - last[0]) * cpus
                tasks = None if now[2] is None or last[2] is None else (now[2] - last[2]) / 1e9 / span
                windows.append((second - 1, 1 - (now[1] - last[1]) / span, tasks))
                last = now
            if process.poll() is not None:
                raise JudgeError(f"exert ended early: {(process.stderr.read() or b'').decode()}")
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(10)
    return windows


def cpu_bars(settings: Settings) -> Iterator[Bar]:
    """70 % of the host while others step 0 → 40 → 10 %; and others that take more than that alone."""
    means: list[float] = []
    worst: list[float] = []
    tasks: list[float] = []
    for _ in range(settings.repeats):
        windows = cpu_windows(settings, LEVELS, 30)
        settings.keep("cpu steps", windows)
        # The second of each step is left out, and exert's start is one of them.
        judged = [w for w in windows if w[0] % STEP_S != 0 and w[0] > 1]
        errors = [abs(w[1] - TOTAL) * 100 for w in judged]
        means.append(statistics.mean(errors))
        worst.append(max(errors))
        tasks += [abs(w[2] - TOTAL) * 100 for w in judged if w[2] is not None]
    yield Bar("total 70% of the host, others 0-40-10%: mean |error|", statistics.median(means), "points", "<=", 1.5)
    yield Bar("… worst 1 s window", statistics.median(worst), "points")
    yield Bar("… mean |error| by the scheduler's count", statistics.mean(tasks) if tasks else None, "points",
              note="less interrupts, which idle does not see")
    own: list[float] = []
    for _ in range(settings.repeats):
        own.append(own_share(settings))
    yield Bar("others alone at 85%: exert's own load", statistics.median(own), "points", "<=", 1.5,
              "of the host, from the second second on")


def own_share(settings: Settings) -> float:
    """What exert itself takes, in points of the host, while others take 85 % alone."""
    command = [settings.exert, "run", "--quiet", "--load", f"cpu={TOTAL * 100:g}%", "--set", "cpu.mode=total",
               "--set", "cpu.of=host", "--for", "8s"]
    with others((0.85,), 12):
        time.sleep(1)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(2)
        before = tree_cpu_s(process.pid)
        begin = time.monotonic()
        time.sleep(4)
        spent = tree_cpu_s(process.pid) - before
        span = time.monotonic() - begin
        process.send_signal(signal.SIGINT)
        process.wait(10)
    share = spent / span / (os.cpu_count() or 1) * 100
    settings.keep("cpu others", share)
    return share


def tree_cpu_s(pid: int) -> float:
    """CPU time of a process and its children, in seconds."""
    children = read_text(f"/proc/{pid}/task/{pid}/children") or ""
    return sum(process_cpu_ns(process) or 0 for process in [pid, *map(int, children.split())]) / 1e9


# A group's memory ---------------------------------------------------------------------------------------------------

def working_set(group: ControlGroup) -> int:
    """Bytes in use less inactive page cache."""
    used = int((group.path / ("memory.usage_in_bytes" if group.is_v1 else "memory.current")).read_text())
    key = "total_inactive_file" if group.is_v1 else "inactive_file"
    lines = (group.path / "memory.stat").read_text().splitlines()
    return used - next((int(line.split()[1]) for line in lines if line.split()[0] == key), 0)


def oom_kills(group: ControlGroup) -> int:
    """How often the OOM killer came."""
    lines = (group.path / ("memory.oom_control" if group.is_v1 else "memory.events")).read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.split()[0] == "oom_kill"), 0)


NEIGHBOUR = """
import mmap, sys, time
held = None
for line in sys.stdin:
    if line.strip() == "grow":
        held = mmap.mmap(-1, int(sys.argv[1]))
        held.madvise(mmap.MADV_NOHUGEPAGE) if hasattr(mmap, "MADV_NOHUGEPAGE") else None
        for page in range(0, len(held), 4096):
            held[page] = 1
    else:
        held.close()
    print("done", flush=True)
"""


def memory_bars(settings: Settings) -> Iterator[Bar]:
    """80 % of a 1 GiB group while a second process in it grows and shrinks by 200 MiB."""
    worst: list[float] = []
    means: list[float] = []
    kills = 0
    for _ in range(settings.repeats):
        errors, killed = memory_run(settings)
        worst.append(max(errors))
        means.append(statistics.mean(errors))
        kills += killed
    note = "from 1 s after each change"
    yield Bar("total 80% of 1 GiB, others +-200 MiB: worst |error|", statistics.median(worst), "%", "<=", 2, note)
    yield Bar("… mean |error|", statistics.median(means), "%", note=note)
    yield Bar("… OOM kills", kills, "", "<=", 0)


def memory_run(settings: Settings) -> tuple[list[float], int]:
    """Errors in percent of the target, at 20 Hz from 1 s after each change; and OOM kills."""
    target = GROUP_TOTAL * GROUP
    with held(memory_group(GROUP)) as group:
        other = subprocess.Popen([sys.executable, "-c", NEIGHBOUR, str(OTHERS_MEMORY)], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True, preexec_fn=group.enter)
        command = [settings.exert, "run", "--quiet", "--load", f"memory={GROUP_TOTAL * 100:g}%", "--set",
                   "memory.mode=total", "--set", "memory.of=cgroup", "--set", f"memory.cgroup={group.path}", "--for",
                   "120s"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        errors: list[float] = []
        try:
            wait_for(lambda: abs(working_set(group) - target) < 0.02 * target, 60, "the group never reached 80 %")
            for change in ("grow", "shrink", "grow", "shrink"):
                assert other.stdin and other.stdout
                other.stdin.write(change + "\n")
                other.stdin.flush()
                other.stdout.readline()
                time.sleep(1)
                for _ in range(60):
                    errors.append(abs(working_set(group) - target) / target * 100)
                    time.sleep(0.05)
            if process.poll() is not None:
                raise JudgeError(f"exert ended early: {(process.stderr.read() or b'').decode()}")
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)
            other.kill()
            other.wait()
        settings.keep("memory", errors)
        return errors, oom_kills(group)


def wait_for(condition: Callable[[], bool], limit: float, complaint: str) -> None:
    """Waits until the condition holds, for so many seconds at most."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            raise JudgeError(complaint)
        time.sleep(0.05)


# Memory bandwidth ---------------------------------------------------------------------------------------------------

def bandwidth_bars(settings: Settings) -> Iterator[Bar]:
    """Windows of the log: no kernel interface tells what memory one process moves."""
    for access in ("read", "write-nt"):
        for rate in ("500MB/s", "2GB/s"):
            means, costs = zip(*(bandwidth_run(settings, access, rate) for _ in range(settings.repeats)))
            note = "exert's own count"
            yield Bar(f"memory-bandwidth {rate} {access}: mean |error| of 1 s windows", statistics.median(means), "%",
                      "<=", 1, note)
            yield Bar("… CPU while it runs", statistics.median(costs), "% of a core")


def bandwidth_run(settings: Settings, access: str, rate: str) -> tuple[float, float]:
    """The mean error of the log's windows in percent, and the CPU that the load took in percent of a core."""
    with tempfile.TemporaryDirectory(prefix="exert-judge-") as scratch:
        log = Path(scratch) / "log"
        process = subprocess.Popen(
            [settings.exert, "run", "--quiet", "--load", f"memory-bandwidth={rate}", "--set",
             f"memory-bandwidth.access={access}", "--for", "6s", "--log", str(log)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: log.exists() and '"phase_started"' in log.read_text(), 60, "the load did not begin")
        time.sleep(0.5)
        before, begin = tree_cpu_s(process.pid), time.monotonic()
        time.sleep(4.5)
        cost = (tree_cpu_s(process.pid) - before) / (time.monotonic() - begin) * 100
        process.wait(30)
        events = [json.loads(line) for line in log.read_text().splitlines()]
    samples = [e["stressors"]["memory-bandwidth"] for e in events if e["event"] == "sample"]
    mean = statistics.mean(abs(s["error"]) / s["target"] * 100 for s in samples)
    settings.keep(f"bandwidth {access} {rate}", {"windows": samples, "cpu_percent": cost})
    return mean, cost


GROUPS: dict[str, Callable[[Settings], Iterator[Bar]]] = {
    "cpu": cpu_bars, "memory": memory_bars, "bandwidth": bandwidth_bars,
}


def main() -> int:
    """Runs the groups asked for, prints a row per bar as it is known, writes the JSON."""
    parser = basic_parser(__doc__, GROUPS)
    parser.add_argument("--repeats", type=int, default=3, help="runs of each case (3)")
    options = parser.parse_args()
    if wrong := complaints(options, GROUPS):
        return refuse("total_bars", wrong)
    settings = Settings(exert=os.path.abspath(options.exert), repeats=options.repeats)
    return judge_groups("total_bars", options, GROUPS, settings)


if __name__ == "__main__":
    sys.exit(main())
