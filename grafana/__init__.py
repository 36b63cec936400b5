"""Grafana's dashboards and Prometheus' recording rules as code: `python -m grafana` builds what is committed.

One builder gives Chinese and English: the same queries in the same places, with other words (facts are read once, by
people of two languages). What is built is classic JSON (schemaVersion 42), which Grafana 10 to 13 provision from files.
"""
