# SPDX-License-Identifier: Apache-2.0
"""Tests of the judge's arithmetic on made-up curves, and that it leaves nothing behind."""

from __future__ import annotations

import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from judge import (Command, interpolate, load_start, mean_target, parse_bytes, settle_time, start_latency,  # noqa: E402
                   window_errors)
from ledger import is_alive, open_ledger  # noqa: E402
from program import Bar  # noqa: E402


def line(rate: float, seconds: float, step: float, begin: float = 0.0, spent: int = 0) -> list[tuple[float, int]]:
    """A curve of constant rate."""
    return [(begin + k * step, spent + round(rate * k * step * 1e9)) for k in range(int(seconds / step) + 1)]


class Arithmetic(unittest.TestCase):

    def test_windows_of_an_exact_load_have_no_error(self) -> None:
        errors = window_errors(line(0.35, 5, 0.1), 0, 0.35)
        self.assertEqual(len(errors), 41)
        self.assertLess(max(abs(e) for _, e in errors), 1e-6)

    def test_windows_use_the_measured_time(self) -> None:
        late = [(at + (0.03 if k == 10 else 0), spent + (15_000_000 if k == 10 else 0))
                for k, (at, spent) in enumerate(line(0.5, 3, 0.1))]
        self.assertLess(max(abs(e) for _, e in window_errors(late, 0, 0.5)), 1e-6)

    def test_windows_follow_a_target_function(self) -> None:
        ramp = [(k / 10, round((k / 10) ** 2 / 2 * 1e9)) for k in range(41)]
        self.assertLess(max(abs(e) for _, e in window_errors(ramp, 0, lambda t: t)), 1e-6)

    def test_a_lost_second_is_seen(self) -> None:
        curve = line(0.5, 3, 0.1)
        curve += line(0.4, 1, 0.1, curve[-1][0], curve[-1][1])[1:]
        worst = max(abs(e) for _, e in window_errors(curve, 0, 0.5))
        self.assertAlmostEqual(worst, 10, places=3)

    def test_settle_time(self) -> None:
        curve = line(0.2, 1, 0.1)
        curve += line(0.5, 4, 0.1, curve[-1][0], curve[-1][1])[1:]
        self.assertAlmostEqual(settle_time(curve, 0, 0.5) or 0, 1, places=3)
        self.assertIsNone(settle_time(line(0.4, 4, 0.1), 0, 0.5))

    def test_start_up_is_not_load(self) -> None:
        polls = line(1.0, 0.02, 0.002) + line(0, 0.05, 0.002, 0.022, 20_000_000)
        polls += line(0.05, 1, 0.002, polls[-1][0] + 0.002, 20_000_000)
        began = load_start(polls, 0.05)
        self.assertIsNotNone(began)
        self.assertGreater(began or 0, 0.018)
        self.assertLess(start_latency(polls, 0, began or 0, 0.05) or 9, 0.1)

    def test_no_load_has_no_start(self) -> None:
        self.assertIsNone(load_start(line(0.001, 1, 0.002), 0.5))

    def test_interpolation_skips_what_was_stale(self) -> None:
        self.assertEqual(interpolate([(0, 0), (1, 0), (2, 200)], 1), 100)

    def test_mean_target(self) -> None:
        self.assertAlmostEqual(mean_target(lambda t: t, 0, 2), 1)

    def test_bytes(self) -> None:
        self.assertEqual([parse_bytes(t) for t in ("4GiB", "1.5MiB", "12")], [4 << 30, 3 << 19, 12])

    def test_a_figure_that_is_missing_fails_its_bar(self) -> None:
        self.assertIs(Bar("x", None, "s", "<=", 1).met, False)
        self.assertIsNone(Bar("x", None, "s").met)
        self.assertIs(Bar("x", 5, "×", ">=", 5).met, True)


class Cleaning(unittest.TestCase):

    def test_nothing_is_left(self) -> None:
        pids: list[int] = []
        book = open_ledger()
        with self.assertRaises(KeyboardInterrupt):
            cpus = sorted(os.sched_getaffinity(0))
            with book, Command(["sh", "-c", "sleep 60 & sleep 60 & wait"], book, cpus) as command:
                while len(pids) < 3:
                    pids = book.pids()
                self.assertIn(command.pid, pids)
                raise KeyboardInterrupt
        self.assertFalse([pid for pid in pids if is_alive(pid)])
        self.assertFalse(getattr(book, "path", Path("/nonexistent")).exists())


if __name__ == "__main__":
    unittest.main()
