"""Commands that the tools add to `borderlight`: name → (module, one line of help)."""

_HERE = "borderlight_tools.commands"
COMMANDS = {
    "models": (f"{_HERE}.models", "Build and check the face models."),
    "contracts": (f"{_HERE}.contracts", "Generate and check the event contracts."),
}
