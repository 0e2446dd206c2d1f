"""`python -m tests.bars [NAME …]`: the big checks at full size, with figures; pytest runs them reduced, untimed."""

import importlib
import pkgutil
import sys
import time
from pathlib import Path
from types import ModuleType

import tests.bars


def names() -> list[str]:
    """Every module of this folder that has a `run(full)`."""
    found = [module.name for module in pkgutil.iter_modules(tests.bars.__path__) if not module.name.startswith("_")]
    return [name for name in found if hasattr(importlib.import_module(f"tests.bars.{name}"), "run")]


def lacks(bar: ModuleType) -> str:
    """Why a bar cannot run here, or ''."""
    needs: Path | None = getattr(bar, "NEEDS", None)
    return f"skipped: {needs.name} is not beside this checkout" if needs and not needs.exists() else ""


def main(wanted: list[str]) -> int:
    known = names()
    if unknown := [name for name in wanted if name not in known]:
        print(f"There is no bar {unknown[0]!r}; there are {', '.join(known)}.", file=sys.stderr)
        return 2
    failed = []
    for name in wanted or known:
        print(f"== {name}", flush=True)
        start = time.monotonic()
        bar = importlib.import_module(f"tests.bars.{name}")
        if missing := lacks(bar):
            print(missing)
        elif bar.run(full=True):
            failed.append(name)
        print(
            f"-- {name}: {'BELOW THE BAR' if name in failed else 'ok'}, {time.monotonic() - start:.0f} s\n", flush=True
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
