"""The vault: user names and passwords in one encrypted file, beside the collector that uses them.

Its keys also seal what the database keeps of second factors, so that a copy of the database alone gives no codes.

It need not travel: no database, log, metric, export or argument list ever holds what is in it. Each group is one
Fernet token (AES-128-CBC with HMAC-SHA256, cryptography's `MultiFernet`), under a key from a file of mode 0600 or the
environment; several keys mean a rotation under way, the newest first.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from collectors.deep import Secret
from monitor.domain.credential import CredentialGroup
from monitor.ports import CredentialsError

KEY_VARIABLE = "VIDNET_CREDENTIAL_KEY"
_PRIVATE = 0o600
_OTHERS = 0o077


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A group as the file holds it: everything but `secret` is readable, and worth nothing without it."""

    name: str
    version: int
    changed_at: int
    secret: str
    vendor: str = ""
    region: str = ""
    listed: tuple[str, ...] = ()
    plain_text: bool = False


class _Sealed(msgspec.Struct, frozen=True):
    """What a token holds; the name binds it to its group, so that tokens cannot be exchanged in the file."""

    name: str
    user: str
    password: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    groups: tuple[_Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom a group is for; the same conditions as in `CredentialGroup`."""

    vendor: str = ""
    region: str = ""
    listed: frozenset[str] = frozenset()
    plain_text: bool = False


class Vault:
    """One vault file with its keys; a file that is not there is an empty vault and needs no key.

    Args:
        path: the vault file.
        key_file: the file of its keys, one a line, newest first; used where the environment names none.
        environment: the variables in which `KEY_VARIABLE` may hold the keys.
    """

    def __init__(self, path: Path, key_file: Path, *, environment: Callable[[str], str | None] = os.environ.get):
        self.path = path
        self.key_file = key_file
        self._environment = environment

    def stamp(self) -> tuple[int, int] | None:
        """Give what changes when the file changes; None while there is none."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino

    def groups(self) -> list[CredentialGroup]:
        """Give all groups by name, without their secrets.

        Raises:
            CredentialsError: the file cannot be read.
        """
        return [_group(entry) for entry in self._read().groups]

    def secrets(self) -> dict[str, Secret]:
        """Give the secret of every group.

        Raises:
            CredentialsError: the file or its keys cannot be read, or the keys don't open it.
        """
        entries = self._read().groups
        if not entries:
            return {}
        keys = self._keys()
        return {entry.name: self._open(keys, entry) for entry in entries}

    def set(self, name: str, secret: Secret, scope: Scope, *, at: int) -> CredentialGroup:
        """Add a group or replace it; its version counts up only where user name or password change.

        The first group makes the key file where neither it nor the variable is there.

        Raises:
            CredentialsError: the file or its keys cannot be used.
        """
        entries = {entry.name: entry for entry in self._read().groups}
        keys = self._keys(make=not entries)
        before = entries.get(name)
        same = before is not None and self._open(keys, before) == secret
        version = 1 if before is None else before.version if same else before.version + 1
        sealed = msgspec.json.encode(_Sealed(name, secret.user, secret.password))
        entry = _Entry(
            name,
            version,
            before.changed_at if before is not None and same else at,
            keys.encrypt(sealed).decode(),
            scope.vendor,
            scope.region,
            tuple(sorted(scope.listed)),
            scope.plain_text,
        )
        entries[name] = entry
        self._write(entries.values())
        return _group(entry)

    def remove(self, name: str) -> bool:
        """Remove a group; say whether there was one.

        Raises:
            CredentialsError: the file cannot be used.
        """
        entries = {entry.name: entry for entry in self._read().groups}
        if entries.pop(name, None) is None:
            return False
        self._write(entries.values())
        return True

    def seal(self, text: str) -> str:
        """Give a text encrypted; the first one makes the key file where the vault has no key yet.

        Raises:
            CredentialsError: the file or its keys cannot be used.
        """
        return self._keys(make=not self._read().groups).encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """Give the text that `seal` encrypted.

        Raises:
            CredentialsError: the keys cannot be read, or don't open it.
        """
        try:
            return self._keys().decrypt(sealed).decode()
        except InvalidToken:
            source = self._key_source()
            raise CredentialsError(
                f"{source}: 密钥打不开数据库中的第二因素\n{source}: the keys do not open the database's second factors"
            ) from None

    def rotate_key(self, meanwhile: Callable[[], None] = lambda: None) -> int:
        """Encrypt everything under a new key and give how many groups there are; versions stay.

        A stop at any point leaves a vault that its keys open: the new key joins the old ones first, and these go last.
        With keys from the environment the first of them is the new one, given by whoever rotates.

        Args:
            meanwhile: seals anew what lies elsewhere, while both the new and the old keys open it.

        Raises:
            CredentialsError: the file or its keys cannot be used.
        """
        from_file = not self._environment(KEY_VARIABLE)
        old = self._key_lines()
        lines = [Fernet.generate_key().decode(), *old] if from_file else old
        if from_file:
            _write_private(self.key_file, "\n".join(lines) + "\n")
        keys = _multi(lines, self._key_source())
        entries = self._read().groups
        for entry in entries:
            self._open(keys, entry)
        self._write([msgspec.structs.replace(each, secret=keys.rotate(each.secret).decode()) for each in entries])
        meanwhile()
        if from_file:
            _write_private(self.key_file, lines[0] + "\n")
        return len(entries)

    def _read(self) -> _File:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=_File)
        except FileNotFoundError:
            return _File()
        except OSError as error:
            raise CredentialsError(_say(self.path, f"无法读取 ({error.strerror})", f"{error.strerror}")) from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            # Without its cause: a decoder's message may repeat what it met.
            raise CredentialsError(_say(self.path, "不是凭据文件", "is no credentials file")) from None

    def _write(self, entries: object) -> None:
        content = msgspec.json.format(msgspec.json.encode(_File(tuple(sorted(entries, key=lambda e: e.name)))))  # type: ignore[call-overload]
        _write_private(self.path, content.decode() + "\n")

    def _open(self, keys: MultiFernet, entry: _Entry) -> Secret:
        try:
            sealed = msgspec.json.decode(keys.decrypt(entry.secret), type=_Sealed)
        except (InvalidToken, msgspec.DecodeError):
            sealed = None
        if sealed is None or sealed.name != entry.name:
            raise CredentialsError(
                f"{self.path}: 密钥（{self._key_source()}）打不开凭据组 {entry.name}\n"
                f"{self.path}: the keys of {self._key_source()} do not open the group {entry.name}"
            ) from None
        return Secret(sealed.user, sealed.password, entry.plain_text)

    def _keys(self, *, make: bool = False) -> MultiFernet:
        if make and not self._environment(KEY_VARIABLE) and not self.key_file.exists():
            _write_private(self.key_file, Fernet.generate_key().decode() + "\n")
        return _multi(self._key_lines(), self._key_source())

    def _key_source(self) -> str:
        return KEY_VARIABLE if self._environment(KEY_VARIABLE) else str(self.key_file)

    def _key_lines(self) -> list[str]:
        written = self._environment(KEY_VARIABLE)
        if written:
            return written.replace(",", " ").split()
        try:
            if self.key_file.stat().st_mode & _OTHERS:
                raise CredentialsError(
                    _say(self.key_file, "其他用户可读: chmod 600", "others may read it: chmod 600 first")
                )
            return self.key_file.read_text(encoding="ascii").split()
        except OSError as error:
            raise CredentialsError(
                f"{self.key_file}: 无法读取密钥 ({error.strerror})，或设环境变量 {KEY_VARIABLE}\n"
                f"{self.key_file}: the key cannot be read ({error.strerror}); or set {KEY_VARIABLE}"
            ) from None
        except UnicodeDecodeError:
            raise CredentialsError(_say(self.key_file, "不是密钥文件", "is no key file")) from None


def _multi(lines: list[str], source: str) -> MultiFernet:
    try:
        return MultiFernet([Fernet(line) for line in lines])
    except ValueError:
        raise CredentialsError(f"{source}: 密钥无效 · holds no valid key") from None


def _group(entry: _Entry) -> CredentialGroup:
    return CredentialGroup(
        entry.name,
        entry.version,
        entry.changed_at,
        entry.vendor,
        entry.region,
        frozenset(entry.listed),
        entry.plain_text,
    )


def _write_private(path: Path, text: str) -> None:
    """Write a file whole or not at all, readable by its owner alone from its first byte on.

    Raises:
        CredentialsError: it cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                os.fchmod(file.fileno(), _PRIVATE)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise CredentialsError(
            _say(path, f"无法写入 ({error.strerror})", f"cannot be written: {error.strerror}")
        ) from None


def _say(path: Path, zh: str, en: str) -> str:
    return f"{path}: {zh} · {en}"
