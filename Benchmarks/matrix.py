# SPDX-License-Identifier: Apache-2.0
"""The matrix: what is asked of each tool, as each tool is asked for it, and why where it cannot be.

A case is a row. Its id never changes its meaning, so that results of different days can be compared. A tool's entry is
a function that gives its command line, or a sentence that says why there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from bars import stress_ng_cpu
from disk_bars import MAXIMA, RATES, DiskSettings, RateCase
from levels import Curve
from program import GIB, MB, MIB, exert_run

TOOLS = ("exert", "stress-ng", "stress-ng tuned", "stress", "fio", "fio tuned")
PEERS = ("stress-ng", "stress", "fio")  # A longer name before what it begins with.


# Peers --------------------------------------------------------------------------------------------------------------

def peer_of(name: str) -> str | None:
    """The peer of which a name is a build: `fio` and `fio-3.42` are fio's; None: no peer is called so."""
    return next((peer for peer in PEERS if name == peer or name.startswith(peer + "-")), None)


def base(tool: str) -> str:
    """The tool as which another build of it is asked: `fio-3.42 tuned` as `fio tuned`."""
    name, *tuned = tool.split()
    return " ".join([peer_of(name) or name, *tuned])


def in_order(tools: Iterable[str]) -> list[str]:
    """Tools as tables have them: other builds right after the peer of which they are."""
    return sorted(set(tools), key=lambda tool: (TOOLS.index(base(tool)), tool))


@dataclass(kw_only=True)
class MatrixSettings(DiskSettings):
    """What the command line asked for."""

    stress_ng: str | None
    stress: str | None
    processors: int  # How many the load may use.
    builds: dict[str, str] = field(default_factory=dict)  # Other builds of peers, beside those: name and path.

    def program(self, tool: str) -> str | None:
        """The program of a tool; None: it is not installed."""
        name = tool.split()[0]
        return {"exert": self.exert, "stress": self.stress, "fio": self.fio, "stress-ng": self.stress_ng,
                **self.builds}[name]

    @property
    def tools(self) -> list[str]:
        """All tools, other builds of peers included."""
        return in_order([*TOOLS, *(f"{name}{more}" for name in self.builds for more in ("", " tuned")
                                   if base(name + more) in TOOLS)])

    def asking(self, tool: str) -> Self:
        """The same with a build in its peer's place."""
        peer = peer_of(tool.split()[0])
        return replace(self, **{peer.replace("-", "_"): self.program(tool)}) if peer else self


@dataclass
class Stage:
    """Where a group of cases runs."""

    settings: MatrixSettings
    mount: Path = Path("/nonexistent")  # Of the file system to load, and its device.
    device: str = ""
    file: Path = Path("/nonexistent")  # Written before, for fio.

    def asking(self, tool: str) -> Self:
        """The same stage, for a tool that may be another build of a peer."""
        return replace(self, settings=self.settings.asking(tool))


Entry = Callable[[Stage], list[str]] | str


@dataclass
class Case:
    """One row."""

    id: str
    group: str
    title: str
    kind: str  # How it is measured: `cpu`, `memory`, `handles`, `space`, `rate`, `max`, or `fill-` and an amount.
    target: float  # Cores, bytes, handles, bytes a second.
    tools: dict[str, Entry]
    curve: Curve | None = None  # Of levels: the amount that is wanted at a time; begins at `curve_from`.
    curve_from: float = 0
    resolution: float = 0.0  # What the judge cannot tell apart, in the unit of the key figure; of CPU it is measured.
    quick: bool = True  # Whether the quick form has it.
    rate: RateCase | None = None
    percent: int | None = None  # Of CPU: what each worker takes of a core.
    is_noisy: bool = False  # A disk stalls at times, and nearly a whole core is lost at times: it takes more repeats.

    def entry(self, tool: str) -> Entry | None:
        """What a tool is asked; another build of a peer is asked as that is. None: it is not in this row."""
        return self.tools.get(base(tool))

    @property
    def asked_work(self) -> float | None:
        """What the device is to do, by `work.WORK`: operations a second, or of `max` their size."""
        if self.rate is None:
            return None
        return self.rate.block if self.rate.target is None else self.rate.target / self.rate.block

    @property
    def is_saturation(self) -> bool:
        """Whether more is better: how fast, not how exact."""
        return self.kind == "max" or self.kind.startswith("fill-")

    @property
    def unit(self) -> str:
        """Of the key figure, which is the mean absolute error of 1 s windows, or the rate."""
        if self.kind == "cpu":
            return "points"
        if not self.is_saturation:
            return "%"
        return {"fill-memory": "GB/s", "fill-handles": "1,000/s", "fill-space": "GB/s"}.get(self.kind, "MB/s")

    @property
    def scale(self) -> float:
        """What one of the unit is, of rates."""
        return {"fill-memory": 1e9, "fill-handles": 1e3, "fill-space": 1e9, "max": 1e6}.get(self.kind, 1.0)


