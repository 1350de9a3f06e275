# SPDX-License-Identifier: Apache-2.0
"""File systems on loop devices of the judge's own, and a neighbour that writes to one; all is given back."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ledger import JudgeError, read_text

_libc = ctypes.CDLL(None, use_errno=True)


# File systems -------------------------------------------------------------------------------------------------------

MKFS = {  # nodiscard: a discard would punch the holes back into an image that was written on purpose.
    "ext4": ["mkfs.ext4", "-q", "-F", "-E", "nodiscard,lazy_itable_init=0,lazy_journal_init=0"],
    "ext4 sparse": ["mkfs.ext4", "-q", "-F"],
    "xfs": ["mkfs.xfs", "-q", "-f", "-K"],
    "btrfs": ["mkfs.btrfs", "-q", "-f", "-K"]}


@dataclass
class Volume:
    """A file system on a loop device."""

    kind: str
    device: str  # "loop3"
    mount: Path

    def sync(self) -> None:
        """`syncfs`: this file system is written out, and no other."""
        fd = os.open(self.mount, os.O_RDONLY)
        try:
            if _libc.syncfs(fd) != 0:
                raise JudgeError(f"syncfs of {self.mount}: {os.strerror(ctypes.get_errno())}")
        finally:
            os.close(fd)

    def space(self) -> os.statvfs_result:
        """`statvfs` as it stands; on btrfs after a `syncfs`."""
        if self.kind == "btrfs":
            self.sync()
        return os.statvfs(self.mount)

    def files(self) -> list[str]:
        """What an `ls -A` of the mount point shows, but for what mkfs put there."""
        return sorted(set(os.listdir(self.mount)) - {"lost+found"})


def tool(*words: str | Path) -> str:
    """Runs a helper such as mkfs or mount; its standard output."""
    try:
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    except OSError as error:
        raise JudgeError(f"{words[0]}: {error.strerror}") from error
    if done.returncode != 0:
        raise JudgeError(f"{' '.join(map(str, words))}: {done.stderr.strip() or done.returncode}")
    return done.stdout.strip()


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Cleaning up is not to be cut short by a second Ctrl-C; the helpers it starts inherit that."""
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


@contextlib.contextmanager
def volume(scratch: str, kind: str, size: int, *, written: bool = False) -> Iterator[Volume]:
    """A fresh file system on a loop device over an image in `scratch`; sparse, unless it is to be written once."""
    home = Path(tempfile.mkdtemp(prefix="exert-disk-bars-", dir=scratch))
    image, mount = home / "image", home / "mount"
    try:
        mount.mkdir()
        with image.open("wb") as file:
            file.truncate(size)
        if written:
            write_random(image, size)
        path = tool("losetup", "--find", "--show", "--direct-io=on", image)
        device = Path(path).name
        if (read_text(f"/sys/block/{device}/loop/dio") or "").strip() != "1":
            raise JudgeError(f"{scratch} does not let {path} do direct I/O; name another --scratch")
        tool(*MKFS["ext4 sparse" if kind == "ext4" and not written else kind], path)
        # The kernel's own late writing of inode tables is no part of any load.
        tool("mount", *(["-o", "noinit_itable"] if kind == "ext4" else []), path, mount)
        yield Volume(kind, device, mount)
    finally:
        with uninterrupted():
            remove_volume(home, image, mount)


def remove_volume(home: Path, image: Path, mount: Path) -> None:
    """Unmounts, detaches every loop device over the image and deletes it, from whatever state."""
    for _ in range(50):
        if f" {mount} " not in (read_text("/proc/self/mounts") or ""):
            break
        if subprocess.run(["umount", str(mount)], capture_output=True).returncode != 0:
            time.sleep(0.1)
    else:
        subprocess.run(["umount", "--lazy", str(mount)], capture_output=True)
    listed = subprocess.run(["losetup", "-j", str(image), "-n", "-O", "NAME"], capture_output=True, text=True)
    for device in listed.stdout.split():
        subprocess.run(["losetup", "-d", device], capture_output=True)
    shutil.rmtree(home, ignore_errors=True)
    if home.exists():
        print(f"disk_bars: {home} could not be removed", file=sys.stderr)


def write_random(path: Path, size: int) -> None:
    """Writes a file with bytes that do not compress, so that its extents are real; out of the page cache after."""
    chunk = 4 << 20
    with path.open("r+b" if path.exists() else "wb", buffering=0) as file:
        for at in range(0, size, chunk):
            file.write(os.urandom(min(chunk, size - at)))
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


# A neighbour --------------------------------------------------------------------------------------------------------

NEIGHBOUR = """
import os, signal, sys, time
place, most, data, held, due = sys.argv[1], int(sys.argv[2]), os.urandom(1 << 20), [], time.monotonic()
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
try:
    for number in range(1 << 30):
        if len(held) >= most:
            while held: os.unlink(held.pop())
        held.append(f"{place}/neighbour-{number}")
        try:
            with open(held[-1], "wb", buffering=0) as file:
                if file.write(data) < len(data): print("short", flush=True)
        except OSError as error: print(error, flush=True)
        due += 0.05
        time.sleep(max(0, due - time.monotonic()))
finally:
    for path in held:
        if os.path.exists(path): os.unlink(path)
"""


@contextlib.contextmanager
def neighbour(place: Path, most: int) -> Iterator[Callable[[], int]]:
    """Another program that writes 1 MiB 20 times a second, and deletes all of it when it holds `most` MiB.

    Gives a function that tells how many of its writes found no space.
    """
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen([sys.executable, "-c", NEIGHBOUR, str(place), str(most)], stdin=subprocess.DEVNULL,
                                 stdout=output, process_group=0)

        def refused() -> int:
            return os.pread(output.fileno(), 1 << 20, 0).count(b"\n")

        try:
            time.sleep(0.3)
            yield refused
        finally:
            child.terminate()
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
