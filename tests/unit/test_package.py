"""The wheel works outside the checkout, carries nobody's ledger, and the lock covers what it needs."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_wheel_works_anywhere(tmp_path: Path) -> None:
    code = "import hatchling.build, sys; print(hatchling.build.build_wheel(sys.argv[1]))"
    built = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    wheel = tmp_path / built.stdout.split()[-1]
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "installed")
    assert "bot/data/sample_day.json" in names
    assert "bot/store/migrations/0001_initial.sql" in names
    assert [name for name in names if re.search(r"\.db|^tests|\.env", name)] == []
    home = tmp_path / "home"
    home.mkdir()
    demo = subprocess.run(
        [sys.executable, "-m", "bot", "demo", "--once"],
        cwd=home,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(tmp_path / "installed"), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (demo.returncode, demo.stderr) == (0, "")
    assert "talking head generation" in demo.stdout


def normal(name: str) -> str:
    """A package's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_lock_covers_every_dependency_and_names_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = {normal(line.split("==")[0]) for line in lock.splitlines() if "==" in line}
    assert {normal(re.split(r"[<>=; ]", dependency)[0]) for dependency in PROJECT["dependencies"]} <= pinned
    assert "://" not in lock
    assert "--" not in lock
