#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds exert to what it says of a service: percentiles, recovery, verdicts and exit codes, the prober's own cost.

    sudo Benchmarks/probes [--exert PATH] [--repeats N] [--runs N] [--only stopped,recovery,…] [--json FILE]
                           [--markdown FILE]

The service is a stub of our own that does what it is told at a time of its own clock, which is CLOCK_MONOTONIC; when
the load was there is read from the stressors' CPU clocks, and what the prober took from `/proc/PID/schedstat`. exert's
log is what is judged.

Exit code: 0 every bar was met, 2 one was not (or could not be measured), 64 bad usage.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from groups import cpu_group, held
from judge import CPUFigures, measure_cpu
from ledger import JudgeError, host_cpu_ns, process_cpu_ns, rss_bytes
from probe_runs import Outcome, Run, Stub, schedstat_ns
from program import MIB, Bar, Settings, basic_parser, complaints, host_facts, judge_groups, refuse
from tables import hardware, number, table, wrapped


@dataclass(kw_only=True)
class ProbeSettings(Settings):
    """How often what is made."""

    runs: int = 20  # Of the recovery.
    seconds: float = 60.0  # Of a run of the CPU row.


def profile(phases: list[tuple[str, float, str | None]], probes: dict[str, str], objectives: list[str],
            cpu: str = "") -> str:
    """A profile's text; a phase is its name, its length in seconds and its loads; `cpu` is settings of that one."""
    lines = [f"stressors: {{ cpu: {{ {cpu} }} }}"] if cpu else []
    lines.append("phases:")
    for name, seconds, load in phases:
        loads = f", load: {{ {load} }}" if load else ""
        lines.append(f"  - {{ name: {name}, for: {round(seconds * 1000)}ms{loads} }}")
    lines.append("probes:")
    lines += [f"  {name}: {{ {words} }}" for name, words in probes.items()]
    if objectives:
        lines.append("objectives:")
        lines += [f"  - {text}" for text in objectives]
    return "\n".join(lines) + "\n"


def http(stub: Stub, every: float = 0.05, timeout: float = 0.5, more: str = "") -> str:
    """A probe of a stub."""
    return f'http: "{stub.url}", every: {round(every * 1000)}ms, timeout: {round(timeout * 1000)}ms{more}'


def share(values: list[bool]) -> float:
    """How many of them are so, in percent."""
    return 100 * sum(values) / len(values) if values else 0.0


# A service that stops -----------------------------------------------------------------------------------------------

STOP_S, PHASE_S, STEADY_S = 6.0, 30.0, 2.0


def stopped_run(settings: Settings) -> dict:
    """6.0 s of 30 s stopped, at 20 probes a second; time limits of 10 s and of 1 s."""
    with Stub() as long, Stub() as short:
        text = profile(
            [("steady", STEADY_S, None), ("squeeze", PHASE_S, "cpu: 20%")],
            {"long": http(long, 0.05, 10), "short": http(short, 0.05, 1)},
            [f"long p{p} < 9s during squeeze" for p in (90, 95, 99)] + ["short 99% good during squeeze"])
        with Run(settings.exert, text) as run:
            run.sleep(STEADY_S + 8.0)
            began = max(long.send(signal.SIGSTOP), short.send(signal.SIGSTOP))
            run.sleep(STEADY_S + 8.0 + STOP_S)
            lasted = min(long.send(signal.SIGCONT), short.send(signal.SIGCONT)) - began
            outcome = run.finish()
    seconds = [line for line in outcome.all("probe_second") if STEADY_S <= line["from_s"] < STEADY_S + PHASE_S]
    results = {p: outcome.objective(f"p{p}") for p in (90, 95, 99)}
    good = outcome.objective("% good")
    return {
        "stopped_s": lasted, **{f"p{p}": result["value"] for p, result in results.items()}, "good": good["value"],
        "count": [result["count"] for result in [*results.values(), good]],
        "withdrawn": outcome.probe("long")["outcomes"].get("withdrawn", 0) + good["withdrawn"],
        "due": [sum(line["due"] for line in seconds if line["probe"] == name) for name in ("long", "short")],
        # The stub reads each request once, when it goes on at the latest.
        "asked": len(long.arrivals), "asked_due": outcome.probe("long")["due"],
        "lost": outcome.end["probe_results_lost"], "exit": outcome.code}


