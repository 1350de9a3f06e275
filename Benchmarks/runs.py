# SPDX-License-Identifier: Apache-2.0
"""One run of one tool in one case, measured by the same code whatever the tool is; and where cases run."""

from __future__ import annotations

import contextlib
import os
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field

from bars import busy_loop
from disk_bars import rate_volume
from disk_judge import FROM_S, UNTIL_S, rate_figures, trace_device
from groups import ControlGroup, cpu_group, held
from judge import SAMPLE_S, STEADY_FROM_S, cpu_figures, settle_time, touch_memory, trace_cpu, window_errors
from levels import REACHED, fill_figures, handles, hold_figures, resident, space, trace_level
from matrix import FILL_VOLUME, QUOTA, SPACE_VOLUME, Case, MatrixSettings, Stage
from volumes import Volume, volume

FILL_POLL_S = {"fill-memory": 0.002, "fill-handles": 0.001, "fill-space": 0.001}
FILL_S = 6.0  # What is not there by then never will be, or is too slow to matter.


@dataclass
class Run:
    """What one run showed. Errors: points of a core for CPU, else percent of the target. Times: seconds after exec."""

    settle: float | None = None  # From when on every 1 s window is within 0.5; None: never.
    mean: float | None = None
    mae: float | None = None  # Mean absolute error of sliding 1 s windows.
    worst: float | None = None
    fine: float | None = None  # Mean absolute error of each 100 ms: bursts, which windows of 1 s even out.
    overshoot: float | None = None  # Of the worst 1 s window of a rate, of the worst look at a level.
    rate: float | None = None  # Saturation: how much a second, in the row's unit.
    reached: float | None = None  # Levels: 99.5 % of the target.
    own_cpu: float | None = None  # Of the processes that carry no load, in percent of a core; of CPU loads.
    tree_cpu: float | None = None  # Of all of its processes, in percent of a core; of other loads.
    operations: float | None = None  # Disk rates: what the device completed a second, reads and writes.
    operation_bytes: float | None = None  # … and their mean size.
    own_bytes: int | None = None  # Memory of the processes that carry no load, the sum of PSS.
    load_mae: float | None = None  # CPU: `mae` without the processes that carry no load.
    background: float | None = None  # Other load of the host, in percent of a core.
    steal: float | None = None
    windows: int = 0
    series: list[tuple[float, float]] = field(default_factory=list)  # Each 100 ms: seconds, cores or share of target.

    def compact(self, with_series: bool) -> dict[str, object]:
        """For the JSON: what is there, in as many digits as mean something."""
        kept = {name: value for name, value in asdict(self).items() if value is not None}
        kept = {name: float(f"{value:.5g}") if isinstance(value, float) else value for name, value in kept.items()}
        series = kept.pop("series")
        if with_series and series:
            kept["series"] = [[round(at, 2), float(f"{value:.4g}")] for at, value in series]
        return kept


# Where --------------------------------------------------------------------------------------------------------------

@dataclass
class Place(Stage):
    """A stage, with what the judge itself needs of it."""

    disk: Volume | None = None
    group: ControlGroup | None = None

    def label(self, arguments: Sequence[str]) -> str:
        """A command line for others to read: without this machine's paths."""
        words = [os.path.basename(arguments[0]), *arguments[1:]]
        if words[:2] == ["env", "-C"]:
            words = [os.path.basename(arguments[3]), *arguments[4:]]
        return " ".join(f"'{word}'" if " " in word else word for word in words).replace(str(self.mount), "DIR")


@contextlib.contextmanager
def place(name: str, settings: MatrixSettings) -> Iterator[Place]:
    """What cases need around them, by the name that `PLACES` has for it; given back after."""
    match name:
        case "beside a busy loop":
            with busy_loop(0):
                yield Place(settings)
        case "quota":
            with held(cpu_group(QUOTA)) as group:
                yield Place(settings, group=group)
        case "empty disk" | "large disk":
            size = SPACE_VOLUME if name == "empty disk" else FILL_VOLUME
            with volume(settings.scratch, "ext4", size) as disk:
                allocate_once(disk)
                yield Place(settings, disk.mount, disk.device, disk=disk)
        case "written disk":
            with rate_volume(settings) as (disk, file):
                yield Place(settings, disk.mount, disk.device, file, disk=disk)
        case _:
            yield Place(settings)


