"""What Prometheus scrapes: the city's counts and the service's own health."""
