# SPDX-License-Identifier: Apache-2.0
"""One run of exert that asks stubs: what is done to them and to it, and what came of it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from judge import sleep_until
from ledger import JudgeError, arguments_of, children_by_parent, process_cpu_ns, read_text

START_S = 30.0
HERE = Path(__file__).resolve().parent


class Stub:
    """A stub of probe_stub.py in a process of its own."""

    def __init__(self, real_time: bool = False) -> None:
        command = [sys.executable, str(HERE / "probe_stub.py")] + (["--real-time"] if real_time else [])
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = json.loads(self._line())["port"]
        self.changes: list[dict] = []
        self.arrivals: list[float] = []

    def _line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline() or "{}"

    def __enter__(self) -> Stub:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def order(self, at: float, mode: str, body: str | None = None) -> None:
        """Has it take up a mode at a time of CLOCK_MONOTONIC."""
        assert self.process.stdin
        text = json.dumps({"at": at, "mode": mode} | ({} if body is None else {"body": body}))
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def send(self, number: signal.Signals) -> float:
        """Sends it a signal, SIGSTOP say; when (CLOCK_MONOTONIC)."""
        self.process.send_signal(number)
        return time.monotonic()

    def close(self) -> None:
        """Ends it, and keeps what it tells of itself."""
        if self.process.poll() is not None:
            return
        with contextlib.suppress(BrokenPipeError, subprocess.TimeoutExpired):
            self.process.send_signal(signal.SIGCONT)
            output, _ = self.process.communicate(timeout=10)
            told = [json.loads(line) for line in output.splitlines()]
            self.changes = [line for line in told if "mode" in line]
            self.arrivals = next((line["arrivals"] for line in told if "arrivals" in line), [])
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@dataclass
class Outcome:
    """What a run came to."""

    code: int
    output: str
    start: float  # CLOCK_MONOTONIC of the run's begin.
    events: list[dict] = field(default_factory=list)

    @property
    def end(self) -> dict:
        if not self.events or self.events[-1]["event"] != "run_ended":
            raise JudgeError(f"no run_ended in the log; exit {self.code}: {self.output.strip()[-400:]}")
        return self.events[-1]

    def all(self, event: str) -> list[dict]:
        return [line for line in self.events if line["event"] == event]

    def objective(self, text: str) -> dict:
        """The result of an objective, by a part of its text."""
        return next(result for result in self.end["objectives"] if text in result["objective"])

    def probe(self, name: str) -> dict:
        """What a probe came to in all."""
        return next(probe for probe in self.end["probes"] if probe["probe"] == name)

    @property
    def sentence(self) -> str:
        return self.end["sentence"]

    def results(self) -> list[dict]:
        return [result for result in self.end["results"] if result["is_loaded"]]


class Run:
    """A run that goes on: what is done to it is done at times since its begin."""

    def __init__(self, exert: str, profile: str, arguments: Sequence[str] = (),
                 enter: Callable[[], None] | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="exert-judge-")
        self._log = Path(self._folder.name) / "log"
        self._output = open(Path(self._folder.name) / "output", "w+")
        file = Path(self._folder.name) / "profile.yaml"
        file.write_text(profile)
        self.process = subprocess.Popen([exert, "run", str(file), "--quiet", "--log", str(self._log), *arguments],
                                        stdin=subprocess.DEVNULL, stdout=self._output, stderr=subprocess.STDOUT,
                                        preexec_fn=enter, process_group=0)
        self.start = 0.0

    def __enter__(self) -> Run:
        limit = time.monotonic() + START_S
        while not (line := self._first_phase()):
            if self.process.poll() is not None or time.monotonic() > limit:
                text = self._text()
                self.__exit__()
                raise JudgeError(f"the run did not begin: {text}")
            time.sleep(0.002)
        self.start = monotonic(line["time"]) - line["elapsed_s"]
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._output.close()
        self._folder.cleanup()

    def _first_phase(self) -> dict | None:
        text = self._log.read_text() if self._log.exists() else ""
        lines = [line for line in text.split("\n")[:-1] if '"phase_started"' in line]
        return json.loads(lines[0]) if lines else None

    def _text(self) -> str:
        self._output.seek(0)
        return self._output.read()

    def sleep(self, since_start: float) -> None:
        """Sleeps until so many seconds after the run's begin."""
        sleep_until(self.start + since_start)

    def children(self) -> list[int]:
        return children_by_parent().get(self.process.pid, [])

    def stressors(self) -> list[int]:
        return [pid for pid in self.children() if arguments_of(pid)[1:2] == ["stressor"]]

    def prober(self) -> int:
        for pid in self.children():
            if arguments_of(pid)[-1:] == ["prober"]:
                return pid
        raise JudgeError("the run has no prober")

    def load_ended(self, until: float) -> float | None:
        """When the stressors' CPU clocks last moved, looked at each ms until so long after the begin; CLOCK_MONOTONIC.

        The kernel books a thread's time when it is switched out, and so when a load that is on and off gives way.
        """
        pids, last, moved = self.stressors(), {}, None
        while (now := time.monotonic()) < self.start + until:
            for pid in pids:
                spent = process_cpu_ns(pid)
                if spent is not None and spent != last.get(pid):
                    last[pid], moved = spent, now
            time.sleep(0.001)
        return moved

    def finish(self, limit: float = 120) -> Outcome:
        """Waits for the end."""
        try:
            code = self.process.wait(limit)
        except subprocess.TimeoutExpired as error:
            raise JudgeError(f"the run is not over after {limit} s") from error
        text = self._log.read_text() if self._log.exists() else ""
        events = [json.loads(line) for line in text.splitlines()]
        if events and events[-1].get("started_at"):
            self.start = monotonic(events[-1]["started_at"])
        return Outcome(code, self._text(), self.start, events)


def monotonic(time_text: str) -> float:
    """A time of the log, UTC with nanoseconds, as CLOCK_MONOTONIC; as good as the clock was not set in between."""
    whole, fraction = time_text.rstrip("Z").split(".")
    seconds = datetime.fromisoformat(whole + "+00:00").timestamp()
    offset = time.clock_gettime_ns(time.CLOCK_REALTIME) - time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    return (int(seconds) * 1_000_000_000 + int(fraction) - offset) / 1e9


def schedstat_ns(pid: int) -> int | None:
    """CPU time of a process's first thread, in ns: field 1 of `/proc/PID/schedstat`."""
    text = read_text(f"/proc/{pid}/schedstat")
    return int(text.split()[0]) if text else None
