"""The journeys: polling, ingest, evaluation; I/O only through ports."""
