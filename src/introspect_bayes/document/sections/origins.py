"""Where the numbers come from, and how to cite them."""

from collections.abc import Iterator
from hashlib import file_digest
from importlib.metadata import version
from pathlib import Path
from typing import Final

import pandas as pd

from introspect_bayes.collect.provenance import provenance as made_by
from introspect_bayes.document.tabulating import from_frame
from introspect_bayes.document.templating import rendered
from introspect_bayes.findings import Findings
from introspect_bayes.presentation.provenance import sampling
from introspect_bayes.presentation.records import Block, Code, Paragraph, Section
from introspect_bayes.study.download import identity, paper_data

_VERSIONS: Final = ("pymc", "pytensor", "nutpie", "bambi", "arviz", "numpy", "scipy", "pandas")


def provenance(findings: Findings) -> Section:
    """Return what the study is, how it was sampled, versions, and the hash of every file."""
    return Section("provenance", "Provenance", tuple(_blocks(findings)))


def _blocks(findings: Findings) -> Iterator[Block]:
    frame = pd.DataFrame(_origins(findings), columns=["what", "value"])
    yield from_frame("provenance", "How the numbers came about", frame)
    hashes = file_hashes(Path(findings.study.source))
    yield from_frame(
        "data-files",
        "Data files",
        hashes,
        caption="SHA-256 of the files of the study's folder, as they are now.",
        code=("SHA-256",),
    )


def _origins(findings: Findings) -> Iterator[tuple[str, str]]:
    analysis = findings.analysis
    study, settings = analysis.study, analysis.settings
    yield "study", study.name
    yield "folder", Path(study.source).name
    if same := identity(Path(study.source)):
        yield "data", same
    if said := study.chosen_rows.sentences():
        yield "rows", "; ".join(said)
    yield "base models", ", ".join(study.base_models)
    yield "sampling", sampling(analysis)
    yield "engine of choice weights", settings.engine
    yield "seed", str(settings.choice_sampler.seed)
    made = made_by()
    commit = made["commit"]
    state = ", with changes" if made["dirty"] else ""
    yield "introspect-bayes", f"{made['introspect_bayes']}"
    yield "commit", f"{commit}{state}" if commit else "unknown (an installed package)"
    yield "Python", f"{made['python']} ({made['platform']})"
    yield "packages", ", ".join(f"{name} {version(name)}" for name in _VERSIONS)


def file_hashes(folder: Path) -> pd.DataFrame:
    """Return the SHA-256 of each file in a folder, hidden files left out.

    Parameters
    ----------
    folder
        A study's folder.

    Returns
    -------
    pandas.DataFrame
        One row a file: file (relative to the folder), bytes, SHA-256; in a folder that holds files
        of the paper's data also published: whether it is what the authors published.
    """
    known: dict[str, str] = paper_data()["sha256"]
    rows = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if not path.is_file() or any(part.startswith(".") for part in name.parts):
            continue
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        rows.append((name.as_posix(), path.stat().st_size, digest))
    frame = pd.DataFrame(rows, columns=["file", "bytes", "SHA-256"])
    if frame["file"].isin(known.keys()).any():
        same = frame["SHA-256"] == frame["file"].map(known)
        frame["as published"] = same.map({True: "yes", False: "no"})
    return frame


def citation(findings: Findings) -> Section:
    """Return sentences and BibTeX entries to cite the software, the paper and the libraries."""
    named = findings.study.name
    blocks = (
        Paragraph(
            f"Results of {named} with introspect-bayes {version('introspect-bayes')}, whose "
            "analyses mirror Plunkett, Morris, Reddy and Morales (2025). Models are fitted with "
            "PyMC, Bambi and nutpie, and checked with ArviZ. Please cite software, paper and "
            "libraries."
        ),
        Code(rendered("citation.bib.j2", version=version("introspect-bayes")).strip()),
    )
    return Section("citation", "How to cite", blocks)
