"""A real Kafka, Redis and S3 server as local processes, without a container engine."""
