"""What `cordon help` says of the commands, for tests that hold other texts against it."""

import re


def listed(text):
    """The names in the list of commands of a help text."""
    return [line.split()[0] for line in text.split("Commands:\n")[1].split("\n\n")[0].splitlines()]


def all_commands(cordon):
    """(`token list`, its help text) for every command that can run. `cordon(*words)` runs cordon."""
    for name in listed(cordon("help").out):
        text = cordon("help", name).out
        if name == "help":
            continue
        if "\nCommands:\n" not in text:
            yield name, text
            continue
        for part in listed(text):
            yield f"{name} {part}", cordon("help", name, part).out


def options_of(help_text):
    """Each option of a help text as the tuple of its names, `('-c', '--config')`; --help is left out."""
    found = [tuple(names.split(",")) for names in re.findall(r"(?m)^  (-[-\w,]+)", help_text)]
    return [names for names in found if "--help" not in names]
