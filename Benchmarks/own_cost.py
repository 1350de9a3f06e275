#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what `internal all` measured: one JSON, and a page with a table for each of its parts.

    own_cost.py --exert PATH --out DIR micro.json scale.json overhead.json
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from program import host_facts
from tables import hardware, number, table, wrapped

SCHEMA = "exert-internal/1"
TITLES = {"micro": "What one call costs", "scale": "A day of many stressors, in virtual time",
          "overhead": "Runs of the null stressor, from outside"}


def page(report: dict) -> str:
    """All figures, part by part."""
    lines = ["<!-- SPDX-License-Identifier: Apache-2.0 -->", "# What exert itself costs", "",
             *wrapped(f"Written by `Benchmarks/internal all`, not by hand, on {hardware(report['host'])}; exert "
                      f"{report['host']['exert']}. What each figure means is in `Benchmarks/internal.md`."), ""]
    for part, title in TITLES.items():
        rows = report["parts"].get(part, {}).get("bars")
        lines += [f"## {title}", "", *(rows_of(rows) if rows else ["It could not be measured."]), ""]
    return "\n".join(lines)


def rows_of(bars: list[dict]) -> list[str]:
    """A line for each figure."""
    def line(bar: dict) -> list[str]:
        held = f"{bar['relation']} {bar['bar']:g}" if bar["bar"] is not None else ""
        verdict = {True: "met", False: "**not met**", None: ""}[bar["met"]]
        return [bar["name"], f"{number(bar['figure'])} {bar['unit']}".strip(), held, verdict, bar["note"]]
    return table(["figure", "", "bar", "", ""], [line(bar) for bar in bars])


def main() -> int:
    """Reads the parts that are there and writes both files."""
    parser = argparse.ArgumentParser(description="Write what `internal all` measured.")
    parser.add_argument("--exert", required=True, metavar="PATH")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("parts", type=Path, nargs="+", metavar="FILE")
    options = parser.parse_args()
    report = {"schema": SCHEMA, "host": host_facts(exert=options.exert),
              "parts": {path.stem: json.loads(path.read_text()) for path in options.parts if path.exists()}}
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "internal.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    (options.out / "internal.md").write_text(page(report))
    print(f"written: {options.out / 'internal.json'}, {options.out / 'internal.md'}")
    return 0 if len(report["parts"]) == len(options.parts) else 1


if __name__ == "__main__":
    sys.exit(main())
