# SPDX-License-Identifier: Apache-2.0
"""Tests of the matrix, of what is made of its figures, and of levels' arithmetic, on made-up figures."""

from __future__ import annotations

import json
import re
import sys
import unittest
from pathlib import Path
from xml.etree import ElementTree

sys.path.insert(0, str(Path(__file__).parent))

from charts import error_by_load, over_time  # noqa: E402
from ledger import JudgeError  # noqa: E402
from levels import LevelTrace, fill_figures, hold_figures  # noqa: E402
from matrix import GROUPS, TOOLS, Case, MatrixSettings, all_cases, ramp  # noqa: E402
from results import (SCHEMA, Report, Row, ahead, bars, compare, contradictions, dump, order,  # noqa: E402
                     row_of_case, shortfalls)
from runs import MEASURES, Place, Run, fine_error  # noqa: E402
from tables import BEGIN, END, number, page, readme_block, replace_block  # noqa: E402

HOST = {"cpus": 2, "cpu": "some CPU", "memory_bytes": 8 << 30, "kernel": "6.1", "time": "2026-01-01T00:00:00Z",
        "exert": "0.1", "stress_ng": "stress-ng, version 0.15.06 (gcc)", "stress": "stress 1.0.7", "fio": "fio-3.33"}


def settings() -> MatrixSettings:
    return MatrixSettings(exert="/somewhere/exert", stress_ng="/bin/stress-ng", stress="/bin/stress", fio="/bin/fio",
                          scratch="/tmp", seconds=8, hold=8, processors=2)


def case(name: str) -> Case:
    return next(case for case in all_cases(2) if case.id == name)


def row(name: str, figures: dict[str, list[float]], **more: float) -> Row:
    """A row in which each tool's runs have these key figures."""
    made = row_of_case(case(name))
    for tool, each in figures.items():
        made["tools"][tool] = {"command": tool, "runs": [{made["key"]: value} | more for value in each]}
    return made


def report(*rows: Row) -> Report:
    return {"schema": SCHEMA, "form": "full", "host": HOST, "settings": {"repeats": 3, "seconds": 8, "hold": 8},
            "judge": {"mae": 0.02, "loads": {"paced 50%": 0.02}, "background": 0.1, "steal": 0.0}, "rows": list(rows)}


class Matrix(unittest.TestCase):

    def test_every_row_has_an_id_of_its_own_and_something_for_each_tool(self) -> None:
        cases = all_cases(2)
        self.assertEqual(len({c.id for c in cases}), len(cases))
        for each in cases:
            self.assertIn(each.group, GROUPS)
            self.assertIn(each.kind, MEASURES)
            self.assertTrue(callable(each.tools["exert"]), each.id)
            self.assertLessEqual(set(TOOLS[:5]), set(each.tools), each.id)

    def test_every_command_line_is_words_and_shows_no_path(self) -> None:
        where = Place(settings(), Path("/mnt/x"), "loop7", Path("/mnt/x/fio"))
        for each in all_cases(2):
            for tool, entry in each.tools.items():
                if callable(entry):
                    words = entry(where)
                    self.assertTrue(all(isinstance(word, str) and word for word in words), each.id)
                    self.assertTrue(where.label(words).startswith(tool.split()[0]), where.label(words))
                    self.assertNotIn("/mnt/x", where.label(words))

    def test_percent_of_a_quota_is_asked_of_stress_ng_in_percent_of_a_core(self) -> None:
        where = Place(settings())
        words = case("cpu-quota-80").tools["stress-ng"](where)
        self.assertEqual(words[words.index("--cpu-load") + 1], "40")
        self.assertIn("cpu=80%", case("cpu-quota-80").tools["exert"](where))
        self.assertAlmostEqual(case("cpu-quota-80").target, 0.4)

    def test_the_quick_form_has_a_row_of_every_group(self) -> None:
        self.assertEqual({c.group for c in all_cases(2) if c.quick}, set(GROUPS))


