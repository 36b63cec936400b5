"""What the simulated devices answer to deep looks: written for one device at a time, from its persona."""

from __future__ import annotations

import time

from monitor.demo.answers import NOT_AUTHORIZED, http
from monitor.demo.persona import Addresses, Oddity, Persona

DAY_S = 86_400
_NAMESPACES = (
    'xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:tds="http://www.onvif.org/ver10/device/wsdl"'
    ' xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:trt="http://www.onvif.org/ver10/media/wsdl"'
    ' xmlns:tse="http://www.onvif.org/ver10/search/wsdl" xmlns:ter="http://www.onvif.org/ver10/error"'
)
_NOT_SUPPORTED = (
    "<e:Fault><e:Code><e:Value>e:Receiver</e:Value><e:Subcode><e:Value>ter:ActionNotSupported</e:Value></e:Subcode>"
    '</e:Code><e:Reason><e:Text xml:lang="en">Optional Action Not Implemented</e:Text></e:Reason></e:Fault>'
)


def deep_answer(
    operation: str, persona: Persona, *, address: str, port: int, rtsp_port: int, now: int, turned: bool
) -> bytes:
    """Give a device's answer to one question, ready to send.

    Args:
        operation: the question's name, such as "GetProfiles".
        persona: what the device is like.
        address: its own, dotted.
        port: that it listens on.
        rtsp_port: that its streams are had from.
        now: its own clock, epoch seconds.
        turned: whether the time for what turns has come.
    """
    where = f"http://{address}:{port}"
    odd = persona.oddity
    if operation == "GetDeviceInformation":
        return _soap(
            "<tds:GetDeviceInformationResponse>"
            f"<tds:Manufacturer>{persona.maker}</tds:Manufacturer><tds:Model>{persona.model}</tds:Model>"
            f"<tds:FirmwareVersion>{persona.firmware}</tds:FirmwareVersion>"
            f"<tds:SerialNumber>{persona.serial[_who(odd, turned)]}</tds:SerialNumber>"
            "<tds:HardwareId>1.0</tds:HardwareId></tds:GetDeviceInformationResponse>"
        )
    if operation == "GetNetworkInterfaces":
        return _soap(
            '<tds:GetNetworkInterfacesResponse><tds:NetworkInterfaces token="eth0"><tt:Enabled>true</tt:Enabled>'
            f"<tt:Info><tt:Name>eth0</tt:Name><tt:HwAddress>{persona.mac[_who(odd, turned)]}</tt:HwAddress></tt:Info>"
            "</tds:NetworkInterfaces></tds:GetNetworkInterfacesResponse>"
        )
    if operation == "GetServices":
        if persona.addresses is Addresses.REFUSED:
            return _soap(_NOT_SUPPORTED, status=b"500 Internal Server Error")
        return _soap(_services(persona, where))
    if operation == "GetCapabilities":
        return _soap(_capabilities(persona, where))
    if operation == "GetProfiles":
        return _soap(_profiles(odd))
    if operation == "GetSnapshotUri":
        host = "http://192.168.1.64" if odd is Oddity.ELSEWHERE else where
        return _soap(_uri(operation, f"{host}/onvif/snapshot?channel=1"))
    if operation == "GetStreamUri":
        return _stream(odd, address, rtsp_port)
    if operation == "GetRecordingSummary":
        return _recordings(persona, now)
    return _soap(_NOT_SUPPORTED, status=b"500 Internal Server Error")


def _who(odd: Oddity, turned: bool) -> int:
    return int(turned and odd is Oddity.REPLACED)


