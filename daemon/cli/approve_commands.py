"""``condord approve``: changes of the hedge policy that several people sign (004-22)."""

# ruff: noqa: PLC0415 -- imported by the commands that need them, so that each stays quick

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import click

from daemon.cli.common import db_option, env_file_option, json_option, load_settings, print_json, reading

VALID_DAYS: Final = 14
VALID_DAYS_MAX: Final = 90
FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("approve")
def approve() -> None:
    """Change the hedge policy by the signatures of several people."""


@approve.command()
@click.argument("name")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False, exists=True), default=Path(), help="Folder to write to."
)
def keygen(*, name: str, out: Path) -> None:
    """Make the keys of approver NAME: NAME.key, which stays with its owner, and NAME.pem for the approvers' folder."""
    from daemon.adapters.approvals import make_key

    private, public = make_key(name, out)
    click.echo(f"{private} is the private key: it belongs to {name} alone and has no passphrase")
    click.echo(f"{public} is the public key: it belongs into the folder CONDORD_HEDGE_APPROVERS_DIR")


@approve.command()
@click.option("--out", type=FILE, help="Write the proposal that the approvers sign to this file.")
@env_file_option
@json_option
def show(*, out: Path | None, env_files: tuple[Path, ...], as_json: bool) -> None:
    """Show the policy in force, what the settings would change of it, and who has signed that."""
    from daemon.adapters.approvals import write_new
    from daemon.adapters.clock import computer_now
    from daemon.app.governor import checked_log, policy_of
    from daemon.core.hedge.approvals import Proposal, changes
    from daemon.core.hedge.governance import standing
    from daemon.errors import NotReadyError
    from daemon.report.governance import show_text
    from daemon.report.governance_json import show_json
    from daemon.settings.catalogue import approval_defaults

    wanted = policy_of(load_settings(env_files))
    with reading(env_files, None) as store:
        state = standing(checked_log(store))
    in_force, adopted = state.in_force, state.adopted
    found = [] if in_force is None else [*map(str, changes(in_force, wanted, approval_defaults()))]
    if out is not None and (in_force is None or not found or not in_force.needed):
        raise NotReadyError("there is nothing to sign: the settings ask for no change that needs approval")
    if out is not None and in_force is not None and adopted is not None:
        write_new(out, Proposal(adoption=adopted.digest, in_force=in_force, wanted=wanted).text.encode())
    if as_json:
        print_json(show_json(state, wanted, found, computer_now()))
        return
    click.echo(show_text(state, wanted, found, computer_now()), nl=False)
    if out is not None:
        click.echo(f"wrote {out}; each approver signs it with: condord approve sign {out} --key NAME.key")


@approve.command()
@click.argument("proposal", type=FILE)
@click.option("--key", type=FILE, required=True, help="Your private key.")
@click.option(
    "--valid-days",
    type=click.IntRange(1, VALID_DAYS_MAX),
    default=VALID_DAYS,
    show_default=True,
    help="Days until the approval expires.",
)
@click.option("--out", type=FILE, help="File to write; NAME.approval if left out.")
@click.option("--yes", is_flag=True, help="Sign without being asked.")
def sign(*, proposal: Path, key: Path, valid_days: int, out: Path | None, yes: bool) -> None:
    """Sign the change in the file PROPOSAL; works on any computer, without settings and without a daemon."""
    from daemon.adapters.approvals import load_proposal, signer, write_new
    from daemon.adapters.approvals import sign as signed
    from daemon.adapters.clock import computer_now
    from daemon.core.hedge.approvals import Approval
    from daemon.core.hedge.governance import short
    from daemon.report.governance import diff

    asked = load_proposal(proposal)
    in_force, wanted = asked.in_force, asked.wanted
    name = signer(key, in_force)
    now = computer_now().replace(microsecond=0)
    click.echo(f"{name}, you approve hedge policy {short(wanted.digest)} in place of {short(in_force.digest)}:")
    for text in diff(in_force, wanted):
        click.echo(f"  {text}")
    if not yes:
        click.confirm(f"Sign it, good for {valid_days} days?", abort=True)
    approval = Approval(
        policy=wanted.digest,
        replaces=in_force.digest,
        follows=asked.adoption,
        approver=name,
        issued_at=now,
        expires_at=now + timedelta(days=valid_days),
    )
    path = out or Path(f"{name}.approval")
    write_new(path, signed(approval, key).text.encode())
    click.echo(f"wrote {path}; hand it in with: condord approve add {path}")


@approve.command()
@click.argument("approval", type=FILE)
@env_file_option
@json_option
def add(*, approval: Path, env_files: tuple[Path, ...], as_json: bool) -> None:
    """Hand in the signed APPROVAL; the last one that was needed puts the policy in force."""
    from daemon.adapters.approvals import load_approval
    from daemon.adapters.control import ask, daemon_listens
    from daemon.app.once import approve_once

    text = load_approval(approval)
    settings = load_settings(env_files)
    listens = daemon_listens(settings.runtime_dir)
    found = ask(settings.runtime_dir, "approve", {"approval": text}) if listens else approve_once(settings, text)
    if as_json:
        print_json({**found, "daemon_running": listens})
        return
    click.echo(_added(found, listens=listens))


def _added(found: Any, *, listens: bool) -> str:
    name, policy = found["approver"], found["policy"][:12]
    if found["adopted"]:
        when = "from the next roll or resize on" if listens else "; no daemon runs, the next start follows it"
        return f"{name} has approved hedge policy {policy}, which is in force {when}".replace(" ;", ";")
    left = found["needed"] - len(found["signed"])
    return f"{name} has approved hedge policy {policy}; {left} more of {', '.join(found['open'])} must sign"


@approve.command()
@db_option
@env_file_option
@json_option
def log(*, folder: Path | None, env_files: tuple[Path, ...], as_json: bool) -> None:
    """Print the governance log after checking its chain, every signature and every adoption."""
    from daemon.app.governor import checked_log
    from daemon.report.governance import log_text
    from daemon.report.governance_json import log_json

    with reading(env_files, folder) as store:
        entries = checked_log(store)
    if as_json:
        print_json(log_json(entries))
    else:
        click.echo(log_text(entries), nl=False)
