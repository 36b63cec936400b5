"""The rules: regions, points, devices, their states and rates, as pure functions and frozen values.

Nothing here does I/O, reads a clock or is random: time is an argument `at`, in integer epoch seconds.
"""
