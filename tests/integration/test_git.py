"""git over HTTPS, against git's own smart HTTP server."""

import subprocess

from harness import CordonTest, host, main


class Git(CordonTest):
    @classmethod
    def set_up_origins(cls):
        repository = cls.world.nginx.git / "project.git"
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(repository)], check=True)
        subprocess.run(["git", "-C", str(repository), "config", "http.receivepack", "true"], check=True)

    @classmethod
    def routes(cls):
        return [cls.world.route("git", username="tester")]

    def git(self, *arguments, folder=None, status=0):
        environment = {**self.cordon.client_environment(), "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1",
                       **{f"GIT_{who}_{what}": "tester@origin.test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}}
        done = subprocess.run(["git", *arguments], cwd=folder or self.cordon.project, env=environment, capture_output=True,
                              text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def test_clone_push_and_clone_again(self):
        url = f"https://{host('git')}/git/project.git"
        first, second = self.cordon.folder / "first", self.cordon.folder / "second"
        self.git("clone", "-q", url, str(first))
        (first / "small.txt").write_text("hello\n")
        # Over git's http.postBuffer of 1 MiB, so that the push is chunked.
        (first / "large.bin").write_bytes(bytes(i * i % 251 for i in range(3_000_000)))
        subprocess.run(["dd", "if=/dev/urandom", f"of={first}/noise.bin", "bs=1M", "count=4"], check=True, capture_output=True)
        self.git("add", ".", folder=first)
        self.git("commit", "-q", "-m", "Add files", folder=first)
        self.git("push", "-q", "origin", "HEAD:main", folder=first)
        self.git("clone", "-q", url, str(second))
        for name in ("small.txt", "large.bin", "noise.bin"):
            self.assertEqual((first / name).read_bytes(), (second / name).read_bytes())

    def test_a_credential_in_the_url_is_replaced(self):
        url = f"https://someone:dummy@{host('git')}/git/project.git"
        self.git("ls-remote", url)


if __name__ == "__main__":
    main()
