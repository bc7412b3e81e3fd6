"""Envelope encryption: every object under its traveller's data key, every data key under a master key.

Destroying the data key erases whatever it sealed, in every copy. Master keys come from a key file (or the same JSON in
an environment variable); the first is current, older ones only unwrap. `lookup` makes object names out of traveller
references and stays for the life of a store, so that rotating the master touches no photograph.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from borderlight.errors import BorderlightError, ObjectCorrupt, Unavailable
from borderlight.runtime.strong_key import TRIAL_KEYS

_MAGIC = b"BLE1"
_NONCE = 12
_KEY = 32


class StoreLocked(Unavailable):
    """The master key of this document store is not among the given keys: waiting is right, setting aside is not."""


class SealBroken(ObjectCorrupt):
    """The object was changed, or lies under another name than it was sealed for."""


class KeyFileUnreadable(BorderlightError):
    """The key file is not as `borderlight documents keys init` writes it."""


def seal(key: bytes, content: bytes, name: str) -> bytes:
    """AES-256-GCM of `content`, bound to the object's name."""
    nonce = os.urandom(_NONCE)
    return _MAGIC + nonce + AESGCM(key).encrypt(nonce, content, name.encode())


def unseal(key: bytes, sealed: bytes, name: str) -> bytes:
    """The content; raises SealBroken."""
    if not sealed.startswith(_MAGIC):
        raise SealBroken(f"{name} is not a sealed object")
    nonce = sealed[len(_MAGIC) : len(_MAGIC) + _NONCE]
    try:
        return AESGCM(key).decrypt(nonce, sealed[len(_MAGIC) + _NONCE :], name.encode())
    except (InvalidTag, ValueError) as error:
        raise SealBroken(f"{name} was changed or lies under a foreign name") from error


@dataclass(frozen=True)
class KeyRing:
    """masters: key id → key, the first is current; lookup: key of the object names."""

    lookup: bytes
    masters: Mapping[str, bytes]

    @property
    def current(self) -> str:
        return next(iter(self.masters))

    def name_of(self, traveller_ref: str) -> str:
        """Object name of a traveller: tells nothing without the lookup key."""
        return hmac.new(self.lookup, traveller_ref.encode(), hashlib.sha256).hexdigest()[:40]

    def wrap(self, data_key: bytes) -> dict[str, str]:
        """The data key under the current master (RFC 3394)."""
        wrapped = aes_key_wrap(self.masters[self.current], data_key)
        return {"master": self.current, "wrapped": base64.b64encode(wrapped).decode()}

    def unwrap(self, entry: Mapping[str, str]) -> bytes:
        """The data key; raises StoreLocked."""
        master = self.masters.get(entry["master"])
        if master is None:
            raise StoreLocked(f"master key {entry['master']} is not given; add it to the key file")
        try:
            return aes_key_unwrap(master, base64.b64decode(entry["wrapped"]))
        except (InvalidUnwrap, ValueError) as error:
            raise StoreLocked(f"master key {entry['master']} does not open this store") from error

    def cache_key(self) -> bytes:
        """Key for what lies in the cache; gone with the lookup key."""
        return hmac.new(self.lookup, b"cache", hashlib.sha256).digest()

    def to_text(self) -> str:
        """The key file's text."""
        keys = [{"id": kid, "key": base64.b64encode(key).decode()} for kid, key in self.masters.items()]
        content = {
            "schema": "borderlight.keys/1",
            "lookup": base64.b64encode(self.lookup).decode(),
            "masters": keys,
        }
        return json.dumps(content, indent=1) + "\n"

    def rotated(self) -> "KeyRing":
        """With a new current master before the old ones."""
        kid, key = _new_master()
        return KeyRing(self.lookup, {kid: key, **self.masters})

    @staticmethod
    def generate() -> "KeyRing":
        kid, key = _new_master()
        return KeyRing(os.urandom(_KEY), {kid: key})

    @staticmethod
    def from_text(text: str) -> "KeyRing":
        """Read a key file; raises KeyFileUnreadable."""
        try:
            raw = json.loads(text)
            if TRIAL_KEYS & {raw["lookup"], *(entry["key"] for entry in raw["masters"])}:
                raise KeyFileUnreadable(
                    "these keys stand in an example; `borderlight documents keys init FILE` makes others"
                )
            masters = {str(entry["id"]): base64.b64decode(entry["key"], validate=True) for entry in raw["masters"]}
            lookup = base64.b64decode(raw["lookup"], validate=True)
        except (ValueError, KeyError, TypeError, binascii.Error) as error:
            raise KeyFileUnreadable() from error
        if not masters or any(len(key) != _KEY for key in (*masters.values(), lookup)):
            raise KeyFileUnreadable("keys have 32 bytes, and there is at least one master")
        return KeyRing(lookup, masters)


def _new_master() -> tuple[str, bytes]:
    key = os.urandom(_KEY)
    return hashlib.sha256(key).hexdigest()[:12], key


def new_data_key() -> tuple[str, bytes]:
    """(id, key) of a traveller's new data key."""
    key = os.urandom(_KEY)
    return hashlib.sha256(b"data" + key).hexdigest()[:16], key


def load_keys(file: Path | None, text: str | None) -> KeyRing:
    """From a file, else from text; raises KeyFileUnreadable that says what to do."""
    if file is not None:
        try:
            return KeyRing.from_text(file.read_text())
        except OSError as error:
            raise KeyFileUnreadable(
                f"{file} cannot be read; make one with `borderlight documents keys init {file}`"
            ) from error
    if text:
        return KeyRing.from_text(text)
    raise KeyFileUnreadable("set MATCHER_KEY_FILE (or MATCHER_KEYS); `borderlight documents keys init FILE` makes one")


def write_key_file(path: Path, ring: KeyRing) -> None:
    """Readable by its owner only; an older file is replaced in one step."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as stream:
        stream.write(ring.to_text())
    part.replace(path)
