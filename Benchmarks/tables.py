# SPDX-License-Identifier: Apache-2.0
"""A report in Markdown: the page of all figures, and the part of it that README has."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from matrix import GROUPS, in_order
from program import ratio
from results import (Report, Row, ahead, bars, comparable, complaint, is_saturation, measured, middle, order, ranked,
                     shortfalls, unlike, values)
from work import WORK, amount, is_alike, is_recorded, why_unlike, work

BEGIN, END = "<!-- accuracy: begin (written by Benchmarks/run) -->", "<!-- accuracy: end -->"
DISK_BEGIN, DISK_END = "<!-- disk: begin (written by Benchmarks/run) -->", "<!-- disk: end -->"


def number(value: float | None, digits: int = 2) -> str:
    """A figure in as many digits as a reader wants."""
    if value is None:
        return "–"
    if abs(value) < 1e-6:
        return "0"
    small = 10 ** -digits
    if abs(value) < small / 2:
        return f"<{small:.{digits}f}"
    return f"{value:.{digits}f}" if abs(value) < 10 else f"{value:.1f}" if abs(value) < 100 else f"{value:,.0f}"


def cell(report: Report, row: Row, tool: str) -> str:
    """The median and, of several runs, the least and the most; the best are bold, a dash where it cannot."""
    seen = values(row, tool, row["key"])
    if not seen:
        return "failed" if "problems" in row["tools"].get(tool, {}) else "–"
    text = number(middle(row, tool))
    best = ranked(row)[0]
    if len(comparable(row)) > 1 and tool in comparable(row) and (tool == best or ahead(report, row, best, tool) == 0):
        text = f"**{text}**"
    text += f" ({number(min(seen))}–{number(max(seen))})" if len(seen) > 1 else ""
    return text + ("" if tool not in unlike(row) else ", unlike work" if work(row, tool) else ", not compared")


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table."""
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(line) + " |"
                                                                       for line in lines)]


def asked(rows: Sequence[Row]) -> list[str]:
    """The tools that were asked in any of the rows."""
    return in_order(tool for row in rows for tool, entry in row["tools"].items() if "command" in entry)


def overview(report: Report, rows: Sequence[Row]) -> list[str]:
    """One line for each row, one column for each tool."""
    tools = asked(rows)
    return table(["", *tools], [[f"{row['title']}, {row['unit']}", *(cell(report, row, tool) for tool in tools)]
                                for row in rows])


def machine(report: Report) -> str:
    """What it was measured on, in a sentence."""
    return f"{hardware(report['host'])}; exert {report['host']['exert']}, {versions(report['host'])}"


def hardware(host: dict) -> str:
    """The machine and the day."""
    kind = "a virtual machine" if host.get("virtual") else "a machine"
    return (f"{kind} with {host['cpus']} processors ({host['cpu']}), {host['memory_bytes'] / 2 ** 30:.0f} GiB, Linux "
            f"{host['kernel']}, on {host['time'][:10]}")


def versions(host: dict) -> str:
    """The peers' versions."""
    named = {"stress_ng": "stress-ng", "stress": "stress", "fio": "fio"}
    found = []
    for key, name in named.items():
        words = (host.get(key) or "not installed").replace(f"{name},", "").replace(name, "").replace("version", "")
        found.append(f"{name} {words.strip(' -').split(' (')[0]}")
    found += [f"{name} is {said.split(' (')[0]}" for name, said in host.get("builds", {}).items()]
    return ", ".join(found)


def asking(report: Report) -> str:
    """The command line that made it."""
    return report.get("command") or f"Benchmarks/run --{report['form']}"


def method(report: Report) -> str:
    """How often and how long, in a sentence."""
    settings = report["settings"]
    repeats = settings["repeats"]
    runs = "One run of each" if repeats == 1 else (
        f"Medians of {repeats} runs of each ({2 * repeats - 1} of disk bandwidth and of 99 % of a core), in brackets "
        "the least and most")
    return (f"{runs}, tools in turns, {settings['seconds']} s each. What is best, or too near to it to tell, is bold; "
            f"– where a tool has no such load.")


# README -------------------------------------------------------------------------------------------------------------

def readme_block(report: Report, folder: str) -> str:
    """What stands between README's markers: all but disk rates, which are compared where the work was the same."""
    rows = [row for row in report["rows"] if row["kind"] not in WORK]
    exact = [row for row in rows if not is_saturation(row)]
    fast = [row for row in rows if is_saturation(row)]
    lines = [BEGIN, *wrapped("Measured from outside, whole process trees charged, by "
                             f"`{asking(report)}` on {machine(report)}. {method(report)}"), ""]
    lines += [f"![Error by CPU load, each tool]({folder}/cpu-error.svg)", "",
              "Mean |error| of sliding 1 s windows; points are of a core, percent of the target:", ""]
    lines += overview(report, exact)
    lines += ["", f"![50 % of a core, ten looks a second]({folder}/cpu-50.svg)", "", "As fast as it goes:", ""]
    lines += overview(report, fast)
    lines += not_ahead(report, rows)
    lines += ["", *wrapped("Settle time, mean, worst window, overshoot and each tool's own CPU and memory are in "
                           f"[{folder}/accuracy.md]({folder}/accuracy.md)."), END]
    return "\n".join(lines)


