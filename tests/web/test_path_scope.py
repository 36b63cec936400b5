"""What is asked of a path concerns all devices behind it: a county asks for, and decides, none that reaches another."""

from __future__ import annotations

import time
from dataclasses import replace

from monitor.domain.account import Grant, Role
from monitor.domain.device import Parent
from monitor.ports import InventoryBatch
from tests.web.site import INSIDE, OUTSIDE, ROLES, Client, Site


async def test_a_path_that_reaches_another_county_is_the_citys_to_exempt_and_to_retire(site: Site):
    switch, near = site.device_in(INSIDE, number=1), site.device_in(INSIDE, number=2)
    far = site.device_in(OUTSIDE, number=1)
    now = int(time.time())
    body = {"scope": "path", "scope_id": switch.id, "start": now + 60, "end": now + 600, "reason": "network_cutover"}
    inventory = site.service._page._parts.inventory
    await inventory.record(InventoryBatch(devices=[replace(near, parents=(Parent(switch.id),))]))
    await site.service.following.follow()
    async with (
        Client(site, await site.token_of("reporter", *ROLES["reporter"])) as county,
        Client(site, await site.token_of("approver", *ROLES["approver"])) as decider,
        Client(site, await site.token_of("city", Grant(Role.APPROVER))) as city,
    ):
        status, answer = await county.call("POST", "/exemptions", body)
        assert status == 200, answer
        waiting = answer["exemptions"][0]["id"]
        asked = {"kind": "retire", "entity_id": switch.id, "reason": "old"}
        status, answer = await county.call("POST", "/requests", asked)
        assert status == 200, answer
        retiring = answer["requests"][0]["id"]
        await inventory.record(InventoryBatch(devices=[replace(far, parents=(Parent(near.id),))]))
        await site.service.following.follow()
        assert (await county.call("POST", "/exemptions", {**body, "start": now + 90}))[0] == 403
        sheet = f"scope,id,from,to,reason\npath,{switch.id},2027-01-02,2027-01-03,power\n"
        raw = {"data": sheet.encode(), "headers": {"Content-Type": "application/octet-stream"}}
        assert (await county.call("POST", "/exemptions/import", **raw))[0] == 403
        assert (await decider.call("POST", f"/exemptions/{waiting}/approve", {}))[0] == 403
        assert (await city.call("POST", f"/exemptions/{waiting}/approve", {}))[0] == 200
        assert (await county.call("POST", "/requests", asked))[0] == 403
        assert (await county.call("POST", "/requests", {**asked, "kind": "suspend"}))[0] == 403
        assert (await decider.call("POST", f"/requests/{retiring}/approve", {}))[0] == 403
        assert (await city.call("POST", f"/requests/{retiring}/approve", {}))[0] == 200
