"""Adapters: all that touches the world outside; independent of each other."""
