"""Certificates for origins, made with the openssl command."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


def openssl(*arguments, check=True, text_input=None):
    return subprocess.run(["openssl", *map(str, arguments)], check=check, capture_output=True, text=True, input=text_input)


@dataclass(frozen=True)
class Identity:
    """A certificate (with its chain, if any) and its key, as PEM files."""
    certificate: Path
    key: Path


class Authority:
    """A root made for one test program."""

    def __init__(self, folder, name):
        self.folder = Path(folder)
        self.name = name
        self.root = self.folder / f"{name}.pem"
        self.key = self.folder / f"{name}-key.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 30, "-subj",
                f"/CN=Test root {name}", "-addext", "basicConstraints=critical,CA:TRUE", "-addext",
                "keyUsage=critical,keyCertSign", "-keyout", self.key, "-out", self.root)

    def issue(self, *names, label=None, days=20, san=True):
        """A server certificate for DNS names and `IP:` entries; `days=-1` is an expired one, `san=False` has only a common name."""
        label = label or names[0]
        stem = self.folder / f"{self.name}-{label.replace('*', 'any').replace(':', '_')}"
        certificate, key, request = stem.with_suffix(".crt"), stem.with_suffix(".key"), stem.with_suffix(".csr")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={names[0]}",
                "-keyout", key, "-out", request)
        lines = ["basicConstraints=critical,CA:FALSE", "extendedKeyUsage=serverAuth", "keyUsage=critical,digitalSignature"]
        if san:
            lines.append("subjectAltName=" + ",".join(n if n.startswith("IP:") else f"DNS:{n}" for n in names))
        extensions = stem.with_suffix(".cnf")
        extensions.write_text("\n".join(lines) + "\n")
        openssl("x509", "-req", "-in", request, "-CA", self.root, "-CAkey", self.key, "-days", days, "-extfile", extensions,
                "-out", certificate)
        return Identity(certificate, key)


def self_signed(folder, name):
    stem = Path(folder) / f"self-{name}"
    identity = Identity(stem.with_suffix(".crt"), stem.with_suffix(".key"))
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 20, "-subj", f"/CN={name}",
            "-addext", f"subjectAltName=DNS:{name}", "-keyout", identity.key, "-out", identity.certificate)
    return identity
