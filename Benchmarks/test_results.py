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
from bench import askable  # noqa: E402
from ledger import JudgeError  # noqa: E402
from levels import LevelTrace, fill_figures, hold_figures  # noqa: E402
from matrix import (GROUPS, TOOLS, Case, MatrixSettings, all_cases, base, in_order, peer_of,  # noqa: E402
                    ramp)
from program import Bar, verdict  # noqa: E402
from results import (SCHEMA, Report, Row, ahead, bars, compare, contradictions, dump, order,  # noqa: E402
                     row_of_case, shortfalls, unlike)
from runs import MEASURES, Place, Run, fine_error  # noqa: E402
from tables import BEGIN, END, disk_block, number, page, readme_block, replace_block  # noqa: E402
from work import WORK, why_unlike  # noqa: E402

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


def disk_row(name: str, figures: dict[str, tuple[float, float, float]]) -> Row:
    """A row of disk rates: of each tool the key figure, what the device did, and its CPU time."""
    made = row_of_case(case(name))
    work = WORK[made["kind"]][0]
    for tool, (value, done, cpu) in figures.items():
        made["tools"][tool] = {"command": tool, "runs": [{made["key"]: value, work: done, "tree_cpu": cpu}] * 3}
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
        level = disk_row("rate-50mb", {"exert": (0.10, 763, 1.0), "fio": (0.10, 763, 4.0)})
        self.assertTrue(self.verdicts(level)["rate-50mb: peers ahead of exert"])

    def test_a_tool_that_failed_meets_no_bar(self) -> None:
        seen = self.verdicts(row("cpu-50", {"stress-ng": [0.6]}))
        self.assertFalse(any(seen.values()))

    def test_alone_is_no_accuracy_bar(self) -> None:
        self.assertEqual(self.verdicts(row("memory-ramp", {"exert": [0.1]})), {})

    def test_saturation(self) -> None:
        most = disk_row("max-write-256k", {tool: (rate, 256 << 10, 1) for tool, rate in (
            ("exert", 96), ("fio", 80), ("fio tuned", 100))})
        seen = self.verdicts(most, row("memory-fill", {"exert": [3.0], "stress-ng": [1.0], "stress-ng tuned": [2.0]}))
        self.assertTrue(seen["max-write-256k: exert / fio's best"])
        self.assertFalse(seen["memory-fill: exert / stress-ng's best"])

    def test_what_falls_short_has_a_reason(self) -> None:
        own = row("cpu-95", {"exert": [0.2], "stress-ng": [0.1]}, load_mae=0.01, own_cpu=0.08)
        _, who, why = next(shortfalls(report(own)))
        self.assertEqual(who, "stress-ng")
        self.assertIn("0.08 points", why)
        busy = row("cpu-95", {"exert": [0.2], "stress-ng": [0.1]}, background=40.0)
        self.assertIn("not quiet", next(shortfalls(report(busy)))[2])
        self.assertEqual(list(shortfalls(report(row("cpu-95", {"exert": [0.1], "stress-ng": [0.4]})))), [])


