"""A chat API on loopback that does what its script says; its own log of hits is the truth.

Run as a program it answers at once, for benchmarks: ``python chat_server.py PORT``.
"""

import asyncio
import hashlib
import json
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

OK = 200
REASONS = {200: "OK"}


@dataclass
class Hit:
    """A request that the server received while it worked on `active` in all."""

    number: int
    active: int
    at: float
    path: str
    key: str
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        return json.loads(self.raw)


@dataclass
class Answer:
    """What the server sends: `sent` limits the bytes of the body before the connection breaks."""

    body: bytes
    status: int = OK
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    sent: int | None = None


def completion(text: str | None, model: str, **more: Any) -> Answer:
    message = {"role": "assistant", "content": text, **more.pop("message", {})}
    answer = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "system_fingerprint": "fp_test",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 200, "completion_tokens": 5, "total_tokens": 205},
    }
    return Answer(json.dumps({**answer, **more}).encode())


def error(status: int, message: str = "no", code: str | None = None, **headers: str) -> Answer:
    body = {"error": {"message": message, "type": code, "code": code, "param": None}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(json.dumps(body).encode(), status, named)


def sensible(hit: Hit) -> Answer:
    """Answer by the hash of the messages: a letter, or a weight or truth for each attribute."""
    body = hit.body
    user = body["messages"][-1]["content"]
    digest = hashlib.sha256(user.encode()).digest()
    if user.startswith("[DECISION TASK]"):
        return completion("AB"[digest[0] % 2], body["model"])
    names = [line.split(":")[0] for line in user.split("\nA:\n")[1].split("\n\n")[0].splitlines()]
    if user.startswith("[COUNTERFACTUAL TASK]"):
        answer = {name: digest[k] % 2 == 0 for k, name in enumerate(names)}
        return completion(json.dumps(answer), body["model"])
    weights = {name: digest[k] % 201 - 100 for k, name in enumerate(names)}
    return completion(json.dumps(weights), body["model"])


class ChatServer:
    """Serves from a thread of its own while used as a context manager.

    `script` gives the answer to a hit, or None for a sensible one. The list of models is no hit:
    `models` gives the answer to each time that it is asked for, counted in `listed`.
    """

    def __init__(self, script: Callable[[Hit], Answer | None] | None = None, port: int = 0) -> None:
        self.script = script or sensible
        self.models: Callable[[], Answer] = lambda: error(404)
        self.listed = 0
        self.hits: list[Hit] = []
        self.active = 0
        self.port = port
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self.serve()))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._open: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._converse, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._open.add(task)
        try:
            while (hit := await self._receive(reader)) is not None:
                listing = hit.path.endswith("/models")
                answer = self.models() if listing else self.script(hit) or sensible(hit)
                await asyncio.sleep(answer.delay)
                self.active -= not listing
                if not await self._send(writer, answer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(task)
            writer.close()

    async def _receive(self, reader: asyncio.StreamReader) -> Hit | None:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
        raw = await reader.readexactly(int(headers.get("content-length", "0")))
        key = headers.get("authorization", "").removeprefix("Bearer ")
        self.active += 1
        hit = Hit(len(self.hits), self.active, time.monotonic(), first.split(" ")[1], key, raw)
        if hit.path.endswith("/models"):
            self.listed += 1
            self.active -= 1
        else:
            self.hits.append(hit)
        return hit

    async def _send(self, writer: asyncio.StreamWriter, answer: Answer) -> bool:
        headers = {"content-type": "application/json", "x-request-id": "req_1", **answer.headers}
        lines = [f"HTTP/1.1 {answer.status} x", f"content-length: {len(answer.body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + answer.body[: answer.sent])
        if answer.sent is not None:
            await writer.drain()
            writer.transport.abort()
            return False
        await writer.drain()
        return True


if __name__ == "__main__":
    asyncio.run(ChatServer(port=int(sys.argv[1])).serve())
