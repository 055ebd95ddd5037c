"""A report in a real browser: nothing is complained of, every figure is seen, in light and dark."""

import json
import shutil
import subprocess

import pytest

from introspect_bayes.report.document.formats import html

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium")

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
  document.body.dataset.seen = JSON.stringify({
    seen, ink: body.color, page: body.backgroundColor,
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  });
});
</script>
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
def folder(tmp_path_factory, paper_like_report):
    """The page, and a copy that measures itself."""
    folder = tmp_path_factory.mktemp("browser")
    text = html(paper_like_report, "study-data")
    assert POLICY in text
    (folder / "study.html").write_text(text, encoding="utf-8")
    looking = text.replace(POLICY, f"{POLICY} ; script-src 'unsafe-inline'")
    looking = looking.replace("</body>", f"{LOOK}</body>")
    (folder / "looking.html").write_text(looking, encoding="utf-8")
    return folder


def measured(folder, *options):
    page, complaints = browse(folder / "looking.html", "--dump-dom", *options)
    assert complaints == []
    coded = page.partition('data-seen="')[2].partition('"')[0]
    return json.loads(coded.replace("&quot;", '"'))


@pytest.mark.parametrize("width", [500, 1200])
def test_every_figure_is_seen_and_nothing_is_complained_of(folder, paper_like_report, width):
    found = measured(folder, f"--window-size={width},900")
    names = [f"figure-{figure.name}" for figure in paper_like_report.figures]
    assert [picture["id"] for picture in found["seen"]] == names
    for picture in found["seen"]:
        assert picture["natural"] > 0
        assert picture["width"] > 150
        assert picture["height"] > 50
    # Wide tables scroll within themselves, the page never does.
    assert found["wide"] == 0


def test_dark_pages_turn_pictures_over(folder):
    light = measured(folder, "--blink-settings=preferredColorScheme=1")
    dark = measured(folder, "--blink-settings=preferredColorScheme=0")
    assert (light["page"], light["ink"]) == ("rgb(255, 255, 255)", "rgb(26, 26, 26)")
    assert (dark["page"], dark["ink"]) == ("rgb(21, 24, 28)", "rgb(232, 232, 232)")
    assert {picture["filter"] for picture in light["seen"]} == {"none"}
    assert {picture["filter"] for picture in dark["seen"]} == {"invert(1) hue-rotate(180deg)"}


def test_the_page_as_it_is_complains_of_nothing_and_prints(folder):
    paper = folder / "study.pdf"
    _, complaints = browse(folder / "study.html", f"--print-to-pdf={paper}")
    assert complaints == []
    assert paper.read_bytes().startswith(b"%PDF")
