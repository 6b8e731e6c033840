from datetime import date

from sim_world import full, packaged

from daemon.sim.market import Market


def test_the_table_reads_back_as_exactly_the_values_of_the_full_history() -> None:
    assert all(full().facts(day) == facts for day, facts in packaged().days.items())


def test_morning_settlement_is_the_published_one_where_it_is_known() -> None:
    assert Market(full(), 7).soq(date(2008, 10, 22)) == full().facts(date(2008, 10, 22)).vro == 63.04


def test_full_history_has_no_gap_from_1991_on() -> None:
    """VIX has no row on 1991-03-01; everything after is unbroken."""
    assert full().windows()[-1] == (date(1991, 3, 4), full().last)


def test_the_only_estimates_of_2020_are_none() -> None:
    assert {name for day, facts in full().days.items() if day.year == 2020 for name in facts.proxies} == set()
