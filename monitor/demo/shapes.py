"""What different makers' devices write about their clock: the answers to GetSystemDateAndTime, as templates.

Modelled on recorded answers of real cameras: prefixes, order of fields, time zone texts, padding and the presence of
LocalDateTime differ, and all of it occurs. Nothing here names a maker.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_TDS = "http://www.onvif.org/ver10/device/wsdl"
_TT = "http://www.onvif.org/ver10/schema"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_DST = "CST+7:00:00DST01:00:00,M3.2.0/02:00:00,M11.1.0/02:00:00"

_UTC = (
    "<tt:UTCDateTime><tt:Time><tt:Hour>{h}</tt:Hour><tt:Minute>{mi}</tt:Minute><tt:Second>{s}</tt:Second></tt:Time>"
    "<tt:Date><tt:Year>{y}</tt:Year><tt:Month>{mo}</tt:Month><tt:Day>{d}</tt:Day></tt:Date></tt:UTCDateTime>"
)
_UTC_DATE_FIRST = (
    "<tt:UTCDateTime><tt:Date><tt:Year>{y}</tt:Year><tt:Month>{mo}</tt:Month><tt:Day>{d}</tt:Day></tt:Date>"
    "<tt:Time><tt:Hour>{h}</tt:Hour><tt:Minute>{mi}</tt:Minute><tt:Second>{s}</tt:Second></tt:Time></tt:UTCDateTime>"
)
_UTC_PADDED = _UTC.replace("{h}", "{h:02d}").replace("{mi}", "{mi:02d}").replace("{s}", "{s:02d}")
_LOCAL = (
    "<tt:LocalDateTime><tt:Time><tt:Hour>{lh}</tt:Hour><tt:Minute>{lmi}</tt:Minute><tt:Second>{ls}</tt:Second></tt:Time>"
    "<tt:Date><tt:Year>{ly}</tt:Year><tt:Month>{lmo}</tt:Month><tt:Day>{ld}</tt:Day></tt:Date></tt:LocalDateTime>"
)


@dataclass(frozen=True, slots=True)
class Shape:
    """One way to write the answer.

    Attributes:
        share: how many of all devices write it so.
        template: the envelope, with fields for the UTC time (h mi s y mo d) and the local one (lh lmi ls ly lmo ld).
        head: header lines before Content-Length.
        keeps_alive: whether the connection stays open after the answer unless the request asks to close it.
        local_s: local minus UTC time in seconds, as its time zone text says.
    """

    share: float
    template: str
    head: str
    keeps_alive: bool = False
    local_s: int = 8 * 3_600

    def render(self, instant: int, *, utc_is_local: bool = False) -> bytes:
        """Write the envelope of a device whose clock stands at `instant` (epoch seconds).

        `utc_is_local` is the bug of a device that fills UTCDateTime with its local time: both are then the same.
        """
        utc, local = time.gmtime(instant), time.gmtime(instant if utc_is_local else instant + self.local_s)
        return self.template.format(
            h=utc.tm_hour,
            mi=utc.tm_min,
            s=utc.tm_sec,
            y=utc.tm_year,
            mo=utc.tm_mon,
            d=utc.tm_mday,
            lh=local.tm_hour,
            lmi=local.tm_min,
            ls=local.tm_sec,
            ly=local.tm_year,
            lmo=local.tm_mon,
            ld=local.tm_mday,
        ).encode()


def _system(utc: str, *, zone: str | None, kind: str = "NTP", dst: str = "false", more: str = "") -> str:
    zone_text = "" if zone is None else f"<tt:TimeZone><tt:TZ>{zone}</tt:TZ></tt:TimeZone>"
    return (
        f"<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>{kind}</tt:DateTimeType>"
        f"<tt:DaylightSavings>{dst}</tt:DaylightSavings>{zone_text}{utc}{more}"
        "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
    )


def _envelope(prefix: str, body: str, *, more: str = "", header: str = "") -> str:
    return (
        f'{_DECLARATION}<{prefix}:Envelope xmlns:{prefix}="{_SOAP}"{more} xmlns:tt="{_TT}" xmlns:tds="{_TDS}">'
        f"{header}<{prefix}:Body>{body}</{prefix}:Body></{prefix}:Envelope>"
    )


def _pretty(envelope: str) -> str:
    return envelope.replace("><", ">\n  <")


def _unprefixed(body: str) -> str:
    """Write the body with default namespaces, as toolkits that declare them where they are used do."""
    plain = body.replace("tds:", "").replace("<tt:", "<").replace("</tt:", "</")
    plain = plain.replace("<GetSystemDateAndTimeResponse>", f'<GetSystemDateAndTimeResponse xmlns="{_TDS}">')
    for name in ("DateTimeType", "DaylightSavings", "TimeZone", "UTCDateTime"):
        plain = plain.replace(f"<{name}>", f'<{name} xmlns="{_TT}">')
    return f'<Envelope xmlns="{_SOAP}"><Body>{plain}</Body></Envelope>'


SHAPES: tuple[Shape, ...] = (
    Shape(
        share=0.34,
        template=_pretty(_envelope("env", _system(_UTC, zone="CST-8:00:00", kind="Manual", more=_LOCAL))),
        head="Content-Type: application/soap+xml; charset=utf-8\r\nCache-Control: no-cache\r\n",
        keeps_alive=True,
    ),
    Shape(
        share=0.27,
        template=_envelope(
            "s", _system(_UTC, zone="CST-8", more=_LOCAL), more=' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ),
        head='Content-Type: application/soap+xml; charset=utf-8; action="GetSystemDateAndTime"\r\n',
    ),
    Shape(
        share=0.18,
        template=_envelope(
            "SOAP-ENV",
            _system(_UTC, zone="CST-8", more=_LOCAL),
            more=' xmlns:SOAP-ENC="http://www.w3.org/2003/05/soap-encoding" xmlns:wsa5="http://www.w3.org/2005/08/addressing"',
            header='<SOAP-ENV:Header><wsa5:To SOAP-ENV:mustUnderstand="true">http://www.w3.org/2005/08/addressing/anonymous'
            "</wsa5:To></SOAP-ENV:Header>",
        ),
        head="Server: gSOAP/2.8\r\nContent-Type: application/soap+xml; charset=utf-8\r\n",
    ),
    Shape(
        share=0.08,
        template=_envelope("env", _system(_UTC, zone=_DST, dst="true", more=_LOCAL)),
        head="Content-Type: application/soap+xml; charset=utf-8\r\n",
        keeps_alive=True,
        local_s=-7 * 3_600,
    ),
    Shape(
        share=0.06,
        template=_envelope("SOAP-ENV", _system(_UTC_DATE_FIRST, zone="CST-8")),
        head="Content-Type: text/xml; charset=utf-8\r\n",
    ),
    Shape(
        share=0.04,
        template=_envelope("soap", _system(_UTC_PADDED, zone=None, kind="Manual")),
        head="content-type: application/soap+xml\r\n",
    ),
    Shape(
        share=0.03,
        template=_unprefixed(_system(_UTC, zone="UTC-08:00")),
        head='Content-Type: application/soap+xml; charset="utf-8"\r\n',
    ),
)
SHAPE_SHARES: tuple[float, ...] = tuple(shape.share for shape in SHAPES)
