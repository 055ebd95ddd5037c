"""The README's example of filling a store runs as written."""

import re
from pathlib import Path

import introspect_bayes as ib
from introspect_bayes.cli import main

README = Path(__file__).parents[1] / "README.md"


def test_replies_of_ones_own_are_stored_and_analysed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    counts = ["--choices", "5", "--native-choices", "5", "--reports", "2"]
    assert main(["prepare", "my-study", "--instilled", "3", "--native", "2", *counts]) == 0
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (example,) = [block for block in blocks if "ask(" in block]

    def ask(model, messages):
        return (
            "B" if messages[1]["content"].startswith("[DECISION TASK]") else "I would rather not."
        )

    exec(example, {"ask": ask})  # noqa: S102 - the document's own code
    study = ib.load_study("my-study")
    assert len(study.choices) == 3 * 5 + 2 * 5
    assert study.failures["count"].sum() == 3 * 2 + 3 * 2 + 2 * 2
    assert set(study.failures["failure"]) <= {"refusal", "not JSON"}
