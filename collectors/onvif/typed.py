"""Typed bodies: zeep writes the questions and reads the answers, from the WSDLs that onvif-zeep-async carries.

The WSDLs are found without importing `onvif`, which would call `logging.basicConfig` and patch zeep. Each is read once
a process (about 0.2 s) and shared by all devices; nothing of zeep is kept per device.
"""

from __future__ import annotations

import importlib.util
import logging
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree  # type: ignore[import-untyped]
from zeep import Settings
from zeep.exceptions import Error as ZeepError
from zeep.transports import Transport
from zeep.wsdl import Document

_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_FILES = {"device": "devicemgmt.wsdl", "media": "media.wsdl", "search": "search.wsdl"}


class OddAnswerError(Exception):
    """An answer that is not what its WSDL says; the message says why."""


class _BadValues(logging.Handler):
    """Counts what zeep would log with a traceback, such as a date that is none (it becomes None)."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


class _Files(Transport):
    """Reads the WSDLs' own files and nothing else: no schema is ever fetched."""

    def __init__(self, folder: Path) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._folder = folder

    def load(self, url: str) -> bytes:
        path = Path(url)
        if self._folder not in path.parents:
            raise OSError(f"not one of the WSDLs' own files: {url}")
        return path.read_bytes()


class Typed:
    """The operations of the services that are asked, by name.

    Attributes:
        bad_values: values that could not be read, and became None, since the process began.
    """

    def __init__(self) -> None:
        self._bodies: dict[tuple[str, str], tuple[str, str]] = {}

    @property
    def bad_values(self) -> int:
        """Values that could not be read and became None, since the process began."""
        return _silenced().count

    def prepare(self) -> None:
        """Read all WSDLs now."""
        for service in _FILES:
            _operations(service)

    def question(self, service: str, operation: str, **values: Any) -> tuple[str, str]:
        """Give the action and the body's content, as text, of a question.

        Args:
            service: "device", "media" or "search".
            operation: its name in the WSDL.
            values: its parameters; a question without any is made once.
        """
        key = (service, operation)
        if not values and key in self._bodies:
            return self._bodies[key]
        found = _operations(service)[operation]
        # `create` gives a whole envelope; only what stands in its Body is wanted.
        envelope = found.create(**values).content
        (content,) = envelope.find(f"{{{_SOAP}}}Body")
        etree.cleanup_namespaces(content)
        made = (str(found.soapaction or ""), etree.tostring(content, encoding="unicode"))
        if not values:
            self._bodies[key] = made
        return made

    def answer(self, service: str, operation: str, content: etree._Element) -> Any:
        """Read an answer's content; it is taken out of the envelope that it came in.

        Raises:
            OddAnswerError: it is another answer, or not what the WSDL says.
        """
        wanted = f"{operation}Response"
        if etree.QName(content).localname != wanted:
            raise OddAnswerError(f"another answer: {etree.QName(content).localname}")
        envelope = etree.Element(f"{{{_SOAP}}}Envelope")
        etree.SubElement(envelope, f"{{{_SOAP}}}Body").append(content)
        _silenced()
        try:
            return _operations(service)[operation].process_reply(envelope)
        except (ZeepError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError) as error:
            # What zeep raises on an answer that its schema does not expect is not only its own errors.
            raise OddAnswerError(f"not what the WSDL says: {type(error).__name__}: {error}") from None


@cache
def _operations(service: str) -> dict[str, Any]:
    found = importlib.util.find_spec("onvif")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("onvif-zeep-async is not installed: its WSDLs are needed")
    folder = Path(found.submodule_search_locations[0]) / "wsdl"
    document = Document(
        str(folder / _FILES[service]),
        _Files(folder),  # type: ignore[arg-type] # zeep's annotation says the class, it takes an instance
        settings=Settings(strict=False, xml_huge_tree=False),
    )
    (binding,) = document.bindings.values()
    operations: dict[str, Any] = binding._operations
    return operations


@cache
def _silenced() -> _BadValues:
    """Keep zeep from logging what devices write, and count it instead."""
    counter = _BadValues()
    logger = logging.getLogger("zeep.xsd")
    logger.addHandler(counter)
    logger.propagate = False
    return counter
