"""Bring a folder or manifest of document photographs into the store: resumable, on every core, with a report."""
