"""A first plan fast: groups one by one at the prices of the flow, then everybody else by the flow over what is left.

A group takes the place where it brings most above the prices and where there is still room for all, when that is not
less than nothing. Nothing is proven by it; at any size it takes little more than the flow itself.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from msgspec import structs

from matcher.layers.bound import Index, Prices, priced
from matcher.layers.flow import flow, ranks
from matcher.layers.network import Network
from matcher.pairs import NOBODY, Bools, Ints, Pairs

TRIES = 40
"""Places that are tried for each group."""


def greedy(
    problem: Pairs, of: Index, price: Ints, worth: Ints, stop: Callable[[], bool], begun: Ints | None = None
) -> Ints:
    """(R,) a plan; groups that are whole in the plan `begun` stay as they are. Group mix is not looked at."""
    net = of.net
    goal = np.concatenate((worth, np.zeros(of.of.count - len(worth), np.int64)))
    seen = priced(of, goal, [], Prices(price, 0, [0] * len(problem.mix), [], scale=1))
    paid = worth - price[net.leaf]
    room, plan = net.room.copy(), np.full(problem.requests, NOBODY)
    chains = np.stack(net.above(net.leaf), 1)
    order = np.lexsort((seen.whole, of.of.group))
    begin = np.searchsorted(of.of.group[order], np.arange(len(problem.splitsbaar) + 1))
    wait = np.zeros(len(problem.splitsbaar), np.int64)
    members = np.flatnonzero(problem.groep >= 0)
    np.maximum.at(wait, problem.groep[members], ranks(problem)[members])
    done = np.zeros(len(wait), np.bool_) if begun is None else _stay(problem, net, begun, plan, room, chains)
    for group in np.argsort(-wait, kind="stable").tolist():
        if done[group]:
            continue
        for whole in order[begin[group] : begin[group + 1]][:TRIES].tolist():
            if seen.whole[whole] > seen.group[group]:
                break
            laid = _lay(problem, of, whole, paid=paid, room=room, chains=chains)
            if laid is not None:
                for pair in laid:
                    plan[net.request[pair]] = net.slot[pair]
                    room[chains[pair][chains[pair] >= 0]] -= 1
                break
    settled = plan != NOBODY
    stays = problem.groep >= 0
    stays[stays] = ~problem.splitsbaar[problem.groep[stays]]
    open_ = np.ones(len(net.request), np.bool_)
    for level in range(chains.shape[1]):
        open_ &= (chains[:, level] < 0) | (room[chains[:, level]] > 0)
    rest: Network = structs.replace(net, room=room).keep(~(settled | stays)[net.request] & open_)
    found = flow(rest, ranks(problem), rest.value, stop)
    placed = np.flatnonzero(found.choice >= 0)
    plan[placed] = rest.slot[found.choice[placed]]
    return plan


def _stay(problem: Pairs, net: Network, begun: Ints, plan: Ints, room: Ints, chains: Ints) -> Bools:
    """Groups that are whole in a plan, with their beds taken."""
    if not problem.slots:
        return np.zeros(len(problem.splitsbaar), np.bool_)
    members = np.flatnonzero(problem.groep >= 0)
    group, slot = problem.groep[members], begun[members]
    done = np.ones(len(problem.splitsbaar), np.bool_)
    done[group[slot < 0]] = False
    place = problem.locatie[problem.voorziening[np.maximum(slot, 0)]]
    low, high = np.full(len(done), np.iinfo(np.int64).max), np.full(len(done), NOBODY)
    np.minimum.at(low, group, place)
    np.maximum.at(high, group, place)
    done &= low == high
    at = np.flatnonzero(begun[net.request] == net.slot)
    at = at[problem.groep[net.request[at]] >= 0]
    at = at[done[problem.groep[net.request[at]]]]
    plan[net.request[at]] = net.slot[at]
    for node in chains[at].T:
        np.subtract.at(room, node[node >= 0], 1)
    return done


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
