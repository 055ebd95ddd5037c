"""What would differ between operating systems, found by reading the source."""

import ast
from pathlib import Path

import introspect_bayes

PACKAGE = Path(introspect_bayes.__file__).parent
ONLY_POSIX = {"fcntl", "pwd", "grp", "resource", "termios", "pty"}


def calls():
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                named = {keyword.arg for keyword in node.keywords}
                yield f"{path.relative_to(PACKAGE)}:{node.lineno}", node, named


def test_texts_are_written_with_the_same_bytes_everywhere():
    # Checksums are over bytes; Windows would end lines otherwise.
    written = [(where, named) for where, node, named in calls() if writes_text(node, named)]
    assert len(written) >= 5
    assert [where for where, named in written if not {"encoding", "newline"} <= named] == []


def writes_text(node, named):
    method = node.func.attr
    mode = node.args[0] if node.args else None
    opens = method == "open" and isinstance(mode, ast.Constant) and str(mode.value) in "wax"
    return (method == "write_text" and "encoding" in named) or opens


def test_texts_are_read_as_utf_8():
    read = [(where, named) for where, node, named in calls() if node.func.attr == "read_text"]
    assert [where for where, named in read if "encoding" not in named] == []


def test_nothing_is_imported_that_only_posix_has():
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not ONLY_POSIX & set(names), path
            is_fork = isinstance(node, ast.Attribute) and node.attr in {"fork", "SIGKILL", "SIGHUP"}
            assert not is_fork, path
