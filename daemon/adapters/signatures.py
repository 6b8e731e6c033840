"""Ed25519 keys and signatures (RFC 8032): the only module that imports the cryptography library.

The library takes 8 MB of memory, so what needs no signature does not import this module.
"""

from __future__ import annotations

import base64

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


def new_key_pair() -> tuple[bytes, bytes]:
    """Return a new private key and its public key, each in PEM form."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def public_key(pem: bytes) -> str:
    """Return a public key as base64 of its 32 bytes. Raises ValueError that says what the text is not."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("a public key in PEM form") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("an Ed25519 key")  # noqa: TRY004 -- what the file holds is the value
    return _encoded(key)


def public_part(private_pem: bytes) -> str:
    """Return the public key of a private one, as base64. Raises ValueError that says what the text is not."""
    return _encoded(_private_key(private_pem).public_key())


def sign(private_pem: bytes, message: bytes) -> bytes:
    """Return the signature of a message. Raises ValueError that says what the key is not."""
    return _private_key(private_pem).sign(message)


def verify(key: str, message: bytes, signature: bytes) -> bool:
    """Whether the holder of a public key (base64) has signed a message."""
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(key)).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _private_key(pem: bytes) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("a private key in PEM form without a passphrase") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("an Ed25519 key")  # noqa: TRY004 -- what the file holds is the value
    return key


def _encoded(key: Ed25519PublicKey) -> str:
    return base64.b64encode(key.public_bytes_raw()).decode()
