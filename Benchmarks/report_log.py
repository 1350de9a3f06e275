#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes an experiment log as a long run would: one hour at 10 Hz with five stressors and two probes, unless told else.

    python3 Benchmarks/report_log.py FILE [--seconds 3600] [--rate 10] [--stressors 5] [--spike 1800]

Figures are those of a real host in kind: held levels, rates with noise, a host that wanders, latencies with a long
tail. At --spike one sample of the first stressor is far off. The same words give the same file.
"""

from __future__ import annotations

import argparse
import json
import random
from datetime import datetime, timedelta, timezone

START = datetime(2026, 11, 27, 12, 0, 0, tzinfo=timezone.utc)
RUN_ID = "01JDA5Q0Z8R6V3T1Y7K2M4N9PX"
MIB = 1 << 20
KINDS = [
    # Name, unit, drive, capacity, target, noise as a share of the target.
    ("cpu", "cores", "rate", 8, 4.8, 0.002),
    ("memory", "bytes", "level", 64 << 30, 8 << 30, 0.0),
    ("disk-bandwidth", "bytes_per_second", "rate", 500e6, 50e6, 0.01),
    ("file-handles", "handles", "level", 20000, 15000, 0.0),
    ("disk-space", "bytes", "level", 100 << 30, 20 << 30, 0.0),
]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--rate", type=float, default=10)
    parser.add_argument("--stressors", type=int, default=5, choices=range(1, 6))
    parser.add_argument("--spike", type=float, default=1800)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    dice = random.Random(1)
    kinds = KINDS[: options.stressors]
    length = options.seconds
    part = length * 0.1
    phases = [("steady", 0, part), ("squeeze", part, 8 * part), ("recover", 9 * part, part)]

    with open(options.file, "w", encoding="utf-8") as out:
        def line(event: str, elapsed: float, **members: object) -> None:
            time = (START + timedelta(seconds=elapsed)).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"
            head = {"schema": "exert-log/1", "time": time, "run_id": RUN_ID, "event": event}
            head["elapsed_s"] = round(elapsed, 9)
            out.write(json.dumps(head | members, separators=(",", ":")) + "\n")

        loads = {name: f"{target}" for name, _, _, _, target, _ in kinds}
        plan = {
            "length_s": length,
            "stressors": {
                name: {
                    "kind": name, "unit": unit, "drive": drive, "mode": "add", "capacity": capacity, "base": "made up",
                    "peak_target": target, "workers": 4, "processes": 1,
                    "tolerance": {"absolute": 0.01 * target, "ratio": 0}, "witness": "made_up", "settings": {},
                } for name, unit, drive, capacity, target, _ in kinds
            },
            "phases": [
                {"name": name, "start_s": start, "length_s": span, "loads": loads if name == "squeeze" else {}}
                for name, start, span in phases
            ],
            "probes": {name: {"every_s": 0.1, "timeout_s": 1} for name in ("checkout", "search")},
            "objectives": ["checkout p95 < 300ms during squeeze", "search 99% good"], "guards": [], "findings": [],
        }
        host = {
            "name": "node-1", "kernel": "6.1.0", "architecture": "x86_64", "online_cpus": 8, "affinity_cpus": 8,
            "quota_cores": None, "memory_total_bytes": 64 << 30, "memory_available_bytes": 48 << 30,
            "memory_limit_bytes": None, "numa_nodes": 1, "huge_pages": "madvise",
        }
        profile = {"name": "an hour of five", "file": "hour.yaml", "sha256": "0f" * 32, "seed": 42}
        line("run_started", 0, exert_version="0.1.0", host=host, profile=profile, plan=plan)

        busy, available, phase = 0.6, float(40 << 30), -1
        spiked = False
        for index in range(1, int(length * options.rate) + 1):
            elapsed = index / options.rate + dice.uniform(0, 0.002)
            while phase + 1 < len(phases) and phases[phase + 1][1] < elapsed:
                phase += 1
                line("phase_started", phases[phase][1], phase=phases[phase][0], index=phase, start_s=phases[phase][1],
                     length_s=phases[phase][2], loads=loads if phase == 1 else {})
            readings = {}
            for name, unit, _, _, target, noise in kinds:
                asked = target if phase == 1 else 0
                achieved = asked * (1 + dice.gauss(0, noise)) if noise else float(asked)
                spread = abs(dice.gauss(0, noise)) * asked
                if name == kinds[0][0] and not spiked and elapsed >= options.spike:
                    spiked = True
                    achieved = asked * 0.25
                places = 9 if unit == "cores" else 0
                low, high = round(achieved - spread, places), round(achieved + spread, places)
                achieved = round(achieved, places)
                readings[name] = {
                    "unit": unit, "target": asked, "achieved": achieved, "error": round(achieved - asked, places),
                    "target_min": asked, "target_mean": asked, "target_max": asked, "achieved_min": low,
                    "achieved_mean": achieved, "achieved_max": high, "claimed": achieved, "witness": "made_up",
                    "limited_by": None,
                }
            busy = min(1, max(0, busy + dice.gauss(0, 0.02)))
            available += dice.gauss(0, 20e6)
            psi = {
                "cpu_some_ratio": round(busy / 4 * dice.random(), 6), "memory_some_ratio": 0, "memory_full_ratio": 0,
                "io_some_ratio": round(0.02 * dice.random(), 6), "io_full_ratio": 0,
            }
            line("sample", elapsed, interval_s=round(1 / options.rate, 9), phase=phases[phase][0], stressors=readings,
                 host={"cpu_busy_ratio": round(busy, 6), "cpu_steal_ratio": 0,
                       "memory_available_bytes": int(available), "psi": psi})
            if index % int(options.rate) == 0:
                for probe in ("checkout", "search"):
                    middle = 0.02 * dice.lognormvariate(0, 0.4)
                    bad = 1 if dice.random() < 0.002 else 0
                    good = 10 - bad
                    outcomes = {"good": good} | ({"timeout": bad} if bad else {})
                    line("probe_second", elapsed, probe=probe, from_s=int(elapsed) - 1, due=10, outcomes=outcomes,
                         good_ratio=good / 10,
                         latency={"p50_s": middle, "p90_s": middle * 2, "p95_s": middle * 3, "p99_s": middle * 4,
                                  "max_s": None if bad else middle * 5, "given_up_after_s": 1.0 if bad else None},
                         lateness_max_s=0.0005, histograms={"latency": "HISTFAAAA" * 12, "lateness": "HISTFAAAA" * 12})
        results = [
            {
                "phase": "squeeze", "stressor": name, "unit": unit, "is_loaded": True, "target_mean": target,
                "achieved_mean": target * 0.9999, "claimed_mean": target, "error_mean": -0.0001 * target,
                "error_abs_mean": 0.0002 * target, "error_abs_p95": 0.004 * target, "error_abs_max": 0.75 * target,
                "tolerance": 0.01 * target, "time_to_reach_s": 0.1, "shortfall": {}, "limited_by": None,
                "verdict": "met",
            } for name, unit, _, _, target, _ in kinds
        ]
        line("phase_ended", 9 * part, phase="squeeze", index=1, results=results)
        line("run_ended", length, verdict="met", exit_code=0,
             sentence="All were put on, and were really there. checkout and search kept their objectives.",
             interrupted_by=None, guard_tripped=None, lease_expired=None, changes=[],
             started_at=START.strftime("%Y-%m-%dT%H:%M:%S.000000000Z"), load_s=length, results=results, ends=[],
             findings=[], observer_cpu_s=3.2, released=True, release_s=0.02)
    print(f"{options.file}: {int(length * options.rate)} samples, {options.stressors} stressors")


if __name__ == "__main__":
    main()
