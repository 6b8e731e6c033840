"""``condord approve`` as three people use it: real commands, real keys, a real database, and no daemon."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from approval_values import approval
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from daemon.adapters.clock import SystemClock, computer_now
from daemon.adapters.store import DATABASE, SqliteStore
from daemon.app.governor import Governor, settings_in_force
from daemon.cli.main import condord
from daemon.core.calendar.sessions import log_session
from daemon.core.hedge.governance import Act, standing
from daemon.engine.journal import Journal
from daemon.errors import CondordError, NotReadyError, StoreError
from daemon.settings import Settings, load

PEOPLE = ("alice", "bob", "carol")
CHANGED = "CONDORD_HEDGE_L1_WEIGHT=5\nCONDORD_HEDGE_L2_WEIGHT=3\n"


class Desk:
    """A folder with settings, keys and a database, and the commands upon it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = folder / "condord.env"
        self.env.write_text(f"CONDORD_STATE_DIR={folder / 'state'}\nCONDORD_HEDGE_APPROVERS_DIR={folder / 'keys'}\n")
        (folder / "keys").mkdir()
        (folder / "private").mkdir()
        for name in PEOPLE:
            self.ok("approve", "keygen", name, "--out", str(folder / "private"))
            (folder / "private" / f"{name}.pem").rename(folder / "keys" / f"{name}.pem")

    def invoke(self, *words: str, answer: str = "") -> Result:
        return CliRunner(env={"HOME": str(self.folder)}).invoke(condord, words, input=answer)

    def ok(self, *words: str, answer: str = "") -> str:
        result = self.invoke(*words, answer=answer)
        assert result.exit_code == 0, (result.output, result.exception)
        return result.output

    def refused(self, *words: str) -> str:
        """Return the sentence of a command that ends with exit code 2."""
        error = self.invoke(*words).exception
        assert isinstance(error, CondordError), error
        assert error.exit_code == 2
        return str(error)

    @property
    def settings(self) -> Settings:
        return load([self.env], {"HOME": str(self.folder)})

    def store(self) -> SqliteStore:
        return SqliteStore(self.settings.state_dir / DATABASE, "OFF")

    def start(self) -> Settings:
        """Do what a start of the daemon does about the policy; return the settings that hold."""
        with closing(self.store()) as store:
            governor = Governor(self.settings, store, Journal(store, SystemClock(), log_session))
            held = governor.settings_in_force()
            governor.settle()
            return held

    def change(self, text: str = CHANGED) -> None:
        with self.env.open("a") as file:
            file.write(text)

    def propose(self) -> Path:
        path = self.folder / "change.proposal"
        path.unlink(missing_ok=True)
        self.ok("approve", "show", "--out", str(path), "--env-file", str(self.env))
        return path

    def signed(self, name: str, *options: str) -> Path:
        path = self.folder / f"{name}.approval"
        path.unlink(missing_ok=True)
        key = self.folder / "private" / f"{name}.key"
        words = ("approve", "sign", str(self.propose()), "--key", str(key), "--out", str(path), "--yes")
        self.ok(*words, *options)
        return path

    def add(self, path: Path) -> Sequence[str]:
        return ("approve", "add", str(path), "--env-file", str(self.env))

    def acts(self) -> list[Act]:
        with closing(self.store()) as store:
            return [entry.step.act for entry in store.governance()]

    def events(self) -> list[str]:
        with closing(self.store()) as store:
            return [event.name for event in store.events()]

    def weight(self) -> int:
        """Return the weight of L1 that holds."""
        with closing(self.store()) as store:
            return settings_in_force(self.settings, store.governance()).hedge.l1.weight


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def waiting(desk: Desk) -> Desk:
    """A desk whose daemon was started with a change that nobody has signed."""
    desk.start()
    desk.change()
    desk.start()
    return desk


