#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The shell text of a step of a GitHub workflow, with ${{ matrix.NAME }} filled in.

    run_step.py WORKFLOW JOB STEP [NAME=VALUE]...
"""
import sys

import yaml

with open(sys.argv[1], encoding="utf-8") as file:
    workflow = yaml.safe_load(file)
steps = workflow["jobs"][sys.argv[2]]["steps"]
text = next(step["run"] for step in steps if step.get("name") == sys.argv[3])
for pair in sys.argv[4:]:
    name, value = pair.split("=", 1)
    text = text.replace("${{ matrix.%s }}" % name, value)
assert "${{" not in text, text
print(text)
