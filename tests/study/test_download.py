import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from introspect_bayes.errors import InputError
from introspect_bayes.places import CACHE_VARIABLE
from introspect_bayes.study import download
from introspect_bayes.study.download import (
    DATA_VARIABLE,
    MIRROR_VARIABLE,
    find_paper_data,
    identity,
    paper_data,
)

FILES = {"scenarios.csv": b"scenario\ncondo\n" * 5000, "roles.csv": b"role\nZeus\n"}


class Server(ThreadingHTTPServer):
    """Serves FILES on loopback; `cut` files end early, `changed` ones differ."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.hits, self.cut, self.changed = [], set(), set()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.rsplit("/", 1)[-1]
        self.server.hits.append(name)
        content = FILES[name]
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if name in self.server.cut:
            content = content[: len(content) // 2]
        if name in self.server.changed:
            content = content[::-1]
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch, tmp_path):
    known = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
    table = {**paper_data(), "sha256": known}
    monkeypatch.setattr(download, "paper_data", lambda: table)
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        monkeypatch.delenv(DATA_VARIABLE, raising=False)
        monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
        monkeypatch.setenv(MIRROR_VARIABLE, f"http://127.0.0.1:{running.server_port}/data")
        yield running
        running.shutdown()
        thread.join()


def test_files_are_downloaded_once_and_checked(server):
    folder = find_paper_data()
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == FILES
    assert find_paper_data() == folder
    assert sorted(server.hits) == sorted(FILES)
    assert identity(folder).startswith("all 2 files identical")


@pytest.mark.parametrize("fault", ["cut", "changed"])
def test_damaged_download_is_refused_and_what_was_finished_stays(server, fault):
    getattr(server, fault).add("roles.csv")
    with pytest.raises(InputError, match=r"downloading it failed(.|\n)*reason: ") as raised:
        find_paper_data()
    assert "roles.csv" in str(raised.value) or "Incomplete" in str(raised.value)
    folder = download.cache_folder()
    assert [path.name for path in folder.iterdir()] == ["scenarios.csv"]
    getattr(server, fault).clear()
    assert find_paper_data() == folder
    assert server.hits.count("scenarios.csv") == 1


def test_changed_cache_file_is_named_and_not_overwritten(server):
    folder = find_paper_data()
    (folder / "roles.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match=r"roles.csv: checksum mismatch") as raised:
        find_paper_data()
    assert "Nothing was overwritten" in str(raised.value)
    assert (folder / "roles.csv").read_text() == "mine"
    assert identity(folder).startswith("1 of 2 files identical")


def test_named_folders_win_over_the_network(server, monkeypatch, tmp_path):
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    assert find_paper_data() == tmp_path
    (tmp_path / "mine").mkdir()
    assert find_paper_data(tmp_path / "mine") == tmp_path / "mine"
    assert server.hits == []


def test_named_folder_must_exist(monkeypatch, tmp_path):
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match=f"{DATA_VARIABLE} names .*nowhere, which does not exist"):
        find_paper_data()


def test_foreign_folder_has_no_identity(tmp_path):
    assert identity(tmp_path) == ""
