"""Walk the document store and find what is missing, damaged or foreign."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from borderlight.errors import ObjectMissing
from borderlight.runtime.objects.port import ObjectStore
from borderlight.runtime.sealing import KeyRing, SealBroken, StoreLocked, unseal
from matcher.adapters.object_reference_store import BUCKET

_NAME = re.compile(
    r"^(?:[0-9a-f]{40}/(?:keys/[0-9a-f]{16}|erased/\d+-[0-9a-z]{3,8}|[0-9a-f]{32}/(?:photo|e-[0-9a-f]{16}))"
    r"|receipts/[0-9a-f-]{36}\.json)$"
)


@dataclass(frozen=True)
class Problem:
    """kind: foreign, damaged, locked, orphaned, misplaced or not_embedded; name: of the object."""

    kind: str
    name: str
    detail: str


async def _keys_of(objects: ObjectStore, keys: KeyRing, names: Sequence[str], found: list[Problem]) -> dict[str, bytes]:
    opened: dict[str, bytes] = {}
    for name in names:
        if "/keys/" not in name:
            continue
        try:
            opened[name] = keys.unwrap(json.loads(await objects.get(BUCKET, name)))
        except StoreLocked as error:
            found.append(Problem("locked", name, str(error)))
        except (ValueError, KeyError, ObjectMissing):
            found.append(Problem("damaged", name, "the data key cannot be read"))
    return opened


async def audit_store(objects: ObjectStore, keys: KeyRing, model_sha256: str) -> list[Problem]:
    """Every problem, in the order of the names; an erased traveller's missing key is none."""
    names = await objects.list_keys(BUCKET, "")
    found: list[Problem] = []
    opened = await _keys_of(objects, keys, names, found)
    there = set(names)
    for name in names:
        if not _NAME.match(name):
            found.append(Problem("foreign", name, "no object of this store has such a name"))
            continue
        traveller, _, rest = name.partition("/")
        if not (rest.endswith("/photo") or "/e-" in rest):
            continue
        try:
            content = await objects.get(BUCKET, name)
        except ObjectMissing:
            continue
        data_key = opened.get(f"{traveller}/keys/{content[:16].decode('ascii', 'replace')}")
        if data_key is None:
            found.append(Problem("orphaned", name, "its data key is not there"))
            continue
        try:
            plain = unseal(data_key, content[16:], name)
        except SealBroken as error:
            found.append(Problem("damaged", name, str(error)))
            continue
        if rest.endswith("/photo"):
            record = json.loads(plain[4 : 4 + int.from_bytes(plain[:4], "little")])
            if keys.name_of(record["traveller_ref"]) != traveller:
                found.append(Problem("misplaced", name, "it belongs to another traveller"))
            if f"{name.removesuffix('photo')}e-{model_sha256[:16]}" not in there:
                found.append(Problem("not_embedded", name, "the present model has not embedded it; run reembed"))
        elif f"{name.rsplit('/', 1)[0]}/photo" not in there:
            found.append(Problem("orphaned", name, "its photograph is not there"))
    return found
