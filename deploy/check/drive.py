#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Drives `exert serve` as a caller does: asks for its health, has it run a load, and leaves one running.

    drive.py ADDRESS [--token-file FILE] [--profile NAME] [--disk]

ADDRESS is HOST:PORT or unix:PATH. NAME is to be among the profiles on offer. With --disk the load goes to one, too.

Exit code 1 at the first answer that is not what the contract says.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import socket
import sys
import time
from pathlib import Path

PATIENCE = 10.0


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Server:
    def __init__(self, address: str, token: str | None) -> None:
        self.address = address
        self.token = token

    def ask(self, method: str, path: str, body: dict | None = None, *, expect: int, host: str | None = None,
            with_token: bool = True) -> bytes:
        is_unix = self.address.startswith("unix:")
        connection = (UnixConnection(self.address.removeprefix("unix:")) if is_unix
                      else http.client.HTTPConnection(self.address, timeout=PATIENCE))
        headers = {"Host": host} if host else {}
        if self.token and with_token:
            headers["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            # It may refuse by the headers alone, and close before it has read the body.
            with contextlib.suppress(BrokenPipeError):
                connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status != expect:
            sys.exit(f"{method} {path}: {answer.status} where {expect} was expected: {content[:300]!r}")
        return content

    def start(self, load: dict, length: str) -> str:
        run = json.loads(self.ask("POST", "/v1/runs", {"load": load, "for": length}, expect=201))
        return run["id"]

    def wait(self, run: str, state: str) -> dict:
        """The run, once it is in the state; a load of 1 s takes some more to be made ready and released."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found = json.loads(self.ask("GET", f"/v1/runs/{run}", expect=200))
            if found["state"] == state:
                return found
            if time.monotonic() > deadline:
                sys.exit(f"run {run} is {found['state']} after {PATIENCE:.0f} s where {state} was expected")
            time.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("--token-file", type=Path)
    parser.add_argument("--disk", action="store_true")
    parser.add_argument("--profile")
    options = parser.parse_args()
    token = options.token_file.read_text().strip() if options.token_file else None
    server = Server(options.address, token)

    # It was started just now, and may not listen yet.
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            server.ask("GET", "/healthz", expect=200, with_token=False)
            break
        except OSError as error:
            if time.monotonic() > deadline:
                sys.exit(f"nobody answers at {options.address}: {error}")
            time.sleep(0.05)
    server.ask("GET", "/readyz", expect=200, with_token=False)
    if token:
        # A kubelet's probe names the pod's address and has no token.
        server.ask("GET", "/healthz", expect=200, with_token=False, host="10.0.0.5:7117")
        server.ask("GET", "/v1/host", expect=401, with_token=False)
        server.ask("POST", "/v1/runs", {"load": {"cpu": "10%"}, "for": "1s"}, expect=401, with_token=False)
    server.ask("GET", "/v1/host", expect=200)
    offered = [profile["name"] for profile in json.loads(server.ask("GET", "/v1/profiles", expect=200))["profiles"]]
    if options.profile and options.profile not in offered:
        sys.exit(f"profile {options.profile} is not offered: {offered}")

    # Others may need the processors just then; a load that was never on target is no matter of luck.
    for attempt in range(3):
        ended = server.wait(server.start({"cpu": "10%", "memory": "64MiB"}, "1s"), "ended")
        if ended["exit_code"] == 0:
            break
    else:
        sys.exit(f"a run of 1 s ended with {ended['exit_code']}, {ended['verdict']}: {ended['findings']}")

    disk = {"disk-space": "16MiB"} if options.disk else {}
    run = server.start({"cpu": "10%", "memory": "64MiB", "file-handles": "1000"} | disk, "60s")
    server.wait(run, "running")
    time.sleep(0.5)
    print(f"run of 1 s: {ended['verdict']}, exit code {ended['exit_code']}; another one goes on")


if __name__ == "__main__":
    sys.exit(main())
