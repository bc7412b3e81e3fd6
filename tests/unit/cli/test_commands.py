"""Every subcommand loads, and says what it does."""

import pytest

from borderlight_cli.main import build


@pytest.mark.parametrize("name", sorted(build().table))
def test_every_subcommand_loads_and_explains_itself(name: str) -> None:
    command = build().get_command(None, name)
    assert command is not None
    for one in (command, *getattr(command, "commands", {}).values()):
        assert one.help, f"{name} {one.name} has no help"
