"""Prices are dated, sourced, and looked up by region."""

import pytest

from lepton.capacity.prices import prices_of, regions
from lepton.errors import InvalidRequest


@pytest.mark.parametrize("region", regions())
def test_every_price_list_has_its_region_a_date_and_a_source(region: str) -> None:
    prices = prices_of(region)
    assert prices.region == region
    assert "re-check" in prices.source
    assert 0 < prices.break_even < 1


def test_an_unknown_region_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(InvalidRequest, match="no price list") as told:
        prices_of("mars-north-1")
    assert told.value.pointer == "/region"
    assert "us-east-1" in str(told.value.hint)