class TestThreePeople:
    def test_a_change_holds_only_after_two_have_signed(self, waiting: Desk) -> None:
        before = waiting.start().hedge.l1.weight
        one = waiting.ok(*waiting.add(waiting.signed("alice")))
        between = waiting.start().hedge.l1.weight
        two = waiting.ok(*waiting.add(waiting.signed("carol")))
        after = waiting.start().hedge.l1.weight

        assert (before, between, after) == (4, 4, 5)
        assert "1 more of bob, carol must sign" in one
        assert "the next start follows it" in two
        assert waiting.acts() == [Act.ADOPTED, Act.PROPOSED, Act.APPROVED, Act.APPROVED, Act.ADOPTED]

    def test_every_start_warns_once_while_a_change_waits(self, waiting: Desk) -> None:
        waiting.start()

        assert waiting.events() == ["hedge_policy_adopted", "hedge_policy_unapproved", "hedge_policy_unapproved"]

    def test_settings_that_no_start_has_seen_are_shown_with_what_a_running_daemon_needs(self, waiting: Desk) -> None:
        shown = ("approve", "show", "--env-file", str(waiting.env))
        before = waiting.ok(*shown)

        waiting.change("CONDORD_HEDGE_L1_WEIGHT=6\nCONDORD_HEDGE_L2_WEIGHT=2\n")

        assert "note" not in before
        assert waiting.ok(*shown).endswith(
            "note        no start has seen these settings yet: a daemon that runs refuses their approvals until it is restarted\n"
        )

    def test_settings_that_need_no_approval_hold_at_once(self, waiting: Desk) -> None:
        waiting.change("CONDORD_HEDGE_LADDER_STEP_S=20\nCONDORD_CONDOR_WING_PTS=30\n")

        held = waiting.start()

        assert (held.hedge.ladder_step_s, held.condor.wing_pts, held.hedge.l1.weight) == (20, 30, 4)

    def test_whoever_removes_the_keys_from_the_settings_does_not_get_round_them(self, waiting: Desk) -> None:
        waiting.change("CONDORD_HEDGE_APPROVERS_DIR=\n")

        assert waiting.start().hedge.l1.weight == 4
        assert waiting.acts()[-1] is Act.PROPOSED

    def test_a_signer_is_shown_what_would_change_and_may_decline(self, waiting: Desk) -> None:
        proposal, out = waiting.propose(), waiting.folder / "no.approval"
        key = waiting.folder / "private" / "bob.key"

        result = waiting.invoke("approve", "sign", str(proposal), "--key", str(key), "--out", str(out), answer="n\n")

        assert result.exit_code != 0
        assert "CONDORD_HEDGE_L1_WEIGHT 4 -> 5" in result.output
        assert not out.exists()

    def test_show_tells_the_changes_and_who_has_signed(self, waiting: Desk) -> None:
        waiting.ok(*waiting.add(waiting.signed("bob")))

        found = json.loads(waiting.ok("approve", "show", "--env-file", str(waiting.env), "--json"))

        assert found["changes"] == ["CONDORD_HEDGE_L1_WEIGHT 4 -> 5", "CONDORD_HEDGE_L2_WEIGHT 4 -> 3"]
        assert [each["approver"] for each in found["signed"]] == ["bob"]
        assert (found["needed"], found["approvers"]) == (2, [*PEOPLE])

    @pytest.mark.parametrize("command", ["status", "hedge"])
    def test_reading_commands_tell_changes_and_signatures(self, waiting: Desk, command: str) -> None:
        waiting.ok(*waiting.add(waiting.signed("bob")))

        said = waiting.ok(command, "--env-file", str(waiting.env))

        assert "which has 1 of 2 approvals (by bob); still to sign: alice, carol" in " ".join(said.split())
        assert "CONDORD_HEDGE_L1_WEIGHT 4 -> 5" in said

    def test_the_check_of_the_settings_warns(self, waiting: Desk) -> None:
        (found,) = [
            text
            for text in json.loads(waiting.ok("config", "check", "--env-file", str(waiting.env), "--json"))["warnings"]
            if "approvals" in text
        ]

        assert found.startswith("these changes have 0 of 2 approvals")
        assert "CONDORD_HEDGE_L1_WEIGHT 4 -> 5" in found

    def test_the_settings_are_shown_with_the_value_in_force(self, waiting: Desk) -> None:
        words = ("config", "show", "--changed", "--env-file", str(waiting.env))
        found = {row["name"]: row for row in json.loads(waiting.ok(*words, "--json"))["settings"]}

        row = found["CONDORD_HEDGE_L1_WEIGHT"]
        assert (row["value"], row["in_force"], row["approval"]) == ("5", "4", True)
        assert "CONDORD_HEDGE_L1_WEIGHT=4 is in force until the change is approved" in waiting.invoke(*words).stderr

    def test_the_log_is_shown_after_it_was_checked(self, waiting: Desk) -> None:
        waiting.ok(*waiting.add(waiting.signed("bob")))

        assert waiting.ok("approve", "log", "--env-file", str(waiting.env)).endswith(
            "3 entries; chain, signatures and adoptions are right\n"
        )

    def test_a_log_that_somebody_changed_stops_the_start(self, waiting: Desk) -> None:
        with closing(waiting.store()) as store, store._transaction():
            store._connection.write("DROP TRIGGER governance_stays")
            store._connection.write("UPDATE governance SET who = 'alice' WHERE number = 1")

        with pytest.raises(StoreError, match="entry 1 of the governance log was changed"):
            waiting.start()

    def test_an_entry_that_nothing_can_read_is_told_with_the_remedy(self, waiting: Desk) -> None:
        with sqlite3.connect(waiting.settings.state_dir / DATABASE) as conn:
            conn.execute("DROP TRIGGER governance_stays")
            conn.execute("UPDATE governance SET act = 'forgotten' WHERE number = 1")

        with pytest.raises(StoreError, match=r"the governance log cannot be read.*'forgotten'.*restore a backup"):
            waiting.start()

    @pytest.mark.parametrize("words", [("hedge",), ("hedge", "calendar")])
    def test_the_hedge_is_not_shown_by_a_log_that_somebody_changed(self, waiting: Desk, words: Sequence[str]) -> None:
        with sqlite3.connect(waiting.settings.state_dir / DATABASE) as conn:
            conn.execute("DROP TRIGGER governance_stays")
            conn.execute("UPDATE governance SET body = 'something else' WHERE number = 1")

        error = waiting.invoke(*words, "--env-file", str(waiting.env)).exception

        assert isinstance(error, StoreError)
        assert "entry 1 of the governance log was changed after it was written" in str(error)


