from pathlib import Path

import pytest

from bot.config import Settings, env_name, load, table
from bot.errors import ConfigError


def test_defaults_need_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load({}) == Settings()


def test_environment_beats_file_beats_default(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text('zone = "Europe/Berlin"\ndigest_time = "7:05"\nasks_per_hour = 5\n', encoding="utf-8")
    settings = load({"PAPERBOY_ZONE": "Asia/Tokyo", "PAPERBOY_CONTACT": ""}, file)
    assert (settings.zone, settings.digest_time, settings.asks_per_hour) == ("Asia/Tokyo", "07:05", 5)


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("PAPERBOY_ZONE", "Mars/Base", "Europe/Berlin"),
        ("PAPERBOY_ZONE", "../../etc/passwd", "Europe/Berlin"),
        ("PAPERBOY_DIGEST_TIME", "25:00", "HH:MM"),
        ("PAPERBOY_DIGEST_MODE", "weekly", "daily or asap"),
        ("PAPERBOY_ARXIV_TIMEOUT", "0", "1 to 600"),
        ("PAPERBOY_ARXIV_URL", "ftp://x", "https://"),
        ("PAPERBOY_ARXIV_OAI_URL", "oaipmh.arxiv.org", "https://"),
        ("PAPERBOY_ARXIV_RSS_URL", "ftp://x", "https://"),
        ("DATABASE_URL", "postgresql://u:secret@h/d", "PostgreSQL is not supported yet"),
        ("DATABASE_URL", "mysql://h/d", "SQLite path"),
    ],
)
def test_a_wrong_value_ends_in_a_sentence(variable: str, value: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=variable) as caught:
        load({variable: value}, _empty(tmp_path))
    assert says in str(caught.value)


def _empty(folder: Path) -> Path:
    file = folder / "empty.toml"
    file.write_text("", encoding="utf-8")
    return file


def test_sqlite_addresses(tmp_path: Path) -> None:
    file = _empty(tmp_path)
    assert load({"DATABASE_URL": "sqlite:////data/p.db"}, file).database_url == "/data/p.db"
    assert load({"DATABASE_URL": "sqlite:///p.db"}, file).database_url == "p.db"
    assert load({"DATABASE_URL": "x/p.db"}, file).database_url == "x/p.db"


def test_secrets_come_from_the_environment_or_a_file_only(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    secret = tmp_path / "token"
    secret.write_text("123:abc\n", encoding="utf-8")
    assert load({"TELEGRAM_BOT_TOKEN_FILE": str(secret)}, _empty(tmp_path)).telegram_bot_token == "123:abc"
    file.write_text('telegram_bot_token = "123:abc"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="TELEGRAM_BOT_TOKEN") as caught:
        load({}, file)
    assert "123:abc" not in str(caught.value)


def test_unknown_and_broken_files(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text("zzone = 'UTC'\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="zzone"):
        load({}, file)
    file.write_text("zone = \n", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be read"):
        load({}, file)
    with pytest.raises(ConfigError, match="does not exist"):
        load({}, tmp_path / "none.toml")


def test_every_setting_is_in_the_table_once() -> None:
    names = [name for name, _, _ in table()]
    assert len(names) == len(set(names)) == len(Settings.__dataclass_fields__)
    assert env_name("zone") == "PAPERBOY_ZONE"
    assert env_name("database_url") == "DATABASE_URL"
