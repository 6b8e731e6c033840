"""Keys, signatures and files of approvals: the only module that imports the cryptography library.

Keys are Ed25519 (RFC 8032) in PEM files: the public ones of all approvers in one folder, each private one with its owner.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from daemon.core.hedge.approvals import NAME_FORM, Approval, PolicyText, Proposal, read_approval, read_proposal
from daemon.errors import SettingsError

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
    data = _read(path).encode()
    if b"PRIVATE KEY" in data:
        raise SettingsError(f"{path} holds a private key, which only its owner may have; put the public one there")
    try:
        key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise SettingsError(f"{path} is not a public key in PEM form; make one with `condord approve keygen`") from None
    if not isinstance(key, Ed25519PublicKey):
        raise SettingsError(f"{path} is not an Ed25519 key; make one with `condord approve keygen`")
    return _encoded(key)


def _encoded(key: Ed25519PublicKey) -> str:
    return base64.b64encode(key.public_bytes_raw()).decode()


def make_key(name: str, folder: Path) -> tuple[Path, Path]:
    """Write a new private key (0600) and its public key into a folder; raises SettingsError, replaces nothing."""
    if not NAME_FORM.fullmatch(name):
        raise SettingsError(f"{name!r} cannot be an approver's name; allowed: {NAME_ALLOWED}")
    private, public = folder / f"{name}{PRIVATE_SUFFIX}", folder / f"{name}{PUBLIC_SUFFIX}"
    key = Ed25519PrivateKey.generate()
    if public.exists():
        raise SettingsError(f"{public} exists; name another folder")
    write_new(private, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=0o600)
    write_new(public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return private, public


def _private_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(_read(path).encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SettingsError(
            f"{path} is not a private key in PEM form without a passphrase; `condord approve keygen` makes one"
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(f"{path} is not an Ed25519 key; `condord approve keygen` makes one")
    return key


# -- signatures --------------------------------------------------------------------------------------


def signer(key_file: Path, in_force: PolicyText) -> str:
    """Return whose private key a file holds, by the approvers of the policy in force. Raises SettingsError."""
    public = _encoded(_private_key(key_file).public_key())
    name = next((name for name, key in in_force.approvers.items() if key == public), None)
    if name is None:
        known = ", ".join(sorted(in_force.approvers)) or "nobody"
        raise SettingsError(f"{key_file} is no key of an approver of the policy in force; approvers are {known}")
    return name


def sign(approval: Approval, key_file: Path) -> Approval:
    """Return an approval with its signature. Raises SettingsError."""
    return replace(approval, signature=_private_key(key_file).sign(approval.message))


def verify(key: str, message: bytes, signature: bytes) -> bool:
    """Whether the holder of a public key has signed a message (RFC 8032)."""
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(key)).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


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
