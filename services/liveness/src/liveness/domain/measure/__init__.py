"""What is measured on a capture, one quantity per file; `liveness.domain.measurement` puts them together.

The equation numbers are those of docs/physics.md.
"""