def not_ahead(report: Report, rows: Sequence[Row]) -> list[str]:
    """Where exert is not ahead, in those rows."""
    behind = [f"{row['title']} ({who}): {why}" for row, who, why in shortfalls(report) if row in rows]
    if not behind:
        return []
    return ["", "Where exert is not ahead:", "", *(part for line in behind for part in wrapped(f"- {line}.", "  "))]


def disk_block(report: Report, folder: str) -> str:
    """What stands between README's other markers: rates of a disk, with what the device did for each tool."""
    rows = [row for row in report["rows"] if row["kind"] in WORK]
    lines = [DISK_BEGIN, *wrapped(f"Rates of a disk, by `{asking(report)}` on {machine(report)}. {method(report)} What "
                                  "the device itself completed is counted, and tools are compared only where that is "
                                  "the same within 3 %."), ""]
    lines += work_table([row for row in rows if not is_saturation(row)])
    if fast := [row for row in rows if is_saturation(row)]:
        lines += ["", *most_table(report, fast)]
    lines += not_ahead(report, rows)
    lines += ["", f"All figures: [{folder}/accuracy.md]({folder}/accuracy.md).", DISK_END]
    return "\n".join(lines)


def spread(row: Row, tool: str, name: str, digits: int = 2) -> str:
    """A median with the least and the most."""
    seen = values(row, tool, name)
    text = number(middle(row, tool, name), digits)
    return text + (f" ({number(min(seen), digits)}–{number(max(seen), digits)})" if len(seen) > 1 else "")


def work_table(rows: Sequence[Row]) -> list[str]:
    """Rates: what the device did for each tool, the error, the CPU time, and exert's share of it."""
    lines = []
    for row in rows:
        for tool in (tool for tool in in_order(row["tools"]) if row["tools"][tool].get("runs")):
            share = ratio(middle(row, "exert", "tree_cpu"), middle(row, tool, "tree_cpu"))
            compared = "–" if tool == "exert" else number(share) if is_alike(row, "exert", tool) else "unlike work"
            done, asked = work(row, tool), row.get("asked_work")
            lines.append([row["title"] if tool == "exert" else "", tool,
                          "not recorded" if done is None else f"{amount(done)} of {amount(asked)}" if asked else
                          amount(done), spread(row, tool, "mae"), spread(row, tool, "tree_cpu"), compared])
    return table(["", "tool", "device operations a second, of those asked", "mean \\|error\\|, %", "CPU, % of a core",
                  "CPU, exert / it"], lines)


def most_table(report: Report, rows: Sequence[Row]) -> list[str]:
    """As much as the device gives: the rate, and the size of each operation that made it."""
    lines = []
    for row in rows:
        for tool in (tool for tool in in_order(row["tools"]) if row["tools"][tool].get("runs")):
            done = work(row, tool)
            lines.append([row["title"] if tool == "exert" else "", tool, cell(report, row, tool),
                          "not recorded" if done is None else number(done / 1024, 1), spread(row, tool, "tree_cpu")])
    return table(["", "tool", "MB/s", "KiB an operation", "CPU, % of a core"], lines)


