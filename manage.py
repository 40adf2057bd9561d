#!/usr/bin/env python
"""The command line. Commands that change the schema log in as the owner, the others as the web."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
    from django.core.management import execute_from_command_line

    arguments = sys.argv
    if len(arguments) > 1 and arguments[1] == "migrate" and not any(a.startswith("--database") for a in arguments):
        arguments = [*arguments, "--database=owner"]
    execute_from_command_line(arguments)


if __name__ == "__main__":
    main()