def _services(persona: Persona, where: str) -> str:
    names = ["device", "media"] + ([] if persona.kept_days is None else ["search"])
    base = "http://192.168.1.64" if persona.addresses is Addresses.OTHER_HOST else where
    services = "".join(
        f"<tds:Service><tds:Namespace>http://www.onvif.org/ver10/{name}/wsdl</tds:Namespace>"
        f"<tds:XAddr>{base if persona.addresses is Addresses.NO_PATH else f'{base}/onvif/{name}_service'}</tds:XAddr>"
        "<tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>"
        for name in names
    )
    return f"<tds:GetServicesResponse>{services}</tds:GetServicesResponse>"


def _capabilities(persona: Persona, where: str) -> str:
    search = ""
    if persona.kept_days is not None:
        search = (
            f"<tt:Extension><tt:Search><tt:XAddr>{where}/onvif/search_service</tt:XAddr>"
            "<tt:MetadataSearch>false</tt:MetadataSearch></tt:Search></tt:Extension>"
        )
    return (
        f"<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media><tt:XAddr>{where}/onvif/media_service</tt:XAddr>"
        "<tt:StreamingCapabilities><tt:RTPMulticast>false</tt:RTPMulticast></tt:StreamingCapabilities></tt:Media>"
        f"{search}</tds:Capabilities></tds:GetCapabilitiesResponse>"
    )


def _profiles(odd: Oddity) -> str:
    sizes = () if odd is Oddity.NO_PROFILE else (("main", 1920, 1080), ("sub", 704, 576))
    profiles = "".join(
        f'<trt:Profiles token="{token}" fixed="true"><tt:Name>{token}</tt:Name>'
        f'<tt:VideoEncoderConfiguration token="enc_{token}"><tt:Name>enc</tt:Name><tt:UseCount>1</tt:UseCount>'
        f"<tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>{width}</tt:Width><tt:Height>{height}</tt:Height>"
        "</tt:Resolution><tt:Quality>4</tt:Quality></tt:VideoEncoderConfiguration></trt:Profiles>"
        for token, width, height in sizes
    )
    return f"<trt:GetProfilesResponse>{profiles}</trt:GetProfilesResponse>"


def _uri(operation: str, uri: str) -> str:
    return (
        f"<trt:{operation}Response><trt:MediaUri><tt:Uri>{uri}</tt:Uri><tt:InvalidAfterConnect>false"
        "</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout>"
        f"</trt:MediaUri></trt:{operation}Response>"
    )


def _stream(odd: Oddity, address: str, rtsp_port: int) -> bytes:
    if odd is Oddity.NO_STREAM:
        return _soap(_NOT_SUPPORTED.replace("ActionNotSupported", "IncompleteConfiguration"), status=b"400 Bad Request")
    content = _uri("GetStreamUri", f"rtsp://{address}:{rtsp_port}/live/sub")
    # Some firmware answers in the schema of the second media version, where there is no MediaUri.
    return _soap(content.replace("trt:MediaUri", "trt:Media2Uri") if odd is Oddity.ODD_STREAM else content)


def _recordings(persona: Persona, now: int) -> bytes:
    if persona.oddity is Oddity.NO_RIGHTS:
        return NOT_AUTHORIZED
    if persona.kept_days is None:
        return _soap(_NOT_SUPPORTED, status=b"500 Internal Server Error")
    until = now - 5 * DAY_S if persona.oddity is Oddity.STOPPED else now - 60
    return _soap(
        "<tse:GetRecordingSummaryResponse><tse:Summary>"
        f"<tt:DataFrom>{_instant(now - persona.kept_days * DAY_S - 3_600)}</tt:DataFrom>"
        f"<tt:DataUntil>{_instant(until)}</tt:DataUntil>"
        f"<tt:NumberRecordings>{min(1, persona.kept_days)}</tt:NumberRecordings>"
        "</tse:Summary></tse:GetRecordingSummaryResponse>"
    )


def _instant(epoch_s: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch_s))


def _soap(content: str, *, status: bytes = b"200 OK") -> bytes:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<e:Envelope {_NAMESPACES}><e:Body>{content}</e:Body></e:Envelope>'
    return http(status, body.encode())
