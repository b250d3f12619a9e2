"""Where the program looks for shared libraries: absolute folders only. An empty or relative part would be the current folder, which
is a project in which others write.

    test_run_path.py PROGRAM BUILD_FOLDER"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(sys.argv.pop(2)).resolve() if len(sys.argv) > 2 else None
PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else None


def run(*command, **more):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, check=False, **more)


def run_path(program):
    """The parts of its RPATH and its RUNPATH."""
    done = run("readelf", "--dynamic", "--wide", program)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return [part for text in re.findall(r"\((?:RPATH|RUNPATH)\)[^\[]*\[(.*)\]", done.stdout) for part in text.split(":")]


class RunPath(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="cordon-run-path-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def installed(self):
        done = run("cmake", "--install", BUILD, "--component", "program", "--prefix", self.folder / "installed")
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.folder / "installed" / "bin" / "cordon"

    def assert_absolute(self, program):
        parts = run_path(program)
        self.assertEqual([part for part in parts if not part.startswith(("/", "$ORIGIN/"))], [], parts)

    def test_the_program_as_built(self):
        self.assert_absolute(PROGRAM)

    def test_the_program_as_installed(self):
        program = self.installed()
        self.assert_absolute(program)
        self.assertEqual(run(program, "--version").returncode, 0)

    def test_libraries_in_the_current_folder_are_not_loaded(self):
        needed = re.findall(r"\(NEEDED\)[^\[]*\[(.*)\]", run("readelf", "--dynamic", "--wide", PROGRAM).stdout)
        self.assertTrue(needed)
        project = self.folder / "project"
        project.mkdir()
        for name in needed:
            (project / name).write_text("this is no library: whoever loads it ends")
        done = run(PROGRAM, "--version", cwd=project, env={"PATH": os.environ["PATH"]})
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
