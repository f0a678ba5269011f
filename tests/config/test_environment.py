import json
import stat
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import environment


@pytest.fixture
def nothing_set(monkeypatch):
    for name in environment.REQUIRED:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_all_that_is_missing_is_named_at_once_with_the_way_to_a_development_profile(nothing_set):
    with pytest.raises(ImproperlyConfigured) as refusal:
        environment.require_all()
    for name in environment.REQUIRED:
        assert f"  {name}: " in str(refusal.value)
    assert "DEBUG=true" in str(refusal.value)


def test_what_is_set_is_neither_complained_about_nor_shown(nothing_set):
    nothing_set.setenv("SECRET_KEY", "do-not-tell")
    with pytest.raises(ImproperlyConfigured) as refusal:
        environment.require_all()
    assert "SECRET_KEY" not in str(refusal.value)
    assert "do-not-tell" not in str(refusal.value)


def test_blank_counts_as_missing(nothing_set):
    nothing_set.setenv("SECRET_KEY", "  ")
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
        environment.require_all()


def test_a_value_that_cannot_be_understood_is_named_and_not_shown():
    def parse():
        raise ValueError("no port in postgres://ada:secret@host:port/")

    with pytest.raises(ImproperlyConfigured) as refusal:
        environment.parsed("DATABASE_URL", parse)
    assert "DATABASE_URL" in str(refusal.value)
    assert "secret" not in "".join(traceback.format_exception(refusal.value))


def test_a_key_with_a_dollar_in_front_is_a_key(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "$HOME")
    assert environment.text("SECRET_KEY") == "$HOME"


def test_networks_are_addresses_or_ranges(monkeypatch):
    monkeypatch.setenv("METRICS_ADDRESSES", "10.0.0.0/8, ::1")
    assert [str(each) for each in environment.networks("METRICS_ADDRESSES")] == [
        "10.0.0.0/8",
        "::1/128",
    ]
    monkeypatch.setenv("METRICS_ADDRESSES", "monitor.internal")
    with pytest.raises(ImproperlyConfigured, match="METRICS_ADDRESSES"):
        environment.networks("METRICS_ADDRESSES")


def test_a_token_that_can_be_guessed_is_refused(monkeypatch):
    monkeypatch.setenv("METRICS_TOKEN", "")
    assert environment.token("METRICS_TOKEN") == ""
    monkeypatch.setenv("METRICS_TOKEN", "x" * 24)
    assert environment.token("METRICS_TOKEN") == "x" * 24
    monkeypatch.setenv("METRICS_TOKEN", "short")
    with pytest.raises(ImproperlyConfigured, match="METRICS_TOKEN") as refusal:
        environment.token("METRICS_TOKEN")
    assert "short" not in str(refusal.value)


def test_words_are_separated_by_commas_and_spaces_do_not_matter(monkeypatch):
    monkeypatch.setenv("ALLOWED_HOSTS", " a.example ,b.example,, ")
    assert environment.words("ALLOWED_HOSTS") == ["a.example", "b.example"]


def test_development_keys_are_made_once_for_the_owner_alone(tmp_path):
    folder = tmp_path / "data"
    first = environment.development_keys(folder)
    assert environment.development_keys(folder) == first
    assert stat.S_IMODE((folder / "keys.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_processes_that_start_together_agree_on_the_keys(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(environment.development_keys, [tmp_path / "data"] * 8)
    assert len({json.dumps(keys) for keys in found}) == 1
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["keys.json"]


def test_where_resend_sends_no_mail_server_is_needed(nothing_set):
    nothing_set.setenv("RESEND_SENDING_KEY", "re_1")
    with pytest.raises(ImproperlyConfigured) as refusal:
        environment.require_all()
    assert "EMAIL_URL" not in str(refusal.value)