def allocate_once(disk: Volume) -> None:
    """Takes most of a fresh volume and gives it back: whoever came first would find every block group uninitialised."""
    path = disk.mount / "first"
    with path.open("wb") as file:
        space = os.fstatvfs(file.fileno())
        os.posix_fallocate(file.fileno(), 0, space.f_bavail * space.f_frsize // 10 * 9)
    path.unlink()
    disk.sync()


# Measuring ----------------------------------------------------------------------------------------------------------

def measure(case: Case, arguments: Sequence[str], where: Place) -> Run:
    """Runs a command as the case's kind wants it."""
    return MEASURES[case.kind](case, arguments, where)


def measure_cpu(case: Case, arguments: Sequence[str], where: Place) -> Run:
    """A CPU load; the whole tree is charged, what carries no load included."""
    group, seconds = where.group, where.settings.seconds
    trace = trace_cpu(arguments, seconds, enter=group.enter if group and group.is_v1 else None,
                      within=group.path if group and not group.is_v1 else None)
    seen = cpu_figures(trace, seconds, case.target)
    series = slopes([(s.at - trace.spawned_at, s.tree_ns) for s in trace.samples], 1e9)
    fine = fine_error(series, seen.load_began + STEADY_FROM_S, seen.load_began + seconds - 0.15, case.target, 1.0)
    return Run(settle=None if seen.settle is None else seen.load_began + seen.settle, mean=seen.mean, mae=seen.mae,
               worst=seen.worst, fine=fine, overshoot=seen.overshoot, own_cpu=seen.own_cost, own_bytes=seen.own_bytes,
               load_mae=seen.load_mae, background=seen.background, steal=seen.steal, windows=seen.windows,
               series=series)


def slopes(points: Sequence[tuple[float, int]], scale: float) -> list[tuple[float, float]]:
    """The rate between each two points, at the time between them."""
    return [((t0 + t1) / 2, (v1 - v0) / (t1 - t0) / scale) for (t0, v0), (t1, v1) in zip(points, points[1:])
            if t1 - t0 > SAMPLE_S / 2]


def fine_error(series: Sequence[tuple[float, float]], begin: float, end: float, target: float,
               whole: float) -> float | None:
    """The mean absolute error of the looks between two times, in percent of `whole`."""
    errors = [abs(value - target) for at, value in series if begin <= at <= end]
    return 100 * statistics.fmean(errors) / whole if errors else None


def measure_hold(case: Case, arguments: Sequence[str], where: Place) -> Run:
    """An amount against a level or a curve."""
    target = int(case.target)
    if case.kind == "memory":
        touch_memory(target * 3 // 2)
    amounts = {"memory": lambda: resident(target), "handles": lambda: handles, "space": lambda: space(where.mount)}
    until = REACHED * (case.curve_from if case.curve else target)
    trace = trace_level(arguments, amounts[case.kind](), where.settings.hold - 0.3, until, 0.005)
    seen = hold_figures(trace, target, case.curve, case.curve_from)
    return Run(**{name: getattr(seen, name) for name in (
        "settle", "mean", "mae", "worst", "overshoot", "reached", "tree_cpu", "own_bytes", "windows", "series")})


def measure_fill(case: Case, arguments: Sequence[str], where: Place) -> Run:
    """How fast an amount comes, from before exec."""
    target = int(case.target)
    if case.kind == "fill-memory":
        touch_memory(target * 3 // 2)
    amounts = {"fill-memory": lambda: resident(target), "fill-handles": lambda: handles,
               "fill-space": lambda: space(where.mount)}
    trace = trace_level(arguments, amounts[case.kind](), min(FILL_S, where.settings.hold - 0.3), REACHED * target,
                        FILL_POLL_S[case.kind], stop_there=True)
    seen = fill_figures(trace, target)
    return Run(rate=seen.rate / case.scale, reached=seen.reached)


def measure_rate(case: Case, arguments: Sequence[str], where: Place) -> Run:
    """A rate of the device, or as much as it gives."""
    assert case.rate and where.disk
    where.disk.sync()
    seconds, target = where.settings.seconds, case.target or None
    trace = trace_device(arguments, where.device, seconds)
    # Where as much as there is counts, it counts from a little later on: some tools' time includes their start-up.
    counted = seconds if target else seconds - 0.5
    seen = rate_figures(trace, counted, case.rate.key, target)
    run = Run(tree_cpu=100 * seen.cpu_s / counted, own_bytes=trace.own_bytes, windows=seen.windows,
              operations=seen.operations, operation_bytes=seen.operation_bytes,
              background=seen.background)
    if target is None:
        run.rate = seen.rate / case.scale
        return run
    start = trace.samples[0].at
    points = [(s.at - start, getattr(s, case.rate.key)) for s in trace.samples]
    points = [(at, value) for at, value in points if seen.began <= at <= seen.ended]
    curve = [(at, round(value / target * 1e9)) for at, value in points]
    settle = settle_time(curve, seen.began, 1.0)
    run.settle = None if settle is None else seen.began + settle
    run.mean, run.mae, run.worst = seen.error, seen.mae, seen.worst
    run.overshoot = max([0.0, *(error for _, error in window_errors(curve, seen.began, 1.0))])
    run.series = slopes(points, target)
    run.fine = fine_error(run.series, seen.began + FROM_S, seen.ended - UNTIL_S, 1.0, 1.0)
    return run


MEASURES: dict[str, Callable[[Case, Sequence[str], Place], Run]] = {
    "cpu": measure_cpu, "memory": measure_hold, "handles": measure_hold, "space": measure_hold, "rate": measure_rate,
    "max": measure_rate, "fill-memory": measure_fill, "fill-handles": measure_fill, "fill-space": measure_fill}


def cost(case: Case, settings: MatrixSettings) -> float:
    """About how many seconds one run takes, from experience."""
    if case.kind.startswith("fill-"):
        return 3.0
    if case.kind in ("rate", "max"):
        return settings.seconds + 3.0
    return (settings.seconds if case.kind == "cpu" else settings.hold + (2 if case.kind == "memory" else 0)) + 0.6
