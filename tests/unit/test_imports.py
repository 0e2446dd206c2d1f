"""Who may import whom, and that heavy libraries stay asleep until their platform, source or model is used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BOT = ROOT / "bot"

BASE = {"model", "errors", "words", "config", "resources", "__init__"}
PORTS = BASE | {"core", "ports"}
FOLDERS = {"store", "sources", "llm", "platforms", "engines", "exports"}
MAY: dict[str, set[str]] = {
    **dict.fromkeys(BASE, BASE),
    "core": BASE | {"core"},
    "ports": PORTS,
    **{name: PORTS | {name} for name in FOLDERS},
    "web": PORTS,
    "clock": PORTS,
    "flow": PORTS | {"flow"},
    "models": PORTS | {"llm"},
    "app": PORTS | FOLDERS | {"flow", "web", "clock", "models"},
    "lab": BASE | {"core", "sources"},
    "demo": PORTS | FOLDERS | {"flow", "app"},
    "report": PORTS | {"app", "flow", "models"},
    "cli": PORTS | FOLDERS | {"flow", "app", "lab", "demo", "report", "models"},
    "__main__": {"cli"},
}
LIBRARIES = {
    "telegram",
    "discord",
    "arxiv",
    "google",
    "requests",
    "aiohttp",
    "httpx",
    "httpx2",
    "sqlite_utils",
    "lxml",
    "feedparser",
    "pypdfium2",
    "pypdf",
    "PIL",
}
MAY_USE_LIBRARIES = FOLDERS | {"web", "cli"}


def part(path: Path) -> str:
    return path.relative_to(BOT).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            found |= {f"{module}.{alias.name}" for alias in node.names} if module == "bot" else {module}
    return found


@pytest.mark.parametrize("path", sorted(BOT.rglob("*.py")), ids=lambda path: str(path.relative_to(BOT)))
def test_imports_follow_the_design(path: Path) -> None:
    here = part(path)
    for name in imported(path):
        top, _, rest = name.partition(".")
        if top == "bot":
            target = rest.split(".")[0] or "__init__"
            if target == "__version__":
                target = "__init__"
            assert target in MAY[here], f"{path.name} ({here}) imports {name}"
        elif top in LIBRARIES:
            assert here in MAY_USE_LIBRARIES, f"{path.name} ({here}) imports {name}"


@pytest.mark.parametrize(
    "module",
    [
        "bot.cli",
        "bot.app",
        "bot.sources.arxiv_api",
        "bot.sources.arxiv_oai",
        "bot.sources.arxiv_rss",
        "bot.sources.arxiv_files",
        "bot.demo",
    ],
)
def test_heavy_libraries_sleep(module: str) -> None:
    # a bare `google` is put there at the start of the interpreter by google-generativeai, and loads nothing
    heavy = (LIBRARIES | {"google.genai", "google.generativeai", "google.auth"}) - {"sqlite_utils", "google"}
    code = f"import sys, {module}; print(*(set({sorted(heavy)!r}) & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
