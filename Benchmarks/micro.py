#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows what `internal micro` measured: a row per benchmark, and the JSON that the other programs here write.

    micro.py EXPORTS [--json FILE]
    micro.py --least FOLDER…          writes Thresholds/ from several such folders

EXPORTS is the folder that the benchmark tool's format `histogramPercentiles` was written to. Whether a threshold was
passed is the tool's own word, and its exit code; here the same figures are only shown.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from bars import Bar

THRESHOLDS = Path(__file__).parent / "Thresholds"
MOST = 2.5  # The tolerance in Micro/Measure.swift.
METRICS = ("cpu_ps", "cost")


def read(exports: Path) -> dict[str, dict[str, dict[int, int]]]:
    """Benchmark → metric → percentile → figure."""
    found: dict[str, dict[str, dict[int, int]]] = {}
    for path in sorted(exports.glob("*.histogram.percentiles.tsv")):
        # run.Micro.BENCHMARK.METRIC.histogram.percentiles.tsv
        name, metric = path.name.split(".Micro.", 1)[1].removesuffix(".histogram.percentiles.tsv").rsplit(".", 1)
        rows = [line.split("\t") for line in path.read_text().splitlines()[1:] if line]
        found.setdefault(name, {})[metric] = {int(percentile): int(figure) for percentile, figure in rows}
    return found


def bars(found: dict[str, dict[str, dict[int, int]]]) -> list[Bar]:
    """For each benchmark its time, for information, and its cost against the file."""
    rows = []
    for name, metrics in found.items():
        time, cost = (metrics[metric] for metric in METRICS)
        rows.append(Bar(f"{name}: CPU time, p50", time[50] / 1000, "ns", note=f"p90 {time[90] / 1000:.4g}"))
        path = THRESHOLDS / f"Micro.{name}.p90.json"
        known = json.loads(path.read_text())["cost"] if path.exists() else None
        rows.append(Bar(f"{name}: cost, p90, over the file's", cost[90] / known if known else None, "×", "<=", MOST,
                        "" if known else f"no {path.name}; Benchmarks/internal micro --update makes it"))
    return rows


def write_least(rounds: list[dict[str, dict[str, dict[int, int]]]]) -> None:
    """Writes thresholds, in the tool's own form, from the least median of several rounds.

    The tool calls them 90th percentiles and compares those with them. But what is true of the code is the median while
    nobody disturbs it: from a threshold that a neighbour has raised, a regression to three times as much would not be
    2.5 times away.
    """
    THRESHOLDS.mkdir(exist_ok=True)
    for path in THRESHOLDS.glob("*.p90.json"):
        path.unlink()
    for name in rounds[0]:
        least = {metric: min(found[name][metric][50] for found in rounds) for metric in METRICS}
        (THRESHOLDS / f"Micro.{name}.p90.json").write_text(json.dumps(least, indent=2, sort_keys=True) + "\n")


def main() -> int:
    """Prints the rows and writes the JSON."""
    parser = argparse.ArgumentParser(description="Show what the micro-benchmarks measured.")
    parser.add_argument("exports", type=Path, nargs="?")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--least", type=Path, nargs="+", metavar="FOLDER")
    options = parser.parse_args()
    if options.least:
        write_least([read(folder) for folder in options.least])
        return 0
    if options.exports is None:
        parser.error("EXPORTS is missing")
    found = read(options.exports)
    if not found:
        print(f"micro: nothing was exported to {options.exports}", file=sys.stderr)
        return 2
    rows = bars(found)
    for row in rows:
        print(row.row())
    if options.json:
        report = {"bars": [asdict(row) | {"met": row.met} for row in rows], "runs": found}
        Path(options.json).write_text(json.dumps(report, indent=2) + "\n")
    return 0 if all(row.met is not False for row in rows) else 2


if __name__ == "__main__":
    sys.exit(main())
