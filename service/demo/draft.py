"""What is being made: one region on one day, with its own dice, into rows that regions share."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from service.demo.dice import Dice
from service.demo.regions import Regio
from service.demo.rows import Rows


class Draft(Struct, frozen=True):
    dice: Dice
    rows: Rows
    regio: Regio
    today: date
