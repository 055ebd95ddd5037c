"""A server that trains nothing, on loopback, with faults on demand and a log of every request."""

import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@dataclass
class Fault:
    """What happens once instead of, or (``done``) after, what was asked.

    Without a status the connection is dropped.
    """

    method: str
    path: str
    status: int | None = None
    message: str = ""
    code: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    done: bool = False
    raw: str | None = None


@dataclass
class Hit:
    method: str
    path: str
    query: dict[str, list[str]]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class TrainingServer:
    """Use as a context manager; `hits` is the log."""

    def __init__(self) -> None:
        self.hits: list[Hit] = []
        self.faults: list[Fault] = []
        self.files: dict[str, bytes] = {}
        self.jobs: list[dict[str, Any]] = []  # newest first, as the server lists them
        self.statuses = ["validating_files", "running", "succeeded"]
        self.job_error: dict[str, Any] | None = None
        self.page = 100
        self.filters = True
        self.remembers_metadata = True
        self.events = [{"id": f"event-{n}", "message": f"step {n}"} for n in range(3)]
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                owner.answer(self)

            def do_POST(self) -> None:
                owner.answer(self)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def count(self, method: str, path: str) -> int:
        return sum((hit.method, hit.path) == (method, path) for hit in self.hits)

    def add_job(self, **values: Any) -> dict[str, Any]:
        job = {
            "id": f"ftjob-{len(self.jobs)}",
            "object": "fine_tuning.job",
            "status": "queued",
            "fine_tuned_model": None,
            "metadata": None,
            "error": None,
            "script": list(self.statuses),
            **values,
        }
        self.jobs.insert(0, job)
        return job

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        split = urlsplit(handler.path)
        path = split.path.removeprefix("/v1")
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        hit = Hit(handler.command, path, parse_qs(split.query), body)
        self.hits.append(hit)
        fault = next(
            (f for f in self.faults if f.method == hit.method and re.fullmatch(f.path, path)), None
        )
        if fault is None:
            self._send(handler, *self._usual(hit))
            return
        self.faults.remove(fault)
        if fault.done:
            self._usual(hit)
        if fault.raw is not None:
            self._send_text(handler, 200, fault.raw, fault.headers)
        elif fault.status is None:
            handler.close_connection = True
        else:
            error = {"message": fault.message, "code": fault.code, "type": "t", "param": None}
            self._send(handler, fault.status, {"error": error}, fault.headers)

    def _send(self, handler, status, content, headers=None) -> None:
        self._send_text(handler, status, json.dumps(content), headers or {})

    def _send_text(self, handler, status, text, headers) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(text.encode())))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(text.encode())

    def _usual(self, hit: Hit) -> tuple[int, Any]:
        parts = hit.path.strip("/").split("/")
        if (hit.method, hit.path) == ("POST", "/files"):
            name = f"file-{len(self.files)}"
            self.files[name] = hit.body
            return 200, {"id": name, "object": "file", "status": "processed"}
        if (hit.method, hit.path) == ("POST", "/fine_tuning/jobs"):
            asked = hit.json
            if not self.remembers_metadata:
                asked.pop("metadata")
            return 200, self._shown(self.add_job(**asked))
        if hit.path == "/fine_tuning/jobs":
            return 200, self._page(self._filtered(hit), hit)
        if hit.path.endswith("/events"):
            return 200, self._page(self.events[::-1], hit)
        found = next((job for job in self.jobs if job["id"] == parts[-1]), None)
        if found is None:
            return 404, {"error": {"message": f"no {hit.path}", "code": "not_found"}}
        if found["script"]:
            found["status"] = found["script"].pop(0)
        if found["status"] == "succeeded":
            found["fine_tuned_model"] = f"ft:{found['model']}:{found.get('suffix', '')}:1"
        if found["status"] == "failed":
            found["error"] = self.job_error
        return 200, self._shown(found)

    def _filtered(self, hit: Hit) -> list[dict[str, Any]]:
        wanted = hit.query.get("metadata[introspect_bayes]")
        jobs = [self._shown(job) for job in self.jobs]
        if wanted is None or not self.filters:
            return jobs
        return [j for j in jobs if (j["metadata"] or {}).get("introspect_bayes") == wanted[0]]

    def _page(self, rows: list[dict[str, Any]], hit: Hit) -> dict[str, Any]:
        after = hit.query.get("after")
        start = 1 + [row["id"] for row in rows].index(after[0]) if after else 0
        end = start + self.page
        return {"object": "list", "data": rows[start:end], "has_more": end < len(rows)}

    @staticmethod
    def _shown(job: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in job.items() if name != "script"}