class TestRefusals:
    def left_alone(self, desk: Desk) -> bool:
        """Whether the policy in force is still the first one."""
        with closing(desk.store()) as store:
            adopted = standing(store.governance()).adopted
        return adopted is not None and adopted.number == 1 and desk.weight() == 4

    def test_a_forged_approval(self, waiting: Desk) -> None:
        path = waiting.signed("bob")
        path.write_text(path.read_text().replace("approver bob", "approver alice"))

        assert "not by alice's key" in waiting.refused(*waiting.add(path))
        assert waiting.acts()[-1] is Act.REFUSED
        assert waiting.events()[-1] == "approval_refused"
        assert self.left_alone(waiting)

    def test_an_expired_approval(self, waiting: Desk) -> None:
        path, later = waiting.signed("bob", "--valid-days", "1"), computer_now() + timedelta(days=1)
        settings = waiting.settings
        with closing(waiting.store()) as store:
            late = Governor(settings, store, Journal(store, SystemClock(), log_session), now=lambda: later)
            with pytest.raises(CondordError, match="the approval of bob has expired"):
                late.add(path.read_text())

        assert self.left_alone(waiting)

    def test_an_approval_that_expires_while_the_last_one_is_written_leaves_a_log_that_is_right(
        self, waiting: Desk
    ) -> None:
        waiting.ok(*waiting.add(waiting.signed("alice", "--valid-days", "1")))
        last = waiting.signed("bob").read_text()
        with closing(waiting.store()) as store:
            (first,) = standing(store.governance()).approvals
            looks = (first.expires_at + timedelta(seconds=n) for n in range(-1, 9))
            journal = Journal(store, SystemClock(), log_session)
            Governor(waiting.settings, store, journal, now=lambda: next(looks)).add(last)

        assert waiting.acts()[-1] is Act.ADOPTED
        assert waiting.start().hedge.l1.weight == 5

    def test_before_the_first_start_there_is_nothing_to_approve(self, desk: Desk) -> None:
        path = desk.folder / "bob.approval"
        path.write_text(approval("bob").text)

        error = desk.invoke(*desk.add(path)).exception

        assert isinstance(error, NotReadyError)
        assert not (desk.folder / "state").exists()

    def test_an_approval_of_another_policy(self, waiting: Desk) -> None:
        path = waiting.signed("bob")
        waiting.change("CONDORD_HEDGE_L1_WEIGHT=6\nCONDORD_HEDGE_L2_WEIGHT=2\n")

        assert "sign the present proposal" in waiting.refused(*waiting.add(path))
        assert self.left_alone(waiting)

    def test_a_proposal_that_hides_a_change_from_its_signers(self, waiting: Desk) -> None:
        path = waiting.propose()
        path.write_text(path.read_text().replace("CONDORD_HEDGE_L2_WEIGHT=4", "CONDORD_HEDGE_L2_WEIGHT=3"))
        given, key = waiting.folder / "misled.approval", waiting.folder / "private" / "bob.key"

        told = waiting.ok("approve", "sign", str(path), "--key", str(key), "--out", str(given), "--yes")

        assert "L1_WEIGHT 4 -> 5" in told
        assert "L2_WEIGHT" not in told
        assert "as the policy in force" in waiting.refused(*waiting.add(given))
        assert self.left_alone(waiting)

    def test_the_same_person_twice(self, waiting: Desk) -> None:
        waiting.ok(*waiting.add(waiting.signed("bob")))

        assert "bob has approved this policy already" in waiting.refused(*waiting.add(waiting.signed("bob")))
        assert self.left_alone(waiting)

    def test_somebody_who_is_no_approver(self, waiting: Desk) -> None:
        waiting.ok("approve", "keygen", "mallory", "--out", str(waiting.folder / "private"))
        key = waiting.folder / "private" / "mallory.key"

        said = waiting.refused("approve", "sign", str(waiting.propose()), "--key", str(key), "--yes")

        assert "approvers are alice, bob, carol" in said

    def test_a_file_that_is_no_approval(self, waiting: Desk) -> None:
        assert "is not an approval" in waiting.refused(*waiting.add(waiting.env))
        assert "cannot be read" in waiting.refused(*waiting.add(waiting.folder / "nothing"))
        assert waiting.acts() == [Act.ADOPTED, Act.PROPOSED]

    def test_a_file_that_is_no_proposal(self, waiting: Desk) -> None:
        key = waiting.folder / "private" / "bob.key"

        assert "is not a proposal" in waiting.refused("approve", "sign", str(waiting.env), "--key", str(key))

    def test_a_file_that_is_no_private_key(self, waiting: Desk) -> None:
        public = waiting.folder / "keys" / "bob.pem"

        said = waiting.refused("approve", "sign", str(waiting.propose()), "--key", str(public))

        assert "is not a private key" in said

    def test_a_key_is_never_written_over_another(self, desk: Desk) -> None:
        words = ("approve", "keygen", "alice", "--out", str(desk.folder / "private"))

        assert "exists" in desk.refused(*words)
        assert "cannot be an approver's name" in desk.refused("approve", "keygen", "Al Ice")

    def test_a_private_key_is_for_its_owner_alone(self, desk: Desk) -> None:
        assert (desk.folder / "private" / "alice.key").stat().st_mode & 0o777 == 0o600


