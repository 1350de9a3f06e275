#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds `exert serve` to its promises: it answers while everything around it is exhausted, and leaves nothing behind.

    sudo python3 Benchmarks/serve_bars.py --exert PATH [--only idle,exhausted,…] [--json FILE]

Judged from outside, over real sockets on loopback: times by this program's clock, memory and CPU by the server's
`/proc/PID`, leftovers by the process table, `/proc/PID/fd` and `statvfs`, accuracy by the stressor's CPU clock.
`fuzz` drives the server by its own OpenAPI document with schemathesis, which it installs from PyPI into a folder of its
own.

Exit code: 0 every bar was met, 2 one was not (or could not be measured), 64 bad usage.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import re
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from groups import cpu_group, memory_group
from ledger import JudgeError, is_alive, process_cpu_ns, read_text, rss_bytes
from program import MIB, Bar, Settings, basic_parser, complaints, judge_groups, refuse
from volumes import Volume, volume

GROUP_MEMORY = 384 * MIB
GROUP_CORES = 1.0
TABLE = 2048


@dataclass(kw_only=True)
class ServeSettings(Settings):
    """What the command line asked for."""

    calls: int
    deletes: int
    sequence: int
    cases: int


# A server -----------------------------------------------------------------------------------------------------------

class Server:
    """`exert serve` on a free port."""

    def __init__(self, exert: str, *more: str, token: str | None = None, before: object = None) -> None:
        environment = {key: value for key, value in os.environ.items() if key != "EXERT_TOKEN"}
        if token:
            environment["EXERT_TOKEN"] = token
        self.token = token
        self.process = subprocess.Popen(
            [exert, "serve", "--listen", "127.0.0.1:0", *more], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
            env=environment, preexec_fn=before, text=True)
        line = self.process.stderr.readline()
        found = re.search(r"127\.0\.0\.1:(\d+)", line)
        if not found:
            raise JudgeError(f"the server does not listen: {line}{self.process.stderr.read()}")
        self.port = int(found[1])
        # Drained, so that it never waits for us.
        threading.Thread(target=lambda: [None for _ in self.process.stderr], daemon=True).start()

    @property
    def pid(self) -> int:
        return self.process.pid

    def connection(self, timeout: float = 60) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def ask(self, method: str, path: str, body: object = None, timeout: float = 60) -> tuple[int, dict, float]:
        """One request on a connection of its own: status, body and seconds from connect to the last byte."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        begin = time.monotonic()
        connection = self.connection(timeout)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        return answer.status, json.loads(text) if text.startswith(b"{") else {}, time.monotonic() - begin

    def start(self, request: dict) -> str:
        status, run, _ = self.ask("POST", "/v1/runs", {"lease": "none"} | request)
        if status != 201:
            raise JudgeError(f"the run was not started: {status} {run}")
        return str(run["id"])

    def wait(self, run: str, ready: object, limit: float) -> dict:
        """Asks for the run until `ready` says so of it."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            _, seen, _ = self.ask("GET", f"/v1/runs/{run}")
            if ready(seen):
                return seen
            time.sleep(0.05)
        raise JudgeError(f"the run did not come so far in {limit} s: {seen}")

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@contextlib.contextmanager
def server(exert: str, *more: str, **options: object) -> Iterator[Server]:
    """A server for as long as it is needed."""
    held = Server(exert, *more, **options)
    try:
        yield held
    finally:
        held.close()


def descendants(pid: int) -> set[int]:
    """All processes below `pid` that are alive."""
    found: set[int] = set()
    for parent in [pid]:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            for child in (read_text(task) or "").split():
                if is_alive(int(child)):
                    found |= {int(child)} | descendants(int(child))
    return found


def percentile(figures: list[float], share: float) -> float:
    ordered = sorted(figures)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * share // 1).__int__() - 1))]


# Idle ---------------------------------------------------------------------------------------------------------------

def idle_bars(settings: ServeSettings) -> Iterator[Bar]:
    """What the server costs while nothing happens."""
    with server(settings.exert) as held:
        held.ask("GET", "/healthz")
        time.sleep(1)
        before, begin = process_cpu_ns(held.pid), time.monotonic()
        time.sleep(20)
        used = (process_cpu_ns(held.pid) - before) / (time.monotonic() - begin) / 1e9 * 100
        yield Bar("idle server: CPU", used, "% of a core", "<=", 0.1)
        yield Bar("idle server: resident set", rss_bytes(held.pid) / 1e6, "MB", "<=", 40)
        held.ask("GET", "/openapi.json"), held.ask("GET", "/"), held.ask("GET", "/metrics")
        yield Bar("… after its documents were asked for", rss_bytes(held.pid) / 1e6, "MB", "<=", 40)


