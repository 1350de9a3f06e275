# SPDX-License-Identifier: Apache-2.0
"""What the kernel says of a command: which processes belong to it, and how much CPU they have used.

Nothing here knows of exert or stress-ng. A *ledger* counts one command's whole process tree:

- `CgroupV1Ledger`: a fresh group of the `cpuacct` hierarchy (it has no say in scheduling), `cpuacct.usage` in ns;
- `CgroupV2Ledger`: a fresh group of the unified hierarchy, `cpu.stat` `usage_usec`;
- `TreeLedger`: the process tree from `/proc` and the sum of its process CPU clocks, where cgroups are not writable.

The kernel books the time of a *running* thread at the timer tick and at every context switch, so each of these
counters, and a process CPU clock read from another process too, lags a running thread by up to one tick (4 ms at
HZ=250). `Synchroniser` closes that gap: see there.
"""

from __future__ import annotations

import ctypes
import os
import signal
import time
from pathlib import Path

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_libc = ctypes.CDLL(None, use_errno=True)


class JudgeError(Exception):
    """A measurement could not be made; the message says why and what would help."""


# Processes ----------------------------------------------------------------------------------------------------------

def read_text(path: str | Path) -> str | None:
    """The content of a file of `/proc` or `/sys`, or None where it (or its process) is gone or not readable."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.readall().decode("utf-8", "replace")
    except OSError:
        return None


def process_cpu_ns(pid: int) -> int | None:
    """CPU time of a process in ns (`clock_getcpuclockid`), live and exited threads; None once it is gone."""
    clock = ctypes.c_int()
    if _libc.clock_getcpuclockid(pid, ctypes.byref(clock)) != 0:
        return None
    try:
        return time.clock_gettime_ns(clock.value)
    except OSError:
        return None


def arguments_of(pid: int) -> list[str]:
    """The argument vector of a process; empty for a zombie, a kernel thread or a process that is gone."""
    text = read_text(f"/proc/{pid}/cmdline")
    return text.rstrip("\0").split("\0") if text else []


def stat_fields(pid: int) -> list[str] | None:
    """The fields of `/proc/PID/stat` after the name: [0] is the state, [1] the parent, [19] the start time."""
    text = read_text(f"/proc/{pid}/stat")
    return text[text.rindex(")") + 2:].split() if text else None


def start_time(pid: int) -> int | None:
    """Start time in clock ticks since boot: with the pid it names a process for ever."""
    fields = stat_fields(pid)
    return int(fields[19]) if fields else None


def is_alive(pid: int) -> bool:
    """Whether the process exists and is not a zombie."""
    fields = stat_fields(pid)
    return fields is not None and fields[0] not in "ZX"


def rss_bytes(pid: int) -> int:
    """Resident bytes by `/proc/PID/statm`; 0 once the process is gone."""
    text = read_text(f"/proc/{pid}/statm")
    return int(text.split()[1]) * PAGE_BYTES if text else 0


def rollup_bytes(pid: int) -> dict[str, int]:
    """`/proc/PID/smaps_rollup` in bytes, as far as figures ask for it; it walks the page tables: exact, but not free."""
    text = read_text(f"/proc/{pid}/smaps_rollup") or ""
    found = {"Rss": 0, "Pss": 0, "Private_Clean": 0, "Private_Dirty": 0}
    for line in text.splitlines():
        key, _, rest = line.partition(":")
        if key in found:
            found[key] = int(rest.split()[0]) * 1024
    return found


def available_bytes() -> int:
    """`MemAvailable` of `/proc/meminfo` in bytes."""
    for line in (read_text("/proc/meminfo") or "").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    raise JudgeError("/proc/meminfo has no MemAvailable")


def children_by_parent() -> dict[int, list[int]]:
    """The whole process table as parent → children."""
    table: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (fields := stat_fields(int(name))):
            table.setdefault(int(fields[1]), []).append(int(name))
    return table


# Host ---------------------------------------------------------------------------------------------------------------

class HostTimes:
    """CPU time of the whole host since boot, in seconds: the columns of `/proc/stat`, as `top` reads them."""

    def __init__(self) -> None:
        fields = [int(f) / CLOCK_TICKS for f in (read_text("/proc/stat") or "").splitlines()[0].split()[1:9]]
        user, nice, system, idle, iowait, irq, softirq, steal = fields
        self.busy = user + nice + system + irq + softirq
        self.idle = idle + iowait  # Where a hypervisor withholds an idle CPU, its time is in here and in steal.
        self.steal = steal


def host_cpu_ns() -> int | None:
    """CPU time of every task of the host, in ns, from the scheduler and not from ticks; None where unavailable.

    The root of a v1 `cpuacct` hierarchy, else the seventh figure of each `cpu` line of `/proc/schedstat`.
    (The root of a v2 hierarchy will not do: its `cpu.stat` is made of the tick-sampled columns.)
    """
    root = v1_mount("cpuacct")
    text = read_text(root / "cpuacct.usage") if root else None
    if text:
        return int(text)
    lines = [line.split() for line in (read_text("/proc/schedstat") or "").splitlines() if line.startswith("cpu")]
    return sum(int(fields[7]) for fields in lines) if lines else None


# Synchronising ------------------------------------------------------------------------------------------------------

class Synchroniser:
    """Makes the kernel book the time of running threads *now*, so that counters read next are fresh to microseconds.

    The judge makes itself SCHED_FIFO and visits every CPU with `sched_setaffinity`: arriving, it pre-empts whatever
    runs there, and a context switch books the time of the thread that leaves (`put_prev_task` → `update_curr`). It
    costs each CPU some tens of microseconds per visit, ten times a second. A round that took long (the hypervisor held
    a CPU back) left the first CPU unbooked for as long, so it is made again. Reading the CPU clock of another *process*
    does not do: the kernel books pending time only for the caller's own thread, and the clock of a foreign thread is
    not readable.
    A perf `task-clock` counter is fresh too, but leaves out the switches that the scheduler charges to the task.
    """

    ROUND_S = 0.0002  # A round of visits that took longer than this for each CPU is made again.

    def __init__(self, enabled: bool = True) -> None:
        self.cpus = sorted(os.sched_getaffinity(0))
        self.active = False
        self._enabled = enabled

    def __enter__(self) -> Synchroniser:
        if self._enabled:
            try:
                # Without RESET_ON_FORK the command under test would inherit the real-time class.
                os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(10))
                self.active = True
            except OSError:
                pass
        return self

    def __exit__(self, *_: object) -> None:
        os.sched_setaffinity(0, self.cpus)
        if self.active:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))

    def synchronise(self) -> float | None:
        """Visits every CPU; returns the seconds that the round took, the most by which a counter now lags.

        None, and nothing done, where SCHED_FIFO was refused.
        """
        took = None
        for _ in range(4 if self.active else 0):
            begin = time.monotonic()
            for cpu in self.cpus:
                os.sched_setaffinity(0, (cpu,))
            took = time.monotonic() - begin
            if took < self.ROUND_S * len(self.cpus):
                break
        return took


# Ledgers ------------------------------------------------------------------------------------------------------------

def v1_mount(controller: str) -> Path | None:
    """Where the v1 hierarchy of a controller is mounted, from `/proc/self/mounts`."""
    for line in (read_text("/proc/self/mounts") or "").splitlines():
        _, where, kind, options, *_ = line.split()
        if kind == "cgroup" and controller in options.split(","):
            return Path(where)
    return None


def v2_mount() -> Path | None:
    """Where the unified hierarchy is mounted (in a hybrid set-up too), from `/proc/self/mounts`."""
    for line in (read_text("/proc/self/mounts") or "").splitlines():
        _, where, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(where)
    return None


class Ledger:
    """Membership and CPU time of one command's process tree. Use as a context manager: leaving kills what is left."""

    kind = "none"

    def enlist(self) -> None:
        """Called in the child between fork and exec: makes it, and so all it ever starts, a member."""

    def adopt(self, pid: int) -> None:
        """Called in the judge once the top process is known."""

    def pids(self) -> list[int]:
        """The members that have not exited."""
        raise NotImplementedError

    def cpu_ns(self) -> int:
        """CPU time of all members, past and present, in ns."""
        raise NotImplementedError

    def dispose(self) -> None:
        """Gives back what the ledger itself holds of the kernel."""

    def kill(self) -> None:
        """SIGKILLs every member until none is left, for at most 5 s."""
        give_up = time.monotonic() + 5
        while (members := [pid for pid in self.pids() if is_alive(pid)]) and time.monotonic() < give_up:
            for pid in members:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.005)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.kill()
        finally:
            self.dispose()


