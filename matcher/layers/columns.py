"""What the joint plan chooses with samenplaatsingen: a column for each pair, and for each way to be whole or split.

Columns: x for a pair, y for a group that is whole in a voorziening or at a locatie, s for a group that is split, and w
for a pair of a member whose group is split.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from matcher.check import URGENTIE, Tier
from matcher.layers.linear import Floats
from matcher.layers.network import Network, complete, distinct
from matcher.pairs import NOBODY, Bools, Ints, Pairs


class Columns(Struct, frozen=True, eq=False):
    """What the columns of a model mean, in this order: pairs, wholes, splits, pairs of a group that is split."""

    net: Network
    group: Ints
    """Of each whole its group, …"""
    unit: Ints
    """… its voorziening, or NOBODY when it is over several of a locatie, …"""
    place: Ints
    """… and its locatie."""
    splits: Ints
    """Groups with leave."""
    apart: Ints
    """Pairs of their members."""
    useless: Ints
    """Pairs of members where the group cannot be whole."""

    @property
    def begins(self) -> tuple[int, int, int]:
        """Where the wholes, the splits and the pairs apart begin."""
        wholes = len(self.net.request)
        return wholes, wholes + len(self.group), wholes + len(self.group) + len(self.splits)

    @property
    def count(self) -> int:
        return self.begins[2] + len(self.apart)


Row: TypeAlias = Floats | NDArray[np.float32]
"""Per column what it adds to a tier before: whole numbers below 2^24 (pairs.MAX_VALUE), which 32 bits hold exactly."""


def columns(problem: Pairs, net: Network) -> Columns:
    """Every way to be whole over these pairs; pairs that a group without leave cannot use must be out already."""
    at = np.flatnonzero(problem.groep[net.request] >= 0)
    group = problem.groep[net.request[at]]
    unit = problem.voorziening[net.slot[at]]
    place = problem.locatie[unit]
    in_unit, in_place = complete(problem, net, at, unit), complete(problem, net, at, place)
    width = len(problem.ruimte) + 1
    one = distinct((group * width + unit)[in_unit])
    # at a locatie with one voorziening that is an option there is nothing to be over
    wide = int(problem.locatie.max(initial=0)) + 1
    several = distinct(((group * wide + place) * width + unit)[in_place]) // width
    spots, counts = np.unique(several, return_counts=True)
    over = np.stack((spots // wide, spots % wide), 1)[counts > 1]
    return Columns(
        net=net,
        group=np.concatenate((one // width, over[:, 0])),
        unit=np.concatenate((one % width, np.full(len(over), NOBODY))),
        place=np.concatenate((problem.locatie[one % width], over[:, 1])),
        splits=np.flatnonzero(problem.splitsbaar),
        apart=at[problem.splitsbaar[group]],
        useless=at[~in_place],
    )


def part(problem: Pairs, of: Columns, keep: Bools) -> tuple[Columns, Ints]:
    """The columns over fewer pairs, and which of all columns each of them is."""
    thin = columns(problem, of.net.keep(keep))
    kept = np.flatnonzero(keep)
    wholes, splits, apart = of.begins
    which = np.searchsorted(_keys(problem, of), _keys(problem, thin))
    others = apart + np.searchsorted(of.apart, kept[thin.apart])
    return thin, np.concatenate((kept, wholes + which, np.arange(splits, apart), others))


def _keys(problem: Pairs, of: Columns) -> Ints:
    """One number for each whole, in order."""
    units, places = len(problem.ruimte) + 1, int(problem.locatie.max(initial=0)) + 1
    over = len(problem.splitsbaar) * units + of.group * places + of.place
    key: Ints = np.where(of.unit >= 0, of.group * units + of.unit, over)
    return key


class Cuts(Struct, frozen=True, eq=False):
    """Rows that every plan keeps, though its relaxation need not: Σ coefficient × column ≤ most (cuts.py)."""

    most: Ints
    row: Ints
    """Per coefficient: of which cut, …"""
    column: Ints
    """… for which of all columns, in which a member of a group that is split counts as its pair apart, …"""
    coefficient: Ints
    """… and what it is."""

    @classmethod
    def none(cls) -> Cuts:
        zero = np.zeros(0, np.int64)
        return cls(zero, zero, zero, zero)

    def more(self, other: Cuts) -> Cuts:
        return Cuts(
            np.concatenate((self.most, other.most)),
            np.concatenate((self.row, other.row + len(self.most))),
            np.concatenate((self.column, other.column)),
            np.concatenate((self.coefficient, other.coefficient)),
        )

    def without(self, gone: Bools) -> Cuts:
        keep = ~gone[self.row]
        number = np.cumsum(~gone) - 1
        return Cuts(self.most[~gone], number[self.row[keep]], self.column[keep], self.coefficient[keep])

    def on(self, which: Ints, count: int) -> Cuts:
        """On a part of the `count` columns."""
        at = np.full(count, NOBODY)
        at[which] = np.arange(len(which))
        hit = at[self.column] >= 0
        return Cuts(self.most, self.row[hit], at[self.column[hit]], self.coefficient[hit])


def costs(problem: Pairs, of: Columns, tier: Tier) -> Floats:
    """What each column adds to a tier."""
    net = of.net
    wholes, splits, apart = of.begins
    cost = np.zeros(of.count)
    x = cost[:wholes]
    if tier is Tier.VAST:
        x[:] = np.isin(net.request, problem.vast[:, 0])  # of these only the fixed pair is left
    elif tier is Tier.WACHTDAGEN:
        x[:] = problem.wachtdagen[net.request]
    elif tier is Tier.GESPLITST:
        cost[splits:apart] = -1
    elif tier is Tier.LOCATIE:
        cost[wholes:splits] = -(of.unit < 0).astype(float)
    elif tier is Tier.SCORE:
        x[:] = net.value
    elif tier is Tier.BEHOUDEN:
        x[:] = problem.vorige[net.request] == net.slot
    else:
        x[:] = problem.urgentie[net.request] == URGENTIE[tier]
    cost[apart:] = x[of.apart]
    return cost


def solution_of(problem: Pairs, of: Columns, slots: Ints) -> Floats:
    """A plan as values of the columns; pairs that are not among them are left out."""
    net, (wholes, splits, apart) = of.net, of.begins
    x = np.zeros(of.count)
    used = slots[net.request] == net.slot
    # a whole holds when every member is there; of two that do, that of one voorziening
    unit = np.where(slots >= 0, problem.voorziening[slots], NOBODY)
    place = np.where(slots >= 0, problem.locatie[unit], NOBODY)
    missing = np.zeros(len(of.group), np.int64)
    for who in np.flatnonzero(problem.groep >= 0).tolist():
        mine = of.group == problem.groep[who]
        missing[mine] += np.where(of.unit[mine] >= 0, of.unit[mine] != unit[who], of.place[mine] != place[who])
    holds = np.flatnonzero(missing == 0)
    holds = holds[np.lexsort((of.unit[holds] < 0, of.group[holds]))]
    _, first = np.unique(of.group[holds], return_index=True)
    x[wholes + holds[first]] = 1
    whole = np.zeros(len(problem.splitsbaar) + 1, np.bool_)  # the last is that of NOBODY
    whole[of.group[holds]] = whole[-1] = True
    x[:wholes] = used & whole[problem.groep[net.request]]
    x[apart:] = (used & ~whole[problem.groep[net.request]])[of.apart]
    x[splits + np.searchsorted(of.splits, problem.groep[net.request[of.apart[x[apart:] > 0]]])] = 1
    return x


def plan_of(problem: Pairs, of: Columns, x: Floats) -> Ints:
    """(R,) the slot of each request in a solution."""
    plan = np.full(problem.requests, NOBODY)
    chosen = np.flatnonzero(x[: of.begins[0]] > 0.5)
    chosen = np.concatenate((chosen, of.apart[x[of.begins[2] :] > 0.5]))
    plan[of.net.request[chosen]] = of.net.slot[chosen]
    return plan
