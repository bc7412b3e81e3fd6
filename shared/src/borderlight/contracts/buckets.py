"""Buckets that events refer to. Who reads objects that an event names says which of these it means."""

CAPTURES = "captures"
"""Films and their capture.json, below the session's id (a load test's below its own)."""
NORMALIZED = "normalized"
"""Normalized captures, below the session's id."""
DOCUMENTS = "documents"
"""Photographs on their way in, below the traveller's reference; deleted when they are enrolled."""
