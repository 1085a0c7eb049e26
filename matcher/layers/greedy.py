"""A first plan fast: groups one by one at the prices of the flow, then everybody else by the flow over what is left.

A group takes the place where it brings most above the prices and where there is still room for all, when that is not
less than nothing. Nothing is proven by it; at any size it takes little more than the flow itself.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from msgspec import structs

from matcher.check import Tier
from matcher.layers.bound import Index, Priced, Prices, priced
from matcher.layers.columns import costs
from matcher.layers.flow import Flow, flow, ranks, weighed
from matcher.layers.network import Network
from matcher.pairs import NOBODY, Ints, Pairs

TRIES = 40
"""Places that are tried for each group."""
APART, OVER = 10, 4
"""What it costs that a group is split, or over several voorzieningen: so many times the most that a pair is worth."""


def at_prices(problem: Pairs, of: Index, relaxed: Flow) -> Priced:
    """What each pair, whole and group is worth at the prices of the flow."""
    top, pairs = int(max(1, np.abs(of.net.value).max(initial=0))), len(of.net.value)
    goal = np.zeros(of.of.count, np.int64)  # as large as anything here: no others beside it
    for times, tier in ((APART, Tier.GESPLITST), (OVER, Tier.LOCATIE)):
        goal[pairs:] += times * top * costs(problem, of.of, tier)[pairs:].astype(np.int64)
    goal[:pairs] = weighed(of.net, of.net.value, relaxed.rank, relaxed.weight)
    return priced(of, goal, [], Prices(relaxed.price, 0, [0] * len(problem.mix), [], scale=1))


def greedy(
    problem: Pairs,
    of: Index,
    relaxed: Flow,
    whole_loss: Ints,
    best: Ints,
    stop: Callable[[], bool],
    begun: Ints | None = None,
) -> Ints:
    """(R,) a plan, with the groups that are whole in `begun` as they are. Group mix is not looked at.

    `whole_loss` and `best` are `whole` and `group` of at_prices.
    """
    net = of.net
    paid = weighed(net, net.value, relaxed.rank, relaxed.weight)
    paid -= relaxed.price[net.leaf]
    begun = np.full(problem.requests, NOBODY) if begun is None else begun
    plan = _stay(problem, begun)
    room = net.room - net.load(net.leaf[np.flatnonzero(plan[net.request] == net.slot)])
    done = np.unique(problem.groep[plan != NOBODY])
    chains = np.stack(net.above(net.leaf), 1)
    order = np.lexsort((whole_loss, of.of.group))
    begin = np.searchsorted(of.of.group[order], np.arange(len(problem.splitsbaar) + 1))
    wait = np.zeros(len(problem.splitsbaar), np.int64)
    members = np.flatnonzero(problem.groep >= 0)
    np.maximum.at(wait, problem.groep[members], ranks(problem)[members])
    groups = np.argsort(-wait, kind="stable")
    for group in groups[~np.isin(groups, done)].tolist():
        for whole in order[begin[group] : begin[group + 1]][:TRIES].tolist():
            if whole_loss[whole] > best[group]:
                break
            laid = _lay(problem, of, whole, paid=paid, room=room, chains=chains)
            if laid is not None:
                for pair in laid:
                    plan[net.request[pair]] = net.slot[pair]
                    room[chains[pair][chains[pair] >= 0]] -= 1
                break
    del paid, chains  # as large as the columns that the rest needs
    return _rest(problem, net, plan, room, relaxed.price, begun, stop)


def others_best(problem: Pairs, net: Network, price: Ints, begun: Ints, stop: Callable[[], bool]) -> Ints:
    """(R,) a plan with the groups that are whole in the plan `begun` as they are, and the best for everybody else."""
    plan = _stay(problem, begun)
    at = np.flatnonzero(plan[net.request] == net.slot)
    return _rest(problem, net, plan, net.room - net.load(net.leaf[at]), price, begun, stop)


def _stay(problem: Pairs, begun: Ints) -> Ints:
    """(R,) only the groups that are whole in a plan."""
    if not problem.slots:
        return np.full(problem.requests, NOBODY)
    members = np.flatnonzero(problem.groep >= 0)
    group, slot = problem.groep[members], begun[members]
    whole = np.ones(len(problem.splitsbaar), np.bool_)
    whole[group[slot < 0]] = False
    place = problem.locatie[problem.voorziening[np.maximum(slot, 0)]]
    low, high = np.full(len(whole), np.iinfo(np.int64).max), np.full(len(whole), NOBODY)
    np.minimum.at(low, group, place)
    np.maximum.at(high, group, place)
    stays = members[(whole & (low == high))[group]]
    plan = np.full(problem.requests, NOBODY)
    plan[stays] = begun[stays]
    return plan


def _rest(
    problem: Pairs, net: Network, plan: Ints, room: Ints, price: Ints, begun: Ints, stop: Callable[[], bool]
) -> Ints:
    """The plan, and the flow for whoever is not in it and in no group that must be whole; as `begun` to begin with."""
    away = plan == NOBODY
    mates = problem.groep >= 0
    away[mates] &= problem.splitsbaar[problem.groep[mates]]
    some = away[net.request]
    for node in net.above(net.leaf):
        some &= (node < 0) | (room[node] > 0)
    rest: Network = structs.replace(net, room=room).keep(some)
    del some
    choice = np.full(problem.requests, NOBODY)
    there = np.flatnonzero(begun[rest.request] == rest.slot)
    choice[rest.request[there]] = there
    if (rest.load(rest.leaf[there]) > room).any():
        choice[:] = NOBODY
    found = flow(rest, ranks(problem), rest.value, stop, (price, choice))
    placed = np.flatnonzero(found.choice >= 0)
    plan[placed] = rest.slot[found.choice[placed]]
    return plan


def _lay(problem: Pairs, of: Index, whole: int, *, paid: Ints, room: Ints, chains: Ints) -> list[int] | None:
    """A pair for each member in one place, as far as there is room; who has least to choose from goes first."""
    net, unit = of.net, int(of.of.unit[whole])
    options = []
    for who in np.flatnonzero(problem.groep == of.of.group[whole]).tolist():
        own = np.arange(net.first[who], net.first[who + 1])
        units = problem.voorziening[net.slot[own]]
        there = units == unit if unit >= 0 else problem.locatie[units] == of.of.place[whole]
        options.append(own[there][np.argsort(-paid[own[there]], kind="stable")].tolist())
    options.sort(key=len)
    taken: dict[int, int] = {}
    laid: list[int] = []
    for own in options:
        for pair in own:
            nodes = [node for node in chains[pair].tolist() if node >= 0]
            if all(taken.get(node, 0) < room[node] for node in nodes):
                for node in nodes:
                    taken[node] = taken.get(node, 0) + 1
                laid.append(pair)
                break
        else:
            return None
    return laid