class TestKeyFolder:
    """A folder of keys that cannot be used is named by every command that reads the settings, before anything starts."""

    def said(self, desk: Desk) -> str:
        result = desk.invoke("config", "check", "--env-file", str(desk.env))
        assert result.exit_code == 2
        said = result.stderr.splitlines()
        assert said[-1] == "settings not ok: 1 problem"
        with pytest.raises(CondordError):
            desk.start()
        return said[0]

    def put(self, desk: Desk, name: str, data: bytes) -> None:
        (desk.folder / "keys" / name).write_bytes(data)

    def test_more_signatures_than_people(self, desk: Desk) -> None:
        desk.change("CONDORD_HEDGE_APPROVALS_NEEDED=4\n")

        assert "CONDORD_HEDGE_APPROVALS_NEEDED=4 and the 3 keys" in self.said(desk)

    def test_no_signature(self, desk: Desk) -> None:
        desk.change("CONDORD_HEDGE_APPROVALS_NEEDED=0\n")

        result = desk.invoke("config", "check", "--env-file", str(desk.env))

        assert result.exit_code == 2
        assert "CONDORD_HEDGE_APPROVALS_NEEDED=0" in result.stderr
        assert "out of range; allowed: 1 to 20 people" in result.stderr

    def test_a_folder_that_is_not_there(self, desk: Desk) -> None:
        desk.change("CONDORD_HEDGE_APPROVERS_DIR=/nowhere/at/all\n")

        assert "/nowhere/at/all cannot be read" in self.said(desk)

    def test_an_empty_folder(self, desk: Desk) -> None:
        for name in PEOPLE:
            (desk.folder / "keys" / f"{name}.pem").unlink()

        assert "has no key in it" in self.said(desk)

    def test_the_same_key_twice(self, desk: Desk) -> None:
        self.put(desk, "dave.pem", (desk.folder / "keys" / "alice.pem").read_bytes())

        assert "dave.pem has the same key as alice.pem" in self.said(desk)

    def test_a_file_that_is_no_key(self, desk: Desk) -> None:
        self.put(desk, "dave.pem", b"hello\n")

        assert "dave.pem is not a public key in PEM form" in self.said(desk)

    def test_a_private_key(self, desk: Desk) -> None:
        self.put(desk, "dave.pem", (desk.folder / "private" / "alice.key").read_bytes())

        assert "dave.pem holds a private key" in self.said(desk)

    def test_a_key_of_another_kind(self, desk: Desk) -> None:
        other = generate_private_key(SECP256R1()).public_key()
        self.put(desk, "dave.pem", other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

        assert "dave.pem is not an Ed25519 key" in self.said(desk)

    def test_a_private_key_of_another_kind_signs_nothing(self, waiting: Desk) -> None:
        key = waiting.folder / "ec.key"
        made = generate_private_key(SECP256R1())
        key.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

        assert "not an Ed25519 key" in waiting.refused("approve", "sign", str(waiting.propose()), "--key", str(key))

    def test_a_file_with_another_name(self, desk: Desk) -> None:
        self.put(desk, "README", b"keys\n")

        assert "README is not named NAME.pem" in self.said(desk)


def test_where_nobody_approves_the_owner_changes_the_hedge_and_is_told_so(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.change("CONDORD_HEDGE_APPROVERS_DIR=\n")
    desk.start()
    desk.change()

    assert desk.start().hedge.l1.weight == 5
    assert "the owner of the settings alone decides" in desk.ok("status", "--env-file", str(desk.env))
    assert desk.events() == ["hedge_policy_adopted"]


def test_only_one_module_knows_the_cryptography_library() -> None:
    root = Path(__file__).parents[3] / "daemon"
    users = [path.relative_to(root).as_posix() for path in root.rglob("*.py") if "cryptography" in path.read_text()]

    assert [name for name in users if "import" in (root / name).read_text()] == ["adapters/signatures.py"]


def test_help_is_quick_because_the_library_is_loaded_only_when_it_is_used() -> None:
    code = "import sys, daemon.cli.approve_commands; print('cryptography' in sys.modules, 'pydantic' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "False False\n"
