"""What a change of a schema would break for its readers.

Readers hold the old schema and meet records of the new one; stored records of the old one meet new readers. So within
a version a field may be added with a default, an enumeration may not grow without notice, and nothing may vanish.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]


def _resolved(schema: Schema, root: Schema) -> Schema:
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return schema
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def _kinds(schema: Schema, root: Schema) -> set[str]:
    """JSON types the schema accepts."""
    plain = _resolved(schema, root)
    if "anyOf" in plain:
        return {kind for option in plain["anyOf"] for kind in _kinds(option, root)}
    kind = plain.get("type")
    return set() if kind is None else {kind} if isinstance(kind, str) else set(kind)


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """One sentence for everything that breaks an old reader or an old record; empty when the change is safe."""
    return list(_compare(old, new, old, new, ""))


def _compare(old: Schema, new: Schema, old_root: Schema, new_root: Schema, place: str) -> Iterator[str]:
    old, new = _resolved(old, old_root), _resolved(new, new_root)
    where = place or "the event"
    before, after = _kinds(old, old_root), _kinds(new, new_root)
    if before and after and not after <= before:
        yield f"{where} may now be {', '.join(sorted(after - before))}, which old readers refuse"
    if before and after and not before <= after:
        yield f"{where} may no longer be {', '.join(sorted(before - after))}, which old records hold"
    if "enum" in old and "enum" in new and set(old["enum"]) != set(new["enum"]):
        changed = sorted(map(str, set(old["enum"]) ^ set(new["enum"])))
        yield f"{where} has other values than before: {', '.join(changed)}"
    if old.get("pattern") != new.get("pattern"):
        yield f"{where} has another pattern"
    old_fields, new_fields = old.get("properties", {}), new.get("properties", {})
    for name, schema in old_fields.items():
        inner = f"{place}.{name}" if place else name
        if name not in new_fields:
            yield f"{inner} is gone"
        else:
            yield from _compare(schema, new_fields[name], old_root, new_root, inner)
    for name in new.get("required", []):
        if name not in old.get("required", []):
            yield f"{place + '.' if place else ''}{name} has become required"
    for name in old.get("required", []):
        if name in new_fields and name not in new.get("required", []):
            yield f"{place + '.' if place else ''}{name} is no longer always there"
    if "items" in old and "items" in new:
        yield from _compare(old["items"], new["items"], old_root, new_root, f"{place}[]")
    for number, (option, other) in enumerate(zip(_options(old), _options(new), strict=False)):
        yield from _compare(option, other, old_root, new_root, f"{place}({number})")


def _options(schema: Schema) -> list[Schema]:
    return [option for option in schema.get("anyOf", []) if option.get("type") != "null"]
