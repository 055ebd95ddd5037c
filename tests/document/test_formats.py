"""One report in four formats, and in a browser: the same numbers, well formed, the same bytes."""

import base64
import io
import json
import re
import shutil
import subprocess
from html import escape
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

import introspect_bayes as ib
from introspect_bayes.document import Target, build, write_document
from introspect_bayes.document.formats import (
    FORMATS,
    csv,
    format_named,
    html,
    latex,
    markdown,
)
from introspect_bayes.presentation.records import Document, Section, Table, csv_text
from report_data import MADE

pytestmark = pytest.mark.compiles

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium")


@pytest.fixture
def report(small_model_report):
    """The small model's: sections are tested on two studies."""
    return small_model_report


class Page(HTMLParser):
    """What a page holds, and whether every element is closed."""

    VOID = frozenset({"meta", "link", "img", "br", "input"})

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.words = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def named(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def page(report):
    return Page(html(report, "study-data"))


def test_the_page_is_well_formed_and_its_links_lead_somewhere(page):
    assert page.open == []
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for link in page.named("a"):
        if link["href"].startswith("#"):
            assert link["href"][1:] in ids


def test_the_page_loads_nothing_from_elsewhere(page):
    loaded = [attributes["src"] for _, attributes in page.elements if "src" in attributes]
    loaded += [attributes["href"] for attributes in page.named("link")]
    assert loaded
    assert all(address.startswith("data:") for address in loaded)
    assert not page.named("script")
    links = [a["href"] for a in page.named("a") if not a["href"].startswith(("#", "data:"))]
    assert links == ["study-data/index.csv"]
    assert "url(" not in "".join(page.words)


def test_tables_and_figures_can_be_read_aloud(report, page):
    heads = page.named("th")
    assert heads
    assert {head["scope"] for head in heads} == {"col", "row"}
    assert len(page.named("caption")) == len(page.named("table")) == len(list(report.tables))
    alternatives = [picture["alt"] for picture in page.named("img")]
    assert alternatives == [figure.alternative for figure in report.figures]


def test_data_in_the_page_are_those_of_the_tables_and_figures(report, page):
    links = {a["download"]: a["href"] for a in page.named("a") if "download" in a}
    for block in (*report.tables, *report.figures):
        coded = links[f"{block.name}.csv"].partition("base64,")[2]
        assert base64.b64decode(coded).decode() == csv_text(block)


def test_pictures_are_svg_with_letters_as_outlines_and_no_date(report):
    for figure in report.figures:
        root = ET.fromstring(figure.svg)  # noqa: S314 - drawn here
        assert not list(root.iter("{http://www.w3.org/2000/svg}text"))
        assert b"dc:date" not in figure.svg
        assert figure.size[0] > 100
        assert figure.size[1] > 50


def test_markup_in_a_study_is_text(report):
    name = "<b>&|*model*`"
    table = Table("t", name, (name,), ((name,),), pd.DataFrame({"a": [name]}), for_paper=True)
    document = Document(name, name, MADE, (Section("s", name, (table,)),))
    page = Page(html(document, "f"))
    assert not page.named("b")
    assert name in "".join(page.words)
    assert r"| \<b\>&\|\*model\*\` |" in markdown(document, "f")


def test_markdown_tables_have_one_width_and_name_their_files(report, tmp_path):
    text = markdown(report, "study-data")
    widths = {}
    for line in text.splitlines():
        if line.startswith("|"):
            cells = len(re.findall(r"(?<!\\)\|", line))
            widths.setdefault(cells, 0)
    for table in report.tables:
        head = "|" + "".join(f" {h} |" for h in table.headers)
        assert len(table.headers) + 1 in widths, head
        assert f"(study-data/{table.name}.csv)" in text
    for figure in report.figures:
        assert f"(study-data/{figure.name}.svg)" in text
    assert text.count("## ") == len(report.sections)


def test_latex_holds_the_headline_with_booktabs(report):
    text = latex(report, "study-data")
    table = next(report.tables)
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len(rows) == 1 + len(table.rows)
    assert all(row.count("&") == len(table.headers) - 1 for row in rows)
    assert r"\toprule" in text
    for command in (r"\begin{table}", r"\end{table}"):
        assert text.count(command) == 1
    # Outside comments nothing that TeX would take for a comment, or cannot print.
    body = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    assert not re.search(r"(?<!\\)[%#]", body)
    assert "±" not in body
    assert re.sub(r"\\_|\$[^$]*\$", "", body).count("_") == 0


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex")
def test_latex_compiles(report, tmp_path):
    target = Target.checked(tmp_path / "tables.tex")
    write_document(report, target)
    main = (
        r"\documentclass{article}\usepackage{booktabs}\begin{document}\input{tables}\end{document}"
    )
    (tmp_path / "main.tex").write_text(main, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "main.tex"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stdout.decode(errors="replace")[-2000:]
    assert (tmp_path / "main.pdf").is_file()


def test_csv_is_the_headline_in_full_precision(report):
    frame = pd.read_csv(io.StringIO(csv(report, "f")))
    pd.testing.assert_frame_equal(
        frame[["id", "estimate"]], next(report.tables).data[["id", "estimate"]]
    )


def test_the_same_study_gives_the_same_bytes(small_model, small_model_report):
    again = build(small_model, made=MADE)
    for _, write in FORMATS.values():
        assert write(again, "f") == write(small_model_report, "f")
    later = build(small_model, made="later")
    text = html(small_model_report, "f")
    assert html(later, "f").replace("<time>later", f"<time>{MADE}") == text


def test_formats_go_by_name_or_ending():
    assert [format_named(None, ending) for ending in (".html", ".tex")] == ["html", "latex"]
    with pytest.raises(ib.InputError, match=r"no format 'pdf'.*html, markdown, latex, csv"):
        format_named("pdf")
    with pytest.raises(ib.InputError, match=r"cannot end in '\.pdf'"):
        format_named(None, ".pdf")


def test_a_report_replaces_an_earlier_one_and_nothing_else(small_model_report, tmp_path):
    file = tmp_path / "study.html"
    for _ in range(2):
        written = write_document(small_model_report, Target.checked(file))
    assert written == [file, tmp_path / "study-data"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["study-data", "study.html"]
    index = pd.read_csv(tmp_path / "study-data" / "index.csv")
    assert {*index["file"], "index.csv"} == {p.name for p in (tmp_path / "study-data").iterdir()}
    for block in (*small_model_report.tables, *small_model_report.figures):
        kept = (tmp_path / "study-data" / f"{block.name}.csv").read_text(encoding="utf-8")
        assert kept == csv_text(block)
    (tmp_path / "study-data" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ib.InputError, match=r"it holds notes\.txt"):
        Target.checked(file)


def test_a_failed_writing_leaves_the_earlier_report_as_it_was(
    small_model_report, tmp_path, monkeypatch
):
    file = tmp_path / "study.html"
    write_document(small_model_report, Target.checked(file))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    with pytest.raises(ib.InputError, match="No space left"):
        write_document(small_model_report, Target.checked(tmp_path / "study.tex"))
    monkeypatch.undo()
    after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert after == before


POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
LOOK = """
<script>
addEventListener("load", () => {
  const seen = [...document.images].map(picture => {
    const box = picture.getBoundingClientRect();
    return {
      id: picture.closest("figure").id, natural: picture.naturalWidth,
      width: box.width, height: box.height, filter: getComputedStyle(picture).filter,
    };
  });
  const body = getComputedStyle(document.body);
  const told = window.parent.document.body;
  told.dataset.seen = JSON.stringify({
    width: innerWidth, seen, ink: body.color, page: body.backgroundColor,
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  });
});
</script>
"""
PHONE = """<!DOCTYPE html>
<html><body><iframe srcdoc="{page}" width="375" height="800" frameborder="0"></iframe></body></html>
"""


def browse(file, *options):
    command = [
        CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
        f"--user-data-dir={file.parent / 'profile'}", "--virtual-time-budget=3000", *options,
        file.as_uri(),
    ]  # fmt: skip
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return ran.stdout, [line for line in ran.stderr.splitlines() if "CONSOLE" in line]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, small_model_report):
    """The page, and a copy that measures itself."""
    folder = tmp_path_factory.mktemp("browser")
    text = html(small_model_report, "study-data")
    assert POLICY in text
    (folder / "study.html").write_text(text, encoding="utf-8")
    looking = text.replace(POLICY, f"{POLICY} ; script-src 'unsafe-inline'")
    looking = looking.replace("</body>", f"{LOOK}</body>")
    (folder / "looking.html").write_text(looking, encoding="utf-8")
    framed = PHONE.format(page=escape(looking))
    (folder / "phone.html").write_text(framed, encoding="utf-8")
    return folder


def measured(folder, *options, page="looking.html"):
    page, complaints = browse(folder / page, "--dump-dom", *options)
    assert complaints == []
    coded = page.partition('data-seen="')[2].partition('"')[0]
    return json.loads(coded.replace("&quot;", '"'))


@needs_chromium
@pytest.mark.parametrize("width", [500, 1200])
def test_every_figure_is_seen_and_nothing_is_complained_of(folder, small_model_report, width):
    check_seen(measured(folder, f"--window-size={width},900"), small_model_report, width)


@needs_chromium
def test_the_page_fits_a_phone(folder, small_model_report):
    """Chromium has no window narrower than 500 pixels, but a frame may be."""
    check_seen(
        measured(folder, "--window-size=900,900", page="phone.html"), small_model_report, 375
    )


def check_seen(found, report, width):
    assert found["width"] == width
    names = [f"figure-{figure.name}" for figure in report.figures]
    assert [picture["id"] for picture in found["seen"]] == names
    for picture in found["seen"]:
        assert picture["natural"] > 0
        assert picture["width"] > 150
        assert picture["height"] > 50
    # Wide tables scroll within themselves, the page never does.
    assert found["wide"] == 0


@needs_chromium
def test_dark_pages_turn_pictures_over(folder):
    light = measured(folder, "--blink-settings=preferredColorScheme=1")
    dark = measured(folder, "--blink-settings=preferredColorScheme=0")
    assert (light["page"], light["ink"]) == ("rgb(255, 255, 255)", "rgb(26, 26, 26)")
    assert (dark["page"], dark["ink"]) == ("rgb(21, 24, 28)", "rgb(232, 232, 232)")
    assert {picture["filter"] for picture in light["seen"]} == {"none"}
    assert {picture["filter"] for picture in dark["seen"]} == {"invert(1) hue-rotate(180deg)"}


@needs_chromium
def test_the_page_as_it_is_complains_of_nothing_and_prints(folder):
    paper = folder / "study.pdf"
    _, complaints = browse(folder / "study.html", f"--print-to-pdf={paper}")
    assert complaints == []
    assert paper.read_bytes().startswith(b"%PDF")
