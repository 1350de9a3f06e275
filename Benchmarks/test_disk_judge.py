# SPDX-License-Identifier: Apache-2.0
"""Tests of the disk judge's arithmetic on made-up traces, and that it leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).parent))

from disk_bars import log_faults  # noqa: E402
from disk_judge import (DeviceSample, DeviceTrace, HandleTrace, handle_figures, load_end,  # noqa: E402
                        look_at_device, open_handles, rate_figures)
from ledger import JudgeError  # noqa: E402
from volumes import neighbour, volume  # noqa: E402

MB = 1_000_000


def trace(rates: list[float], each: float = 50_000) -> DeviceTrace:
    """A trace of so many bytes a second in each tenth of a second, in operations of `each` bytes, at a tenth of a core;
    one read of 4 KiB a tenth of a second beside."""
    samples, written = [DeviceSample(0.0, 0, 0, 0)], 0.0
    for index, rate in enumerate(rates, 1):
        written += rate / 10
        samples.append(DeviceSample(index / 10, index * 4096, round(written), index * 10_000_000, index,
                                    round(written / each)))
    return DeviceTrace("made up", samples)


class Rates(unittest.TestCase):

    def test_a_layout_before_and_a_journal_after_are_no_load(self) -> None:
        figures = rate_figures(trace([900 * MB] * 10 + [50 * MB] * 60 + [1 * MB] * 3), 6, "written", 50 * MB)
        self.assertAlmostEqual(figures.began, 1.0, places=2)
        self.assertAlmostEqual(figures.ended, 7.0, places=2)
        self.assertLess(figures.mae or 0, 1e-6)
        self.assertAlmostEqual(figures.cpu_s, 0.6, places=3)

    def test_the_end_lies_within_its_interval(self) -> None:
        curve = [(s.at, s.written) for s in trace([50 * MB] * 60 + [20 * MB, 0]).samples]
        self.assertAlmostEqual(load_end(curve, 6, 50 * MB) or 0, 6.04, places=3)

    def test_a_lost_second_is_seen(self) -> None:
        figures = rate_figures(trace([50 * MB] * 30 + [45 * MB] * 10 + [50 * MB] * 20), 6, "written", 50 * MB)
        self.assertAlmostEqual(figures.worst or 0, 10, places=3)
        self.assertAlmostEqual(figures.error or 0, -2.5, places=3)

    def test_no_target_is_judged_by_its_mean(self) -> None:
        figures = rate_figures(trace([100 * MB] * 60 + [0] * 2), 6, "written", None)
        self.assertAlmostEqual(figures.rate, 100 * MB)
        self.assertIsNone(figures.mae)

    def test_operations_are_what_the_device_completed_reads_and_writes(self) -> None:
        figures = rate_figures(trace([900 * MB] * 10 + [50 * MB] * 60), 6, "written", 50 * MB)
        self.assertAlmostEqual(figures.operations, 1000 + 10, places=3)
        self.assertAlmostEqual(figures.operation_bytes or 0, (50 * MB + 40_960) / 1010, places=1)

    def test_what_was_merged_is_one_operation_at_the_same_rate(self) -> None:
        merged = rate_figures(trace([50 * MB] * 60, each=500_000), 6, "written", 50 * MB)
        self.assertAlmostEqual(merged.operations, 100 + 10, places=3)
        self.assertLess(merged.mae or 0, 1e-6)

    def test_what_others_took_is_told(self) -> None:
        seen = trace([50 * MB] * 60)
        self.assertIsNone(rate_figures(seen, 6, "written", 50 * MB).background)
        for index, sample in enumerate(seen.samples):
            sample.host_ns = sample.tree_ns + index * 50_000_000  # Half a core.
        self.assertAlmostEqual(rate_figures(seen, 6, "written", 50 * MB).background or 0, 50, places=3)

    def test_the_counters_of_a_device_are_read_from_their_columns(self) -> None:
        line = b"  11 12 13 14 21 22 23 24 0 26 27 0 0 0 0 31 32\n"  # Documentation/block/stat.rst.
        with tempfile.TemporaryFile() as file:
            os.write(file.fileno(), line)
            seen = look_at_device(file.fileno(), mock.Mock(cpu_ns=lambda: 5))
        self.assertEqual((seen.reads, seen.read, seen.writes, seen.written, seen.operations),
                         (11, 13 * 512, 21, 23 * 512, 32))

    def test_a_short_load_is_refused(self) -> None:
        with self.assertRaises(JudgeError):
            rate_figures(trace([50 * MB] * 30), 6, "written", 50 * MB)
        with self.assertRaises(JudgeError):
            rate_figures(trace([0] * 30), 6, "written", 50 * MB)


class Levels(unittest.TestCase):

    def test_handles_against_a_curve(self) -> None:
        seen = HandleTrace("made up", [(k / 10, 100 + 10 * k + (50 if k == 7 else 0)) for k in range(20)])
        figures = handle_figures(seen, lambda at: 100 + 100 * at, 1, begin=0)
        self.assertAlmostEqual(figures.worst, 50)
        self.assertAlmostEqual(figures.share, 95)

    def test_open_handles_are_counted(self) -> None:
        before = open_handles(os.getpid())
        files = [os.open("/dev/null", os.O_RDONLY) for _ in range(17)]
        self.assertEqual(open_handles(os.getpid()), before + 17)
        for file in files:
            os.close(file)

    def test_a_log_that_was_cut_is_seen(self) -> None:
        whole = '{"event":"run_started"}\n{"event":"run_ended"}\n'
        self.assertEqual(log_faults(whole), [])
        self.assertEqual(len(log_faults(whole[:-5])), 3)
        self.assertEqual(log_faults(""), ["does not end with a newline", "the last event is None"])

    def test_the_neighbour_cleans_up(self) -> None:
        with tempfile.TemporaryDirectory() as place:
            with neighbour(Path(place), 4) as refused:
                self.assertTrue(os.listdir(place))
            self.assertEqual((os.listdir(place), refused.__name__), ([], "refused"))


@unittest.skipUnless(os.geteuid() == 0 and os.path.exists("/dev/loop-control"), "needs root and loop devices")
class Cleaning(unittest.TestCase):

    def test_a_volume_is_given_back(self) -> None:
        with tempfile.TemporaryDirectory(dir="/var/tmp") as scratch:
            with self.assertRaises(KeyboardInterrupt), volume(scratch, "ext4", 64 << 20) as held:
                (held.mount / "file").write_text("x")
                self.assertEqual(held.files(), ["file"])
                raise KeyboardInterrupt
            self.assertEqual(os.listdir(scratch), [])
            self.assertNotIn(scratch, Path("/proc/self/mounts").read_text())
            self.assertNotIn(scratch, subprocess.run(["losetup", "-l"], capture_output=True, text=True).stdout)


if __name__ == "__main__":
    unittest.main()
