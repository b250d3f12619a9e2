"""A network of the test's own.

The proxy refuses loopback and private destinations, has no switch for that, and listens on 127.0.0.1 only. So each test program
runs itself again in new network, mount and process namespaces, where the documentation addresses 203.0.113.0/24 belong to
the loopback interface, names come from a private hosts file and a private DNS server, ports below 1024 are free, and the system's
roots include the test's own CA. Nothing of the machine changes, and whatever was started ends with the test.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MARK = "CORDON_TEST_NAMESPACE"
ROOT_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


def enter():
    """Returns inside the namespaces; called outside, runs the program there and exits with its status."""
    if os.environ.get(MARK):
        return
    flags = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if os.geteuid() != 0:
        flags = ["--user", "--map-root-user", *flags]
    if not shutil.which("unshare") or subprocess.run(["unshare", *flags, "true"], check=False).returncode != 0:
        sys.exit("These tests need network and mount namespaces, and `unshare " + " ".join(flags) + "` is not permitted here.\n"
                 "Run them as root, allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1), or give the\n"
                 "container CAP_SYS_ADMIN.")
    folder = tempfile.mkdtemp(prefix="cordon-integration-")
    environment = {**os.environ, MARK: folder}
    status = subprocess.run(["unshare", *flags, sys.executable, *sys.argv], env=environment, check=False).returncode
    if status == 0 or not os.environ.get("CORDON_TEST_KEEP"):
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"kept: {folder}", file=sys.stderr)
    sys.exit(status)


def folder():
    """The temporary folder of this test program."""
    return Path(os.environ[MARK])


def set_up_addresses():
    """203.0.113.0/24 and 2001:db8::/64 become this machine's own."""
    for arguments in (["link", "set", "lo", "up"], ["address", "add", "203.0.113.1/24", "dev", "lo"]):
        subprocess.run(["ip", *arguments], check=True)
    # Not every container has IPv6; the tests that need it ask for it.
    subprocess.run(["ip", "-6", "address", "add", "2001:db8::7/64", "dev", "lo", "nodad"], check=False,
                   stderr=subprocess.DEVNULL)


def replace_file(system_path, text):
    """Puts a file with `text` in the place of `system_path`, for the processes of this namespace only."""
    own = folder() / ("etc-" + Path(system_path).name)
    own.write_text(text, encoding="ascii", errors="replace")
    subprocess.run(["mount", "--bind", str(own), os.path.realpath(system_path)], check=True)


def set_up_names(hosts):
    """Names come from `hosts` (pairs of address and name), then from the DNS server at 127.0.0.53."""
    replace_file("/etc/hosts", "127.0.0.1 localhost\n" + "".join(f"{address} {name}\n" for address, name in hosts))
    replace_file("/etc/resolv.conf", "nameserver 127.0.0.53\noptions timeout:1 attempts:1\n")
    if os.path.exists("/etc/nsswitch.conf"):
        replace_file("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")


def add_system_root(certificate):
    """The file `certificate` becomes one of the system's roots."""
    bundle = next(path for path in ROOT_BUNDLES if os.path.exists(path))
    replace_file(bundle, Path(bundle).read_text(encoding="utf-8") + Path(certificate).read_text(encoding="ascii"))
