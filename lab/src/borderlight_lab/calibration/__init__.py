"""Limits from an operator's own captures and photographs, cross-validated, with provenance."""
