"""A secret in each kind of store, behind one interface:

    source        the [routes.auth.secret] table of a route whose secret it is
    environment   what `cordon start` needs to reach the store
    rotate(value) another value in the store, and nowhere else yet"""

import json
import os
from pathlib import Path

from .keyring import Keyring

STAND_INS = Path(__file__).resolve().parents[2] / "support/bin"


class File:
    def __init__(self, folder, value):
        self.path = Path(folder) / "file-secret"
        self.source = f'source = "file"\npath = "{self.path}"'
        self.environment = {}
        self.rotate(value)

    def rotate(self, value):
        replace(self.path, value + "\n")


class Variable:
    """The environment of a process cannot be changed from outside: a rotation takes a restart with the new `environment`."""

    def __init__(self, _folder, value):
        self.source = 'source = "env"\nvariable = "SECRET_IN_A_VARIABLE"'
        self.rotate(value)

    def rotate(self, value):
        self.environment = {"SECRET_IN_A_VARIABLE": value}


class Command:
    """A helper program that notes its own arguments and environment at each run."""

    def __init__(self, folder, value):
        self.path, self.notes, program = (Path(folder) / name for name in ("command-secret", "command-notes", "command"))
        program.write_text(f"#!/bin/sh\ncat /proc/$$/cmdline /proc/$$/environ >> {self.notes}\ncat {self.path}\n")
        program.chmod(0o700)
        self.source = f'source = "command"\nargv = ["{program}", "show", "item"]'
        self.environment = {}
        self.rotate(value)

    def rotate(self, value):
        replace(self.path, value + "\n")


class OnePassword:
    """The stand-in for `op`, which notes the same."""

    def __init__(self, folder, value):
        self.folder = Path(folder)
        self.notes = self.folder / "stand-in-calls.jsonl"
        self.source = 'source = "1password"\nvault = "Vault"\nitem = "Item"\nfield = "field"'
        self.environment = {"PATH": f"{STAND_INS}:{os.environ['PATH']}", "OP_CONFIG_DIR": str(self.folder)}
        self.rotate(value)

    def rotate(self, value):
        replace(self.folder / "stand-in.json", json.dumps({"vaults": {"Vault": {"Item": {"field": value}}}}))


class SecretService:
    """A real gnome-keyring on a bus of its own; `stop()` ends both."""

    def __init__(self, folder, value):
        self.keyring = Keyring(Path(folder) / "keyring")
        self.source = 'source = "keyring"\naccount = "item"'
        self.environment = self.keyring.environment
        self.stop = self.keyring.stop
        self.rotate(value)

    def rotate(self, value):
        self.keyring.store(value, service="cordon", account="item")


KINDS = {"file": File, "env": Variable, "command": Command, "1password": OnePassword, "keyring": SecretService}


def replace(path, text):
    """As a careful owner does it: whole, at one moment."""
    whole = path.with_name(path.name + "-new")
    whole.touch(mode=0o600)
    whole.write_text(text, encoding="utf-8")
    whole.rename(path)


def environment_of(stores):
    return {name: value for store in stores.values() for name, value in store.environment.items()}
