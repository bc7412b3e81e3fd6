"""Cases made from good input by a seeded random: what a fuzzer without coverage does, repeatable."""

import json
import random
from copy import deepcopy
from typing import Any

_TOKENS: tuple[Any, ...] = (
    None, True, False, 0, -1, 1e308, -0.0, 2**63, 2**31, "", "all", "\u0000", "\ud800", "../..", "a" * 5000, [], {},
    [[]], {"a": {}}, "NaN", 1e-320,
)  # fmt: skip
_SIZES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)


def mutated_bytes(content: bytes, random_: random.Random) -> bytes:
    """A few random changes: flips, cuts, repeats, sizes that lie, pieces moved."""
    out = bytearray(content)
    for _ in range(random_.choice((1, 1, 1, 2, 4, 16, 64))):
        if not out:
            return random_.randbytes(random_.randrange(64))
        # Heads and boxes lie at the front: half of the changes go there.
        reach = len(out) if random_.random() < 0.5 else min(len(out), 512)
        at = random_.randrange(reach)
        match random_.randrange(7):
            case 0:
                out[at] ^= 1 << random_.randrange(8)
            case 1:
                del out[at : at + random_.choice((1, 4, 64, len(out)))]
            case 2:
                out[at:at] = out[at : at + random_.choice((1, 16, 1024))] * random_.choice((1, 2, 40))
            case 3:
                out[at : at + 4] = random_.choice(_SIZES).to_bytes(4, random_.choice(("big", "little")))
            case 4:
                out[at : at + 8] = random_.randbytes(8)
            case 5:
                out = out[: at + 1]
            case _:
                piece = bytes(out[at : at + 64])
                out[random_.randrange(len(out)) :] = piece
        if len(out) > 4 * len(content) + 4096:
            return bytes(out[: 4 * len(content) + 4096])
    return bytes(out)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if len(path) > 6:
        return found
    if isinstance(value, dict):
        for name, inner in value.items():
            found += _places(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value[:8]):
            found += _places(inner, (*path, number))
    return found


def mutated_json(value: Any, random_: random.Random) -> bytes:
    """The document with values, names and nesting changed; one in five is damaged as text, too."""
    out = json.loads(json.dumps(value))
    for _ in range(random_.choice((1, 1, 2, 5))):
        path = random_.choice(_places(out))
        token = deepcopy(random_.choice(_TOKENS))
        if not path:
            continue
        holder = out
        for name in path[:-1]:
            holder = holder[name]
        match random_.randrange(3):
            case 0:
                holder[path[-1]] = token
            case 1 if isinstance(holder, dict):
                holder.pop(path[-1])
            case _:
                nested: Any = token
                for _ in range(random_.choice((1, 3, 200))):
                    nested = [nested] if random_.random() < 0.5 else {"x": nested}
                holder[path[-1]] = nested
    text = json.dumps(out).encode("utf-8", "surrogatepass")
    return mutated_bytes(text, random_) if random_.random() < 0.2 else text
