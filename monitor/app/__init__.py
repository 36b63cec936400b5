"""The composition root: the one place that reads settings, names concrete classes and starts the journeys."""
