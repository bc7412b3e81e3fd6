"""Commands that the tools add to `borderlight`: name → (module, one line of help)."""

_HERE = "borderlight_tools.commands"
COMMANDS = {
    "models": (f"{_HERE}.models", "Build and check the face models."),
    "bench-rebuild": (f"{_HERE}.bench_rebuild", "The join brought back from an hour of sessions: seconds, memory."),
    "contracts": (f"{_HERE}.contracts", "Generate and check the event contracts."),
}
