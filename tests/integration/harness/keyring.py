"""A real Secret Service: gnome-keyring on a session bus, both in a home of their own."""

import shutil
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

PASSWORD = b"the keyring's own password"
LOGIN = "/org/freedesktop/secrets/collection/login"


class Keyring:
    """`unlocked` makes the login keyring, which is the default one then; without it there is no keyring at all at first."""

    def __init__(self, folder, unlocked=True):
        self.folder = Path(folder)
        for name in ("home", "run", "data"):
            (self.folder / name).mkdir(parents=True, mode=0o700)
        self.address = f"unix:path={self.folder}/bus"
        self.environment = {"DBUS_SESSION_BUS_ADDRESS": self.address, "XDG_RUNTIME_DIR": str(self.folder / "run")}
        self.bus = self.service = None
        self.start_bus()
        self.start_service(unlocked)

    def start_bus(self):
        self.bus = self.spawn("dbus-daemon", "--session", "--nofork", f"--address={self.address}", "--print-address", stdout=subprocess.PIPE)
        self.bus.stdout.readline()

    def start_service(self, unlocked=True):
        how = ["--unlock"] if unlocked else []
        self.service = self.spawn("gnome-keyring-daemon", "--foreground", "--components=secrets", *how, stdin=subprocess.PIPE,
                                  stdout=subprocess.DEVNULL)
        self.service.stdin.write(PASSWORD if unlocked else b"")
        self.service.stdin.close()
        self.wait_until(lambda: self.call("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus.GetNameOwner",
                                          "string:org.freedesktop.secrets").returncode == 0, "the Secret Service")
        if unlocked:
            self.wait_until(lambda: "boolean false" in self.is_locked(), "the login keyring")

    def stop_service(self):
        self.end(self.service)

    def stop_bus(self):
        self.end(self.bus)
        self.end(self.service)
        (self.folder / "bus").unlink(missing_ok=True)

    def stop(self):
        self.stop_service()
        self.stop_bus()

    def is_locked(self):
        return self.call(LOGIN, "org.freedesktop.secrets", "org.freedesktop.DBus.Properties.Get",
                         "string:org.freedesktop.Secret.Collection", "string:Locked").stdout

    def lock(self):
        def is_locked_now():
            self.call("/org/freedesktop/secrets", "org.freedesktop.secrets", "org.freedesktop.Secret.Service.Lock",
                      f"array:objpath:{LOGIN}")
            return "boolean true" in self.is_locked()

        self.wait_until(is_locked_now, "the locked keyring")

    def store(self, value, **attributes):
        """With the service's own command."""
        self.tool("store", "--label=x", *(word for pair in attributes.items() for word in pair), input=value)

    def look_up(self, **attributes):
        return self.tool("lookup", *(word for pair in attributes.items() for word in pair), check=False).stdout

    def clear(self, **attributes):
        self.tool("clear", *(word for pair in attributes.items() for word in pair))

    def tool(self, *arguments, input="", check=True):
        return subprocess.run([program("secret-tool"), *arguments], env=self.whole_environment(), input=input, capture_output=True,
                              text=True, timeout=30, check=check)

    def call(self, path, name, method, *arguments):
        words = ["--bus=" + self.address, "--print-reply", f"--dest={name}", path, method, *arguments]
        return subprocess.run([program("dbus-send"), *words], capture_output=True, text=True, timeout=30, check=False)

    def whole_environment(self):
        return {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(self.folder / "home"), "LANG": "C.UTF-8",
                "XDG_DATA_HOME": str(self.folder / "data"), **self.environment}

    def spawn(self, name, *arguments, **streams):
        with open(self.folder / f"{name}.err", "ab") as log:
            return subprocess.Popen([program(name), *arguments], env=self.whole_environment(), stderr=log, **streams)

    @staticmethod
    def end(process):
        if process is not None and process.poll() is None:
            process.kill()
        if process is not None:
            process.wait()

    @staticmethod
    def wait_until(condition, what, timeout=20):
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"{what} did not come within {timeout} s")
            time.sleep(0.02)


def unlock(control):
    """What the PAM module does at a login with a password: hands that to the daemon's control socket, as operation 1. Where there is
    no login keyring yet, this makes it."""
    request = struct.pack(">II", 1, len(PASSWORD)) + PASSWORD
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(control))
        connection.sendall(b"\0")  # carries the credentials of the caller
        connection.sendall(struct.pack(">I", len(request) + 4) + request)
        answer = connection.recv(8, socket.MSG_WAITALL)
    if answer != struct.pack(">II", 8, 0):
        raise AssertionError(f"the keyring's answer to its password: {answer}")


def program(name):
    found = shutil.which(name, path="/usr/bin:/bin:/usr/sbin:/sbin")
    if not found:
        sys.exit(f"{name} is missing; cmake/debian-packages.txt names its package")
    return found
