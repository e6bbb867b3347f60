#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Types a line and a tab (or two) into a real shell on a terminal of its own, and prints the line as
the shell then has it; with --list what the shell shows of the choices there are.

    press_tab.py [--list] bash|zsh COMPLETION-FOLDER PROGRAM-FOLDER LINE
"""
import os
import pty
import re
import select
import sys

PROMPT = "READY> "
DEADLINE_S = 60
CONTROL = re.compile("\x1b(\\[[?0-9;]*[@-~]|[=>])")


def setup(shell, completion, program):
    path = f"PATH='{program}':$PATH"
    if shell == "bash":
        return f"{path}; . '{completion}/labrun.bash'; bind 'set page-completions off'; PS1='{PROMPT}'"
    return (f"{path}; fpath=('{completion}' $fpath); autoload -U compinit; compinit -u -D; "
            f"LISTMAX=1000; unsetopt prompt_sp; PS1='{PROMPT}'")


def read_until(fd, text, pattern):
    """What came so far, until the pattern is in it."""
    while not re.search(pattern, text, re.M):
        ready, _, _ = select.select([fd], [], [], DEADLINE_S)
        if not ready:
            sys.exit(f"press_tab: no answer but {text!r}")
        try:
            text += os.read(fd, 65536).decode(errors="replace").replace("\r", "")
            text = CONTROL.sub("", text)
        except OSError:
            sys.exit(f"press_tab: the shell ended: {text!r}")
    return text


def main():
    arguments = sys.argv[1:]
    listing = arguments[0] == "--list"
    shell, completion, program, line = arguments[listing:]
    words = {"bash": ["bash", "--noprofile", "--norc", "-i"], "zsh": ["zsh", "-f", "-i"]}[shell]
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        os.execvp(words[0], words)
    os.write(fd, (setup(shell, completion, program) + "\n").encode())
    read_until(fd, "", "^" + PROMPT)
    # The keys wait in the terminal until the shell has completed: to the line's beginning, an
    # echo put around it, and run.
    keys = line + ("\t\t" if listing else "\t") + "\x01echo '@@\x05@@'\n"
    os.write(fd, keys.encode())
    text = read_until(fd, "", r"^@@.*@@$")
    os.close(fd)
    os.waitpid(pid, 0)
    print(text if listing else re.search(r"^@@(.*)@@$", text, re.M).group(1))


main()
