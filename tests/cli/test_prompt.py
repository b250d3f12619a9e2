"""Questions on a terminal: prompt_trial asks them by the functions that all wizards use."""

import os
import signal
import subprocess
import unittest

from harness import DEADLINE, main
from pseudo_terminal import CTRL_C, CTRL_D, PseudoTerminal

TRIAL = os.environ.get("PROMPT_TRIAL", "prompt_trial")
QUESTIONS = {"text": "Name: ", "port": "Port [443]: ", "optional": "Port, if any: ", "choose": "Number or name [env]: ",
             "yes": "Go on? [Y/n] ", "no": "Go on? [y/N] ", "secret": "The secret (not shown): "}


class Prompt(unittest.TestCase):
    def trial(self, *names, **more):
        terminal = PseudoTerminal([TRIAL, *names], env={**os.environ, "NO_COLOR": "1"}, **more)
        self.addCleanup(terminal.__exit__)
        return terminal

    def assert_answer(self, name, *typed, answer):
        """Each of `typed` but the last is objected to."""
        with self.subTest((name, typed)):
            terminal = self.trial(name)
            for text in typed:
                terminal.answer(QUESTIONS[name], text)
            self.assertEqual(terminal.wait(), 0, terminal.shown)
            self.assertIn(f"answer: <{answer}>\n", terminal.shown)
            self.assertEqual(terminal.shown.count(QUESTIONS[name]), len(typed), terminal.shown)
            return terminal

    def test_text(self):
        self.assert_answer("text", "stripe", answer="stripe")
        self.assert_answer("text", "  two words \t", answer="two words")
        self.assert_answer("text", "wrongg\x7f\x7f\x7f\x7f\x7f\x7fright", answer="right")
        self.assert_answer("text", "straße", answer="straße")
        terminal = self.assert_answer("text", "", " ", "x", answer="x")
        self.assertEqual(terminal.shown.count("an answer is needed"), 2)

    def test_text_with_control_characters_is_asked_again(self):
        terminal = self.assert_answer("text", "ab\x1b[Dc", "abc", answer="abc")
        self.assertIn("type it again", terminal.shown)

    def test_preset_stands_for_an_empty_line(self):
        self.assert_answer("port", "", answer="443")
        self.assert_answer("port", "8443", answer="8443")

    def test_objection_is_told_and_the_question_asked_again(self):
        terminal = self.assert_answer("port", "https", "0", "65536", "1", answer="1")
        self.assertEqual(terminal.shown.count("a port is a number from 1 to 65535\n"), 3)

    def test_optional_may_be_empty_and_is_judged_otherwise(self):
        self.assert_answer("optional", "", answer="")
        self.assert_answer("optional", "x", "5", answer="5")

    def test_choice_by_number_name_or_beginning(self):
        for typed, name in (("1", "keyring"), ("4", "file"), ("env", "env"), ("ENV", "env"), ("k", "keyring"), ("enc", "encrypted"), ("", "env")):
            self.assert_answer("choose", typed, answer=name)
        terminal = self.assert_answer("choose", "0", "5", "en", "what", "2", answer="env")
        self.assertEqual(terminal.shown.count("a number from 1 to 4"), 4)
        self.assertIn("Where is the secret?\n  1) keyring    the system's\n  2) env\n  3) encrypted  made up\n", terminal.shown)

    def test_confirmation(self):
        for typed, answer in (("y", "yes"), ("YES", "yes"), ("n", "no"), ("No", "no")):
            self.assert_answer("yes", typed, answer=answer)
            self.assert_answer("no", typed, answer=answer)
        self.assert_answer("yes", "", answer="yes")
        self.assert_answer("no", "", answer="no")
        self.assertIn("answer with y or n", self.assert_answer("yes", "maybe", "n", answer="no").shown)

    def test_confirmation_takes_no_answer_from_before_the_question(self):
        terminal = self.trial("text", "no")
        terminal.answer(QUESTIONS["text"], "x\ry")
        terminal.answer(QUESTIONS["no"])
        self.assertEqual(terminal.wait(), 0)
        self.assertIn("answer: <no>", terminal.shown)

    def test_lines_typed_ahead_answer_the_next_questions(self):
        terminal = self.trial("text", "port", "choose")
        terminal.answer(QUESTIONS["text"], "x\r8080\rfile")
        self.assertEqual(terminal.wait(), 0)
        for answer in ("x", "8080", "file"):
            self.assertIn(f"answer: <{answer}>", terminal.shown)

    def test_secret_is_not_shown(self):
        """L9."""
        terminal = self.assert_answer("secret", "", "canary-3f81", answer="11 bytes")
        self.assertIn("a secret cannot be empty", terminal.shown)
        self.assertNotIn("canary", terminal.shown)
        self.assertTrue(terminal.is_restored())

    def test_interrupt_ends_with_130_and_eof_with_1(self):
        for name, question in QUESTIONS.items():
            for key, code in ((CTRL_C, 130), ("half" + CTRL_C, 130), (CTRL_D, 1)):
                with self.subTest((name, key)):
                    terminal = self.trial("text", name, "text")
                    terminal.answer(QUESTIONS["text"], "x")
                    terminal.expect(question)
                    terminal.type(key)
                    self.assertEqual(terminal.wait(), code, terminal.shown)
                    self.assertTrue(terminal.shown.endswith("\ncordon: error: nothing was changed\n"), terminal.shown)
                    self.assertTrue(terminal.is_restored())

    def test_terminal_that_goes_away_ends_it(self):
        terminal = self.trial("text")
        terminal.expect(QUESTIONS["text"])
        os.close(terminal.leader)
        terminal.leader = os.open("/dev/null", os.O_RDONLY)  # for the cleanup
        self.assertIn(terminal.process.wait(DEADLINE), (1, -signal.SIGHUP))

    def test_other_signals_end_it_and_leave_the_terminal_as_it_was(self):
        for name in ("text", "secret"):
            with self.subTest(name):
                terminal = self.trial(name)
                terminal.expect(QUESTIONS[name])
                terminal.process.terminate()
                self.assertEqual(terminal.wait(), -signal.SIGTERM)
                self.assertTrue(terminal.is_restored())

    def test_nobody_is_asked_unless_all_is_a_terminal(self):
        terminal = self.trial("text", stdout=subprocess.PIPE)
        self.assertEqual(terminal.wait(), 2)
        self.assertEqual(terminal.process.stdout.read(), b"nobody can be asked\n")


if __name__ == "__main__":
    main()