# Exhausted ----------------------------------------------------------------------------------------------------------

class Groups:
    """A CPU quota, a memory limit and a small table of the judge's own."""

    def __init__(self) -> None:
        self.held = [memory_group(GROUP_MEMORY), cpu_group(GROUP_CORES)]

    def enter(self) -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (TABLE, TABLE))
        for group in self.held:
            group.enter()

    def close(self) -> None:
        for group in self.held:
            group.close()


def everything(place: Path) -> dict:
    """Five stressors that take all there is of a group, a table and a disk."""
    return {
        "load": {"cpu": "100%", "memory": "max", "file-handles": "max", "disk-space": "max",
                 "disk-bandwidth": "max"},
        "set": {"cpu.of": "cgroup", "memory.of": "cgroup", "memory.headroom": "16MiB",
                "disk-space.directory": str(place), "disk-bandwidth.directory": str(place),
                "disk-bandwidth.size": "16MiB", "disk-bandwidth.operation": "write"},
        "for": "10m"}


def exhausted_bars(settings: ServeSettings) -> Iterator[Bar]:
    """The server in a group whose CPU, memory, handles and disk are taken by its own run of five stressors."""
    groups = Groups()
    try:
        with volume("/var/tmp", "ext4", 256 * MIB) as disk, \
                server(settings.exert, "--allow-directory", str(disk.mount), before=groups.enter) as held:
            request = everything(disk.mount)
            run = held.start(request)
            held.wait(run, exhausted, 60)
            times = []
            for _ in range(settings.calls):
                status, _, seconds = held.ask("GET", "/healthz")
                if status != 200:
                    raise JudgeError(f"/healthz answers {status}")
                times.append(seconds)
                time.sleep(0.01)
            _, seen, _ = held.ask("GET", f"/v1/runs/{run}")
            settings.keep("exhausted", seen)
            yield from use_bars(seen, disk, groups)
            settings.keep("healthz_s", times)
            yield Bar(f"/healthz while exhausted, p99 of {len(times)}", percentile(times, 0.99) * 1e3, "ms", "<=", 250)
            yield Bar("… median", statistics.median(times) * 1e3, "ms")
            stops, releases = [], []
            for number in range(settings.deletes):
                if number:
                    run = held.start(request)
                    held.wait(run, exhausted, 60)
                stressors = descendants(held.pid)
                begin = time.monotonic()
                status, ended, seconds = held.ask("DELETE", f"/v1/runs/{run}")
                if status != 200 or ended.get("state") != "ended":
                    raise JudgeError(f"DELETE answers {status}: {ended}")
                stops.append(seconds)
                while any(is_alive(pid) for pid in stressors) and time.monotonic() - begin < 10:
                    time.sleep(0.002)
                releases.append(time.monotonic() - begin)
            settings.keep("delete_s", stops)
            note = "answers when all is released"
            yield Bar(f"DELETE while exhausted, p99 of {len(stops)}", percentile(stops, 0.99) * 1e3, "ms", "<=", 250,
                      note)
            yield Bar("… median", statistics.median(stops) * 1e3, "ms")
            yield Bar("… every process of the run gone, worst", max(releases) * 1e3, "ms", "<=", 1000)
            yield Bar("… files left on the disk", float(len(disk.files())), "files", "<=", 0)
    finally:
        groups.close()


def exhausted(run: dict) -> bool:
    if run["state"] == "ended":
        raise JudgeError(f"the run ended: {run}")
    figures = run["stressors"]
    return run["state"] == "running" and all(
        (figures[name]["achieved"] or 0) > least for name, least in (
            ("memory", 0.8 * GROUP_MEMORY), ("file-handles", TABLE - 1), ("disk-space", 100 * MIB), ("cpu", 0.2)))


