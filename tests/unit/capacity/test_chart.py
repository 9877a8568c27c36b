"""The pictures: well-formed, complete, and free of anything from elsewhere."""

import re
from xml.etree import ElementTree

import pytest

from lepton.capacity.advice import Subject, recommend
from lepton.capacity.axes import nice_ticks, plain
from lepton.capacity.chart import chart
from lepton.capacity.page import page
from lepton.capacity.prices import prices_of
from lepton.capacity.request import Options
from lepton.ports import LoadSeries
from tests.unit.capacity.loads import daily, sparse

SVG = "{http://www.w3.org/2000/svg}"


def pictures(series: LoadSeries) -> tuple[str, str]:
    plan = recommend(Subject(series.resource, "Fn"), series, Options(), prices_of("us-east-1"), service=0.5)
    drawn = chart(plan, series)
    return drawn, page(plan, drawn)


@pytest.mark.parametrize(("series", "lines"), [(daily(100_000), 3), (sparse(), 2)])
def test_the_chart_shows_history_forecast_and_the_plan_if_there_is_one(series: LoadSeries, lines: int) -> None:
    tree = ElementTree.fromstring(pictures(series)[0])
    words = [node.text for node in tree.iter(f"{SVG}text")]
    assert len(list(tree.iter(f"{SVG}polyline"))) == lines
    assert len(list(tree.iter(f"{SVG}polygon"))) == 2
    assert {"history", "median", "this plan", "static peak", "UTC"} <= set(words)


def test_nothing_is_drawn_outside_the_chart() -> None:
    drawn = pictures(daily(100_000))[0]
    points = [
        tuple(map(float, pair.split(","))) for way in re.findall(r'points="([^"]+)"', drawn) for pair in way.split()
    ]
    assert all(64 <= x <= 930.1 and 96 <= y <= 380.1 for x, y in points)


def test_the_page_asks_for_nothing_from_elsewhere() -> None:
    html = pictures(daily(100_000))[1]
    assert "<script" not in html
    assert not re.search(r'(src|href)="', html)
    assert "What each way costs" in html


def test_ticks_are_round_and_reach_the_top() -> None:
    assert nice_ticks(233) == [0, 50, 100, 150, 200, 250]
    assert nice_ticks(0.7) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    assert [plain(v) for v in (0, 2.5, 1200, 35_000)] == ["0", "2.5", "1,200", "35k"]