class _CgroupLedger(Ledger):
    """A fresh cgroup, removed at the end."""

    counter = ""

    def __init__(self, mount: Path) -> None:
        self.path = mount / f"exert-judge-{os.getpid()}-{time.monotonic_ns()}"
        self.path.mkdir()
        try:
            self._procs = os.open(self.path / "cgroup.procs", os.O_WRONLY)
            self._usage = os.open(self.path / self.counter, os.O_RDONLY)
        except OSError:
            self.path.rmdir()
            raise

    def enlist(self) -> None:
        os.write(self._procs, b"0")

    def pids(self) -> list[int]:
        # Opened anew each time: through one descriptor v1 goes on showing the list that it first made.
        return [int(pid) for pid in (read_text(self.path / "cgroup.procs") or "").split()]

    def dispose(self) -> None:
        os.close(self._procs)
        os.close(self._usage)
        for attempt in range(50):
            try:
                self.path.rmdir()
                return
            except OSError:
                time.sleep(0.02 + attempt * 0.002)
        raise JudgeError(f"could not remove {self.path}: members {(self.path / 'cgroup.procs').read_text().split()}")


class CgroupV1Ledger(_CgroupLedger):
    """A group of the v1 `cpuacct` hierarchy."""

    kind = "cgroup v1 cpuacct.usage"
    counter = "cpuacct.usage"

    def cpu_ns(self) -> int:
        return int(os.pread(self._usage, 64, 0))


