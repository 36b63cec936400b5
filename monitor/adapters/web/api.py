"""`/api/v1`: one table of routes, and the application that serves it."""

from __future__ import annotations

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from monitor.adapters.web import (
    alerts,
    credentials,
    decided,
    device,
    devices,
    exemptions,
    explaining,
    figures,
    handover,
    imports,
    incidents,
    inventory,
    learning,
    order_sheets,
    orders,
    people,
    points,
    reports,
    requests,
    silences,
    system,
    targets,
    upkeep,
)
from monitor.adapters.web.asker import Front
from monitor.adapters.web.dispatch import Dispatch
from monitor.adapters.web.openapi import document
from monitor.adapters.web.parts import Parts
from monitor.adapters.web.problem import Problem
from monitor.adapters.web.route import Call, Reply, Route

PREFIX = "/api/v1"


async def openapi(call: Call) -> Reply:
    """Give the document of all routes."""
    version = call.parts.health().version
    return Reply(msgspec.json.encode(document(ROUTES, version=version, prefix=PREFIX)))


ROUTES: tuple[Route, ...] = (
    *figures.ROUTES,
    *explaining.ROUTES,
    *targets.ROUTES,
    *devices.ROUTES,
    *device.ROUTES,
    *learning.ROUTES,
    *points.ROUTES,
    *inventory.ROUTES,
    *exemptions.ROUTES,
    *requests.ROUTES,
    *decided.ROUTES,
    *alerts.ROUTES,
    *incidents.ROUTES,
    *silences.ROUTES,
    *orders.ROUTES,
    *order_sheets.ROUTES,
    *handover.ROUTES,
    *reports.ROUTES,
    *imports.ROUTES,
    *people.ROUTES,
    *credentials.ROUTES,
    *system.ROUTES,
    *upkeep.ROUTES,
    Route("GET", "/openapi.json", openapi, None, "this document", group="system"),
)


def api(parts: Parts, front: Front) -> web.Application:
    """Give the application of the API, to be mounted at `PREFIX`."""
    application = web.Application(middlewares=[_problems_of(parts)])
    dispatch = Dispatch(parts, front)
    for route in ROUTES:
        application.router.add_route(route.method, route.path, dispatch.handler(route))
    return application


def _problems_of(parts: Parts) -> Middleware:
    """Give aiohttp's own refusals (no such route or method, an odd body) the form of all others, and count them."""

    @web.middleware
    async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            parts.refused["http"] += 1
            problem = Problem(error.status, "http", error.reason).response()
            if "Allow" in error.headers:
                problem.headers["Allow"] = error.headers["Allow"]
            return problem

    return problems
