"""The page is one file that needs no other."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from lepton.endpoint import docs

PAGE = (Path(docs.__file__).parent / "page.html").read_text()


def test_it_is_small() -> None:
    assert len(PAGE.encode()) < 60_000


def test_it_fetches_nothing_from_anywhere_else() -> None:
    hosts = set(re.findall(r"https?://([\w.:-]+)", PAGE))
    assert hosts <= {"www.w3.org", "127.0.0.1:8080"}
    assert re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=\"(?!data:)", PAGE) == []
    assert not re.search(r"@import|url\(", PAGE[: PAGE.index("</style>")])


def test_what_comes_over_the_wire_is_never_read_as_html() -> None:
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", PAGE)


@pytest.mark.parametrize("identifier", sorted(set(re.findall(r"\$\(\"(\w+)\"\)", PAGE))))
def test_what_the_script_looks_for_is_on_the_page(identifier: str) -> None:
    assert f'id="{identifier}"' in PAGE


def test_it_can_be_used_without_a_mouse_and_in_a_narrow_window() -> None:
    assert ":focus-visible" in PAGE
    assert "max-width: 820px" in PAGE
    assert "light-dark(" in PAGE
    assert PAGE.count("aria-label") > 6


def test_who_only_predicts_never_pays_for_it() -> None:
    needed = "import sys, lepton.endpoint.serving, lepton.endpoint.routes_infer"
    told = f"{needed}; print([name for name in sys.modules if '.docs' in name])"
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
