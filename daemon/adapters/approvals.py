"""Keys, proposals and approvals in files.

Keys are Ed25519 (RFC 8032) in PEM files: the public ones of all approvers in one folder, each private one with its owner.
"""

# ruff: noqa: PLC0415 -- signatures bring a large library, which a daemon without approvers does without

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

from daemon.core.hedge.approvals import NAME_FORM, Approval, PolicyText, Proposal, read_approval, read_proposal
from daemon.errors import SettingsError

T = TypeVar("T")

PUBLIC_SUFFIX: Final = ".pem"
PRIVATE_SUFFIX: Final = ".key"
FILE_MAX: Final = 1 << 18
"""Longest file that is read, in bytes; a proposal has some twenty thousand."""
NAME_ALLOWED: Final = "a small letter, then small letters, digits, - or _, 32 at most"


# -- keys --------------------------------------------------------------------------------------------


def load_approvers(folder: Path | None) -> Mapping[str, str]:
    """Return the public key (base64) of each approver by name; none where no folder is named. Raises SettingsError."""
    if folder is None:
        return MappingProxyType({})
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise SettingsError(
            f"CONDORD_HEDGE_APPROVERS_DIR={folder} cannot be read: {error.strerror}; name a folder of public keys"
        ) from None
    if not paths:
        raise SettingsError(
            f"CONDORD_HEDGE_APPROVERS_DIR={folder} has no key in it; put the NAME{PUBLIC_SUFFIX} of each approver there"
        )
    found: dict[str, str] = {}
    for path in paths:
        name, key = _approver_name(path), _public_key(path)
        twin = next((other for other, known in found.items() if known == key), None)
        if twin is not None:
            raise SettingsError(
                f"{path} has the same key as {twin}{PUBLIC_SUFFIX}; every approver needs a key of their own"
            )
        found[name] = key
    return MappingProxyType(found)


def _approver_name(path: Path) -> str:
    if path.suffix != PUBLIC_SUFFIX or not NAME_FORM.fullmatch(path.stem):
        raise SettingsError(
            f"{path} is not named NAME{PUBLIC_SUFFIX}, where NAME is {NAME_ALLOWED}; rename or remove it"
        )
    return path.stem


def _public_key(path: Path) -> str:
    from daemon.adapters.signatures import public_key

    data = _read(path).encode()
    if b"PRIVATE KEY" in data:
        raise SettingsError(f"{path} holds a private key, which only its owner may have; put the public one there")
    try:
        return public_key(data)
    except ValueError as error:
        raise SettingsError(f"{path} is not {error}; make one with `condord approve keygen`") from None


def make_key(name: str, folder: Path) -> tuple[Path, Path]:
    """Write a new private key (0600) and its public key into a folder; raises SettingsError, replaces nothing."""
    from daemon.adapters.signatures import new_key_pair

    if not NAME_FORM.fullmatch(name):
        raise SettingsError(f"{name!r} cannot be an approver's name; allowed: {NAME_ALLOWED}")
    private, public = folder / f"{name}{PRIVATE_SUFFIX}", folder / f"{name}{PUBLIC_SUFFIX}"
    if public.exists():
        raise SettingsError(f"{public} exists; name another folder")
    private_pem, public_pem = new_key_pair()
    write_new(private, private_pem, mode=0o600)
    write_new(public, public_pem)
    return private, public


# -- signatures --------------------------------------------------------------------------------------


def signer(key_file: Path, in_force: PolicyText) -> str:
    """Return whose private key a file holds, by the approvers of the policy in force. Raises SettingsError."""
    from daemon.adapters.signatures import public_part

    public = _with_private_key(key_file, public_part)
    name = next((name for name, key in in_force.approvers.items() if key == public), None)
    if name is None:
        known = ", ".join(sorted(in_force.approvers)) or "nobody"
        raise SettingsError(f"{key_file} is no key of an approver of the policy in force; approvers are {known}")
    return name


def sign(approval: Approval, key_file: Path) -> Approval:
    """Return an approval with its signature. Raises SettingsError."""
    from daemon.adapters import signatures

    signature = _with_private_key(key_file, lambda pem: signatures.sign(pem, approval.message))
    return replace(approval, signature=signature)


def verify(key: str, message: bytes, signature: bytes) -> bool:
    """Whether the holder of a public key has signed a message (RFC 8032)."""
    from daemon.adapters import signatures

    return signatures.verify(key, message, signature)


def _with_private_key(path: Path, use: Callable[[bytes], T]) -> T:
    try:
        return use(_read(path).encode())
    except ValueError as error:
        raise SettingsError(f"{path} is not {error}; `condord approve keygen` makes one") from None


# -- files -------------------------------------------------------------------------------------------


def load_proposal(path: Path) -> Proposal:
    """Return the proposal of a file. Raises SettingsError."""
    try:
        return read_proposal(_read(path))
    except ValueError as error:
        raise SettingsError(
            f"{path} is not a proposal: {error}; `condord approve show --out FILE` writes one"
        ) from None


def load_approval(path: Path) -> str:
    """Return the text of an approval from its file. Raises SettingsError when it is none."""
    text = _read(path)
    parse_approval(text, str(path))
    return text


def parse_approval(text: str, place: str) -> Approval:
    """Return the approval of a text. Raises SettingsError when it is none."""
    try:
        return read_approval(text)
    except ValueError as error:
        raise SettingsError(f"{place} is not an approval: {error}; `condord approve sign` writes one") from None


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(FILE_MAX)
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not text; name another file") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}; check the path") from None


def write_new(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file that must not exist yet. Raises SettingsError."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise SettingsError(f"{path} exists; name another file") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}; name another file") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
