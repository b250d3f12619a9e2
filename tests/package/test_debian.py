"""The Debian packages: made by CPack, looked at, and used as if they were installed.

    test_debian.py BUILD_FOLDER

The contents of the package are laid over /usr in a mount namespace, so that the program, its manual and its completions are where
they will be, and nothing of the machine changes. CORDON_TEST_FULL=1 installs the packages into a fresh Debian, too (minutes)."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else None

# Why lintian may say these. Anything else it says is a failure.
ACCEPTED_TAGS = {
    "no-changelog": "it would be that of a Debian source package, which there is none of; docs/CHANGELOG.md is installed",
    "custom-library-search-path": "Debian's BoringSSL lies outside of the linker's path; the run path leads there",
}


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="cordon-debian-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        run("cpack", "-G", "DEB", "--config", BUILD / "CPackConfig.cmake", "-B", cls.folder / "packages")
        cls.files = {file.name.split("_")[0]: file for file in (cls.folder / "packages").glob("*.deb")}
        for name, file in cls.files.items():
            run("dpkg-deb", "-x", file, cls.folder / name)

    def field(self, name, field):
        return run("dpkg-deb", "-f", self.files[name], field).strip()

    def contents(self, name):
        root = self.folder / name
        return {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir()}

    def as_installed(self, script):
        """What `script` prints where the package's files lie over /usr, with an empty home and nothing of the caller's environment."""
        home = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        # /usr below another folder of the same overlay would be found twice, so that is what the two layers are.
        laid = f'mount -t overlay overlay -o "lowerdir={self.folder}/cordon/usr:/usr" /usr && cd "$HOME" && {script}'
        flags = ["--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount"]
        environment = {"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TERM": "dumb", "MANWIDTH": "80"}
        return run("unshare", *flags, "sh", "-ec", laid, env=environment, timeout=120)

    def test_there_are_two(self):
        self.assertEqual(set(self.files), {"cordon", "libcordon-dev"})

    def test_the_program_comes_with_its_manual_completions_and_documents(self):
        contents = self.contents("cordon")
        for file in ("usr/bin/cordon", "usr/share/man/man1/cordon.1.gz", "usr/share/bash-completion/completions/cordon",
                     "usr/share/zsh/vendor-completions/_cordon", "usr/share/fish/vendor_completions.d/cordon.fish",
                     "usr/share/doc/cordon/copyright", "usr/share/doc/cordon/README.md",
                     "usr/share/doc/cordon/docs/cli.md"):
            self.assertIn(file, contents)
        self.assertFalse([file for file in contents if file.startswith("etc/") or "include" in file or file.endswith(".a")])

    def test_dependencies_are_those_of_the_program(self):
        depends = self.field("cordon", "Depends")
        for package in ("android-libboringssl", "libc6", "libsecret-1-0", "libstdc++6", "libtomlplusplus", "libfmt", "ca-certificates"):
            self.assertIn(package, depends)
        self.assertNotIn("-dev", depends)

    def test_there_are_no_configuration_files_and_no_scripts(self):
        for name, file in self.files.items():
            run("dpkg-deb", "-e", file, self.folder / f"{name}-control")
            self.assertLessEqual({path.name for path in (self.folder / f"{name}-control").iterdir()}, {"control", "md5sums"})

    def test_notices_of_what_is_compiled_in_are_kept(self):
        text = (self.folder / "cordon/usr/share/doc/cordon/copyright").read_text()
        for package in ("nlohmann-json3-dev", "libasio-dev", "libcli11-dev"):
            self.assertIn(f"parts of {package}", text)

    def test_lintian_has_nothing_to_say_but_what_is_accepted(self):
        if not shutil.which("lintian"):
            self.skipTest("lintian is not installed: it is of use to who changes the packages, and large")
        tags = ",".join(ACCEPTED_TAGS)
        done = subprocess.run(["lintian", "--allow-root", "--no-cfg", "--fail-on", "error,warning", "--suppress-tags", tags,
                               *map(str, self.files.values())], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)

    def test_demo_works(self):
        self.assertIn("The origin answered 200. It saw the real key", self.as_installed("cordon demo"))

    def test_check_start_status_and_stop_work(self):
        shown = self.as_installed("""
            printf 'listen = 16790\\n' > cordon.toml
            cordon check
            cordon start 2>log & cordon wait
            cordon status
            cordon stop
            wait $!
            cordon status --quiet || echo "status $?"
            cat log""")
        for text in ("is valid", "is running", "has stopped", "status 3", "listens on 127.0.0.1:16790"):
            self.assertIn(text, shown)

    def test_the_manual_is_found(self):
        self.assertIn("cordon - local credential-injection proxy", self.as_installed("man cordon"))

    def test_bash_finds_the_completions(self):
        shown = self.as_installed("""bash -c '
            source /usr/share/bash-completion/bash_completion; _completion_loader cordon
            COMP_LINE="cordon token rev" COMP_POINT=16 COMP_WORDS=(cordon token rev) COMP_CWORD=2; _cordon; echo "${COMPREPLY[@]}"'""")
        self.assertEqual(shown, "revoke\n")

    def test_zsh_finds_the_completions(self):
        shown = self.as_installed("zsh -fc 'autoload -U compinit; compinit -u -D; echo $_comps[cordon]'")
        self.assertEqual(shown, "_cordon\n")

    def test_fish_finds_the_completions(self):
        self.assertIn("revoke", self.as_installed("fish -c 'complete -C \"cordon token rev\"'"))

    def test_the_library_is_found_and_works(self):
        """consumer/ against the headers and the library of the package."""
        build = self.folder / "consumer"
        run("cmake", "-S", HERE / "consumer", "-B", build, "-G", "Ninja", "-D", f"CMAKE_PREFIX_PATH={self.folder}/libcordon-dev/usr",
            "-D", "CMAKE_BUILD_TYPE=Release")
        run("cmake", "--build", build)
        self.assertIn("listens", run(build / "consumer"))

    def test_a_fresh_debian_installs_and_runs_them(self):
        if os.environ.get("CORDON_TEST_FULL") != "1":
            self.skipTest("takes minutes: with CORDON_TEST_FULL=1 only")
        if os.geteuid() != 0:
            self.skipTest("debootstrap needs root")
        root = self.folder / "root"
        release = run("sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME").strip()
        run("debootstrap", "--variant=minbase", release, root)
        # The machine's own mirrors, proxies and certificates for them.
        shutil.copytree("/etc/apt", root / "etc/apt", dirs_exist_ok=True, symlinks=True)
        shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
        for file in self.files.values():
            shutil.copy(file, root / "root")
        script = """
            apt-get update >/dev/null
            DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends /root/*.deb >/dev/null
            cordon demo
            cd /root; printf 'listen = 16790\\n' > cordon.toml
            cordon check
            cordon start 2>log & cordon wait
            cordon status
            cordon stop
            wait $!
            apt-get purge -y cordon libcordon-dev >/dev/null
            if [ -e /usr/bin/cordon ]; then exit 1; fi
            dpkg --audit"""
        shown = run("unshare", "--mount", "--pid", "--fork", "chroot", root, "sh", "-ec", f"mount -t proc proc /proc; {script}",
                    env={"HOME": "/root", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"})
        for text in ("The origin answered 200", "is valid", "is running", "has stopped"):
            self.assertIn(text, shown)


if __name__ == "__main__":
    unittest.main(verbosity=2)
