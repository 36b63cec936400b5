"""The monitor's own HTTP server: metrics and health."""