def stopped_bars(settings: Settings) -> Iterator[Bar]:
    runs = [stopped_run(settings) for _ in range(settings.repeats)]
    for run in runs:
        settings.keep("stopped", run)
    for percentile, wanted in ((90, 3.0), (95, 4.5), (99, 5.7)):
        values = [run[f"p{percentile}"] for run in runs]
        off = None if None in values else max(abs(value - wanted) for value in values)
        yield Bar(f"stopped 6.0 of 30 s, timeout 10 s: |p{percentile} − {wanted}|", off, "s", "<=", 0.1,
                  "was " + ", ".join(number(value, 3) for value in values))
    off = max(abs(100 * run["good"] - 100 * (1 - 5 / 30)) for run in runs)
    yield Bar("… timeout 1 s: |good − 83.3 %|", off, "points", "<=", 0.3,
              "was " + ", ".join(f"{100 * run['good']:.2f} %" for run in runs))
    yield Bar("… results of 600 due, the fewest", min(min(*run["count"], *run["due"]) for run in runs), "", "=", 600)
    yield Bar("… the most", max(max(*run["count"], *run["due"]) for run in runs), "", "=", 600)
    yield Bar("… asked by the stub's count, off what was due", max(abs(run["asked"] - run["asked_due"])
                                                                  for run in runs), "", "<=", 0)
    yield Bar("… withdrawn or lost", max(run["withdrawn"] + run["lost"] for run in runs), "", "<=", 0)


# A service that comes back ------------------------------------------------------------------------------------------

LOAD_S = 2.5
BACK_S, APART_S = 2.0, 6.7
WIDTH = 0.2
CLOCK_S = 0.002  # How exactly the log tells when the load was given back: by an event that is written just before.


def recovery_run(settings: Settings, index: int) -> dict:
    """Stubs that are well again 2.0 s after the release, one that flaps, some that never are.

    Every other run has a phase without load at its end, and time limits are longer than the outage or not, in turn.
    """
    trailing, timeout = index % 2 == 0, 0.5 if index % 4 < 2 else 6.0
    names = ["refuses", "hangs", "forgets", "stops", "flaps", "never"] + (["apart"] if trailing else [])
    with contextlib.ExitStack() as stack:
        stubs = {name: stack.enter_context(Stub()) for name in names}
        phases = [("steady", 1, None), ("squeeze", LOAD_S, "cpu: 30%")]
        # An answer that comes is good, however late, unless somebody says how late it may come.
        more = ", good: in 300ms" if timeout > BACK_S else ""
        more += ", connection: new" if index % 3 == 2 else ""
        probes = {name: http(stub, 0.05, timeout, more) for name, stub in stubs.items()}
        wanted = [f"{name} recovers within {3 if name == 'never' else 8}s" for name in names]
        run = stack.enter_context(Run(settings.exert, profile(
            phases + ([("recover", 13, None)] if trailing else []), probes, wanted)))
        end = 1 + LOAD_S
        plan = {
            "refuses": [(1.7, "refuse"), (end + BACK_S, "well")],
            "hangs": [(1.7, "hang"), (end + BACK_S, "well")],
            "forgets": [(1.7, "hang"), (end + BACK_S, "forget")],
            "flaps": [(1.7, "refuse"), (end + 0.4, "well"), (end + 0.9, "hang"), (end + 1.3, "well"),
                      (end + 1.6, "refuse"), (end + BACK_S, "well")],
            "never": [(1.7, "refuse" if index % 2 else "hang")],
            "apart": [(1.7, "refuse"), (end + 0.5, "well"), (end + 6.2, "refuse"), (end + APART_S, "well")]}
        for name in names:
            for moment, mode in plan.get(name, []):
                stubs[name].order(run.start + moment, mode)
        run.sleep(1.7)
        stubs["stops"].send(signal.SIGSTOP)
        released = run.load_ended(end + 0.5)
        run.sleep(end + BACK_S)
        resumed = stubs["stops"].send(signal.SIGCONT)
        outcome = run.finish()
    found: dict = {"timeout_s": timeout, "trailing": trailing, "exit": outcome.code, "sentence": outcome.sentence,
                   "load_ended_s": None if released is None else released - outcome.start - end,
                   # With a phase at the end the load is given back at its begin; else when the last process has ended.
                   "released_s": 0.0 if trailing else max(line["elapsed_s"] for line in outcome.all("stressor_ended"))
                   - end}
    for name in names:
        result = outcome.objective(f"{name} recovers")
        well = resumed if name == "stops" else stubs[name].changes[-1]["at"] if stubs[name].changes else math.nan
        found[name] = {"well_s": well - outcome.start - end, "interval": result["recovered_s"],
                       "verdict": result["verdict"], "episodes": result["episodes"], "watched_s": result["watched_s"]}
    return found