class CgroupV2Ledger(_CgroupLedger):
    """A group of the unified hierarchy; `cpu.stat` exists there whether or not a controller is enabled."""

    kind = "cgroup v2 cpu.stat usage_usec"
    counter = "cpu.stat"

    def cpu_ns(self) -> int:
        return int(os.pread(self._usage, 4096, 0).split()[1]) * 1000


class TreeLedger(Ledger):
    """The process tree by parent ids; a member that was seen once stays one when its parent dies.

    A child that starts and ends between two looks is missed, and so is the last of a member's time before it ends.
    """

    kind = "process tree, process CPU clocks (approximate)"

    def __init__(self) -> None:
        self._start: dict[int, int] = {}
        self._spent: dict[tuple[int, int], int] = {}

    def adopt(self, pid: int) -> None:
        if (start := start_time(pid)) is not None:
            self._start[pid] = start

    def pids(self) -> list[int]:
        self._start = {pid: start for pid, start in self._start.items() if start_time(pid) == start}
        children, queue = children_by_parent(), list(self._start)
        while queue:
            for child in children.get(queue.pop(), []):
                if child not in self._start and (start := start_time(child)) is not None:
                    self._start[child] = start
                    queue.append(child)
        return list(self._start)

    def cpu_ns(self) -> int:
        for pid in self.pids():
            if (spent := process_cpu_ns(pid)) is not None:
                self._spent[pid, self._start[pid]] = spent
        return sum(self._spent.values())


def open_ledger(prefer: str | None = None, within: Path | None = None) -> Ledger:
    """The most exact ledger that this host grants: v1, else v2, else the process tree. `prefer` is v1, v2 or tree.

    `within`: a group of the unified hierarchy that a v2 ledger is to be below, so that its limits hold.
    """
    unified = within or v2_mount()
    for name, kind, mount in (("v1", CgroupV1Ledger, v1_mount("cpuacct")), ("v2", CgroupV2Ledger, unified)):
        if mount is not None and prefer in (None, name):
            try:
                return kind(mount)
            except OSError:
                pass
    if prefer in ("v1", "v2"):
        raise JudgeError(f"no writable cgroup {prefer} hierarchy here; are you root?")
    return TreeLedger()
