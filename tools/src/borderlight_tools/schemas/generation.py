"""JSON Schema and AsyncAPI 3, generated from the contracts and the topic registry. Nothing here is written by hand."""

import json
from collections.abc import Mapping
from typing import Any

from borderlight import VERSION
from borderlight.contracts.events import CONTRACTS, schema_of
from borderlight.contracts.topics import Topic

CLOUD_EVENT_HEADERS: dict[str, Any] = {
    "type": "object",
    "description": "CloudEvents 1.0, binary mode: every header is UTF-8 text.",
    "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject"],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"type": "string", "format": "uuid", "description": "equal for a redelivered event"},
        "ce_source": {"type": "string", "description": "the process that published it"},
        "ce_type": {"type": "string", "description": "org.borderlight.<topic>"},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_subject": {"type": "string", "description": "equal to the record's key"},
        "traceparent": {"type": "string", "description": "W3C trace context, where tracing is on"},
    },
}


def schema_file(topic: str) -> str:
    """File name of the schema of `topic`."""
    return f"{topic}.schema.json"


def as_text(document: Mapping[str, Any]) -> str:
    """Stable text of a generated document."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def json_schemas() -> dict[str, str]:
    """File name → text of every contract's JSON Schema."""
    return {schema_file(topic): as_text(schema_of(contract)) for topic, contract in CONTRACTS.items()}


def _message(topic: Topic) -> dict[str, Any]:
    payload = schema_of(CONTRACTS[topic.contract])
    payload.pop("$schema")
    return {
        "name": CONTRACTS[topic.contract].__name__,
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/CloudEventHeaders"},
        "payload": {"schemaFormat": "application/schema+json;version=draft-2020-12", "schema": payload},
        "bindings": {"kafka": {"key": {"type": "string", "description": topic.key}, "bindingVersion": "0.5.0"}},
    }


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "description": topic.description,
        "messages": {"event": {"$ref": f"#/components/messages/{_name(topic.contract)}"}},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "replicas": topic.replication,
                "topicConfiguration": {"cleanup.policy": [topic.config["cleanup.policy"]]},
                "bindingVersion": "0.5.0",
            }
        },
        "x-owner": topic.owner,
    }


def _name(topic: str) -> str:
    return topic.replace(".", "-")


def asyncapi(topics: list[Topic]) -> str:
    """The AsyncAPI 3.0 document of all topics, as JSON text (JSON is YAML too)."""
    operations: dict[str, Any] = {}
    for topic in topics:
        channel = {"$ref": f"#/channels/{_name(topic.name)}"}
        for action, names in (("send", topic.producers), ("receive", topic.consumers)):
            for name in names:
                key = f"{name.replace(':', '-').replace(' ', '-')}-{action}-{_name(topic.name)}"
                operations[key] = {"action": action, "channel": channel, "summary": f"{name} {action}s {topic.name}"}
    contracts = {topic.contract: topic for topic in topics}
    return as_text(
        {
            "asyncapi": "3.0.0",
            "info": {
                "title": "Borderlight events",
                "version": VERSION,
                "description": "Within .v1 fields are only added; ignore fields you do not know.",
                "license": {"name": "Apache-2.0"},
            },
            "defaultContentType": "application/json",
            "channels": {_name(topic.name): _channel(topic) for topic in topics},
            "operations": operations,
            "components": {
                "messages": {_name(name): _message(topic) for name, topic in contracts.items()},
                "schemas": {"CloudEventHeaders": CLOUD_EVENT_HEADERS},
            },
        }
    )
