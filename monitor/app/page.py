"""The page and its API, put together on the running service; and the keeping of the trend that the page draws."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import structlog

from monitor.adapters.db.accounts import SqlAccounts
from monitor.adapters.db.alert_queries import SqlAlertDecisions, SqlAlertQueries
from monitor.adapters.db.directory import SqlDirectory
from monitor.adapters.db.dossiers import SqlDossiers
from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.objections import SqlObjections
from monitor.adapters.db.queries import SqlQueries
from monitor.adapters.db.states import SqlStateStore
from monitor.adapters.db.trend import SqlTrend
from monitor.adapters.files.alert_rules import read_alert_rules
from monitor.adapters.passwords import totp_uri
from monitor.adapters.web.api import PREFIX, api
from monitor.adapters.web.asker import Front
from monitor.adapters.web.page import Page
from monitor.adapters.web.parts import Health, KnownExemptions, Parts, RecentLooks
from monitor.adapters.web.server import Mount, tls_context
from monitor.app.access import access_of, verified
from monitor.app.page_jobs import Imports, Reports, Worker
from monitor.app.page_tools import SiteTools
from monitor.app.wiring import alert_rules_file
from monitor.domain.alert import Alert, Telling
from monitor.domain.alert_words import Detail, words_en, words_zh
from monitor.domain.exempting import ExemptionRules
from monitor.domain.incident import Incident
from monitor.domain.state import DeviceState
from monitor.ports import StoreError
from monitor.services.city_figures import CityFigures
from monitor.services.clock_figures import ClockRates
from monitor.services.device_search import DeviceSearch
from monitor.services.evaluation import Evaluator
from monitor.services.exemption_desk import ExemptionDesk
from monitor.services.live_counts import LiveCounts
from monitor.services.objection_desk import ObjectionDesk
from monitor.services.order_desk import OrderDesk
from monitor.services.request_desk import RequestDesk
from monitor.settings import Settings

log = structlog.get_logger()

DAY_S = 86_400
_TRY_AGAIN_S = 30


@dataclass(frozen=True, slots=True)
class Running:
    """What the page shows of the running service, each as it is when asked.

    Attributes:
        evaluator: judges figures.
        counts: the live counts.
        state: of a device, as known now.
        clocks: clock compliances as last judged; None while our own clock is not trusted.
        health: how the service does.
        look_now: makes a look at a device due now.
        now: gives epoch seconds.
    """

    evaluator: Callable[[], Evaluator]
    counts: Callable[[], LiveCounts]
    state: Callable[[str], DeviceState | None]
    clocks: Callable[[], ClockRates | None]
    health: Callable[[], Health]
    look_now: Callable[[str], bool]
    now: Callable[[], float]


class WebPage:
    """The page, its API, and the trend.

    Args:
        running: the service.
        settings: of the service.
        database: where everything is kept.
        folder: what relative paths in the settings are relative to.
    """

    def __init__(self, running: Running, settings: Settings, database: Database, *, folder: Path) -> None:
        self._settings = settings.web
        self._folder = folder
        self._now = running.now
        self._trend = SqlTrend(database)
        self._figures = CityFigures(running.evaluator, running.counts, running.now, running.clocks)
        inventory, queries = SqlInventory(database), SqlQueries(database)
        site = settings.exemptions
        rules = ExemptionRules(submit_within_s=site.submit_within_s, longest_s=site.longest_s)
        access = access_of(database, settings, folder=folder, tree=lambda: self._figures.tree, now=running.now)
        worker = Worker(settings, folder=folder)
        self._imports = Imports(worker)
        objections = SqlObjections(database)
        alerts, decisions = SqlAlertQueries(database), SqlAlertDecisions(database)
        self._parts = Parts(
            figures=self._figures,
            counts=running.counts,
            search=DeviceSearch(),
            state=running.state,
            inventory=inventory,
            directory=SqlDirectory(database),
            queries=queries,
            trend=self._trend,
            exemptions_known=KnownExemptions(inventory),
            exemptions=ExemptionDesk(inventory, rules=rules, zone=settings.zone(), quota=Fraction(site.quota)),
            requests=RequestDesk(inventory, queries, SqlStateStore(database), zone=settings.zone()),
            alerts=alerts,
            alert_decisions=decisions,
            orders=OrderDesk(alerts, decisions),
            dossiers=SqlDossiers(database),
            alert_titles=_titles(settings, folder=folder),
            imports=self._imports,
            tools=SiteTools(settings, database, folder=folder),
            reports=Reports(settings, folder=folder, worker=worker),
            objections=objections,
            objection_desk=ObjectionDesk(
                objections, inventory, zone=settings.zone(), within_s=settings.report.objections_within_s
            ),
            accounts=access.desk,
            audit=access.audit,
            verify_audit=lambda: verified(access.audit),
            totp_uri=totp_uri,
            remembered=SqlAccounts(database),
            health=running.health,
            look_now=running.look_now,
            recent_looks=RecentLooks(),
            refused=Counter(),
            policy=settings.policy(),
            now=running.now,
            zone=settings.city.zone,
            guest=settings.accounts.guest,
        )

    def prepare(self) -> None:
        """Make ready what the first question would wait for, once the devices are loaded."""
        self._parts.search.prepare(self._parts.counts())

    def mounts(self) -> list[Mount]:
        """Give what adds the page and its API to the server."""
        web = self._settings
        front = Front(web.hosts, proxies=web.proxies if web.proxied else ())
        page = Page(front, map_file=self._folder / web.map if web.map else None)
        return [page.mount, lambda application: application.add_subapp(PREFIX, api(self._parts, front)) and None]

    def note_slow(self) -> None:
        """Count a client that was dropped because it was too slow."""
        self._parts.refused["slow"] += 1

    def refused(self) -> Mapping[str, int]:
        """Give how many requests were refused so far, by reason."""
        return self._parts.refused

    def tls(self) -> ssl.SSLContext | None:
        """Give the certificate of the settings, None for plain HTTP.

        Raises:
            WebServerError: it cannot be used.
        """
        web = self._settings
        if not web.certificate:
            return None
        return tls_context(str(self._folder / web.certificate), str(self._folder / web.key))

    def work(self) -> Iterable[Coroutine[Any, Any, None]]:
        """Give what runs until the service stops."""
        yield self._keep_trend()
        yield self._take_uploads_away()

    async def _take_uploads_away(self) -> None:
        """Leave no uploaded sheet behind when the service stops."""
        try:
            await asyncio.Event().wait()
        finally:
            self._imports.close()

    async def _keep_trend(self) -> None:
        """Keep the counts of every region, once in a while; a store that is busy gets them a little later."""
        every_s = self._settings.trend_every_s
        wait_s = 0.0
        while True:
            await asyncio.sleep(wait_s)
            now = self._now()
            try:
                newest = await self._trend.newest_at()
                if newest is None or now - newest >= every_s:
                    forget = int(now) - self._settings.trend_days * DAY_S
                    await self._trend.keep(self._figures.trend_points(), forget_before=forget)
                    newest = int(now)
                wait_s = max(1.0, newest + every_s - self._now())
            except StoreError as error:
                log.warning("trend.not_kept", reason=" ".join(str(error).split()))
                wait_s = _TRY_AGAIN_S


def _titles(settings: Settings, *, folder: Path) -> Callable[[Alert, Incident | None], tuple[str, str]]:
    """Give what says an alert in one line, in Chinese and English, as receivers were told."""
    rules = {
        rule.id: rule
        for rule in read_alert_rules(alert_rules_file(settings, folder=folder), receivers=settings.receivers)
    }
    zone = settings.zone()

    def titles(alert: Alert, incident: Incident | None) -> tuple[str, str]:
        rule = rules.get(alert.rule)
        if rule is None:
            return alert.subject.name_zh, alert.subject.name_en
        detail, at = Detail(incident=incident), alert.raised_at or alert.since
        return (
            words_zh(rule, alert, Telling.RAISED, detail, at=at, zone=zone).title,
            words_en(rule, alert, Telling.RAISED, detail, at=at, zone=zone).title,
        )

    return titles