def wrapped(words: str, indent: str = "") -> list[str]:
    """Prose in lines as long as this project's."""
    return textwrap.wrap(words, 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def replace_block(text: str, block: str) -> str | None:
    """A README with the part between the markers that the block begins and ends with replaced; None: it has none."""
    begin, end = block.splitlines()[0], block.splitlines()[-1]
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    return before + block + after if found and closed else None


# The page -----------------------------------------------------------------------------------------------------------

def page(report: Report) -> str:
    """All figures, group by group."""
    settings = report["settings"]
    lines = ["<!-- SPDX-License-Identifier: Apache-2.0 -->", "# How accurate stressors are", "",
             *wrapped(f"Written by `{asking(report)}`, not by hand, on {machine(report)}. "
                      f"{method(report)} Amounts are held for {settings['hold']} s. What each figure means is in "
                      "`Benchmarks/README.md`."), "", *wrapped(" ".join(facts(report))), ""]
    if "unfinished" in report:
        lines += [f"**Not finished**: {report['unfinished']}.", ""]
    if "omitted" in report:
        lines += [*wrapped(f"**Left out**: {report['omitted']}."), ""]
    if any(row["group"] == "cpu" for row in report["rows"]):
        lines += ["![Error by CPU load](cpu-error.svg)", "", "![50 % of a core](cpu-50.svg)", ""]
    for group, title in GROUPS.items():
        if rows := [row for row in report["rows"] if row["group"] == group]:
            lines += [f"## {title}", "", *overview(report, rows), "", *details(rows), ""]
            if group == "rate" and any(map(is_recorded, rows)):
                lines += [*work_table(rows), ""]
            lines += [*reasons(rows), *unlikes(rows), ""]
    lines += ["## Order of each row", "", "From the best on; ≈ where the judge cannot tell, or within 5 %.", "",
              *table(["row", "order"], [[f"`{row['id']}`", order(report, row) or "–"] for row in report["rows"]]), ""]
    lines += ["## Where exert is not ahead", "", *behind(report), ""]
    lines += ["## Bars", "", *table(["bar", "figure", "", "verdict"], [
        [bar.name, f"{number(bar.figure)} {bar.unit}".strip(), f"{bar.relation} {bar.bar:g}",
         ("met" if bar.met else "**not met**") + (f": {bar.note}" if bar.note else "")]
        for bar in bars(report) if bar.bar is not None]), ""]
    lines += ["## Command lines", "", *commands(report)]
    return "\n".join(lines) + "\n"


def facts(report: Report) -> Iterator[str]:
    """The judge's own error and how quiet it was."""
    judge = report.get("judge", {})
    if "built_from" in report:
        yield f"exert was built from {report['built_from']}."
    if not all(map(is_recorded, report["rows"])):
        yield ("This run did not record what the device itself completed, which was not the same for all tools: merged "
               "operations of exert's stood beside single ones of fio's. Its disk rates are not compared.")
    if "mae" in judge:
        yield (f"The judge's own error, by loads whose truth is known: mean |error| of windows "
               f"{number(judge['mae'], 3)} points (median of {len(judge['loads'])}); nearer than that is no order.")
    if "background" in judge:
        yield (f"Before the first run, others took {number(judge['background'])} % of a core, the hypervisor "
               f"{number(judge['steal'])} %.")


DETAILS = (("settle", "settled after, s", 1), ("mean", "mean error", 2), ("mae", "mean \\|error\\|", 2),
           ("worst", "worst window", 2), ("fine", "of 100 ms", 2),
           ("overshoot", "overshoot", 2), ("rate", "rate", 2), ("reached", "there, s", 3),
           ("own_cpu", "own CPU, %", 2), ("tree_cpu", "CPU of all, %", 1),
           ("operations", "device operations/s", 1), ("operation_bytes", "bytes each", 0),
           ("own_bytes", "own memory, MB", 1), ("background", "others' CPU, %", 1))


def details(rows: Sequence[Row]) -> list[str]:
    """Every figure of every tool, medians."""
    names = [(name, title, digits) for name, title, digits in DETAILS
             if any(values(row, tool, name) for row in rows for tool in row["tools"])]
    lines = []
    for row in rows:
        for tool in (tool for tool in in_order(row["tools"]) if row["tools"][tool].get("runs")):
            figures = []
            for name, _, digits in names:
                value = middle(row, tool, name)
                if name == "settle" and value is not None and len(values(row, tool, name)) * 2 < len(
                        row["tools"][tool]["runs"]):
                    value = None  # Most runs never settled.
                if name == "settle" and value is None and row["key"] == "mae":
                    figures.append("never")
                else:
                    figures.append(number(value / 1e6 if name == "own_bytes" and value is not None else value, digits))
            lines.append([row["title"], tool, *figures])
    return table(["", "tool", *(title for _, title, _ in names)], lines)


def reasons(rows: Sequence[Row]) -> Iterator[str]:
    """Why a tool has a dash, or failed."""
    for tool in in_order(tool for row in rows for tool in row["tools"]):
        said: dict[str, list[str]] = {}
        for row in rows:
            entry = row["tools"].get(tool, {})
            if "reason" in entry:
                said.setdefault(f"– {entry['reason']}", []).append(row["id"])
            elif entry.get("problems"):
                said.setdefault(f"failed: {complaint(row, tool)}", []).append(row["id"])
        for words, names in said.items():
            yield f"- {tool} in {', '.join(f'`{name}`' for name in names)}: {words.removeprefix('– ')}."


def unlikes(rows: Sequence[Row]) -> Iterator[str]:
    """Who did other work than exert, and is not compared with it."""
    for row in filter(is_recorded, rows):
        yield from (f"- {tool} in `{row['id']}`: {why_unlike(row, 'exert', tool)}." for tool in unlike(row))


def behind(report: Report) -> list[str]:
    """What falls short of a peer, with the reason."""
    lines = [[f"`{row['id']}`", who, why] for row, who, why in shortfalls(report)]
    return table(["row", "not ahead of", "reason"], lines) if lines else ["Nowhere."]


def commands(report: Report) -> Iterator[str]:
    """How each tool was asked."""
    yield "```sh"
    for row in report["rows"]:
        yield f"# {row['id']}"
        yield from (row["tools"][tool]["command"] for tool in in_order(row["tools"]) if "command" in row["tools"][tool])
    yield "```"


def write_readme(readme: Path, report: Report, folder: str) -> bool:
    """Replaces README's parts of which the report has rows, in place; whether it has them."""
    text: str | None = readme.read_text()
    disk = [row for row in report["rows"] if row["kind"] in WORK]
    for block, is_there in ((readme_block, len(disk) < len(report["rows"])),
                            (disk_block, any(map(is_recorded, disk)))):
        if is_there and text is not None:
            text = replace_block(text, block(report, folder))
    if text is not None:
        readme.write_text(text)
    return text is not None
