"""The topic registry: one YAML per topic, the source of what `topics apply` creates."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from borderlight.contracts.events import CONTRACTS

_PACKAGED = Path(__file__).resolve().parent.parent / "_topics"
_CHECKOUT = Path(__file__).resolve().parents[3] / "topics"
_FIELDS = {
    "topic", "description", "owner", "producers", "consumers", "key", "contract", "partitions", "replication",
    "dead_letter", "config",
}  # fmt: skip
_OPTIONAL = {"readers"}
_DEAD_LETTER_PARTITIONS = 3


@dataclass(frozen=True)
class Topic:
    """One topic as it should be on the broker. readers: parties that read it without a consumer group."""

    name: str
    description: str
    owner: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    key: str
    contract: str
    partitions: int
    replication: int
    has_dead_letter: bool
    config: dict[str, str]
    readers: tuple[str, ...] = ()


def _topic(raw: dict[str, Any], origin: str) -> Topic:
    unknown, missing = set(raw) - _FIELDS - _OPTIONAL, _FIELDS - set(raw)
    if unknown or missing:
        raise ValueError(f"{origin}: unknown {sorted(unknown)}, missing {sorted(missing)}")
    if raw["contract"] not in CONTRACTS:
        raise ValueError(f"{origin}: no contract {raw['contract']}")
    return Topic(
        raw["topic"], raw["description"], raw["owner"], tuple(raw["producers"]), tuple(raw["consumers"]), raw["key"],
        raw["contract"], int(raw["partitions"]), int(raw["replication"]), bool(raw["dead_letter"]),
        {name: str(value) for name, value in raw["config"].items()}, tuple(raw.get("readers", ())),
    )  # fmt: skip


def registry(folder: Path | None = None) -> list[Topic]:
    """All topics, sorted by name; raises ValueError for a file that is not as documented."""
    source = folder or (_PACKAGED if _PACKAGED.is_dir() else _CHECKOUT)
    return [_topic(yaml.safe_load(path.read_text()), path.name) for path in sorted(source.glob("*.yaml"))]


def dead_letter_topic_of(topic: Topic) -> Topic:
    """The dead-letter topic beside `topic`: it holds references only and lives no longer than its source."""
    config = {"cleanup.policy": "delete", "retention.ms": topic.config.get("retention.ms", "604800000")}
    config |= {name: topic.config[name] for name in ("min.insync.replicas", "max.message.bytes")}
    return Topic(
        f"{topic.name}.dlq", f"Dead letters of {topic.name}.", topic.owner, topic.consumers, ("operators",), topic.key,
        "dead-letter.v1", _DEAD_LETTER_PARTITIONS, topic.replication, False, config,
    )  # fmt: skip


def with_dead_letters(topics: list[Topic]) -> list[Topic]:
    """`topics` and their dead-letter topics."""
    return [*topics, *(dead_letter_topic_of(topic) for topic in topics if topic.has_dead_letter)]
