"""The page about alerts has the table of the code, and names settings that exist."""

import re
from pathlib import Path

from daemon.report.alerts import kinds_markdown
from daemon.settings.catalogue import by_name

PAGE = Path(__file__).parents[2] / "docs" / "alerts.md"


def test_the_table_of_alerts_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8").endswith(kinds_markdown()), "run: condord alert kinds --markdown"


def test_every_setting_of_alerts_is_told() -> None:
    told = set(re.findall(r"CONDORD_ALERT_[A-Z_]+", PAGE.read_text(encoding="utf-8")))

    assert told == {name for name in by_name() if name.startswith("CONDORD_ALERT_")}