def recovery_bars(settings: ProbeSettings) -> Iterator[Bar]:
    runs = []
    for index in range(settings.runs):
        runs.append(recovery_run(settings, index))
        settings.keep("recovery", runs[-1])
    titles = {"refuses": "refuses", "hangs": "hangs, and answers what waits", "forgets": "hangs, and forgets it",
              "stops": "is stopped (SIGSTOP)", "flaps": "flaps", "apart": "is lost again 5.7 s later"}
    for name, title in titles.items():
        seen = [run[name] for run in runs if name in run]
        if not seen:
            continue
        ranges = [(entry["interval"], entry["well_s"]) for entry in seen]
        releases = [run["released_s"] for run in runs if name in run]
        # The release takes a millisecond or two itself.
        holds = [bool(bounds) and bounds["from"] <= well and well - release <= bounds["to"] + CLOCK_S
                 for (bounds, well), release in zip(ranges, releases)]
        width = max((bounds["to"] - bounds["from"] if bounds else math.inf) for bounds, _ in ranges)
        back = APART_S if name == "apart" else BACK_S
        off = max(abs(well - back) for _, well in ranges)
        note = f"by the stub's clock, at most {off * 1000:.1f} ms off {back} s"
        yield Bar(f"{title}: runs whose interval holds the truth", share(holds), "%", ">=", 100,
                  f"{sum(holds)} of {len(holds)}; {note}")
        # The released load as the kernel saw it, which is the last moment at which the stressors ran.
        outside = [bool(run[name]["interval"]) and run["load_ended_s"] is not None
                   and run[name]["interval"]["from"] <= run[name]["well_s"] - run["load_ended_s"]
                   <= run[name]["interval"]["to"] for run in runs if name in run]
        yield Bar("… counted from the last CPU time of the load", share(outside), "%",
                  note=f"{sum(outside)} of {len(outside)}")
        yield Bar("… widest interval", width if math.isfinite(width) else None, "s", "<=", WIDTH)
    episodes = [run["apart"]["episodes"] for run in runs if "apart" in run]
    if episodes:
        yield Bar("… episodes of it, fewest and most − 2", max(abs(count - 2) for count in episodes), "", "<=", 0)
    numbers = [run["never"]["interval"] is not None or run["never"]["verdict"] != "not_recovered" for run in runs]
    yield Bar("never back: runs with a number", sum(numbers), "", "<=", 0)
    late = [abs(run["load_ended_s"]) for run in runs if run["load_ended_s"] is not None]
    yield Bar("release by the log, off the last CPU time of the load", max(late) if late else None, "s",
              note=f"median {statistics.median(late):.4f}" if late else "")


# Nine cells ---------------------------------------------------------------------------------------------------------

LOADS = ("met", "not met", "killed")
SERVICES = ("held", "missed", "no data", "no data: prober killed", "no data: prober stopped")
CODES = {"met": (0, 6, 6, 6, 6), "not met": (2,) * 5, "killed": (5,) * 5}
SENTENCES = {
    ("met", "held"): r"was really there\. web kept its objectives\.$",
    ("met", "missed"): r"was really there\. web missed .*where .* was the limit",
    ("met", "no data"): r"was really there\. web: nobody knows, since no probe was asked in that time\.$",
    ("met", "no data: prober killed"): r"was really there\. web: nobody knows, since ",
    ("met", "no data: prober stopped"):
        r"was really there\. web: nobody knows, since the prober itself was kept from running\.$",
    ("not met",): r"was not there as asked, so nothing is known of how web would do under it",
    ("killed",): r"was killed before its time, so nothing is known of how web would do under it"}