class Work(unittest.TestCase):

    def bars(self, made: Row) -> dict[str, Bar]:
        return {bar.name.removeprefix(f"{made['id']}: "): bar for bar in bars(report(made))}

    def test_the_same_operations_are_compared(self) -> None:
        made = disk_row("rate-50mb", {"exert": (0.02, 763, 1.0), "fio": (0.10, 770, 4.0)})
        seen = self.bars(made)
        self.assertEqual([bar.name for bar in seen.values() if not bar.met], [])
        self.assertEqual(seen["CPU, exert / fio"].figure, 0.25)
        self.assertEqual(order(report(), made), "exert < fio")
        self.assertEqual(unlike(made), [])

    def test_merged_operations_are_not_compared_and_fail(self) -> None:
        made = disk_row("rate-50mb", {"exert": (0.02, 105, 1.0), "fio": (0.04, 763, 4.0)})
        seen = self.bars(made)
        self.assertIsNone(seen["CPU, exert / fio"].figure)
        self.assertFalse(seen["CPU, exert / fio"].met)
        self.assertIn("unlike work", seen["CPU, exert / fio"].note)
        self.assertEqual(order(report(), made), "exert; not compared: fio")
        others = seen["peers that did other work than exert, not compared"]
        self.assertEqual((others.figure, others.met), (1, False))
        self.assertIn("763 device operations a second", others.note)
        wrong = seen["exert's device operations off what was asked"]
        self.assertAlmostEqual(wrong.figure or 0, 86.2, places=1)
        self.assertFalse(wrong.met)
        self.assertNotEqual(verdict(list(seen.values())), 0)

    def test_three_percent_of_each_other_is_the_same(self) -> None:
        pair = {"exert": (0.02, 763, 1.0)}
        self.assertEqual(unlike(disk_row("rate-50mb", pair | {"fio": (0.04, 741, 4.0)})), [])
        self.assertEqual(unlike(disk_row("rate-50mb", pair | {"fio": (0.04, 739, 4.0)})), ["fio"])

    def test_both_may_do_the_same_and_neither_what_was_asked(self) -> None:
        seen = self.bars(disk_row("rate-2000iops", {"exert": (0.02, 500, 1.0), "fio": (0.04, 500, 4.0)}))
        self.assertTrue(seen["CPU, exert / fio"].met)
        self.assertFalse(seen["exert's device operations off what was asked"].met)

    def test_operations_that_were_not_recorded_are_not_compared(self) -> None:
        made = row("rate-50mb", {"exert": [0.02], "fio": [0.04]}, tree_cpu=1.0)
        self.assertEqual(unlike(made), ["fio"])
        self.assertEqual([bar.met for bar in self.bars(made).values()], [False])
        self.assertIn("were not recorded", why_unlike(made, "exert", "fio"))

    def test_as_much_as_there_is_is_the_same_work_in_the_same_size(self) -> None:
        made = disk_row("max-write-256k", {"exert": (900, 256 << 10, 4), "stress-ng": (500, 128 << 10, 40),
                                      "fio": (800, 256 << 10, 9)})
        self.assertEqual(unlike(made), ["stress-ng"])
        self.assertEqual(order(report(), made), "exert > fio; not compared: stress-ng")
        self.assertEqual(self.bars(made)["exert / fio's best"].figure, 900 / 800)

    def test_a_turn_of_order_among_unlike_work_is_none(self) -> None:
        one = disk_row("rate-50mb", {"exert": (0.02, 105, 1.0), "fio": (0.9, 763, 4.0)})
        other = disk_row("rate-50mb", {"exert": (0.9, 763, 1.0), "fio": (0.02, 763, 4.0)})
        self.assertEqual(contradictions(report(), one, report(), other), [])

    def test_every_rate_asks_fio_for_the_same_operations(self) -> None:
        where = Place(settings(), Path("/mnt/x"), "loop7", Path("/mnt/x/fio"))
        for each in (c for c in all_cases(2) if c.group == "rate"):
            exert, fio = each.tools["exert"](where), each.tools["fio"](where)
            block = int(next(w for w in fio if w.startswith("--bs=")).removeprefix("--bs="))
            self.assertIn(f"disk-bandwidth.block={block // 1024}KiB", exert)
            rate = next(w for w in fio if w.startswith("--rate")).partition("=")
            made = float(rate[2]) / (1 if rate[0] == "--rate_iops" else block)
            self.assertAlmostEqual(made, each.asked_work or 0, places=3)
            is_random = "disk-bandwidth.pattern=random" in exert
            self.assertIn(f"--rw={'rand' * is_random}{each.rate.operation}", fio)

    def test_the_tables_say_so(self) -> None:
        made = report(disk_row("rate-50mb", {"exert": (0.02, 105, 1.0), "fio": (0.04, 763, 4.0)}),
                      disk_row("rate-50mb-random", {"exert": (0.02, 763, 1.0), "fio": (0.04, 763, 4.0)}))
        block = disk_block(made, "somewhere")
        self.assertIn("| 763 of 763 | 0.04 (0.04–0.04) | 4.00 (4.00–4.00) | unlike work |", block)
        self.assertIn("| 763 of 763 | 0.04 (0.04–0.04) | 4.00 (4.00–4.00) | 0.25 |", block)
        self.assertIn("- fio in `rate-50mb`: unlike work: exert made 105 device operations a second, fio made 763",
                      page(made))
        self.assertNotIn("50 MB/s", readme_block(made, "somewhere"))


class Builds(unittest.TestCase):

    def test_names(self) -> None:
        for name, peer in (("fio", "fio"), ("fio-3.42", "fio"), ("stress-ng-0.22", "stress-ng"),
                           ("stress-1.0", "stress"), ("exert", None), ("fiola", None)):
            self.assertEqual(peer_of(name), peer)
        self.assertEqual(base("stress-ng-0.22 tuned"), "stress-ng tuned")
        self.assertEqual(in_order(["fio", "stress-ng-0.22", "exert", "stress-ng tuned", "stress-ng"]),
                         ["exert", "stress-ng", "stress-ng-0.22", "stress-ng tuned", "fio"])

    def test_another_build_is_asked_as_its_peer_is(self) -> None:
        mine = settings()
        mine.builds = {"stress-ng-0.22": "/new/stress-ng", "fio-git": "/new/fio"}
        where = Place(mine, Path("/mnt/x"), "loop7", Path("/mnt/x/fio"))
        half = case("cpu-50")
        words = half.entry("stress-ng-0.22 tuned")(where.asking("stress-ng-0.22 tuned"))
        self.assertEqual(words, ["/new/stress-ng", *half.tools["stress-ng tuned"](where)[1:]])
        self.assertEqual(half.entry("fio-git")(where.asking("fio-git"))[0], "/new/fio")
        self.assertEqual(half.entry("stress-ng")(where.asking("stress-ng"))[0], "/bin/stress-ng")
        self.assertEqual(askable(half, mine), ["exert", "stress-ng", "stress-ng-0.22", "stress-ng tuned",
                                               "stress-ng-0.22 tuned", "fio", "fio-git"])

    def test_another_build_is_judged_by_its_peers_bars(self) -> None:
        made = disk_row("rate-50mb", {"exert": (0.02, 763, 3.0), "fio": (0.04, 763, 4.0), "fio-git": (0.04, 763, 9.0)})
        seen = {bar.name: bar.met for bar in bars(report(made))}
        self.assertFalse(seen["rate-50mb: CPU, exert / fio"])
        self.assertTrue(seen["rate-50mb: CPU, exert / fio-git"])


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
