"""A real systemd user manager and a real journal of the test's own.

`systemd --user` moves every process of the cgroup it finds itself in into a scope below it. Started from the root cgroup, that would be
every process of the machine. So the test program runs itself again in a cgroup of its own, looks whether it is there, and only then
starts anything. Below that cgroup it makes `user.slice/user-<uid>.slice/user@<uid>.service`, where a login has its manager, since the
journal knows a user's units by such a path.

It also has mount and process namespaces of its own: /run is empty and private, and everything that was started ends with the test.
It needs root, for the cgroup and for the journal.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MARK = "CORDON_TEST_USER_MANAGER"
ROOT = Path("/sys/fs/cgroup")
SYSTEMD = Path("/lib/systemd/systemd")
JOURNALD = Path("/lib/systemd/systemd-journald")
NAMESPACES = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


def enter():
    """Returns None inside, else why the tests cannot run here. Called outside where they can, does not return: it runs the program
    inside and exits with its status."""
    if os.environ.get(MARK):
        return None if is_inside(os.environ[MARK]) else "the test's own cgroup was left again"
    reason = missing()
    if reason:
        return reason
    name = f"cordon-test-{os.getpid()}.slice"
    made = make_cgroups(name)
    if not made:
        return "no cgroup can be made here (is /sys/fs/cgroup writable?)"
    folder = tempfile.mkdtemp(prefix="cordon-service-")
    try:
        status = subprocess.run(["unshare", *NAMESPACES, sys.executable, "-B", *sys.argv], check=False,
                                env={**os.environ, MARK: f"{name}:{folder}"}, preexec_fn=lambda: join(made)).returncode
    finally:
        remove_cgroups(made)
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(status)


def missing():
    if os.geteuid() != 0:
        return "root is needed to make a cgroup for a systemd user manager of the test's own"
    for program in (SYSTEMD, JOURNALD):
        if not program.exists():
            return f"{program} is not installed"
    for program in ("systemctl", "journalctl", "unshare", "mount"):
        if not shutil.which(program):
            return f"{program} is not installed"
    if not Path("/etc/machine-id").exists() or not Path("/etc/machine-id").read_text().strip():
        return "there is no /etc/machine-id, without which there is no journal"
    if subprocess.run(["unshare", *NAMESPACES, "true"], check=False, capture_output=True).returncode != 0:
        return "mount and process namespaces are not permitted here"
    return None


def hierarchies():
    """Where cgroups are made: the one of version 2, or systemd's own and what it uses of version 1."""
    if (ROOT / "cgroup.controllers").exists():
        return [ROOT]
    return [ROOT / name for name in ("systemd", "unified", "cpu", "memory", "pids") if (ROOT / name).is_dir()]


def make_cgroups(name):
    made = []
    for hierarchy in hierarchies():
        try:
            (hierarchy / name).mkdir()
            made.append(hierarchy / name)
        except OSError:
            pass
    return made


def join(groups):
    for group in groups:
        (group / "cgroup.procs").write_text("0")


def is_inside(mark):
    """Whether the hierarchy that systemd goes by, version 2's or its own, has this process in the test's cgroup."""
    name = mark.split(":")[0]
    paths = {line.split(":", 2)[1]: line.split(":", 2)[2] for line in Path("/proc/self/cgroup").read_text().splitlines()}
    return name in paths.get("name=systemd", paths.get("", "")).split("/")


def remove_cgroups(made):
    for group in made:
        for _ in range(50):
            for folder, _, _ in os.walk(group, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    pass
            if not group.exists():
                break
            time.sleep(0.1)


class UserManager:
    """The manager of a user whose home is `home`."""

    def __init__(self, home_name="home"):
        name, folder = os.environ[MARK].split(":", 1)
        self.folder = Path(folder)
        self.uid = os.getuid()
        self.home = self.folder / home_name
        self.runtime = Path(f"/run/user/{self.uid}")
        self.units = self.home / ".config/systemd/user"
        self.environment = {"HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.runtime), "LANG": "C.UTF-8",
                            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}
        if os.environ.get("CORDON_TEST_SANITIZER"):
            self.environment["ASAN_OPTIONS"] = "detect_leaks=0"  # in a unit's sandbox nothing can be traced, which looking for leaks takes
        self.slice = name
        self.make_folders()
        self.journal = subprocess.Popen([str(JOURNALD)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait_for(lambda: Path("/run/systemd/journal/stdout").exists(), "the journal")
        self.log_in()

    def make_folders(self):
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
        Path("/run/systemd/system").mkdir(parents=True)  # by this, programs see that systemd is there
        Path("/run/systemd/journald.conf.d").mkdir()
        # The kernel's log and audit are the machine's.
        Path("/run/systemd/journald.conf.d/test.conf").write_text("[Journal]\nStorage=volatile\nAudit=no\nReadKMsg=no\nForwardToSyslog=no\n")
        Path("/run/log").mkdir()
        self.runtime.mkdir(parents=True, mode=0o700)
        self.home.mkdir(mode=0o700)

    def log_in(self):
        """Starts the manager, as a login does."""
        below = f"user.slice/user-{self.uid}.slice/user@{self.uid}.service"
        groups = [hierarchy / self.slice / below for hierarchy in hierarchies() if (hierarchy / self.slice).is_dir()]
        for group in groups:
            group.mkdir(parents=True, exist_ok=True)
        self.manager = subprocess.Popen([str(SYSTEMD), "--user"], env={**self.environment, "SYSTEMD_LOG_TARGET": "journal"},
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=lambda: join(groups))
        self.wait_for(lambda: self.systemctl("is-system-running", check=False).stdout.strip() in ("running", "degraded"),
                      "the user manager")

    def log_out(self):
        """Ends the manager with all its services."""
        self.manager.terminate()
        self.manager.wait(60)

    def wait_for(self, condition, what, timeout=20):
        deadline = time.monotonic() + timeout
        while not (value := condition()):
            if time.monotonic() > deadline:
                raise AssertionError(f"{what} did not come within {timeout} s")
            time.sleep(0.05)
        return value

    def systemctl(self, *arguments, check=True):
        return subprocess.run(["systemctl", "--user", "--no-pager", *arguments], env=self.environment, capture_output=True, text=True,
                              timeout=60, check=check)

    def show(self, unit):
        """The properties of a unit."""
        lines = self.systemctl("show", unit).stdout.splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)
