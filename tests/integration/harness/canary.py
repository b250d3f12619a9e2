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


SLICE = 12


class Search:
    """Looks for any 12 bytes of any spelling: what is left of a secret that was cut, or partly overwritten. The three alignments of
    base64 are also what a basic credential or a proxy's token carries, whatever user name stands before it."""

    def __init__(self, secret):
        forms = spellings(secret)
        self.slices = {form[at:at + SLICE] for form in forms for at in range(len(form) - SLICE + 1)}
        # Whichever 12 bytes are cut out of a form, one of these is whole in them; so few are looked for in gigabytes.
        self.pieces = {form[at:at + SLICE // 2] for form in forms for at in range(0, len(form) - SLICE // 2 + 1, SLICE // 2)}

    def count(self, content):
        """How many slices occur in `content` (bytes)."""
        if not any(piece in content for piece in self.pieces):
            return 0
        return sum(part in content for part in self.slices)


def make(label):
    return f"canary-{label}-{secrets.token_hex(12)}"


def places_with(secret, *places):
    """Those of `places` (bytes, text, a file, or a folder searched through) in which any slice of `secret` occurs."""
    search = Search(secret)
    return [name for place in places for name, content in _contents(place) if search.count(content)]


def _contents(place):
    if isinstance(place, bytes):
        yield "bytes " + repr(place[:60]), place
    elif isinstance(place, str):
        yield "text " + repr(place[:60]), place.encode()
    elif Path(place).is_dir():
        for path in sorted(Path(place).rglob("*")):
            if path.is_file():
                yield str(path), path.read_bytes() + path.name.encode()
    else:
        yield str(place), Path(place).read_bytes()
