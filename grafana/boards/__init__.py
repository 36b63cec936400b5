"""The boards, one a file: overview, county, points, faults, health."""
