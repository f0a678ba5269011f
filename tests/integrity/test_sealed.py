import sys

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from integrity.sealed import UnreadableSeal, seal, unseal

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
CONTENT = {"to": "ada@example.com", "text": "Schöne Grüße"}


def test_what_was_sealed_comes_back(setting):
    setting(SEAL_KEYS=[NEW])

    assert unseal(seal(CONTENT)) == CONTENT


def test_nothing_can_be_read_without_the_key(setting):
    setting(SEAL_KEYS=[NEW])
    token = seal(CONTENT)

    assert CONTENT["to"].encode() not in token
    setting(SEAL_KEYS=[OLD])
    with pytest.raises(UnreadableSeal, match="Put the key"):
        unseal(token)


def test_a_new_key_in_front_still_opens_what_the_old_one_sealed(setting):
    setting(SEAL_KEYS=[OLD])
    token = seal(CONTENT)
    setting(SEAL_KEYS=[NEW, OLD])

    assert unseal(token) == CONTENT
    Fernet(NEW).decrypt(seal(CONTENT))


def test_a_changed_seal_does_not_open(setting):
    setting(SEAL_KEYS=[NEW])
    token = seal(CONTENT)

    with pytest.raises(UnreadableSeal):
        unseal(token[:-4] + b"AAA=")


def test_without_a_key_nothing_is_stored_in_the_clear(setting):
    setting(SEAL_KEYS=[])

    with pytest.raises(ImproperlyConfigured, match="SEAL_KEYS"):
        seal(CONTENT)


def test_without_the_library_it_says_what_to_install(setting, monkeypatch):
    setting(SEAL_KEYS=[NEW])
    monkeypatch.setitem(sys.modules, "cryptography.fernet", None)

    with pytest.raises(ImproperlyConfigured, match=r"everafter\[sealed\]"):
        seal(CONTENT)
