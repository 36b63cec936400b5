"""A foreign RTSP server, GStreamer's own: run by the system's Python, which has its bindings (`gi`), and nowhere else.

    python3 gst_rtsp_server.py PICTURE.jpg USER PASSWORD

It prints the ports of two servers, then serves the picture as a live stream until its input ends. Both have /h264 and
/h265, and /udp over UDP alone (461 to others). At the first all is behind HTTP Digest without qop;
the second has a default token, as its manual shows: it gives /open to anybody, and answers 404, without a challenge, to
whom it does not know.
"""

from __future__ import annotations

import sys
from typing import Any

import gi  # type: ignore[import-not-found, unused-ignore]

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # type: ignore[import-not-found, unused-ignore] # noqa: E402

SOURCE = "multifilesrc location={picture} caps=image/jpeg,framerate=10/1 loop=true ! jpegdec ! videoconvert ! {rest}"
H264 = "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! rtph264pay name=pay0 pt=96 config-interval=-1"
H265 = "x265enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! rtph265pay name=pay0 pt=96 config-interval=-1"
KNOWN, ANYBODY = "known", "anybody"


def token(role: str) -> Any:
    """Give what somebody of a role is known by."""
    made = GstRtspServer.RTSPToken.new()
    made.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, role)
    return made


def stream(pipeline: str, *roles: str, protocols: Any = None) -> Any:
    """Give what makes a stream that some roles may see; to others it does not exist."""
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(f"( {pipeline} )")
    factory.set_shared(True)
    if protocols is not None:
        factory.set_protocols(protocols)
    for role in roles:
        rights = Gst.Structure.new_empty(role)
        for right in (GstRtspServer.RTSP_PERM_MEDIA_FACTORY_ACCESS, GstRtspServer.RTSP_PERM_MEDIA_FACTORY_CONSTRUCT):
            rights.set_value(right, True)
        factory.add_role_from_structure(rights)
    return factory


def server(picture: str, user: str, password: str, *, default: bool) -> Any:
    """Start one server on a free port of 127.0.0.1."""
    made = GstRtspServer.RTSPServer()
    made.set_address("127.0.0.1")
    made.set_service("0")
    mounts = made.get_mount_points()
    h264, h265 = (SOURCE.format(picture=picture, rest=rest) for rest in (H264, H265))
    mounts.add_factory("/h264", stream(h264, KNOWN))
    mounts.add_factory("/h265", stream(h265, KNOWN))
    mounts.add_factory("/udp", stream(h264, KNOWN, protocols=GstRtsp.RTSPLowerTrans.UDP))
    mounts.add_factory("/open", stream(h264, KNOWN, ANYBODY))
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    auth.add_digest(user, password, token(KNOWN))
    if default:
        auth.set_default_token(token(ANYBODY))
    made.set_auth(auth)
    made.attach(None)
    return made


def main() -> None:
    """Serve until the input ends."""
    Gst.init(None)
    servers = [server(*sys.argv[1:4], default=default) for default in (False, True)]
    print(*(each.get_bound_port() for each in servers), flush=True)
    loop = GLib.MainLoop()
    GLib.io_add_watch(0, GLib.IO_HUP, lambda *_: loop.quit())
    loop.run()


if __name__ == "__main__":
    main()
