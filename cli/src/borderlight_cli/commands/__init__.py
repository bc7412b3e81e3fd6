"""Subcommands of `borderlight`, one file each."""
