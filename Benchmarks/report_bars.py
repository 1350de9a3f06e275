#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds `exert report` to its bars: an hour at 10 Hz with five stressors and two probes.

    python3 Benchmarks/report_bars.py --exert PATH [--chromium /usr/bin/chromium] [--keep DIRECTORY]

Time, memory and size of the page need nothing else. What a browser makes of it (errors, requests, accessibility in both
themes, pages of the PDF, the spike of one sample, the zoom) needs playwright and axe-playwright-python from PyPI and a
Chromium; without them these bars are left out, and it is said.

Exit code: 0 every bar was met, 2 one was not, 64 bad usage.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
SPIKE_S = 1800


def bar(rows: list[tuple[str, float, str, float]], name: str, figure: float, relation: str, limit: float) -> None:
    rows.append((name, figure, relation, limit))
    met = {"<=": figure <= limit, ">=": figure >= limit, "=": figure == limit}[relation]
    print(f"{name:<58} {figure:>12.3f} {relation} {limit:<10g} {'pass' if met else 'FAIL'}", flush=True)


def is_met(row: tuple[str, float, str, float]) -> bool:
    _, figure, relation, limit = row
    return {"<=": figure <= limit, ">=": figure >= limit, "=": figure == limit}[relation]


def make(exert: str, log: Path, page: Path) -> tuple[float, float, float]:
    """Makes the page; its CPU time and how long it took, in s, and its greatest resident set in MB."""
    start = time.monotonic()
    process = subprocess.Popen([exert, "report", str(log), "--output", str(page)])
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"exert report failed with {status}")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - start, usage.ru_maxrss / 1000


def browser(rows: list, page: Path, chromium: str) -> None:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    errors: list[str] = []
    requests: list[str] = []
    serious = 0
    with sync_playwright() as play:
        chrome = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            for width in (1280, 390):
                tab = chrome.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
                tab.on("console", lambda message: errors.append(message.text))
                tab.on("pageerror", lambda error: errors.append(str(error)))
                tab.on("request", lambda request: requests.append(request.url))
                tab.goto(page.as_uri())
                for finding in Axe().run(tab).response["violations"]:
                    print(f"  axe, {scheme}, {width} px: {finding['id']} ({finding['impact']})", file=sys.stderr)
                    serious += finding["impact"] in ("serious", "critical")
                wide = tab.evaluate("document.documentElement.scrollWidth > innerWidth")
                errors += [f"{width} px: wider than the screen"] if wide else []
                tab.screenshot(path=page.with_name(f"{width}-{scheme}.png"), full_page=True)
                tab.close()
        tab = chrome.new_page(viewport={"width": 1280, "height": 900})
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.goto(page.as_uri())
        tab.pdf(path=page.with_suffix(".pdf"), format="A4", prefer_css_page_size=True)
        plot = tab.locator("figure.chart .plot[data-unit=cores]").first
        readout = tab.locator("figure.chart:has(.plot[data-unit=cores]) .readout").first
        # By keyboard to the sample that is off: zoomed in around it, step by step.
        plot.scroll_into_view_if_needed()
        box = plot.bounding_box()
        tab.mouse.move(box["x"] + box["width"] * (SPIKE_S - 4) / 3600, box["y"] + 20)
        plot.focus()
        for _ in range(8):
            tab.keyboard.press("+")
        found = []
        for _ in range(120):
            tab.keyboard.press("ArrowRight")
            found.append(float(readout.inner_text().split("achieved ")[-1].split()[0]))
        chrome.close()
    outside = [url for url in requests if not url.startswith(("file:", "data:"))]
    bar(rows, "errors of the console, or a page wider than its screen", len(errors), "=", 0)
    bar(rows, "requests to anywhere", len(outside), "=", 0)
    bar(rows, "serious findings of axe, both themes, 1280 and 390 px", serious, "=", 0)
    bar(rows, "samples of 120 around the spike that are off by half", sum(value < 2.4 for value in found), "=", 1)
    pages = len(re.findall(rb"/Type\s*/Page[^s]", page.with_suffix(".pdf").read_bytes()))
    bar(rows, "pages of the PDF, at least", pages, ">=", 4)
    bar(rows, "pages of the PDF, at most", pages, "<=", 8)
    for error in errors + outside:
        print(f"  {error}", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--exert", required=True)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--keep", help="write log, page, PDF and pictures here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(options.keep or scratch)
        folder.mkdir(parents=True, exist_ok=True)
        log, page = folder / "hour.ndjson", folder / "hour.html"
        subprocess.run([sys.executable, str(HERE / "report_log.py"), str(log), "--spike", str(SPIKE_S)], check=True)
        rows: list[tuple[str, float, str, float]] = []
        # One thread does all of it: CPU time is what it takes on a machine that is not busy.
        seconds, wall, megabytes = min(make(options.exert, log, page) for _ in range(3))
        print(f"the page of 36,000 samples took {wall:.2f} s")
        bar(rows, "its CPU time, s", seconds, "<=", 3)
        bar(rows, "greatest resident set, MB", megabytes, "<=", 200)
        bar(rows, "size of the page, MB", page.stat().st_size / 1e6, "<=", 1)
        # Two edges of the load, and the spike down and up again, in steps of a thousandth of the picture's height.
        path = re.search(r'id="load-1-cpu".*?class="achieved band" d="([^"]*)"', page.read_text(), re.S)
        steps = [int(step) for step in re.findall(r"v(-?[0-9]+)", path.group(1))] if path else []
        bar(rows, "high edges in the picture of the load", sum(abs(step) > 400 for step in steps), ">=", 4)
        try:
            browser(rows, page, options.chromium)
        except ImportError as error:
            print(f"the browser's bars are left out: {error}", file=sys.stderr)
        return 0 if all(map(is_met, rows)) else 2


if __name__ == "__main__":
    sys.exit(main())
