"""What typer says in English, in Dutch: the help option, the line of usage and what is wrong with an argument."""

from __future__ import annotations

import re
from typing import Any

from typer import rich_utils

# typer carries its own copy of click and exports only some of its exceptions; requirements.lock pins it.
from typer._click.exceptions import BadParameter, MissingParameter, NoArgsIsHelpError, NoSuchOption, UsageError
from typer.core import TyperCommand, TyperGroup

rich_utils.ARGUMENTS_PANEL_TITLE = "Wat u opgeeft"
rich_utils.OPTIONS_PANEL_TITLE = "Opties"
rich_utils.COMMANDS_PANEL_TITLE = "Opdrachten"
rich_utils.DEFAULT_STRING = "[standaard: {}]"
rich_utils.REQUIRED_LONG_STRING = "[verplicht]"

__all__ = ["Command", "Group", "UsageError", "wrong_usage"]

WORDS = {
    "Usage: ": "Gebruik: ",
    "[OPTIONS]": "[OPTIES]",
    "COMMAND [ARGS]...": "OPDRACHT",
}


def usage_line(text: str) -> str:
    for english, dutch in WORDS.items():
        text = text.replace(english, dutch)
    return text


class Command(TyperCommand):
    def get_help_option(self, ctx: Any) -> Any:
        return in_dutch(super().get_help_option(ctx))

    def get_usage(self, ctx: Any) -> str:
        return usage_line(super().get_usage(ctx))


class Group(TyperGroup):
    def get_help_option(self, ctx: Any) -> Any:
        return in_dutch(super().get_help_option(ctx))

    def get_usage(self, ctx: Any) -> str:
        return usage_line(super().get_usage(ctx))


def in_dutch(option: Any) -> Any:
    if option is not None:
        option.help = "Toon deze uitleg."
    return option


def wrong_usage(error: UsageError) -> str:
    """One sentence on what is wrong, and where help is."""
    command = error.ctx.command_path if error.ctx is not None else "loket"
    match error:
        case NoArgsIsHelpError():
            what = "Zeg ook welke opdracht u wilt."
        case NoSuchOption():
            near = f" Bedoelt u {error.possibilities[0]}?" if error.possibilities else ""
            what = f"De optie {error.option_name} bestaat niet.{near}"
        case MissingParameter():
            what = f"Er ontbreekt iets: {name_of(error)}."
        case BadParameter():
            what = f"De waarde van {name_of(error)} kan niet: {reason(error.message)}."
        case _ if error.message.startswith("No such command"):
            what = f"De opdracht {error.message.split()[3].rstrip('.')} bestaat niet."
        case _ if (extra := re.fullmatch(r"Got unexpected extra argument\S* \((.*)\)", error.message)) is not None:
            what = f"Dit is te veel: {extra[1]}."
        case _:
            what = f"Verkeerd aangeroepen: {error.message}"
    return f"{what}\nUitleg: {command} --help"


REASONS = {
    "valid integer": "geef een heel getal",
    "valid number": "geef een getal",
    "does not exist": "dat bestand bestaat niet",
    "is a directory": "dat is een map, geef een bestand",
    "not readable": "dat bestand mag u niet lezen",
}


def reason(message: str) -> str:
    bound = re.search(r"(greater|less) than or equal to ([\d.]+)", message)
    if bound is not None:
        return f"geef {'minstens' if bound[1] == 'greater' else 'hooguit'} {bound[2].rstrip('.')}"
    if " is not one of " in message:
        return "kies " + message.partition(" is not one of ")[2].rstrip(".").replace("'", "")
    return next((dutch for english, dutch in REASONS.items() if english in message), message.rstrip("."))


def name_of(error: BadParameter) -> str:
    parameter = error.param
    if parameter is None:
        return "een argument"
    return parameter.opts[0] if parameter.param_type_name == "option" else (parameter.metavar or str(parameter.name))
