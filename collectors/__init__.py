"""Collectors: each speaks one device protocol and yields raw facts; none knows the inventory."""