def cell_run(settings: Settings, load: str, service: str) -> Outcome:
    """One of the cells: a load that is there, held back by a quota, or killed; a service that is well or is not."""
    every, timeout = (20.0, 0.5) if service == "no data" else (0.05, 0.5)
    with held(cpu_group(1.0)) as group, Stub() as stub:
        # Whoever else is busy: the load is there, unless the quota says otherwise.
        (group.path / ("cpu.shares" if group.is_v1 else "cpu.weight")).write_text("10000")
        text = profile(
            [("steady", 1.5, None), ("squeeze", 4.0, "cpu: 0.2 cores")],
            {"web": http(stub, every, timeout)},
            ["web 90% good during squeeze", "web p95 < 400ms during squeeze", "web 50% good over 1s during squeeze",
             "web 50% good seconds"], f"of: host, cgroup: {group.path}")
        with Run(settings.exert, text) as run:
            if service == "missed":
                stub.order(run.start + 2.5, "refuse")
                stub.order(run.start + 4.5, "well")
            run.sleep(1.4)
            if service == "no data: prober killed":
                os.kill(run.prober(), signal.SIGKILL)
            if service == "no data: prober stopped":
                os.kill(prober := run.prober(), signal.SIGSTOP)
            run.sleep(2.2)
            if load == "not met" and group.is_v1:
                (group.path / "cpu.cfs_quota_us").write_text("5000")
            elif load == "not met":
                (group.path / "cpu.max").write_text("5000 100000")
            run.sleep(3.5)
            if load == "killed":
                for pid in run.stressors():
                    os.kill(pid, signal.SIGKILL)
            run.sleep(5.3)
            if service == "no data: prober stopped":
                with contextlib.suppress(ProcessLookupError):  # It ended with its run.
                    os.kill(prober, signal.SIGCONT)
            return run.finish()


def cells_bars(settings: Settings) -> Iterator[Bar]:
    lies = 0
    for load in LOADS:
        for service, code in zip(SERVICES, CODES[load]):
            outcome = cell_run(settings, load, service)
            verdicts = [result["verdict"] for result in outcome.end["objectives"]]
            pattern = SENTENCES.get((load, service)) or SENTENCES[(load,)]
            told = re.search(pattern, outcome.sentence) is not None
            settings.keep("cells", {"load": load, "service": service, "exit": outcome.code, "verdicts": verdicts,
                                    "sentence": outcome.sentence, "loads": [r["verdict"] for r in outcome.results()]})
            if load != "met":
                lies += sum(verdict in ("held", "recovered") for verdict in verdicts)
            yield Bar(f"load {load}, objectives {service}: exit {code}", outcome.code, "", "=", code,
                      f"{', '.join(sorted(set(verdicts)))}; “{outcome.sentence}”")
            yield Bar("… the sentence says so", float(told), "", ">=", 1)
    yield Bar("objectives said to be held under a load that was not met", lies, "", "<=", 0)


# The prober's own cost ----------------------------------------------------------------------------------------------

PROBES_COST, COST_S = 3, 30.0


@dataclass
class Cost:
    """What three probes at 10 a second took, in percent of a core."""

    schedstat: float
    process_clock: float
    told: float
    rss_mib: float
    start_s: float  # CPU time before the first second, of its start.
    background: float | None  # Of all else on the host, in percent of a core: what was it measured beside?
    connections: int


def cost_run(settings: Settings, load: str | None) -> Cost:
    """Three http probes at 10 a second on kept connections for 30 s, without a load of CPU or beside one."""
    with contextlib.ExitStack() as stack:
        stubs = [stack.enter_context(Stub()) for _ in range(PROBES_COST)]
        text = profile([("steady", 1, None), ("load", COST_S, load or "file-handles: 10")],
                       {f"p{number}": http(stub, 0.1, 1) for number, stub in enumerate(stubs)},
                       ["p0 99% good during load"], "workers: 1" if load else "")
        run = stack.enter_context(Run(settings.exert, text))
        pid = run.prober()
        start = (schedstat_ns(pid) or 0) / 1e9
        run.sleep(3)
        begin, span = (schedstat_ns(pid), process_cpu_ns(pid), host_cpu_ns()), time.monotonic()
        run.sleep(COST_S)
        end, span = (schedstat_ns(pid), process_cpu_ns(pid), host_cpu_ns()), time.monotonic() - span
        rss = rss_bytes(pid) / MIB
        outcome = run.finish()
    if None in begin[:2] or None in end[:2]:
        raise JudgeError("the prober is not there to be looked at")
    spent = [(after - before) / 1e9 / span * 100 for before, after in zip(begin[:2], end[:2])]
    told = [line for line in outcome.all("prober_second") if 3.5 < line["elapsed_s"] < COST_S]
    of_log = sum(line["cpu_s"] for line in told) / len(told) * 100
    others = None if end[2] is None or begin[2] is None else (end[2] - begin[2]) / 1e9 / span * 100
    return Cost(spent[0], spent[1], of_log, rss, start, others, len(stubs))


