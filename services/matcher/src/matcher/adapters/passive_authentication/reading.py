"""What every reader of ASN.1 shares: errors in words, names that can be compared, algorithm identifiers."""

import unicodedata
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from asn1crypto import core

from matcher.domain.authenticity import Authenticity, Finding


class ChipUnreadable(ValueError):
    """A file of a chip or of the trust folder that does not have its form; the message says what is wrong."""


class NotAuthentic(Exception):
    """A check failed; `finding` says which, in the word that is reported."""

    def __init__(self, outcome: Authenticity, explanation: str) -> None:
        super().__init__(explanation)
        self.finding = Finding(outcome, explanation)


def invalid(explanation: str) -> NotAuthentic:
    """The signature does not hold."""
    return NotAuthentic(Authenticity.SIGNATURE_INVALID, explanation)


@contextmanager
def reading(what: str) -> Generator[None]:
    """Turns every way in which asn1crypto fails on hostile bytes (it parses when a field is asked for) into one."""
    try:
        yield
    except ChipUnreadable:
        raise
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError) as error:
        raise ChipUnreadable(f"{what} cannot be read ({type(error).__name__})") from error


NameKey = tuple[tuple[tuple[str, str], ...], ...]
"""A distinguished name for comparison: per RDN, sorted (OID, value)."""


def _value_key(value: Any) -> str:
    chosen = value.chosen if isinstance(value, core.Choice) else value
    text = chosen.native
    if not isinstance(text, str):
        return f"#{value.dump().hex()}"
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def name_key(name: Any) -> NameKey:
    """RFC 5280 §7.1 in short: the string's type, case and runs of blanks make no difference; order does."""
    return tuple(
        tuple(sorted((pair["type"].dotted, _value_key(pair["value"])) for pair in part)) for part in name.chosen
    )


_COUNTRY = "2.5.4.6"


def country_of(key: NameKey) -> str:
    """The two letters, upper case; "" when there is none or more than one."""
    found = [value for part in key for kind, value in part if kind == _COUNTRY]
    return found[0].upper() if len(found) == 1 else ""


def readable_name(key: NameKey) -> str:
    """For people: values only, the first attribute first."""
    return ", ".join(value for part in key for _, value in part)[:200]


@dataclass(frozen=True)
class Algorithm:
    """An algorithm identifier: dotted OID and the DER of its parameters (None: absent)."""

    oid: str
    parameters: bytes | None


def algorithm_of(identifier: Any) -> Algorithm:
    """From an AlgorithmIdentifier of any kind, by its bytes."""
    plain: Any = AlgorithmIdentifier.load((identifier.untag() if identifier.explicit else identifier).dump())
    kind, parameters = plain["algorithm"], plain["parameters"]
    return Algorithm(kind.dotted, None if isinstance(parameters, core.Void) else parameters.dump())


class AlgorithmIdentifier(core.Sequence):
    """Without asn1crypto's tables of known algorithms: what is unknown to them must be refused by us, in words."""

    _fields = [  # noqa: RUF012 - asn1crypto's way
        ("algorithm", core.ObjectIdentifier),
        ("parameters", core.Any, {"optional": True}),
    ]
