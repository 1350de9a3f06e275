# SPDX-License-Identifier: Apache-2.0
"""Tests of the grid of device operations: what it asks, its arithmetic and its verdict, on made-up figures."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from disk_operations import (Ask, Row, from_plain, grid, measured_before, middle_of, status, summary,  # noqa: E402
                             write)
from work import is_as_asked, off  # noqa: E402

ASK = Ask("ext4", "write", "sequential", "64KiB", "uring")


class Grid(unittest.TestCase):

    def test_it_has_every_combination_once(self) -> None:
        asks = grid([])
        self.assertEqual(len(asks), 2 * 2 * 3 * 2 * 3)
        self.assertEqual(len(set(asks)), len(asks))

    def test_words_of_one_kind_add_and_of_several_narrow(self) -> None:
        self.assertEqual(len(grid(["ext4", "xfs"])), 48)
        self.assertEqual(grid(["ext4", "write", "sequential", "64KiB", "uring"]), [ASK])

    def test_exert_is_asked_for_what_is_judged(self) -> None:
        words = ASK.command("/bin/exert", 5, Path("/mnt/x"))
        self.assertIn("disk-bandwidth=300 iops", words)
        for value in ("block=64KiB", "operation=write", "pattern=sequential", "engine=uring", "directory=/mnt/x"):
            self.assertIn(f"disk-bandwidth.{value}", words)
        self.assertFalse(any("merge" in word for word in words), "the default is what is judged")


class Verdict(unittest.TestCase):

    def test_three_percent_both_ways(self) -> None:
        for done, is_met in ((300, True), (309, True), (291, True), (309.1, False), (290.9, False), (75, False)):
            self.assertEqual(Row(ASK, done, 65536.0).is_met, is_met, done)
        self.assertAlmostEqual(off(75, 300) or 0, -75)
        self.assertFalse(is_as_asked(None, 300))
        self.assertFalse(is_as_asked(300, None))

    def test_all_must_be_met_and_something_must_have_been_measured(self) -> None:
        good, merged, lost = Row(ASK, 301, 65536.0), Row(ASK, 75, 262144.0), Row(ASK, problem="no load was seen")
        self.assertEqual(status([good, good]), 0)
        for rows in ([good, merged], [good, lost], []):
            self.assertEqual(status(rows), 2)
        self.assertEqual(summary([good, merged]), "1 of 2 within 3 %; the worst is 75 % off")
        self.assertIn("FAIL", merged.line())
        self.assertIn("no load was seen", lost.line())
        self.assertIn("pass", good.line())

    def test_the_run_in_the_middle_counts(self) -> None:
        off, good, low = Row(ASK, 320.0), Row(ASK, 300.0), Row(ASK, 290.0)
        self.assertEqual((middle_of([off, good, low]).operations, middle_of([off, good, low]).runs),
                         (300.0, [320.0, 300.0, 290.0]))
        self.assertFalse(middle_of([off, off, good]).is_met)
        lost = Row(ASK, problem="no load was seen")
        self.assertTrue(middle_of([lost, good, Row(ASK, 301.0)]).is_met)
        self.assertFalse(middle_of([lost, off, good]).is_met)
        self.assertFalse(middle_of([lost, good, lost]).is_met)

    def test_what_was_met_is_gone_on_from_and_what_was_not_is_not(self) -> None:
        rows = [Row(ASK, 301.0, 65536.0, 0.1), Row(ASK, problem="no load"), Row(ASK, 75.0)]
        host = {"kernel": "6", "exert_sha256": "1"}
        with tempfile.TemporaryDirectory() as place:
            options = argparse.Namespace(json=Path(place) / "a.json", resume=True, seconds=5, built_from=None)
            write(options, host, rows)
            self.assertEqual(len(json.loads(options.json.read_text())["rows"]), 3)
            self.assertEqual(measured_before(options, host), rows[:1])
            self.assertEqual(measured_before(options, host | {"exert_sha256": "2"}), [])
        self.assertEqual(from_plain(rows[0].plain()), rows[0])


if __name__ == "__main__":
    unittest.main()
