"""Checks of everything under deploy/ that need neither a container engine nor a cluster."""
