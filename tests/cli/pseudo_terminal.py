"""A program on a terminal of its own, and a person who types: for the tests of wizards.

    with PseudoTerminal([CORDON, "route", "add"], cwd=self.project, env=self.environment) as terminal:
        terminal.answer("Host: ", "api.stripe.com")   # waits for the question, types the answer and Enter
        terminal.expect("Route name [")
        terminal.type(CTRL_C)
        self.assertEqual(terminal.wait(), 130)
        terminal.shown                                # all that was on the terminal, echo included, with \\n for line ends
"""

import fcntl
import os
import select
import subprocess
import termios
import time

from harness import DEADLINE

CTRL_C, CTRL_D = "\x03", "\x04"


class PseudoTerminal:
    """`ahead` is typed before the program is there."""

    def __init__(self, words, stdout=None, ahead="", **more):
        self.leader, self.follower = os.openpty()
        self.type(ahead)
        self.before = termios.tcgetattr(self.follower)
        self.bytes = b""
        self.looked_at = 0
        self.process = subprocess.Popen(words, stdin=self.follower, stdout=stdout or self.follower, stderr=self.follower,
                                        preexec_fn=self.take_terminal, **more)

    def take_terminal(self):
        os.setsid()
        fcntl.ioctl(self.follower, termios.TIOCSCTTY, 0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        if self.leader is not None:
            os.close(self.leader)
        os.close(self.follower)

    def close_window(self):
        """What a terminal window does when it is closed."""
        os.close(self.leader)
        self.leader = None

    @property
    def shown(self):
        return self.bytes.decode(errors="replace").replace("\r\n", "\n")

    def read(self, timeout):
        if not select.select([self.leader], [], [], max(0, timeout))[0]:
            return False
        self.bytes += os.read(self.leader, 65536)
        return True

    def expect(self, text):
        """Waits until the text comes, after all that was expected before."""
        end = time.monotonic() + DEADLINE
        while self.shown.find(text, self.looked_at) < 0:
            if not self.read(end - time.monotonic()):
                raise AssertionError(f"{text!r} did not come after {self.looked_at} characters of:\n{self.shown}")
        self.looked_at = self.shown.find(text, self.looked_at) + len(text)

    def type(self, text):
        data = text.encode()
        while data:
            data = data[os.write(self.leader, data[:1024]):]

    def answer(self, question, text=""):
        self.expect(question)
        self.type(text + "\r")

    def is_restored(self):
        return termios.tcgetattr(self.follower) == self.before

    def wait(self):
        """The exit status; everything is shown afterwards."""
        end = time.monotonic() + DEADLINE
        while self.process.poll() is None:
            self.read(0.02)  # a terminal that nobody reads would hold it up
            if time.monotonic() > end:
                raise AssertionError(f"it did not end within {DEADLINE} s:\n{self.shown}")
        while self.read(0.05):
            pass
        return self.process.returncode
