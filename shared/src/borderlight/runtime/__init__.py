"""How every service reaches the world: bus, object store, Redis, clock, health, metrics, logs."""
