"""What a site runs beside vidnet, written out of the package: dashboards, rules, and configuration to begin with."""

from __future__ import annotations

import os
from pathlib import Path

import monitor
from monitor.app.wiring import config_folder

PLACEHOLDER = "http://grafana.example"
"""Stands in the rules for where the site's Grafana is."""

PAGE_PLACEHOLDER = "http://vidnet.example"
"""Stands in the boards for where the site's vidnet serves its own page."""


class SiteFilesError(Exception):
    """The files cannot be written; the message says where and why."""


def grafana_folder() -> Path:
    """Give the folder of the built dashboards: inside an installed package, or beside it in a checkout."""
    package = Path(monitor.__file__).parent
    inside = package / "grafana"
    return inside if inside.is_dir() else package.parent / "grafana"


def export_site_files(folder: Path, *, grafana_url: str, page_url: str) -> list[str]:
    """Write everything into a folder and give the names of the files, in order.

    Args:
        folder: made where it is missing; files of the same names are replaced.
        grafana_url: what takes the place of `PLACEHOLDER` in the rules.
        page_url: what takes the place of `PAGE_PLACEHOLDER` in the boards.

    Raises:
        SiteFilesError: a file cannot be written.
    """
    dashboards, config = grafana_folder(), config_folder()
    sources = {
        **{f"grafana/dashboards/{each.parent.name}/{each.name}": each for each in dashboards.glob("??/*.json")},
        **{f"grafana/{_below(each, dashboards)}": each for each in dashboards.glob("provisioning/*/*.yaml")},
        **{_below(each, config): each for each in config.glob("prometheus/**/*.yml")},
        **{_below(each, config): each for each in config.glob("alertmanager/*.yml")},
        **{_below(each, config): each for each in config.glob("systemd/*.service")},
        **{f"vidnet/{each.name}": each for each in config.glob("*.toml")},
    }
    try:
        for name, source in sources.items():
            text = source.read_text(encoding="utf-8").replace(PLACEHOLDER, grafana_url.rstrip("/"))
            text = text.replace(PAGE_PLACEHOLDER, page_url.rstrip("/"))
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SiteFilesError(
            f"无法写入 {error.filename}: {os.strerror(error.errno or 0)}\n"
            f"cannot write {error.filename}: {os.strerror(error.errno or 0)}"
        ) from error
    return sorted(sources)


def _below(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()
