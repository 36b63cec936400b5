"""`python -m monitor` is `vidnet`."""

from __future__ import annotations

from monitor.cli import main

main()
