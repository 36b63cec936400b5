"""`python -m grafana`: build the boards in both languages, and the recording rules, into the tree."""

from __future__ import annotations

import json
from pathlib import Path

from grafana.build import built_files

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Write every file that is built."""
    for name, text in built_files().items():
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    print(json.dumps(sorted(built_files()), indent=2))


if __name__ == "__main__":
    main()