def row_of(*entries: Entry) -> dict[str, Entry]:
    """Entries in the order of the tools; those left out are not asked."""
    return dict(zip(TOOLS, entries))


# CPU ----------------------------------------------------------------------------------------------------------------

LOADS = (1, 5, 10, 20, 35, 50, 80, 95, 99, 100)
QUICK_LOADS = (5, 20, 50, 80, 99, 100)
ONLY_FULL = "its workers take a whole processor each"


def fio_cpu(stage: Stage, percent: int, workers: int = 1, pinned: bool = False) -> list[str]:
    """fio's `cpuio` engine."""
    return [stage.settings.fio or "fio", "--name=x", "--ioengine=cpuio", f"--cpuload={percent}", "--time_based",
            f"--runtime={stage.settings.seconds}", f"--numjobs={workers}"] + (["--cpus_allowed=0"] if pinned else [])


def cpu_case(name: str, group: str, title: str, percent: int, *, workers: int = 1, load: str | None = None,
             sets: tuple[str, ...] | None = None, pinned: bool = False, share: float = 1.0, quick: bool = True,
             is_noisy: bool = False) -> Case:
    """A CPU load of so many percent of each of the workers' cores, or of a share of them."""
    asked = round(percent * share)
    cores = percent * share * workers / 100

    def exert(stage: Stage) -> list[str]:
        settings = stage.settings
        chosen = sets if sets is not None else (f"cpu.workers={workers}", *(["cpu.cpus=0"] if pinned else []))
        return exert_run(settings.exert, settings.seconds, f"cpu={load or f'{cores:g} cores'}", sets=chosen)

    def stress_ng(tuned: bool) -> Entry:
        return lambda stage: stress_ng_cpu(stage.settings.stress_ng or "", asked, stage.settings.seconds, tuned=tuned,
                                           pinned=pinned, workers=workers)

    def stress(stage: Stage) -> list[str]:
        return [stage.settings.stress or "", "--quiet", "--cpu", str(workers), "-t", str(stage.settings.seconds)]

    return Case(name, group, title, "cpu", cores, row_of(
        exert, stress_ng(False), stress_ng(True), stress if asked == 100 else ONLY_FULL,
        lambda stage: fio_cpu(stage, asked, workers, pinned)),
        quick=quick, percent=asked, is_noisy=is_noisy)


def cpu_cases(processors: int) -> Iterator[Case]:
    """One worker alone, all processors, beside a busy neighbour, within a quota."""
    for percent in LOADS:
        # At 100 % one worker can only fall short; there exert is asked as users ask, without a word on workers.
        yield cpu_case(f"cpu-{percent}", "cpu", f"{percent} % of a core", percent, quick=percent in QUICK_LOADS,
                       sets=() if percent == 100 else None, is_noisy=percent == 99)
    for percent in (10, 50, 90):
        yield cpu_case(f"cpu-all-{percent}", "cpu", f"{percent} % of each of {processors} cores", percent,
                       workers=processors, quick=percent == 50)
    for percent in (20, 40):
        yield cpu_case(f"cpu-beside-{percent}", "neighbour", f"{percent} % of a core that a busy loop occupies",
                       percent, pinned=True, quick=percent == 40)
    for percent in (50, 80):
        yield cpu_case(f"cpu-quota-{percent}", "quota", f"{percent} % of a quota of half a core", percent,
                       load=f"{percent}%", sets=(), share=QUOTA, quick=percent == 80)


QUOTA = 0.5  # Cores of the group in which the cases of `quota` run.


# Memory and handles -------------------------------------------------------------------------------------------------

HOLD = GIB
RAMP_FROM, RAMP_S = 100 * MIB, 5.0
FILL = 2 * GIB
NO_MEMORY = "it has no load of memory"
NO_CURVE = "it has no load that grows over a time"
NO_HANDLES = "it has no load of handles"


