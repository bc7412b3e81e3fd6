"""The words the services say to one another: events, topics, bundles, the normalized capture."""
