"""Clients that mean no good, against the capture API and the readers behind it: on this machine only."""