def cost_bars(settings: ProbeSettings) -> Iterator[Bar]:
    for load, title in ((None, "idle"), ("cpu: 0.5 cores", "beside 50 % of a core")):
        runs = [cost_run(settings, load) for _ in range(settings.repeats)]
        for run in runs:
            settings.keep(f"cost {title}", run)
        middle = {name: statistics.median(getattr(run, name) for run in runs) for name in
                  ("schedstat", "process_clock", "told", "rss_mib", "start_s")}
        beside = statistics.median(run.background or 0 for run in runs)
        yield Bar(f"three http probes at 10 a second, {title}: prober", middle["schedstat"], "% of a core", "<=", 0.3,
                  f"/proc/PID/schedstat; the host ran {beside:.0f} % of a core in all")
        yield Bar("… as the log has it, off that", max(abs(run.told - run.schedstat) for run in runs), "points",
                  "<=", 0.02, f"it says {middle['told']:.4g} %")
        yield Bar("… all of its threads", middle["process_clock"], "% of a core", note="its process's CPU clock")
        yield Bar("… resident", middle["rss_mib"], "MiB", note="statm")
        yield Bar("… CPU time of its start", middle["start_s"], "s", note="until the run began")


# The CPU row beside probes ------------------------------------------------------------------------------------------

def row_run(settings: ProbeSettings, probes: bool) -> CPUFigures:
    """The CPU row's 50 % of a core, judged from outside as in bench.py, with three probes or without."""
    with contextlib.ExitStack() as stack:
        words = [settings.exert, "run", "--quiet", "--load", "cpu=0.5 cores", "--set", "cpu.workers=1", "--for",
                 f"{settings.seconds:g}s"]
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="exert-judge-"))
        words += ["--log", f"{folder}/log"]
        if probes:
            for index in range(PROBES_COST):
                stub = stack.enter_context(Stub())
                words += ["--probe", f"p{index}={stub.url}", "--objective", f"p{index} 99% good"]
        return measure_cpu(words, settings.seconds, 0.5)


def row_bars(settings: ProbeSettings) -> Iterator[Bar]:
    figures: dict[bool, list[CPUFigures]] = {False: [], True: []}
    for turn in range(settings.repeats):
        for probes in ((False, True) if turn % 2 == 0 else (True, False)):
            figures[probes].append(row_run(settings, probes))
            settings.keep(f"row {'with' if probes else 'without'} probes", figures[probes][-1])
    for name, title in (("load_mae", "mean |error| of 1 s windows"), ("load_mean", "|mean error|")):
        values = {probes: [abs(getattr(run, name)) for run in runs] for probes, runs in figures.items()}
        without, with_ = (statistics.median(values[probes]) for probes in (False, True))
        yield Bar(f"50 % of a core: {title} with probes, off that without", abs(with_ - without), "points", "<=", 0.01,
                  f"{with_:.4f} and {without:.4f}; runs from {min(values[True]):.4f} to {max(values[True]):.4f} and "
                  f"{min(values[False]):.4f} to {max(values[False]):.4f}")
    owns = {probes: statistics.median(run.own_cost for run in runs) for probes, runs in figures.items()}
    yield Bar("… own cost of the whole tool with probes", owns[True], "% of a core",
              note=f"without {owns[False]:.3f}")
    beside = [run.background for runs in figures.values() for run in runs if run.background is not None]
    yield Bar("… others on the host meanwhile", statistics.median(beside) if beside else None, "% of a core")


# A prober that is kept from running ---------------------------------------------------------------------------------