def use_bars(run: dict, disk: Volume, groups: Groups) -> Iterator[Bar]:
    """How exhausted it really was."""
    used = int((groups.held[0].path / "memory.usage_in_bytes").read_text())
    yield Bar("exhausted: memory of the group in use", used / GROUP_MEMORY * 100, "%")
    stat = dict(line.split() for line in (groups.held[1].path / "cpu.stat").read_text().splitlines())
    throttled = int(stat["nr_throttled"]) / int(stat["nr_periods"]) * 100
    yield Bar("exhausted: periods in which the quota throttled", throttled, "%")
    space = os.statvfs(disk.mount)
    yield Bar("exhausted: free on the disk", space.f_bavail * space.f_frsize / MIB, "MiB")
    yield Bar("exhausted: handles of the table", float(run["stressors"]["file-handles"]["achieved"]), f"of {TABLE}")


# One after the other ------------------------------------------------------------------------------------------------

def sequence_bars(settings: ServeSettings) -> Iterator[Bar]:
    """A thousand runs, one after the other."""
    with server(settings.exert) as held:
        marks = []
        handles = 0
        for number in range(settings.sequence):
            if number == settings.sequence // 10:
                handles = len(os.listdir(f"/proc/{held.pid}/fd"))
            run = held.start({"load": {"cpu": "5%"}, "for": "10s"})
            status, ended, _ = held.ask("DELETE", f"/v1/runs/{run}")
            if status != 200 or ended.get("state") != "ended":
                raise JudgeError(f"run {number}: {status} {ended}")
            if number >= settings.sequence // 10 and number % 10 == 0:
                marks.append(rss_bytes(held.pid) / 1e6)
        time.sleep(1)
        settings.keep("sequence_rss_mb", marks)
        half = len(marks) // 2
        growth = statistics.median(marks[half:]) - statistics.median(marks[:half])
        yield Bar(f"{settings.sequence} runs: growth of the resident set, 2nd half on 1st", growth, "MB", "<=", 5)
        yield Bar("… greatest less least from a tenth of them on", max(marks) - min(marks), "MB", "<=", 5)
        yield Bar("… resident set at the end", marks[-1], "MB", "<=", 45)
        yield Bar("… descriptors left", float(len(os.listdir(f"/proc/{held.pid}/fd")) - handles), "", "<=", 0)
        yield Bar("… processes left", float(len(descendants(held.pid))), "", "<=", 0)
        zombies = sum(1 for task in Path(f"/proc/{held.pid}/task").glob("*/children") for _ in task.read_text().split())
        yield Bar("… zombies left", float(zombies), "", "<=", 0)


# Streams ------------------------------------------------------------------------------------------------------------

def streams_bars(settings: ServeSettings) -> Iterator[Bar]:
    """The accuracy of a run that nobody looks at and of one that fifty look at, in turns."""
    means: dict[int, list[float]] = {0: [], 50: []}
    lines: list[int] = []
    with server(settings.exert) as held:
        for _ in range(3):
            for count in (0, 50):
                error, got = one_streamed(held, count)
                means[count].append(error)
                if count:
                    lines += got
    settings.keep("streams", {"errors": means, "lines": lines})
    alone, watched = statistics.median(means[0]), statistics.median(means[50])
    yield Bar("50 % of a core that nobody looks at: mean |error| of 1 s", alone, "points")
    yield Bar("… that 50 streams follow at 10 Hz", watched, "points", "<=", 0.25)
    yield Bar("… more than without", watched - alone, "points", "<=", 0.1)
    yield Bar("… least events that a stream got", float(min(lines)), "", ">=", 75)


