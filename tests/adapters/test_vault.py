"""The vault: what it keeps, what it never shows, and what each trouble says."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from collectors.deep import Secret
from monitor.adapters import vault as vault_module
from monitor.adapters.vault import KEY_VARIABLE, Scope, Vault
from monitor.ports import CredentialsError

SECRET = Secret("operator-7f", "s3cret-Ärger-口令")


def make(tmp_path, **variables) -> Vault:
    return Vault(tmp_path / "vault.json", tmp_path / "vault.key", environment=variables.get)


def test_what_is_set_is_found_again_and_stands_nowhere_in_the_clear(tmp_path):
    vault = make(tmp_path)
    assert vault.groups() == []
    assert vault.secrets() == {}
    assert vault.stamp() is None
    group = vault.set("g", SECRET, Scope(vendor="鸢安", listed=frozenset({"b", "a"}), plain_text=True), at=5)
    assert (group.version, group.changed_at, group.listed) == (1, 5, {"a", "b"})
    assert make(tmp_path).groups() == [group]
    assert make(tmp_path).secrets() == {"g": Secret(SECRET.user, SECRET.password, True)}
    for path in tmp_path.iterdir():
        assert path.stat().st_mode & 0o077 == 0
        text = path.read_text(encoding="utf-8")
        assert SECRET.user not in text
        assert SECRET.password not in text
    assert SECRET.password not in repr(SECRET) + str([vault.secrets()])


def test_only_another_secret_makes_another_version(tmp_path):
    vault = make(tmp_path)
    vault.set("g", SECRET, Scope(), at=1)
    moved = vault.set("g", SECRET, Scope(region="370783"), at=2)
    assert (moved.version, moved.changed_at, moved.region) == (1, 1, "370783")
    changed = vault.set("g", Secret(SECRET.user, "new"), Scope(), at=3)
    assert (changed.version, changed.changed_at) == (2, 3)
    assert vault.remove("g")
    assert not vault.remove("g")


def test_a_new_key_opens_everything_and_the_old_one_nothing(tmp_path):
    vault = make(tmp_path)
    vault.set("g", SECRET, Scope(), at=1)
    old = (tmp_path / "vault.key").read_text()
    assert vault.rotate_key() == 1
    assert vault.secrets() == {"g": SECRET}
    assert [group.version for group in vault.groups()] == [1]
    (tmp_path / "vault.key").write_text(old)
    with pytest.raises(CredentialsError, match="do not open the group g"):
        vault.secrets()


@pytest.mark.parametrize("stop_at", [1, 2, 3])
def test_a_rotation_that_is_cut_short_leaves_a_vault_that_opens(tmp_path, monkeypatch, stop_at):
    vault = make(tmp_path)
    vault.set("g", SECRET, Scope(), at=1)
    written = []
    write = vault_module._write_private

    def stop(path, text):
        written.append(path)
        if len(written) == stop_at:
            raise KeyboardInterrupt
        write(path, text)

    monkeypatch.setattr(vault_module, "_write_private", stop)
    with pytest.raises(KeyboardInterrupt):
        vault.rotate_key()
    assert vault.secrets() == {"g": SECRET}


def test_keys_from_the_environment_newest_first(tmp_path):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    make(tmp_path, **{KEY_VARIABLE: old}).set("g", SECRET, Scope(), at=1)
    assert not (tmp_path / "vault.key").exists()
    both = make(tmp_path, **{KEY_VARIABLE: f"{new}, {old}"})
    assert both.rotate_key() == 1
    assert make(tmp_path, **{KEY_VARIABLE: new}).secrets() == {"g": SECRET}
    with pytest.raises(CredentialsError, match=KEY_VARIABLE):
        make(tmp_path, **{KEY_VARIABLE: old}).secrets()
    with pytest.raises(CredentialsError, match="no valid key"):
        make(tmp_path, **{KEY_VARIABLE: "short"}).secrets()


def test_every_trouble_is_named_and_tells_no_secret(tmp_path):
    vault = make(tmp_path)
    vault.set("g", SECRET, Scope(), at=1)
    vault.set("h", Secret("other", "thing"), Scope(), at=1)
    troubles = []

    def trouble(match):
        with pytest.raises(CredentialsError, match=match) as caught:
            vault.secrets()
        troubles.append(str(caught.value))

    text = vault.path.read_text(encoding="utf-8")
    tokens = [line.split('"')[3] for line in text.splitlines() if '"secret"' in line]
    vault.path.write_text(text.replace(tokens[0], "T").replace(tokens[1], tokens[0]).replace("T", tokens[1], 1))
    trouble("do not open the group g")
    vault.path.write_text(f'{{"groups": [{{"name": "{SECRET.password}", "password": 1}}]}}')
    trouble("no credentials file")
    vault.path.write_text(text)
    vault.key_file.chmod(0o644)
    trouble("chmod 600")
    vault.key_file.unlink()
    trouble("the key cannot be read")
    assert not any(word in each for word in (SECRET.password, SECRET.user) for each in troubles)