def late_run(settings: Settings, hostile: bool) -> dict:
    """All processors at 100 %, by exert's load alone or also by loops of a real-time class; who came late, and is told?

    The stub runs at a higher priority than all of them: when a request came it says as it was.
    """
    with contextlib.ExitStack() as stack:
        stub = stack.enter_context(Stub(real_time=True))
        text = profile([("steady", 1, None), ("load", 12, "cpu: 100%")], {"web": http(stub, 0.05, 1)},
                       ["web 99% good during load"])
        run = stack.enter_context(Run(settings.exert, text))
        if hostile:
            run.sleep(4)
            burner = ["chrt", "-f", "10", "sh", "-c", "while :; do :; done"]
            burners = [subprocess.Popen(burner) for _ in range(os.cpu_count() or 1)]
            run.sleep(7)
            for process in burners:
                process.kill()
                process.wait()
        outcome = run.finish()
    lateness: dict[int, float] = {}
    asked: dict[int, int] = {}
    for arrival in stub.arrivals:
        since = arrival - outcome.start
        # What is later than a period would count as the next one's: that is missing from its second, and withdrawn.
        second, late = int(since), since % 0.05
        lateness[second] = max(lateness.get(second, 0), late)
        asked[second] = asked.get(second, 0) + 1
    told = {line["from_s"]: line for line in outcome.all("probe_second")}
    silent, unasked = [], []
    for second in range(1, 13):
        line = told.get(second)
        if line is None:
            silent.append(second)
            continue
        # 20 ms is a tenth of the tolerance of lateness. A request that came in the next second was due in this one.
        worst = lateness.get(second, 0)
        withdrawn = line["outcomes"].get("withdrawn", 0)
        neighbour = told.get(second - 1, line)["lateness_max_s"]
        if worst > 0.02 and max(line["lateness_max_s"], neighbour) < worst - 0.005 and not withdrawn:
            silent.append(second)
        if asked.get(second, 0) < 20 - 1 and not withdrawn and line["lateness_max_s"] < 0.02:
            unasked.append(second)
    result = outcome.objective("99% good")
    return {"silent_seconds": silent, "unasked_silently": unasked,
            "worst_seen_s": max(lateness.values(), default=0.0),
            "worst_told_s": max(line["lateness_max_s"] for line in told.values()),
            "withdrawn": result["withdrawn"], "due": outcome.probe("web")["due"],
            "bad": {name: count for name, count in outcome.probe("web")["outcomes"].items()
                    if name not in ("good", "withdrawn")},
            "wait_s": sum(line["run_queue_wait_s"] or 0 for line in outcome.all("prober_second")),
            "verdict": result["verdict"], "reason": result["reason"], "exit": outcome.code,
            "sentence": outcome.sentence}


def late_bars(settings: Settings) -> Iterator[Bar]:
    for hostile in (False, True):
        title = "loops of SCHED_FIFO take all processors for 3 s" if hostile else "cpu 100 % on all processors"
        runs = [late_run(settings, hostile) for _ in range(settings.repeats)]
        for run in runs:
            settings.keep(f"late, {title}", run)
        seen, told = (max(run[name] for run in runs) for name in ("worst_seen_s", "worst_told_s"))
        yield Bar(f"{title}: seconds late and silent", sum(len(run["silent_seconds"]) + len(run["unasked_silently"])
                                                          for run in runs), "", "<=", 0,
                  f"worst lateness seen {seen:.4f} s, told {told:.4f} s; withdrawn "
                  f"{max(run['withdrawn'] for run in runs)} of {runs[0]['due']}; {runs[0]['verdict']}")
        yield Bar("… results called bad that were the prober's own lateness", sum(sum(run["bad"].values())
                                                                                 for run in runs), "", "<=", 0)
        if hostile:
            yield Bar("… runs that said `held` all the same, with more than 5 % withdrawn",
                      sum(run["verdict"] == "held" and run["withdrawn"] > 0.05 * run["due"] for run in runs), "",
                      "<=", 0)


# An alert -----------------------------------------------------------------------------------------------------------

ALERT_S = 7.0


def alert_run(settings: Settings, every: float) -> dict:
    """An alert stub that fires 7.0 s after the load was there by the stressors' CPU clocks."""
    with Stub() as stub:
        text = profile([("steady", 2, None), ("squeeze", 9.5, "cpu: 40%")],
                       {"paged": http(stub, every, 1, ", good: 'json .0.status.state == \"active\"'")},
                       ["paged within 9s of squeeze"])
        with Run(settings.exert, text) as run:
            stub.order(run.start, "well", "[]")
            run.sleep(1.9)
            there = load_began(run, 3.0)
            stub.order(there + ALERT_S, "well", '[{"status": {"state": "active"}}]')
            outcome = run.finish()
    result = outcome.objective("paged within")
    reached = outcome.results()[0]["time_to_reach_s"]
    fired = stub.changes[-1]["at"]
    return {"every_s": every, "interval": result["recovered_s"], "verdict": result["verdict"], "exit": outcome.code,
            "fired_s": fired - there, "effective_off_s": outcome.start + 2 + reached - there,
            "sentence": outcome.sentence}


