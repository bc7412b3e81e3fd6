"""Keys that a process starts with: long, not from an example, not a word typed thirty times."""

from typing import Annotated

from pydantic import AfterValidator, SecretStr

MIN_LENGTH = 32
_MIN_DIFFERENT = 8
# What examples, older versions of this repository and habit put into settings.
TRIAL_KEYS = frozenset(
    {
        "borderlight-local-only",
        "local-agency-key",
        "stewards-secret",
        "bG9jYWwgdHJpYWwgb25seSwgbmV2ZXIgdHJhdmVsbGU=",
        "bG9jYWwgdHJpYWwgb25seSwgbmV2ZXIgdHJhdmVsbGVycw==",
        "change-me-change-me-change-me-change-me",
        "0123456789abcdef0123456789abcdef",
        "00000000000000000000000000000000",
    }
)


def weakness_of(key: str) -> str | None:
    """What is wrong with a key that guards a door; None when nothing is. Never repeats the key."""
    if key in TRIAL_KEYS:
        return "this key stands in an example; make one of your own"
    if len(key) < MIN_LENGTH:
        return f"a key has at least {MIN_LENGTH} characters; this one has {len(key)}"
    if len(set(key)) < _MIN_DIFFERENT:
        return "this key repeats a few characters; make a random one"
    return None


def _strong(key: SecretStr) -> SecretStr:
    weakness = weakness_of(key.get_secret_value())
    if weakness is not None:
        raise ValueError(weakness)
    return key


StrongKey = Annotated[SecretStr, AfterValidator(_strong)]