def one_streamed(held: Server, count: int) -> tuple[float, list[int]]:
    run = held.start({"load": {"cpu": "0.5 cores"}, "for": "9s", "interval": "100ms"})
    held.wait(run, lambda seen: seen["state"] == "running", 10)
    lines = [0] * count

    def follow(number: int) -> None:
        connection = held.connection()
        connection.request("GET", f"/v1/runs/{run}/events")
        for _ in connection.getresponse():
            lines[number] += 1
        connection.close()

    threads = [threading.Thread(target=follow, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    stressor = next(pid for pid in descendants(held.pid) if b"stressor" in Path(f"/proc/{pid}/cmdline").read_bytes())
    time.sleep(1.5)
    errors = []
    last, begin = process_cpu_ns(stressor), time.monotonic_ns()
    for _ in range(6):
        time.sleep(1)
        now, moment = process_cpu_ns(stressor), time.monotonic_ns()
        errors.append(abs((now - last) / (moment - begin) - 0.5) * 100)
        last, begin = now, moment
    held.wait(run, lambda seen: seen["state"] == "ended", 15)
    for thread in threads:
        thread.join(10)
    return statistics.mean(errors), lines


# Killed -------------------------------------------------------------------------------------------------------------

def killed_bars(settings: ServeSettings) -> Iterator[Bar]:
    """SIGKILL of the server with four runs."""
    worst = 0.0
    for _ in range(5):
        held = Server(settings.exert)
        for _ in range(4):
            run = held.start({"load": {"cpu": "10%", "memory": "64MiB"}, "for": "5m"})
            held.wait(run, lambda seen: seen["state"] == "running", 20)
        below = descendants(held.pid)
        if len(below) < 12:
            raise JudgeError(f"only {len(below)} processes were there")
        begin = time.monotonic()
        os.kill(held.pid, signal.SIGKILL)
        while any(is_alive(pid) for pid in below) and time.monotonic() - begin < 10:
            time.sleep(0.002)
        worst = max(worst, time.monotonic() - begin)
        held.process.wait()
    yield Bar("server killed: every process of its four runs gone, worst of 5", worst * 1e3, "ms", "<=", 1000)


# Fuzz ---------------------------------------------------------------------------------------------------------------

def fuzz_bars(settings: ServeSettings) -> Iterator[Bar]:
    """schemathesis by the server's own OpenAPI document, without and with a token."""
    home = Path(tempfile.gettempdir()) / "exert-schemathesis"
    program = home / "bin" / "schemathesis"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        subprocess.run([str(home / "bin" / "pip"), "install", "-q", "schemathesis"], check=True)
    for token in (None, "judge-token"):
        with server(settings.exert, "--lease", "2s", token=token) as held:
            cases, failures, text = fuzz(settings, program, held)
            words = "token on" if token else "token off"
            settings.keep(f"fuzz {words}", text[-20_000:])
            yield Bar(f"schemathesis, {words}: cases", float(cases), "", ">=", settings.cases)
            yield Bar("… violations, 5xx among them", float(failures), "", "<=", 0)
            yield Bar("… the server still answers", float(held.ask("GET", "/healthz")[0]), "", "<=", 200)


def fuzz(settings: ServeSettings, program: Path, held: Server) -> tuple[int, int, str]:
    # A profile is a language: what is a string by the schema may still be wrong (422). A run that was stopped by DELETE
    # stays there with its verdict and report, on purpose.
    config = Path(tempfile.gettempdir()) / "exert-schemathesis.toml"
    config.write_text(
        "[checks]\n"
        'positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "422", "429"]\n')
    arguments = [str(program), "--config-file", str(config), "run", f"http://127.0.0.1:{held.port}/openapi.json",
                 "--checks", "all", "--exclude-checks", "use_after_free",
                 "--max-examples", str(max(1, settings.cases // 15)), "--no-color", "--continue-on-failure",
                 "--request-timeout", "30", "--generation-deterministic"]
    if held.token:
        arguments += ["--header", f"Authorization: Bearer {held.token}"]
    # It keeps what it found in the folder that it runs in.
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=1800, cwd=tempfile.gettempdir())
    text = done.stdout + done.stderr
    found = re.search(r"(\d+) generated", text)
    failed = re.search(r"(\d+) failures?, |found (\d+) unique failures", text)
    if not found:
        raise JudgeError(f"schemathesis: {text[-2000:]}")
    failures = int(failed[1] or failed[2]) if failed else 0
    return int(found[1]), failures if done.returncode == 0 else max(1, failures), text


GROUPS = {"idle": idle_bars, "exhausted": exhausted_bars, "sequence": sequence_bars, "streams": streams_bars,
          "killed": killed_bars, "fuzz": fuzz_bars}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = basic_parser(__doc__, GROUPS)
    result.add_argument("--calls", type=int, default=200, help="calls of /healthz while exhausted (200)")
    result.add_argument("--deletes", type=int, default=200, help="runs that are stopped while exhausted (200)")
    result.add_argument("--sequence", type=int, default=1000, help="runs one after the other (1000)")
    result.add_argument("--cases", type=int, default=2000, help="cases that schemathesis makes at least (2000)")
    return result


def main() -> int:
    """Runs the groups asked for, prints a row per bar as it is known, writes the JSON."""
    options = parser().parse_args()
    if wrong := complaints(options, GROUPS):
        return refuse("serve_bars", wrong)
    settings = ServeSettings(exert=os.path.abspath(options.exert), calls=options.calls, deletes=options.deletes,
                             sequence=options.sequence, cases=options.cases)
    return judge_groups("serve_bars", options, GROUPS, settings)


if __name__ == "__main__":
    sys.exit(main())