def ramp(low: float, top: float) -> Curve:
    """A straight line over RAMP_S, then the top."""
    return lambda at: low + (top - low) * min(1.0, max(0.0, at / RAMP_S))


def stress_ng_vm(*more: str, workers: int = 1) -> Callable[[int], Entry]:
    """stress-ng's memory load of so many bytes in all."""
    def of(size: int) -> Entry:
        return lambda stage: [stage.settings.stress_ng or "", "--quiet", "--vm", str(workers), "--vm-bytes",
                              f"{size // MIB}m", "--vm-keep", *more, "-t", f"{stage.settings.hold}s"]
    return of


def stress_vm(workers: int, size: int) -> Entry:
    """stress's memory load, which sleeps once it was touched."""
    return lambda stage: [stage.settings.stress or "", "--quiet", "--vm", str(workers), "--vm-bytes",
                          f"{size // workers // MIB}M", "--vm-hang", "0", "-t", str(stage.settings.hold)]


def exert_hold(load: str, *sets: str) -> Entry:
    """exert's command line for a level that lasts as long as levels do."""
    return lambda stage: exert_run(stage.settings.exert, stage.settings.hold, load,
                                   sets=[value.format(mount=stage.mount) for value in sets])


def memory_cases(processors: int) -> Iterator[Case]:
    """A level, a ramp, and how fast."""
    best = ("--vm-populate", "--vm-madvise", "hugepage")
    yield Case("memory-hold", "memory", "hold 1 GiB", "memory", HOLD, row_of(
        exert_hold("memory=1GiB"), stress_ng_vm()(HOLD), stress_ng_vm(*best, "--vm-hang", "0")(HOLD),
        stress_vm(1, HOLD), NO_MEMORY), resolution=0.001)
    yield Case("memory-ramp", "memory", "ramp from 100 MiB to 1 GiB in 5 s", "memory", HOLD, row_of(
        exert_hold("memory=ramp from 100MiB to 1GiB in 5s"), NO_CURVE, NO_CURVE, NO_CURVE, NO_MEMORY),
        curve=ramp(RAMP_FROM, HOLD), curve_from=RAMP_FROM, resolution=0.001)
    yield Case("memory-fill", "memory", "2 GiB as fast as it goes", "fill-memory", FILL, row_of(
        exert_hold("memory=2GiB"), stress_ng_vm()(FILL), stress_ng_vm(*best, workers=processors)(FILL),
        stress_vm(processors, FILL), NO_MEMORY))


def stress_ng_open(most: int, workers: int = 1) -> Entry:
    """stress-ng's load of open files: it opens up to so many, closes all, and begins anew."""
    return lambda stage: [stage.settings.stress_ng or "", "--quiet", "--open", str(workers), "--open-max", str(most),
                          "-t", f"{stage.settings.hold}s"]


