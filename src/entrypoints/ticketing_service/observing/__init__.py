"""The log, and the metrics for Prometheus."""
