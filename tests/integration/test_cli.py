"""Paperboy as a process: the demo with the network cut off, the service's start and end, exit codes and sentences."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot import __version__

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = "http://127.0.0.1:9"  # nobody listens there: no process of a test asks arXiv
pytestmark = pytest.mark.integration

# Any attempt to reach a host, by address or by name, ends the process with a trace, or fails as hosts do.
CUT_OFF = """
import os, socket, sys
wrong = ConnectionRefusedError if os.environ.get("REFUSED") else AssertionError
def no(*a, **k): raise wrong(f"network: {a}")
socket.socket.connect = socket.socket.connect_ex = socket.create_connection = socket.getaddrinfo = no
from bot.cli import main
sys.exit(main(sys.argv[1:]))
"""


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": "utf-8",
        "COLUMNS": "100",
        "TERM": "xterm-256color",
        "HOME": str(folder),
        **dict.fromkeys(("PAPERBOY_ARXIV_URL", "PAPERBOY_ARXIV_OAI_URL", "PAPERBOY_ARXIV_RSS_URL"), NOWHERE),
        **more,
    }


def bot(folder: Path, *arguments: str, stdin: str = "", **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", CUT_OFF, *arguments],
        cwd=folder,
        env=environment(folder, **more),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_demo_prints_a_digest_without_network_and_says_why_the_second_is_empty(tmp_path: Path) -> None:
    first = bot(tmp_path, "demo", "--once")
    assert (first.returncode, first.stderr) == (0, "")
    assert "SAMPLE" in first.stdout
    assert len(re.findall(r"^\d+  ", first.stdout, re.MULTILINE)) >= 3
    assert "of 30 new papers" in first.stdout
    second = bot(tmp_path, "demo")  # not on a terminal: the same as --once
    assert (second.returncode, second.stderr) == (0, "")
    assert "Nothing to send: arXiv brought no new papers since your last digest" in second.stdout
    assert not re.findall(r"^\d+  ", second.stdout, re.MULTILINE)
    assert not (tmp_path / "data" / "paperboy.db").exists(), "no sample paper ever stands among real ones"


class Terminal:
    """A process on a terminal of its own."""

    def __init__(self, folder: Path, *arguments: str, **more: str) -> None:
        self._own, other = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", CUT_OFF, *arguments],
            cwd=folder,
            env=environment(folder, **more),
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
        )
        os.close(other)
        self.seen = ""

    def until(self, text: str, seconds: float = 30) -> str:
        """Read until `text` was shown; returns what was read since the last call."""
        start, end = len(self.seen), time.monotonic() + seconds
        while text not in self.seen[start:]:
            assert time.monotonic() < end, f"{text!r} did not come: {self.seen[start:]!r}"
            if select.select([self._own], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self._own, 65536).decode("utf-8", "replace")
                except OSError:  # the other end is closed
                    assert text in self.seen[start:], self.seen[start:]
        return self.seen[start:]

    def type(self, text: str) -> None:
        os.write(self._own, text.encode())

    def end(self) -> int:
        return self.process.wait(timeout=15)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._own)


Open = Callable[..., Terminal]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Start processes on terminals of their own; none outlives the test."""
    terminals: list[Terminal] = []

    def start(*arguments: str, **more: str) -> Terminal:
        terminals.append(Terminal(tmp_path, *arguments, **more))
        return terminals[-1]

    yield start
    for terminal in terminals:
        terminal.close()