def load_began(run: Run, until: float) -> float:
    """From when on the stressors' CPU clocks move: the begin of the first 50 ms in which they took 10 ms."""
    pids, looks = run.stressors(), []
    while (now := time.monotonic()) < run.start + until:
        looks.append((now, sum(process_cpu_ns(pid) or 0 for pid in pids)))
        began = [at for at, spent in looks if now - at <= 0.05]
        early = next((spent for at, spent in looks if at == began[0]), 0)
        if looks[-1][1] - early > 10_000_000:
            return next(at for at, spent in looks if spent > early + 1_000_000)
        time.sleep(0.002)
    raise JudgeError("no load was seen to begin")


def alert_bars(settings: Settings) -> Iterator[Bar]:
    for every in (0.1, 1.0):
        runs = [alert_run(settings, every) for _ in range(settings.repeats)]
        for run in runs:
            settings.keep("alert", run)
        errors = [max(abs(run["interval"][side] - ALERT_S) for side in ("from", "to")) if run["interval"] else math.inf
                  for run in runs]
        spans = "; ".join(f"{run['interval']['from']:.3f} to {run['interval']['to']:.3f}" for run in runs
                          if run["interval"])
        off = max(errors)
        yield Bar(f"an alert after 7.0 s, asked each {every:g} s: farther end of the interval, off 7.0 s",
                  off if math.isfinite(off) else None, "s", "<=", every, spans)
        yield Bar("… the load was there, off the first CPU time of it", max(abs(run["effective_off_s"])
                                                                           for run in runs), "s")


GROUPS = {"stopped": stopped_bars, "recovery": recovery_bars, "cells": cells_bars, "alert": alert_bars,
          "late": late_bars, "cost": cost_bars, "row": row_bars}


def page(host: dict, bars: list[Bar]) -> str:
    """All figures in Markdown."""
    lines = ["<!-- SPDX-License-Identifier: Apache-2.0 -->", "# What is said of the service", "",
             *wrapped(f"Written by `Benchmarks/probes`, not by hand, on {hardware(host)}; exert {host['exert']}. What "
                      "each bar is stands in `Benchmarks/README.md`."), ""]
    rows = []
    for bar in bars:
        limit = f"{bar.relation} {bar.bar:g}" if bar.bar is not None else ""
        verdict = {True: "met", False: "**not met**", None: ""}[bar.met]
        rows.append([bar.name.replace("|", "\\|"), f"{number(bar.figure, 3)} {bar.unit}".strip(), limit, verdict,
                     bar.note.replace("|", "\\|")])
    return "\n".join(lines + table(["bar", "", "limit", "", ""], rows)) + "\n"


def main() -> int:
    """Parses the command line, runs the groups and ends with their exit code."""
    top = basic_parser(__doc__ or "", GROUPS)
    top.add_argument("--repeats", type=int, default=3, metavar="N", help="of everything but the recovery (3)")
    top.add_argument("--runs", type=int, default=20, metavar="N", help="of the recovery (20)")
    top.add_argument("--seconds", type=float, default=60, metavar="S", help="of a run of the CPU row (60)")
    top.add_argument("--markdown", metavar="FILE", help="write the table")
    options = top.parse_args()
    if wrong := complaints(options, GROUPS):
        return refuse("probe_bars", wrong)
    options.exert = os.path.abspath(options.exert)
    settings = ProbeSettings(exert=options.exert, repeats=options.repeats, runs=options.runs, seconds=options.seconds)
    bars: list[Bar] = []

    def kept(bars_of: object) -> object:
        def group(settings: ProbeSettings) -> Iterator[Bar]:
            for bar in bars_of(settings):
                bars.append(bar)
                yield bar
        return group

    host = host_facts(exert=options.exert)
    code = judge_groups("probe_bars", options, {name: kept(group) for name, group in GROUPS.items()}, settings, host)
    if options.markdown:
        Path(options.markdown).write_text(page(host, bars))
    return code


if __name__ == "__main__":
    sys.exit(main())
