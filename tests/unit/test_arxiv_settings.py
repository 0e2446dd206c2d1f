"""What `ArxivApi` makes of its settings and of a Retry-After header, without a server."""

import subprocess
import sys

import pytest

from bot.errors import ConfigError
from bot.sources._arxiv_wire import retry_after
from bot.sources.arxiv_api import ArxivApi
from tests.fakes.ports import OpenGate, SteppedClock

START = 1_780_272_000_000  # 2026-06-01T00:00Z


def test_retry_after_is_read_with_mistrust() -> None:
    now = START
    assert retry_after("30", "", now) == 30
    assert retry_after("", "", now) is None
    assert retry_after("soon", "", now) is None
    assert retry_after("-5", "", now) is None
    assert retry_after("99999999999", "", now) == 86_400
    assert retry_after("Mon, 01 Jun 2026 00:01:00 GMT", "", now) == 60
    assert retry_after("Mon, 01 Jun 2026 00:01:00 GMT", "nonsense", now) == 60
    assert retry_after("Sun, 31 May 2026 00:01:00 GMT", "", now) == 0
    assert retry_after("Mon, 01 Jun 2026 00:01:00 -0000", "Mon, 01 Jun 2026 00:00:30 GMT", 0) == 30


@pytest.mark.parametrize(
    "address", ["", "export.arxiv.org", "ftp://export.arxiv.org", "https://", "https://a.org/?x=1"]
)
def test_an_address_that_is_none_stops_us(address: str) -> None:
    with pytest.raises(ConfigError):
        ArxivApi(gate=OpenGate(), clock=SteppedClock(), base_url=address, contact="")


@pytest.mark.parametrize("contact", ["a@b.org\r\nX: y", "ä@b.org"])
def test_a_contact_that_breaks_a_header_stops_us(contact: str) -> None:
    with pytest.raises(ConfigError):
        ArxivApi(gate=OpenGate(), clock=SteppedClock(), base_url="https://export.arxiv.org", contact=contact)


def test_the_module_imports_neither_the_package_nor_requests() -> None:
    code = (
        "import sys, bot.sources.arxiv_api; sys.exit(bool({'arxiv', 'requests', 'urllib3', 'lxml'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
