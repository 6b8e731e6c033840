"""A made-up desk that has traded 31 sessions, run once for all tests that only read it."""

import pytest
from report_world import World


@pytest.fixture(scope="session")
def world() -> World:
    desk = World()
    desk.run()
    return desk
