"""The files under ``config/`` agree with the code, and only the settings read the environment."""

import ast
import re
import subprocess
import sys
from datetime import time
from pathlib import Path

import pytest
from dotenv import dotenv_values
from env_grammars import docker, dotenv, systemd

from daemon.core.condor.policy import Sides, StrikesBy, WingsBy
from daemon.settings import env_file_text, load, rows, table_text
from daemon.settings.catalogue import catalogue
from daemon.settings.envfile import read_env_file

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config"
HOME = {"HOME": "/home/somebody"}
ENV_FILES = sorted(CONFIG.rglob("*.env"))
ASSIGNED = re.compile(r"#|$|[A-Z][A-Z0-9_]*=\S*$")
PRESETS = {path.stem: path for path in (CONFIG / "presets").glob("*.env")}


def documented() -> dict[str, str]:
    """Return every env file that is shipped, written by `config init`, or quoted in a document, by its name."""
    texts = {path.name: path.read_text() for path in ENV_FILES}
    lines = env_file_text().splitlines()
    switched = [line.removeprefix("#") if line.startswith("#CONDORD_") else line for line in lines]
    texts["every line switched on"] = "\n".join(switched)
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        quoted = re.findall(r"^```(?:env|ini)?\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
        envs = [text for text in quoted if all(ASSIGNED.match(line) for line in text.splitlines())]
        texts |= {f"{page.name} {n}": text for n, text in enumerate(envs, start=1)}
    return texts


@pytest.mark.parametrize(("name", "text"), documented().items(), ids=documented())
def test_every_env_file_is_read_alike_by_all_three_readers(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.env"
    path.write_text(text)
    read = read_env_file(path)
    ours = {item.name: item.text for item in read.assignments}

    assert dotenv(text) == dict(dotenv_values(path)) == ours
    assert systemd(text) == ours
    assert docker(text) == ours
    assert (read.problems, read.warnings) == ((), ())


def test_a_document_quotes_an_env_file() -> None:
    assert any(name.startswith("approvals.md") for name in documented())


def test_the_commented_file_shows_every_setting() -> None:
    assert (CONFIG / "condord.env").read_text() == env_file_text(), (
        "run: condord config init --force config/condord.env"
    )


def test_the_commented_file_changes_nothing_when_every_line_is_switched_on(tmp_path: Path) -> None:
    lines = (CONFIG / "condord.env").read_text().splitlines()
    path = tmp_path / "all.env"
    path.write_text("\n".join(line.removeprefix("#") if line.startswith("#CONDORD_") else line for line in lines))

    found = rows(load([path], HOME))

    assert all(row.source.kind == "file" for row in found)
    assert [row.spec.name for row in found if row.changed] == []


def test_the_table_of_settings_is_current() -> None:
    assert (CONFIG / "settings.md").read_text() == table_text(), "run: condord config table > config/settings.md"


def test_every_setting_has_a_range_and_one_sentence() -> None:
    for spec in catalogue():
        assert spec.allowed, spec.name
        assert spec.text.endswith("."), spec.name
        assert ". " not in spec.text, spec.name


def test_numbers_and_times_have_a_unit() -> None:
    counted = ("GATEWAY_PORT", "GATEWAY_CLIENT_ID", "GATEWAY_SEED")

    for spec in catalogue():
        number = spec.kind.name in ("WHOLE", "NUMBER", "TIME") and not spec.name.endswith(counted)
        assert not number or spec.unit, spec.name


# The table of presets in decision 22: days to expiry (target, fewest, most) and what they count, what the shorts are
# chosen by with its number, wings in points, hour of the entry, share of the credit taken, days to expiry at the end.
TABLE = {
    "ladder30": ((30, 25, 37), "days", "delta", 0.15, 25, time(15, 30), 50, 5),
    "d45_exit21": ((45, 38, 52), "days", "delta", 0.16, 25, time(15, 30), 50, 21),
    "weekly7": ((7, 5, 9), "days", "delta", 0.12, 25, time(15, 30), 50, 1),
    "d1_credit": ((1, 1, 1), "sessions", "credit", 1.15, 10, time(15, 55), None, None),
    "d0": ((0, 0, 0), "sessions", "delta", 0.10, 10, time(10, 0), None, None),
}


@pytest.mark.parametrize("preset", TABLE)
def test_a_preset_has_the_numbers_of_its_row(preset: str) -> None:
    settings = load([PRESETS[preset]], HOME)
    policy = settings.condor_policy()
    by_credit = policy.strikes_by is StrikesBy.CREDIT

    found = (
        (policy.dte_target, policy.dte_min, policy.dte_max),
        policy.dte_unit,
        policy.strikes_by,
        policy.credit_target_pts100 / 100 if by_credit else policy.short_delta,
        policy.wing_pts,
        settings.schedule.condor_entry,
        policy.take_profit_pct if policy.take_profit_enabled else None,
        policy.time_exit_dte if policy.time_exit_enabled else None,
    )

    assert found == TABLE[preset]
    assert policy.wings_by is WingsBy.POINTS
    assert policy.sides is Sides.BOTH


def test_the_default_is_the_thirty_day_ladder() -> None:
    assert load([PRESETS["ladder30"]], HOME).digest == load([], HOME).digest


@pytest.mark.parametrize(("tier", "credit_pts100"), [("d1_credit_070", 70), ("d1_credit_160", 160)])
def test_the_tiers_of_the_one_session_condor_change_its_credit_alone(tier: str, credit_pts100: int) -> None:
    whole, base = (
        load([PRESETS[name] for name in names], HOME).condor_policy() for names in (("d1_credit", tier), ("d1_credit",))
    )

    assert whole.credit_target_pts100 == credit_pts100
    assert (whole.dte_unit, whole.dte_target, whole.wing_pts) == (base.dte_unit, base.dte_target, base.wing_pts)


@pytest.mark.parametrize("preset", ["d1_credit", "d0"])
def test_a_preset_that_the_hedge_hardly_helps_says_so(preset: str, tmp_path: Path) -> None:
    (warning,) = load([PRESETS[preset]], HOME).warnings
    without = tmp_path / "without.env"
    without.write_text("CONDORD_HEDGE_ENABLED=false\n")

    assert "at most 2 %" in warning
    assert load([PRESETS[preset], without], HOME).warnings == ()


def test_set_and_forget_composes_with_every_other_preset() -> None:
    for path in PRESETS.values():
        policy = load([path, PRESETS["set_and_forget"]], HOME).condor_policy()

        assert not policy.take_profit_enabled
        assert not policy.time_exit_enabled


@pytest.mark.parametrize(
    ("preset", "total", "contracts", "weights"),
    [
        ("single_layer", "fixed_contracts", 10, [0, 10, 0]),
        ("fixed_442", "fixed_contracts", 10, [4, 4, 2]),
        ("flat_10pct", "flat", 10, [4, 4, 2]),
    ],
)
def test_a_plain_arm_of_the_hedge_has_its_total_and_its_layers(
    preset: str, total: str, contracts: int, weights: list[int]
) -> None:
    policy = load([PRESETS[preset]], HOME).hedge_policy()

    assert (policy.total, policy.fixed_contracts, policy.flat_pct) == (total, contracts, 10)
    assert [layer.weight for layer in policy.layers] == weights


def test_the_steward_is_the_default() -> None:
    assert load([PRESETS["steward"]], HOME).digest == load([], HOME).digest


def test_the_promoter_stays_at_the_floor_and_asks_for_a_quarter_more_credit() -> None:
    settings, default = load([PRESETS["promoter"]], HOME), load([], HOME)
    policy, usual = settings.hedge_policy(), default.hedge_policy()

    for band, known in ((policy.low, usual.low), (policy.moderate, usual.moderate), (policy.high, usual.high)):
        assert band.pct_low == band.pct_high == known.pct_low
    assert settings.condor.min_credit_pct == 1.25 * default.condor.min_credit_pct
    assert policy.harvest.cost_multiple < usual.harvest.cost_multiple
    assert policy.harvest.share_pct > usual.harvest.share_pct


def test_the_promoter_differs_in_numbers_only() -> None:
    settings, default = load([PRESETS["promoter"]], HOME), load([], HOME)

    assert settings.hedge_policy().layers == default.hedge_policy().layers
    assert settings.adjustment_policy() == default.adjustment_policy()
    assert settings.hedge_policy().budget == default.hedge_policy().budget


def test_the_arm_without_a_hedge_has_none() -> None:
    assert not load([PRESETS["no_hedge"]], HOME).hedge_policy().enabled


def test_only_the_settings_read_the_environment() -> None:
    readers = set()
    for path in (ROOT / "daemon").rglob("*.py"):
        names = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
        if names & {"environ", "getenv", "environb"}:
            readers.add(path.relative_to(ROOT / "daemon").parts[0])

    assert readers <= {"settings"}


def test_the_commands_load_no_settings_before_they_are_needed() -> None:
    code = "import sys, daemon.cli.config_commands; print('pydantic' in sys.modules, 'rich' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert done.stdout == "False False\n"
