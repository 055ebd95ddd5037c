"""A study on any machine: the paper's where it is within reach, else a simulated one."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import introspect_bayes as ib
from introspect_bayes import simulate
from introspect_bayes.places import CACHE_VARIABLE
from introspect_bayes.simulate import SimulatedDesign, simulate_study
from introspect_bayes.study.download import DATA_VARIABLE, MIRROR_VARIABLE


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        content = self.server.content
        self.send_response(200 if content else 404)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def serve(monkeypatch):
    """Serve the same bytes under every address; without any, nothing is found."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:

        def start(content):
            server.content = content
            monkeypatch.setenv(MIRROR_VARIABLE, f"http://127.0.0.1:{server.server_port}/data")

        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield start
        server.shutdown()
        thread.join()


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """No data named, nothing cached, nobody listening."""
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv(MIRROR_VARIABLE, "http://127.0.0.1:9/data")
    return tmp_path / "cache"


@pytest.fixture
def made(monkeypatch):
    """Make small studies instead of full-sized ones, and count them."""
    calls = []

    def few(*arguments):
        calls.append(arguments)
        return simulate_study(*arguments, instilled=2, native=2)

    monkeypatch.setattr(simulate, "simulate_study", few)
    return calls


def test_named_data_is_taken_and_said_to_be_the_papers_or_not(
    write_study, cache, made, monkeypatch, capsys
):
    folder = write_study()
    monkeypatch.setenv(DATA_VARIABLE, str(folder))
    assert ib.example_study().source == str(folder)
    assert "0 of 31 files identical" in capsys.readouterr().out
    assert made == []


@pytest.mark.real_data
def test_the_papers_data_is_recognized(paper_data, cache, monkeypatch, capsys):
    monkeypatch.setenv(DATA_VARIABLE, str(paper_data))
    assert ib.example_study().base_models == ["gpt-4o-2024-08-06", "gpt-4o-mini-2024-07-18"]
    (line,) = capsys.readouterr().out.splitlines()
    assert line == "The paper's data: all 31 files identical to the authors' commit 1b723c6."


def test_without_network_a_study_is_simulated_once(cache, made, capsys):
    study = ib.example_study()
    assert study.name == "simulated"
    assert set(study.base_models) == {model.name for model in SimulatedDesign.shipped().models}
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("The paper's data is out of reach (ConnectionError): a simulated study")
    assert ib.example_study().source == study.source
    assert len(made) == 1
    assert study.source.startswith(str(cache))


def test_a_server_without_the_data_is_out_of_reach_too(cache, made, serve, capsys):
    serve(b"")
    assert ib.example_study().name == "simulated"
    assert "HTTPError" in capsys.readouterr().out


def test_a_damaged_download_is_no_missing_network(cache, made, serve):
    serve(b"something else")
    with pytest.raises(ib.InputError, match="downloading it failed"):
        ib.example_study()
    assert made == []


def test_a_damaged_cache_is_no_missing_network(cache, made):
    from introspect_bayes.study.download import cache_folder

    cache_folder().mkdir(parents=True)
    (cache_folder() / "roles.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(ib.InputError, match="checksum mismatch"):
        ib.example_study()


def test_an_interrupted_simulation_leaves_nothing(cache, made, monkeypatch):
    def interrupted(folder, *_):
        folder.mkdir()
        raise KeyboardInterrupt

    whole = simulate.simulate_study
    monkeypatch.setattr(simulate, "simulate_study", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ib.example_study()
    assert list(cache.glob("*/*")) == []
    monkeypatch.setattr(simulate, "simulate_study", whole)
    assert ib.example_study().name == "simulated"


def test_a_cache_that_cannot_be_written_is_named(cache, made):
    cache.write_text("a file", encoding="utf-8")
    with pytest.raises(ib.InputError, match="Not a directory"):
        ib.example_study()


@pytest.mark.compiles
def test_two_at_once_share_one_study(cache, made, monkeypatch):
    """The second finds the first one's study in its place when it is done."""
    whole = simulate.simulate_study

    def overtaken(folder, *rest):
        monkeypatch.setattr(simulate, "simulate_study", whole)
        first = ib.example_study()
        assert (cache / folder.name).samefile(first.source)
        return whole(folder, *rest)

    monkeypatch.setattr(simulate, "simulate_study", overtaken)
    assert ib.example_study().name == "simulated"
    assert len(list(cache.glob("simulated-*"))) == 1
