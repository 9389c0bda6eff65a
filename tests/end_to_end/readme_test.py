"""README.md's commands do what it says, in the order in which it says them.

Commands stand in ```console blocks after "$ "; what follows a command is what it
prints first, as far as the README shows it: a line that ends in "..." is compared up
to there, and digits stand for other digits.  The two entry commands and ssh, in ```sh
blocks, have tests of their own.
"""

import os
import re
import subprocess

from programs import BIN, ROOT, Lines, ServerTest

PROMPT = "README-PROMPT"


def console_commands(text):
    """[(command, printed lines)] of the console blocks."""
    commands = []
    for block in re.findall(r"^```console\n(.*?)^```$", text,
                            re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                commands.append((line[2:], []))
            else:
                commands[-1][1].append(line)
    return commands


def shape(line):
    """What must agree: all but numbers, names of homes, and the room between."""
    line = re.sub(r"unix:\S+/\.local", "unix:HOME/.local", line)
    return " ".join(re.sub(r"\d+", "0", line).split())


class ReadmeTest(ServerTest):

    def test_every_command_works(self):
        # A copy of what the commands name: they write beside it.
        for name in ("client", "build"):
            (self.directory / name).mkdir()
        os.symlink(ROOT / "client/examples", self.directory / "client/examples")
        (self.directory / "build/release").mkdir()
        os.symlink(BIN, self.directory / "build/release/bin")
        shell = subprocess.Popen(
            ["bash", "--norc"], cwd=self.directory, env=self.environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.open_log(), start_new_session=True)
        self.addCleanup(shell.wait)
        # The shell's end does not end what it started.
        self.addCleanup(os.killpg, shell.pid, 9)
        self.addCleanup(shell.stdin.close)
        lines = Lines(shell.stdout)
        self.addCleanup(lines.close)
        commands = console_commands((ROOT / "README.md").read_text())
        self.assertGreater(len(commands), 8)
        for command, wanted in commands:
            printed = self.type(shell, lines, command)
            for line, want in zip(printed, wanted):
                self.assertEqual(shape(line)[:len(shape(want).rstrip(". "))],
                                 shape(want).rstrip(". "), command)
            self.assertGreaterEqual(len(printed), len(wanted), command)

    def type(self, shell, lines, command):
        """Runs one command in the shell; the lines that it printed."""
        background = command.endswith("&")
        prompt = "" if background else f"echo {PROMPT} $?\n"
        shell.stdin.write(f"{command}\n{prompt}".encode())
        shell.stdin.flush()
        printed = []
        while (line := lines.next()) is not None:
            if line.startswith(PROMPT):
                self.assertEqual(line, f"{PROMPT} 0", command)
                return printed
            printed.append(line)
            if background:
                return printed
        self.fail(f"the shell ended at: {command}")
