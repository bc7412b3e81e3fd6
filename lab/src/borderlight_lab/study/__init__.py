"""Captures of real people: consent, labels, withdrawal, export as bundles."""