def test_the_demo_is_a_chat_on_a_terminal(opened: Open) -> None:
    terminal = opened("demo")
    shown = terminal.until("› ")
    assert "\x1b]8;" in shown, "links are clickable"
    assert "▸ takeaways" in shown
    assert "[4]" in shown
    terminal.type("1\n")
    terminal.until("The authors' own sentences")
    terminal.type("99\n")
    terminal.until("There is no [99]")
    terminal.type("/follow graph neural networks\n")
    terminal.until("5 papers")
    terminal.type("/summarize 2411.1952\n")
    terminal.until("isn't an arXiv id")
    terminal.type("\x04")
    terminal.until("That was the demo.")
    assert terminal.end() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_service_stops_cleanly(opened: Open, tmp_path: Path, number: signal.Signals) -> None:
    # the addresses lead nowhere: the service runs, and says in /status that arXiv cannot be reached
    terminal = opened(
        "run",
        PAPERBOY_TELEGRAM_BASE_URL=NOWHERE,
        TELEGRAM_BOT_TOKEN="1:secret",
        PAPERBOY_LOG_LEVEL="debug",
        REFUSED="1",
    )
    terminal.until("Telegram cannot be reached (ConnectError). Listening to telegram again")
    terminal.type("/follow dark matter\n")
    terminal.until("Subscribed: dark matter")
    for _ in range(50):  # the first look has to fail first
        terminal.type("/status\n")
        terminal.until("1 topic; 0 papers waiting")
        if "arXiv could not be reached" in terminal.seen:
            break
        time.sleep(0.2)
    else:
        raise AssertionError(terminal.seen)
    start = time.monotonic()
    terminal.process.send_signal(number)
    terminal.until("Everything is in the ledger")
    assert terminal.end() == 0
    assert time.monotonic() - start < 10
    assert "secret" not in terminal.seen
    assert "Traceback" not in terminal.seen
    status = bot(tmp_path, "status")
    assert "1 topics, 1 subscriptions, 1 chats (0 suspended)" in status.stdout
    assert bot(tmp_path, "status", "--health").returncode == 0, "its last sign of life is seconds old"


def test_a_killed_service_goes_on_where_it_was(opened: Open) -> None:
    terminal = opened("run")
    terminal.until("› ")
    terminal.type("/follow dark matter\n")
    terminal.until("Subscribed")
    terminal.process.kill()
    terminal.end()
    again = opened("run")
    again.until("› ")
    again.type("/topics\n")
    again.until("dark matter · ")
    again.process.send_signal(signal.SIGTERM)
    assert again.end() == 0


def test_two_services_do_not_share_a_ledger(opened: Open, tmp_path: Path) -> None:
    terminal = opened("run")
    terminal.until("› ")
    second = bot(tmp_path, "once")
    assert second.returncode == 2
    assert second.stderr.startswith("Another Paperboy is at work on data/paperboy.db")
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.end() == 0


@pytest.mark.parametrize(
    ("arguments", "more", "code", "says"),
    [
        (["summarize", "2411.1952"], {}, 1, "isn't an arXiv id"),
        (["run"], {"DATABASE_URL": "postgresql://u:secret@h/d"}, 2, "PostgreSQL is not supported yet"),
        (["run"], {"PAPERBOY_ZONE": "Mars"}, 2, "Europe/Berlin"),
        (["--config", "none.toml", "run"], {}, 2, "none.toml does not exist"),
        (["lab", "tldr", "none.jsonl"], {}, 1, "none.jsonl cannot be read"),
        (["once"], {"DATABASE_URL": "/proc/nowhere/p.db"}, 2, "cannot be"),
        (["status"], {}, 1, "There is no ledger"),
    ],
)
def test_what_is_wrong_ends_in_a_sentence(
    tmp_path: Path, arguments: list[str], more: dict[str, str], code: int, says: str
) -> None:
    done = bot(tmp_path, *arguments, **more)
    assert done.returncode == code
    assert says in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr


def test_doctor_says_what_is_missing_and_how_to_mend_it(tmp_path: Path) -> None:
    done = bot(tmp_path, "doctor", "--offline", GEMINI_API_KEY="abc-secret")
    assert done.returncode == 1
    assert "set PAPERBOY_CONTACT" in done.stdout
    assert "✓ Summaries: by gemini-3.5-flash-lite (gemini)" in done.stdout
    assert "free tier" in done.stdout
    assert "secret" not in done.stdout
    good = bot(tmp_path, "doctor", "--offline", PAPERBOY_CONTACT="me@example.org")
    assert good.returncode == 0


def test_what_was_typed_before_the_end_of_a_pipe_is_answered(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "bot", "run"],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write("/follow dark matter\n/topics")
    child.stdin.close()
    seen = ""
    while "1  dark matter" not in seen:
        line = child.stdout.readline()
        assert line, seen
        seen += line
    child.terminate()
    assert child.wait(timeout=15) == 0
    child.stdout.close()


def test_version_and_help() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "--version"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"Paperboy {__version__}\n"
    done = subprocess.run([sys.executable, "-m", "bot", "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "PAPERBOY_ZONE" in done.stdout
