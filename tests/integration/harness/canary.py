"""Secrets that can be looked for: a test makes one a route and asserts where it is not."""

import base64
import secrets
from pathlib import Path


def spellings(secret):
    """The forms that give `secret` away: itself, and its base64 at each of the three alignments."""
    raw = secret.encode()
    found = [raw]
    for padding in range(3):
        coded = base64.b64encode(b"\0" * padding + raw)
        # Without the characters that depend on what stands before and after.
        found.append(coded[(0, 2, 3)[padding]:len(coded) - 4])
    return found


def make(label):
    return f"canary-{label}-{secrets.token_hex(12)}"


def places_with(secret, *places):
    """Those of `places` (bytes, text, a file, or a folder searched through) in which `secret` occurs in any spelling."""
    hits = []
    for place in places:
        for name, content in _contents(place):
            if any(form in content for form in spellings(secret)):
                hits.append(name)
    return hits


def _contents(place):
    if isinstance(place, bytes):
        yield "bytes " + repr(place[:60]), place
    elif isinstance(place, str):
        yield "text " + repr(place[:60]), place.encode()
    elif Path(place).is_dir():
        for path in sorted(Path(place).rglob("*")):
            if path.is_file():
                yield str(path), path.read_bytes()
    else:
        yield str(place), Path(place).read_bytes()
