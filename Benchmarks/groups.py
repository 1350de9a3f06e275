# SPDX-License-Identifier: Apache-2.0
"""Control groups with a limit, of the judge's own, cgroup v1 or v2; all are given back."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator

from ledger import JudgeError, v1_mount, v2_mount

PERIOD_US = 100_000


class ControlGroup:
    """A group of one controller, with one file written: v1 where it is mounted, else v2."""

    def __init__(self, controller: str, v1: tuple[str, str], v2: tuple[str, str]) -> None:
        mount = v1_mount(controller)
        self.is_v1 = mount is not None
        mount = mount or v2_mount()
        if mount is None:
            raise JudgeError(f"no control groups of {controller} here; run as root where they are writable")
        self.path = mount / f"exert-judge-{controller}-{os.getpid()}-{time.monotonic_ns()}"
        try:
            if not self.is_v1:
                (mount / "cgroup.subtree_control").write_text(f"+{controller}")
            self.path.mkdir()
        except OSError as error:
            raise JudgeError(f"no group of {controller} of our own can be made: {error}; run as root") from error
        name, value = v1 if self.is_v1 else v2
        try:
            (self.path / name).write_text(value)
        except OSError as error:
            self.close()
            raise JudgeError(f"{self.path / name} does not take {value}: {error}") from error

    def enter(self) -> None:
        """Makes the calling process, and so all it ever starts, a member."""
        (self.path / "cgroup.procs").write_text(str(os.getpid()))

    def close(self) -> None:
        """Removes the group, once its last member is gone."""
        for _ in range(200):
            with contextlib.suppress(OSError):
                self.path.rmdir()
                return
            time.sleep(0.02)


def cpu_group(cores: float) -> ControlGroup:
    """A group with a quota of so many cores in periods of 100 ms, as containers have."""
    quota = int(cores * PERIOD_US)
    return ControlGroup("cpu", ("cpu.cfs_quota_us", str(quota)), ("cpu.max", f"{quota} {PERIOD_US}"))


def memory_group(limit: int) -> ControlGroup:
    """A group with a limit of so many bytes."""
    return ControlGroup("memory", ("memory.limit_in_bytes", str(limit)), ("memory.max", str(limit)))


@contextlib.contextmanager
def held(group: ControlGroup) -> Iterator[ControlGroup]:
    """A group for as long as it is needed."""
    try:
        yield group
    finally:
        group.close()
