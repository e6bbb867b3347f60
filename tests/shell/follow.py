#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Does what a tutorial says, in the current folder: writes its files, types its commands, and holds
what they print against what it shows.

    follow.py [--show] TUTORIAL

A file is a json block behind "as `NAME`:", a command a line with "$ " in a console block. Of what is
shown, "..." stands for any lines, and " ..." at a line's end for the rest of it. In a block `console
measured` figures and their units may differ, and what goes to stderr (progress, warnings of a busy
machine) is not compared. --show prints what came instead, to be pasted.
"""
import re
import subprocess
import sys

FENCE = re.compile(r"^```(.*)$")
FILE = re.compile(r"as `([^`]+)`:$")
FIGURE = re.compile(r"[-+]?\b\d+(\.\d+)?(e[-+]\d+)?%?( ?(ns|us|ms|s)\b)?")


def blocks(text):
    """(name of the file or None, words of the fence, lines)"""
    name, fence, lines = None, None, []
    for line in text.splitlines():
        match = FENCE.match(line)
        if match and fence is None:
            fence, lines = match.group(1).split(), []
        elif match:
            yield name, fence, lines
            name = fence = None
        elif fence is not None:
            lines.append(line)
        elif line:
            found = FILE.search(line)
            name = found.group(1) if found else None


def commands(lines):
    """(command, lines that are shown)"""
    found = []
    for line in lines:
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def same(shown, came, measured):
    if measured:
        shown, came = (" ".join(FIGURE.sub("#", text).split()) for text in (shown, came))
    if shown.endswith(" ..."):
        return came.startswith(shown[:-4])
    return shown == came


def agrees(shown, came, measured):
    if not shown:
        return not came
    if shown[0] == "...":
        return any(agrees(shown[1:], came[i:], measured) for i in range(len(came) + 1))
    return bool(came) and same(shown[0], came[0], measured) and agrees(shown[1:], came[1:], measured)


def main():
    show = sys.argv[1] == "--show"
    with open(sys.argv[-1], encoding="utf-8") as file:
        text = file.read()
    count = 0
    for name, fence, lines in blocks(text):
        if name:
            with open(name, "w", encoding="utf-8") as file:
                file.write("\n".join(lines) + "\n")
        for command, shown in commands(lines) if fence[:1] == ["console"] else []:
            count += 1
            came = subprocess.run(["bash", "-c", command], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE,
                                  stderr=None if "measured" in fence else subprocess.STDOUT,
                                  text=True, check=False).stdout.splitlines()
            if show:
                print("$ " + command, *came, sep="\n")
            elif not agrees(shown, came, "measured" in fence):
                sys.exit("\n".join(["FAIL: $ " + command, "shown:", *shown, "came:", *came]))
    if not count:
        sys.exit("FAIL: there is no command in it")


main()
