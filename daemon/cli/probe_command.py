"""``condord probe``: what a gateway answers to the questions that only a real one can."""

# ruff: noqa: PLC0415 -- imported when it is used, so that --help stays quick

from __future__ import annotations

from pathlib import Path

import click

from daemon.cli.common import env_file_option, json_option, load_settings, print_json


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("probe"), show_default=True, help="Folder to write to."
)
@click.option(
    "--client-id",
    type=click.IntRange(1, 99_999),
    help="Number of the connection to the gateway (default: the one after the daemon's).",
)
@click.option("--force", is_flag=True, help="Replace the answers of an earlier probe in the folder.")
@env_file_option
@json_option
def probe(*, out: Path, client_id: int | None, force: bool, env_files: tuple[Path, ...], as_json: bool) -> None:
    """Put a harmless checklist to the gateway, and write down what it says: probe.md, and every message in frames.jsonl.

    Orders are previews and nothing is transmitted: the connection can send none. To be run once against a paper gateway,
    in trading hours, before the first session.
    """
    from daemon.app.probe import probe as put

    found = put(load_settings(env_files), out, client_id=client_id, force=force)
    sections = found.findings.sections
    if as_json:
        rows = {each.title: [dict(zip(each.headings, row, strict=True)) for row in each.rows] for each in sections}
        print_json({"report": str(found.report), "frames": str(found.frames), "findings": rows})
        return
    for section in sections:
        click.echo(f"{section.title:<38} {len(section.rows) or 'nothing was said about it'}")
    click.echo(f"report in {found.report}, every message in {found.frames}")
