"""`make docs` writes a page entry for every public name, and its links lead somewhere."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import elastic_pinn as ep

PROJECT = Path(__file__).parents[1]


class Page(HTMLParser):
    """The anchors of a page, and where its links lead."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs) -> None:
        given = dict(attrs)
        self.anchors |= {given["id"]} if given.get("id") else set()
        self.links |= {given["href"]} if tag == "a" and given.get("href") else set()


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[Path, Page]:
    """The pages that the recipe of `make docs` writes, by their paths."""
    folder = tmp_path_factory.mktemp("docs")
    (recipe,) = re.findall(r"^\t\$\(BIN\)/python (-m pdoc .*)$", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    subprocess.run([sys.executable, *recipe.replace(" docs ", f" {folder} ").split()], cwd=PROJECT, check=True)
    return {path.relative_to(folder): Page(path) for path in folder.rglob("*.html")}


@pytest.mark.slow
def test_every_public_name_has_an_entry(pages):
    modules = {
        "figures": "elastic_pinn/workbench/figures.html",
        "processing": "elastic_pinn/physics/data/processing.html",
    }
    first = pages[Path("elastic_pinn.html")]
    assert set(ep.__all__) - modules.keys() <= first.anchors
    for name, page in modules.items():
        public = set(getattr(ep, name).__all__)
        assert public and public <= pages[Path(page)].anchors and page in first.links


@pytest.mark.slow
def test_no_link_within_the_pages_leads_nowhere(pages):
    for path, page in pages.items():
        for link in page.links:
            file, _, anchor = link.partition("#")
            if "://" not in link and (file or anchor):
                there = Path(*_normal(path.parent / file)) if file else path
                assert there in pages and (not anchor or anchor in pages[there].anchors), f"{path}: {link}"


def _normal(path: Path) -> list[str]:
    """The parts of a relative path, those that `..` undoes left out."""
    found: list[str] = []
    for part in path.parts:
        found = found[:-1] if part == ".." else [*found, part]
    return found
