"""`cordon service` where there is no service manager to talk to; tests/integration/test_service.py has it with a real one."""

import json
import os

from harness import CORDON, CliTest, main


class Service(CliTest):
    def setUp(self):
        super().setUp()
        # Whatever manager the machine has, it is not this test's.
        runtime = self.root / "run"
        runtime.mkdir(mode=0o700)
        self.environment["XDG_RUNTIME_DIR"] = str(runtime)

    def assert_nothing_written(self):
        self.assertEqual([path for path in self.root.rglob("*") if "systemd" in path.name or path.suffix == ".service"], [])

    def test_install_without_a_manager_says_what_to_do(self):
        self.write_config()
        done = self.cordon("service", "install")
        self.assert_error(done, "there is no systemd user manager to talk to", "loginctl enable-linger")
        self.assert_nothing_written()

    def test_install_shows_the_faults_of_the_config(self):
        self.write_config("nonsense = 1\n")
        self.assert_error(self.cordon("service", "install"), "nonsense", "mend it and run the command again")
        self.assert_nothing_written()

    def test_install_needs_a_config(self):
        self.assert_error(self.cordon("service", "install"), "there is no config file")

    def test_install_refuses_names_that_units_cannot_have(self):
        self.write_config()
        for name in ("a b", "../up", "a@b", "x" * 65):
            self.assert_error(self.cordon("service", "install", "--", name), "cannot be the name of a service")

    def manager(self):
        """A folder with a systemctl that can be talked to, and keeps the unit that it is given."""
        runtime = self.root / "run"
        program = self.root / "manager" / "systemctl"
        program.parent.mkdir()
        units = self.config_home / "systemd" / "user"
        program.write_text(f"""#!/bin/sh
case "$*" in
*Version*) echo Version=252; echo "UnitPath={units}";;
*ActiveState*) cp {units}/*.service {runtime}/unit 2>/dev/null; echo ActiveState=inactive; echo SubState=dead;;
esac
""")
        program.chmod(0o755)
        return program.parent, runtime / "unit"

    def test_the_unit_has_no_folder_that_others_write_to(self):
        """An agent writes to the folder of the config, anybody to one that all can write to."""
        self.write_config()
        manager, unit = self.manager()
        link, open_to_all, own = self.project / ".venv" / "bin" / "cordon", self.root / "all", self.root / "own"
        link.parent.mkdir(parents=True)
        link.symlink_to(CORDON)
        own.mkdir(mode=0o755)
        open_to_all.mkdir()
        open_to_all.chmod(0o777)
        folders = [self.project, link.parent, open_to_all, own, manager]
        self.cordon("service", "install", "--timeout", "1s",
                    env={"PATH": ":".join([*map(str, folders), "/usr/bin", "/bin"]), "GNUPGHOME": str(self.project / "gnupg")})
        text = unit.read_text()
        self.assertRegex(text, rf'"?PATH={own}:{manager}:/usr/bin:/bin')
        self.assertNotIn(str(self.project / ".venv"), text)
        self.assertNotIn("gnupg", text)
        self.assertNotIn(str(open_to_all), text)
        self.assertIn(f'Program="{os.path.realpath(CORDON)}"', text)

    def test_install_warns_of_secrets_from_the_environment(self):
        self.write_config(self.route())
        done = self.cordon("service", "install")
        self.assertIn("cordon: warning: route demo: its secret is in the environment variable KEY", done.err)

    def test_list_is_empty_at_first(self):
        done = self.cordon("service", "list")
        self.assert_done(done)
        self.assertEqual(done.out, "")
        self.assertIn("cordon service install", done.err)
        self.assertEqual(json.loads(self.cordon("service", "list", "--json").out), {"services": []})

    def test_what_is_not_installed_can_be_asked_for_and_removed(self):
        self.write_config()
        self.assert_error(self.cordon("service", "status"), "there is no service for", "cordon service install", code=3)
        self.assert_error(self.cordon("service", "status", "api"), "there is no service api", "cordon service list", code=3)
        self.assert_error(self.cordon("service", "start", "api"), "there is no service api")
        self.assert_error(self.cordon("service", "stop", "--scope", "user"), "cordon service install --scope user")
        self.assert_error(self.cordon("service", "logs", "api"), "there is no service api")
        done = self.cordon("service", "uninstall", "api")
        self.assert_done(done)
        self.assertEqual(done.out, "api is already not installed\n")
        self.assertEqual(json.loads(self.cordon("service", "uninstall", "api", "--json").out), {"name": "api", "removed": False})

    def unit_of_old(self):
        """A unit as an earlier login left it, whose manager cannot be asked now."""
        config = self.write_config()
        folder = self.config_home / "systemd/user"
        folder.mkdir(parents=True)
        (folder / "cordon-api.service").write_text(f'[Service]\n\n[X-Cordon]\nProgram="/usr/bin/cordon"\nConfig="{config}"\n')
        return folder / "cordon-api.service"

    def test_a_folders_name_steers_no_terminal(self):
        folder = self.project / "a\x1b]0;own\x07\nok"
        folder.mkdir()
        (folder / "cordon.toml").write_text(f"listen = {self.port}\n")
        done = self.cordon("service", "uninstall", cwd=folder)
        self.assert_done(done)
        self.assertIn(r"a\x1b]0;own\x07\x0aok/cordon.toml is already not installed", done.out)
        self.assertEqual(len(done.out.splitlines()), 1)

    def test_what_is_installed_is_known_without_a_manager(self):
        unit = self.unit_of_old()
        done = self.cordon("service", "list", "--json")
        self.assert_done(done)
        service, = json.loads(done.out)["services"]
        self.assertEqual((service["name"], service["file"], service["state"]), ("api", str(unit), "unknown"))
        self.assertIn("no systemd user manager", service["trouble"])
        self.assertIsNone(service["enabled"])
        self.assertRegex(self.cordon("service", "list").out, r"(?m)^api +unknown +\? +- +\? ")
        done = self.cordon("service", "status", "api")
        self.assert_done(done, 1)
        self.assertRegex(done.out, r"(?m)\Acordon-api.service is unknown$")
        self.assertRegex(done.out, r"(?m)^  at login +\?$")
        self.assertRegex(done.out, r"(?m)^  trouble +there is no systemd user manager to talk to")
        self.assertNotIn("service start", done.err)
        self.assert_error(self.cordon("service", "uninstall", "api"), "there is no systemd user manager")
        self.assertTrue(unit.exists())

    def test_status_ends_with_3_only_when_it_does_not_run(self):
        self.unit_of_old()
        self.write_config(path="other/cordon.toml")
        done = self.cordon("service", "status", "api", "--config", "other/cordon.toml")
        self.assert_error(done, "the service api is for", "not for", code=1)
        self.assert_error(self.cordon("service", "status", "--config", "nowhere/at/all/cordon.toml"), code=1)
        self.assert_error(self.cordon("service", "status", "other"), "there is no service other", code=3)

    def test_status_shows_the_service_of_the_config(self):
        self.unit_of_old()
        report = self.cordon("status", "--json")
        self.assertEqual((report.code, json.loads(report.out)["service"]["name"]), (3, "api"))
        done = self.cordon("status")
        self.assertIn("hint: it has a service, cordon-api.service: unknown\ncordon: warning: there is no systemd user manager", done.err)
        self.assertNotIn("service start", done.err)
        self.assertIn("cordon service status api", self.cordon("status", "--all").out)
        self.start()
        self.assertRegex(self.cordon("status").out, r"(?m)^  service +cordon-api.service: unknown\n  trouble +there is no systemd user")
        self.assertEqual(json.loads(self.cordon("status", "--json").out)["service"]["state"], "unknown")

    def test_a_log_that_cannot_be_had_is_told(self):
        self.unit_of_old()
        (self.root / "bin").mkdir()
        (self.root / "bin/journalctl").write_text("#!/bin/sh\necho No journal files were opened >&2\nexit 1\n")
        (self.root / "bin/journalctl").chmod(0o755)
        done = self.cordon("service", "logs", "api", "--json", env={"PATH": f"{self.root}/bin:{self.environment['PATH']}"})
        self.assertEqual(done.code, 1)
        self.assertIn("No journal files were opened", done.err)

    def test_status_without_a_service_has_none(self):
        self.write_config()
        self.assertIsNone(json.loads(self.cordon("status", "--json").out)["service"])

    def test_usage(self):
        self.assert_error(self.cordon("service", "instal"), "there is no command `service instal`", "cordon service install", code=2)
        self.assert_error(self.cordon("service", "install", "--timeout", "soon"), "soon", code=2)
        self.assert_error(self.cordon("service", "logs", "api", "-n", "0"), code=2)
        self.assert_error(self.cordon("service", "logs", "api", "-f", "--json"), "--follow", code=2, as_json=True)
        self.assertIn("uninstall", self.cordon("help", "service").out)


class Supervisor(CliTest):
    """launchd would start for ever what cannot work: see docs/services.md."""

    def test_launchd_is_not_told_of_what_trying_again_cannot_mend(self):
        self.write_config("nonsense = 1\n")
        done = self.cordon("start", env={"CORDON_SUPERVISOR": "launchd"})
        self.assertEqual(done.code, 0)
        self.assertIn("nonsense", done.err)
        self.assertEqual(self.cordon("start").code, 1)
        self.assertEqual(self.cordon("start", env={"CORDON_SUPERVISOR": "other"}).code, 1)

    def test_launchd_is_told_of_a_store_that_is_not_available(self):
        self.write_config(self.route(secret='source = "command"\nargv = ["/bin/false"]'))
        self.assertEqual(self.cordon("start", env={"CORDON_SUPERVISOR": "launchd"}).code, 4)


if __name__ == "__main__":
    main()