class Order(unittest.TestCase):

    def test_less_error_is_better_and_more_rate_is(self) -> None:
        exact = row("cpu-50", {"exert": [0.1], "stress-ng": [1.0]})
        fast = row("memory-fill", {"exert": [9.0], "stress-ng": [2.0]})
        self.assertEqual(order(report(), exact), "exert < stress-ng")
        self.assertEqual(order(report(), fast), "exert > stress-ng")

    def test_what_the_judge_cannot_tell_is_no_order(self) -> None:
        near = row("cpu-50", {"exert": [0.010], "stress-ng": [0.025]})
        self.assertEqual(ahead(report(), near, "exert", "stress-ng"), 0)
        self.assertEqual(order(report(), near), "exert ≈ stress-ng")
        five = row("memory-fill", {"exert": [9.0], "stress-ng": [9.3]})
        self.assertEqual(ahead(report(), five, "exert", "stress-ng"), 0)

    def test_medians_count(self) -> None:
        noisy = row("cpu-50", {"exert": [0.1, 9.0, 0.1], "stress-ng": [0.5, 0.5, 0.5]})
        self.assertEqual(order(report(), noisy), "exert < stress-ng")

    def test_results_agree_unless_a_pair_is_turned_round(self) -> None:
        one = row("cpu-50", {"exert": [0.1], "stress-ng": [1.0], "fio": [0.5]})
        same = row("cpu-50", {"exert": [0.2], "stress-ng": [0.9], "fio": [0.91]})
        other = row("cpu-50", {"exert": [0.1], "stress-ng": [0.5], "fio": [1.0]})
        self.assertEqual(contradictions(report(), one, report(), same), [])
        self.assertEqual(contradictions(report(), one, report(), other),
                         ["fio was ahead of stress-ng, then behind"])
        self.assertTrue(compare(report(one), report(same))[1])
        lines, agree = compare(report(one), report(other, row("cpu-5", {"exert": [1.0]})))
        self.assertFalse(agree)
        self.assertIn("only in the second", lines[-1])


class Bars(unittest.TestCase):

    def verdicts(self, *rows: Row) -> dict[str, bool | None]:
        return {bar.name: bar.met for bar in bars(report(*rows))}

    def test_cpu(self) -> None:
        seen = self.verdicts(row("cpu-50", {"exert": [0.1], "stress-ng": [0.6], "stress-ng tuned": [0.15]}))
        self.assertEqual(seen, {"cpu-50: peers that exert is not ahead of": True,
                                "cpu-50: times better than stress-ng": True,
                                "cpu-50: times better than stress-ng tuned": False})
        self.assertEqual(len(self.verdicts(row("cpu-80", {"exert": [0.1], "stress-ng": [0.2]}))), 1)

    def test_level_is_not_ahead_but_is_not_behind_fio_either(self) -> None:
        near = {"exert": [0.10], "fio": [0.10]}
        self.assertFalse(self.verdicts(row("cpu-50", near))["cpu-50: peers that exert is not ahead of"])
        self.assertTrue(self.verdicts(row("rate-50mb", near))["rate-50mb: peers ahead of exert"])

    def test_a_tool_that_failed_meets_no_bar(self) -> None:
        seen = self.verdicts(row("cpu-50", {"stress-ng": [0.6]}))
        self.assertFalse(any(seen.values()))

    def test_alone_is_no_accuracy_bar(self) -> None:
        self.assertEqual(self.verdicts(row("memory-ramp", {"exert": [0.1]})), {})

    def test_saturation(self) -> None:
        seen = self.verdicts(row("max-write", {"exert": [96.0], "fio": [80.0], "fio tuned": [100.0]}),
                             row("memory-fill", {"exert": [3.0], "stress-ng": [1.0], "stress-ng tuned": [2.0]}))
        self.assertEqual(seen, {"max-write: exert / fio's best": True, "memory-fill: exert / stress-ng's best": False})

    def test_what_falls_short_has_a_reason(self) -> None:
        own = row("cpu-95", {"exert": [0.2], "stress-ng": [0.1]}, load_mae=0.01, own_cpu=0.08)
        _, who, why = next(shortfalls(report(own)))
        self.assertEqual(who, "stress-ng")
        self.assertIn("0.08 points", why)
        busy = row("cpu-95", {"exert": [0.2], "stress-ng": [0.1]}, background=40.0)
        self.assertIn("not quiet", next(shortfalls(report(busy)))[2])
        self.assertEqual(list(shortfalls(report(row("cpu-95", {"exert": [0.1], "stress-ng": [0.4]})))), [])


