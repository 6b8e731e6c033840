"""Every rule and decision that the code cites is explained in ``docs/rules.md``."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CITED = re.compile(r"\b00[0-4]-\d\d\b|\bdecisions? \d+", re.IGNORECASE)
EXPLAINED = re.compile(r"^\| (00[0-4]-\d\d|decision \d+) \|", re.MULTILINE)


def test_every_cited_rule_and_decision_is_explained() -> None:
    explained = set(EXPLAINED.findall((ROOT / "docs/rules.md").read_text(encoding="utf-8")))
    cited = {
        (path.relative_to(ROOT).as_posix(), found.lower().replace("decisions", "decision"))
        for folder in ("daemon", "tests")
        for path in (ROOT / folder).rglob("*.py")
        for found in CITED.findall(path.read_text(encoding="utf-8"))
    }

    assert len(cited) > 20
    assert sorted((path, found) for path, found in cited if found not in explained) == []
