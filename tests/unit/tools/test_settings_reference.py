"""Every setting says in a sentence what it is; the reference page has no empty meaning and is equal in every run."""

import importlib
import re
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from borderlight_tools.docs.references import SETTINGS, settings_page


def settings_classes() -> list[type[BaseSettings]]:
    return [getattr(importlib.import_module(module), name) for module, name in SETTINGS.values()]


def services_with_settings() -> set[str]:
    root = Path(__file__).parents[3]
    return {path.parent.name for path in root.glob("services/*/src/*/settings.py")}


def undescribed(settings: type[BaseSettings]) -> list[str]:
    """Fields without a sentence that ends with a full stop."""
    return [
        name
        for name, field in settings.model_fields.items()
        if not re.fullmatch(r"[A-Z].{9,}\.", " ".join((field.description or "").split()))
    ]


@pytest.mark.parametrize("settings", settings_classes(), ids=lambda settings: settings.__name__)
def test_every_setting_is_described(settings: type[BaseSettings]) -> None:
    assert settings.model_fields, "there is something to describe"
    assert undescribed(settings) == []


def test_a_setting_without_a_sentence_is_found() -> None:
    class Example(BaseSettings):
        port: int = 8080

    assert undescribed(Example) == ["port"]


def test_the_settings_of_every_service_are_in_the_reference() -> None:
    assert services_with_settings() == {
        module.split(".")[0] for module, _ in SETTINGS.values() if module.endswith(".settings")
    }


def test_the_page_names_no_address_of_an_object() -> None:
    page = settings_page()
    assert "KAFKA_SECURITY" in page and " at 0x" not in page