class Levels(unittest.TestCase):

    def trace(self, level: object, seconds: float = 8.0) -> LevelTrace:
        samples = [(k / 10, level(k / 10)) for k in range(int(seconds * 10))]
        return LevelTrace(samples, samples, [(at, round(at * 1e7)) for at, _ in samples])

    def test_an_exact_level(self) -> None:
        seen = hold_figures(self.trace(lambda at: 0 if at < 0.3 else 1000), 1000)
        self.assertAlmostEqual(seen.mae, 0, places=5)
        self.assertAlmostEqual(seen.reached or 0, 0.3)
        self.assertAlmostEqual(seen.settle or 0, 0.3)
        self.assertAlmostEqual(seen.tree_cpu, 1.0, places=2)
        self.assertEqual(seen.overshoot, 0)

    def test_a_level_that_is_off_and_one_that_swings(self) -> None:
        high = hold_figures(self.trace(lambda at: 1020), 1000)
        self.assertAlmostEqual(high.mae, 2, places=3)
        self.assertAlmostEqual(high.overshoot, 2, places=3)
        self.assertIsNone(high.settle)
        swings = hold_figures(self.trace(lambda at: 1000 if int(at * 10) % 20 < 10 else 0), 1000)
        self.assertGreater(swings.mae, 20)

    def test_what_is_never_half_there_is_judged_and_what_is_nothing_is_not(self) -> None:
        self.assertAlmostEqual(hold_figures(self.trace(lambda at: 100), 1000).mae, 90, places=3)
        with self.assertRaises(JudgeError):
            hold_figures(self.trace(lambda at: 0), 1000)

    def test_a_ramp_is_judged_from_where_it_begins(self) -> None:
        curve = ramp(100, 1000)
        late = self.trace(lambda at: 0 if at < 0.5 else curve(at - 0.5))
        self.assertLess(hold_figures(late, 1000, curve, 100).mae, 0.01)
        self.assertGreater(hold_figures(self.trace(lambda at: 1000), 1000, curve, 100).mae, 20)

    def test_how_fast(self) -> None:
        self.assertAlmostEqual(fill_figures(self.trace(lambda at: 1000 * at), 1000).rate, 1000)
        never = fill_figures(self.trace(lambda at: 100 * at, 2.0), 1000)
        self.assertIsNone(never.reached)
        self.assertAlmostEqual(never.rate, 100)


class Written(unittest.TestCase):

    def setUp(self) -> None:
        series = [[k / 10, 0.5] for k in range(1, 50)]
        rows = [row(f"cpu-{p}", {"exert": [0.05, 0.06], "stress-ng": [1.0, 1.2], "fio": [0.0, 0.001]}, series=series)
                for p in (5, 50, 99)]
        rows.append(row("memory-fill", {"exert": [9.0], "stress-ng": [3.0]}))
        rows[0]["tools"]["stress-ng tuned"] = {"command": "x", "runs": [], "problems": ["no load"]}
        self.report = report(*rows)

    def test_json_comes_back(self) -> None:
        self.assertEqual(json.loads(dump(self.report)), self.report)
        runs = [line for line in dump(self.report).splitlines() if '"mae": ' in line and "series" in line]
        self.assertEqual(len(runs), 3 * 3 * 2, "each run on a line of its own")

    def test_charts_are_xml_with_a_mark_for_each_figure(self) -> None:
        chart = ElementTree.fromstring(error_by_load(self.report) or "")
        marks = [e for e in chart.iter() if e.tag.endswith("circle")]
        self.assertEqual(len(marks), 1 + 3, "a legend and three loads")
        self.assertIn("prefers-color-scheme:dark", error_by_load(self.report) or "")
        ElementTree.fromstring(over_time(self.report) or "")
        self.assertIsNone(over_time(report()))

    def test_the_page_has_every_row_and_tables_of_even_width(self) -> None:
        text = page(self.report)
        for name in ("cpu-5", "cpu-50", "memory-fill"):
            self.assertIn(f"`{name}`", text)
        self.assertIn("failed: no load", text)
        widths: list[int] = []
        for line in text.splitlines() + [""]:
            if line.startswith("|"):
                widths.append(len(re.findall(r"(?<!\\)\|", line)))
            elif widths:
                self.assertEqual(len(set(widths)), 1, widths)
                widths = []

    def test_the_readme_is_replaced_in_place(self) -> None:
        block = readme_block(self.report, "Benchmarks/results")
        text = replace_block(f"before\n{BEGIN}\nstale\n{END}\nafter\n", block)
        self.assertEqual(replace_block(text or "", block), text)
        self.assertTrue((text or "").startswith("before\n" + BEGIN) and (text or "").endswith(END + "\nafter\n"))
        self.assertNotIn("stale", text or "")
        self.assertIsNone(replace_block("no markers", block))

    def test_numbers(self) -> None:
        self.assertEqual([number(v) for v in (None, 0.0, 1e-9, 0.001, 0.04, 9.99, 11.39, 452.3, 18000)],
                         ["–", "0", "0", "<0.01", "0.04", "9.99", "11.4", "452", "18,000"])

    def test_bursts_are_seen_in_100_ms(self) -> None:
        bursts = [(k / 10, 0.1 if k % 10 == 0 else 0.0) for k in range(60)]
        self.assertAlmostEqual(fine_error(bursts, 1.95, 5.95, 0.01, 1.0) or 0, 1.8)
        self.assertIsNone(fine_error(bursts, 9, 10, 0.01, 1.0))

    def test_a_run_keeps_what_it_has(self) -> None:
        kept = Run(mae=0.123456789, own_cpu=0.0, series=[(0.123, 0.5)]).compact(with_series=True)
        self.assertEqual(kept, {"mae": 0.12346, "own_cpu": 0.0, "windows": 0, "series": [[0.12, 0.5]]})
        self.assertNotIn("series", Run(mae=1.0, series=[(1, 1)]).compact(with_series=False))


if __name__ == "__main__":
    unittest.main()
