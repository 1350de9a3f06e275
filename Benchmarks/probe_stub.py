#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A small HTTP service that is well, refuses, hangs or fails as it is told, to the millisecond; probe_bars.py's own.

    python3 Benchmarks/probe_stub.py [--real-time]

One process, one thread, a backlog of 1,024: what comes while it is stopped waits in the kernel. Commands come on
standard input, a JSON object a line: `{"at": SECONDS, "mode": MODE, "body": TEXT}`, where SECONDS is CLOCK_MONOTONIC
and TEXT what it answers from then on. It tells on standard output, a JSON object a line, its port, when it really changed
its mode, and at the end when each request came.

| mode | it |
|---|---|
| `well` | answers at once; what hung is answered, too |
| `forget` | the same, and what hung never is |
| `refuse` | listens no more, and resets every connection |
| `hang` | accepts and reads, and does not answer |
| `fail` | answers with status 503 |
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
import struct
import sys
import time

BACKLOG = 1024
END = b"\r\n\r\n"


class Service:
    """All of its state: the mode, connections, what is to come, and what came."""

    def __init__(self) -> None:
        self.mode = "well"
        self.body = b'{"status": "UP"}'
        self.selector = selectors.DefaultSelector()
        self.connections: dict[socket.socket, bytes] = {}
        self.hanging: list[socket.socket] = []
        self.orders: list[dict] = []
        self.arrivals: list[float] = []
        self.is_over = False
        self.input = b""
        self.listener: socket.socket | None = None
        self.port = 0
        self.listen()

    # What it does for a client

    def listen(self) -> None:
        """Takes connections, on the port that it had."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
        self.port = listener.getsockname()[1]
        self.selector.register(listener, selectors.EVENT_READ, self.accept)
        self.listener = listener

    def accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionError):
            while True:
                client, _ = listener.accept()
                client.setblocking(False)
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connections[client] = b""
                self.selector.register(client, selectors.EVENT_READ, self.read)

    def read(self, client: socket.socket) -> None:
        try:
            data = client.recv(65536)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        now = time.monotonic()
        if not data:
            return self.drop(client)
        *requests, self.connections[client] = (self.connections[client] + data).split(END)
        for _ in requests:
            self.arrivals.append(now)
            if self.mode == "hang":
                self.hanging.append(client)
            else:
                self.answer(client)

    def answer(self, client: socket.socket) -> None:
        status = b"503 Service Unavailable" if self.mode == "fail" else b"200 OK"
        head = b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        with contextlib.suppress(OSError):
            client.send(head % len(self.body) + self.body)

    def drop(self, client: socket.socket, reset: bool = False) -> None:
        if client not in self.connections:
            return
        del self.connections[client]
        self.selector.unregister(client)
        if reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()

    # What it is told

    def command(self, _: object) -> None:
        data = os.read(0, 65536)
        if not data:
            self.is_over = True
        *lines, self.input = (self.input + data).split(b"\n")
        self.orders += [json.loads(line) for line in lines]
        self.orders.sort(key=lambda order: order["at"])

    def change(self, order: dict) -> None:
        """Takes up a mode, and tells when it had."""
        was, self.mode = self.mode, order["mode"]
        self.body = order.get("body", self.body.decode()).encode()
        if self.mode == "refuse" and self.listener:
            self.selector.unregister(self.listener)
            self.listener.close()
            self.listener = None
            for client in list(self.connections):
                self.drop(client, reset=True)
        elif was == "refuse" and self.mode != "refuse":
            self.listen()
        at = time.monotonic()
        waiting, self.hanging = (self.hanging, []) if self.mode != "hang" else ([], self.hanging)
        if self.mode not in ("forget", "refuse"):
            for client in waiting:
                self.answer(client)
        tell({"mode": self.mode, "asked": order["at"], "at": at})

    def serve(self) -> None:
        """Goes on until standard input ends."""
        self.selector.register(0, selectors.EVENT_READ, self.command)
        tell({"port": self.port})
        while not self.is_over:
            wait = max(0.0, self.orders[0]["at"] - time.monotonic()) if self.orders else None
            for key, _ in self.selector.select(wait):
                if key.fileobj == 0 or key.fileobj is self.listener or key.fileobj in self.connections:
                    key.data(key.fileobj)
            while self.orders and self.orders[0]["at"] <= time.monotonic():
                self.change(self.orders.pop(0))
        tell({"arrivals": self.arrivals})


def tell(what: dict) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    if "--real-time" in sys.argv[1:]:
        # What it says of when requests came is then true beside any load.
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(20))
    Service().serve()