def handle_cases(processors: int) -> Iterator[Case]:
    """A count, a ramp, and how fast."""
    same = "the same: it has no other way"
    yield Case("handles-hold", "handles", "hold 15,000 handles", "handles", 15_000, row_of(
        exert_hold("file-handles=15000"), stress_ng_open(15_000), same, NO_HANDLES, NO_HANDLES))
    yield Case("handles-ramp", "handles", "ramp from 2,000 to 19,000 handles in 5 s", "handles", 19_000, row_of(
        exert_hold("file-handles=ramp from 2000 to 19000 in 5s"), NO_CURVE, NO_CURVE, NO_HANDLES, NO_HANDLES),
        curve=ramp(2000, 19_000), curve_from=2000)
    yield Case("handles-fill", "handles", "19,900 handles as fast as it goes", "fill-handles", 19_900, row_of(
        exert_hold("file-handles=19900"), stress_ng_open(19_900),
        stress_ng_open(19_900 // processors, processors), NO_HANDLES, NO_HANDLES))


# Disks --------------------------------------------------------------------------------------------------------------

NO_SPACE = "it has no load that holds space; what it lays out, it lays out for I/O"
NO_RATE = "its disk loads have no rate"
SPACE = 2000 * MB
MUCH = 20_000 * MB
SPACE_VOLUME, FILL_VOLUME = 4 * GIB, 30 * GIB


def stress_ng_at(*words: str) -> Entry:
    """stress-ng with its files on the file system to load."""
    return lambda stage: [stage.settings.stress_ng or "", "--quiet", "--temp-path", str(stage.mount), *words, "-t",
                          f"{stage.settings.hold}s"]


def stress_at(*words: str) -> Entry:
    """stress, which writes to where it is started."""
    return lambda stage: ["/usr/bin/env", "-C", str(stage.mount), stage.settings.stress or "", "--quiet", *words, "-t",
                          str(stage.settings.hold)]


def space_cases(_: int) -> Iterator[Case]:
    """Space held on ext4, and how fast it comes."""
    here = "disk-space.directory={mount}"
    yield Case("space-hold", "space", "hold 2 GB of disk space", "space", SPACE, row_of(
        exert_hold("disk-space=2GB", here), stress_ng_at("--fallocate", "1", "--fallocate-bytes", str(SPACE)),
        stress_ng_at("--hdd", "1", "--hdd-bytes", str(SPACE), "--hdd-write-size", "1m"),
        stress_at("--hdd", "1", "--hdd-bytes", str(SPACE)), NO_SPACE), resolution=100 * 4096 / SPACE)
    yield Case("space-fill", "fill", "20 GB of disk space as fast as it goes", "fill-space", MUCH, row_of(
        exert_hold("disk-space=20GB", here), stress_ng_at("--fallocate", "1", "--fallocate-bytes", str(MUCH)),
        "the same: `--hdd` writes every byte", "it writes every byte: minutes of a real disk's time", NO_SPACE))


def rate_entries(rate: RateCase, *, stress_ng: Entry, stress: Entry) -> dict[str, Entry]:
    """exert and fio, as the bars ask them."""
    return row_of(lambda stage: rate.exert(stage.settings, stage.mount), stress_ng, stress_ng, stress,
                  lambda stage: rate.fio(stage.settings, stage.file))


def rate_cases(_: int) -> Iterator[Case]:
    """Rates that the disk can serve, in every pattern, and as much as it gives."""
    for rate in RATES:
        # A window cannot tell less than one operation; to a perfect tool that is worth a quarter of one.
        yield Case(rate.id, "rate", rate.name, "rate", rate.target or 0,
                   rate_entries(rate, stress_ng=NO_RATE, stress=NO_RATE), rate=rate,
                   resolution=25 * rate.block / (rate.target or 1), is_noisy=True, quick=rate.is_quick)
    for rate, title in zip(MAXIMA, ("write as fast as it goes, 256 KiB each, depth 16",
                                    "random reads as fast as they go, 4 KiB each, depth 32")):
        is_write = rate.operation == "write"
        entries = rate_entries(rate, stress_ng="its reads come after writes of its own", stress="it only writes")
        if is_write:
            entries["stress-ng"] = hdd(1)
            entries["stress-ng tuned"] = hdd(4)
            entries["stress"] = "it removes its file before the page cache is written out: the disk sees nothing"
        entries["fio tuned"] = lambda stage, rate=rate: rate.fio(stage.settings, stage.file, "--fixedbufs",
                                                                 "--registerfiles")
        yield Case(rate.id, "max", title, "max", 0, entries, rate=rate, is_noisy=True)


def hdd(workers: int) -> Entry:
    """stress-ng's sequential writes past the page cache."""
    return lambda stage: [stage.settings.stress_ng or "", "--quiet", "--temp-path", str(stage.mount), "--hdd",
                          str(workers), "--hdd-opts", "direct,wr-seq", "--hdd-write-size", "256k", "--hdd-bytes",
                          f"{1024 // workers}m", "-t", f"{stage.settings.seconds}s"]


# All ----------------------------------------------------------------------------------------------------------------

PLACES = {"rate": "written disk", "max": "written disk", "space": "empty disk", "fill": "large disk",
          "neighbour": "beside a busy loop", "quota": "quota"}
"""Where groups run; what is not here needs nothing around it."""

GROUPS = {
    "cpu": "CPU, alone", "neighbour": "CPU, beside a busy neighbour", "quota": "CPU, within a quota",
    "memory": "Memory", "handles": "File handles", "space": "Disk space", "fill": "Disk space, how fast",
    "rate": "Disk rates", "max": "Disk, as much as it gives"}


def all_cases(processors: int) -> list[Case]:
    """Every row, in the order in which they run."""
    makers = (cpu_cases, memory_cases, handle_cases, space_cases, rate_cases)
    return [case for maker in makers for case in maker(processors)]
