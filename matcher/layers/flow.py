"""The joint plan without groups: a minimum cost flow over all pairs, by looking at few of them, with its own proof.

Lexicographic by weights that are proven to suffice. Sets of children that can be placed together are the independent
sets of a matroid (a gammoid: children are linked to beds by disjoint paths in a tree with capacities). Let children
of one class (fixed pair, urgentie, days waited) share a rank, and the weight of rank k be k·W. For a matroid the
basis G of greatest weight is the same for all strictly falling weights: the greedy one, first in every class in turn.
Sort G and any other basis B by weight: the i-th of B is never heavier than the i-th of G (Edmonds 1971), and weights
are multiples of W, so the sum for B is either equal, and then the number per class too, or less by at least W. W is
more than any two plans can differ in points. So a greatest total has the lexicographically greatest counts, and among
those the most points. A basis is of greatest size, since W also exceeds what a child can lose by being placed.
`Flow.classes` states the counts; `plan` verifies them.

Pairs: solve with some candidates per request, find node prices, look at all pairs with these, add what would be
better, repeat. Weak duality then proves the optimum over *all* pairs: the sum over requests of the most that a pair
brings above its price, plus price × room over the nodes, is a bound for any prices of 0 or more; it must equal the
value found.

Prices also make each next round cheap. What a plan loses against the bound is a sum of parts of 0 or more: per pair
how far it is below the request's best, per unplaced request its gain, per bed left empty its price. The optimum loses
no more than the gap (bound - total), so a pair that alone loses more is left out, and every loss may be cut off just
above the gap without changing which plan is best: costs become small, which is what the algorithm's time depends on.
For the same reason ranks wait: the first rounds only look for prices, with all requests equal. Where nearly everybody
is placed these are right for the ranks as well.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from msgspec import Struct, structs
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

from matcher.layers.network import Network, blocks
from matcher.pairs import Bools, Ints, Pairs

CANDIDATES = 16
"""Pairs per request to begin with …"""
MORE = 8
"""… and at most added per request in a round."""
NEAR = 1_000
"""Requests count the same until the gap is so many times smaller than what the plan is worth."""

LARGEST = 2**61
UNKNOWN = 2**62


class Flow(Struct, frozen=True, eq=False):
    """The optimum of value + rank × weight over all plans that split every group."""

    choice: Ints
    """(R,) the pair of each request (row of the network), or -1."""
    price: Ints
    """(N,) what one more bed at a node is worth, with all above it."""
    gain: Ints
    """(R,) the most that a pair brings above its price, 0 when none."""
    rank: Ints
    """(R,)"""
    weight: int
    """W."""
    total: int
    bound: int
    """Over all pairs; equal to total unless it was stopped."""
    rounds: int


def ranks(problem: Pairs) -> Ints:
    """(R,) the rank of the class of each request, 1 for the one that comes last."""
    fixed = np.zeros(problem.requests, np.int64)
    fixed[problem.vast[:, 0]] = 1
    key = (fixed * 3 + 2 - problem.urgentie) * 2**20 + problem.wachtdagen
    rank: Ints = np.unique(key, return_inverse=True)[1].astype(np.int64) + 1
    return rank


def flow(
    net: Network,
    rank: Ints,
    value: Ints,
    stop: Callable[[], bool] = lambda: False,
    begin: tuple[Ints, Ints] | None = None,
) -> Flow:
    """The best plan without groups; `stop` is asked between rounds. `begin`: prices and a choice that are about right.

    ValueError when values do not fit in 64 bits.
    """
    weight = spread(net, value) + 1
    largest = int(weight) * int(rank.max(initial=1) + 1) * (len(rank) + len(net.room) + 2)
    if largest > LARGEST:
        raise ValueError("value: too large to plan exactly for so many requests")
    equal = begin is None  # at first all requests count the same
    worth = value + (2 * int(np.abs(value).max(initial=0)) + 1) if equal else weighed(net, value, rank, weight)
    price, choice = (np.zeros(len(net.room), np.int64), np.full(len(rank), -1)) if begin is None else begin
    use, rounds = np.zeros(0, np.bool_), 0
    while True:
        paid = worth.copy()
        for rows in blocks(len(paid)):  # at ten times a country each column is 240 MB
            paid[rows] -= price[net.leaf[rows]]
        gain = np.maximum(_most(net.first, paid), 0)
        total = int(worth[choice[choice >= 0]].sum())
        bound = int(gain.sum()) + _rent(net, price)
        gap = bound - total
        if equal and rounds and (gap * NEAR <= total or stop()):
            del paid, worth  # before there is another
            worth, equal = weighed(net, value, rank, weight), False
            continue
        if gap == 0 or (rounds and stop()):
            break
        near, least = np.empty(len(paid), np.bool_), gain - gap
        for rows in blocks(len(paid)):
            np.greater_equal(paid[rows], least[net.request[rows]], out=near[rows])
        if rounds:
            use |= _better(net, use, paid, choice, gain)
        else:
            use = _best(net, paid, np.arange(len(rank)), CANDIDATES)
        del paid
        if np.count_nonzero(near) < np.count_nonzero(use):
            use |= near
        thin = np.flatnonzero(use & near)
        choice = _solve(net, thin, worth, price, gain, gap + 1)
        price = _prices(net, np.flatnonzero(use), choice, worth)
        rounds += 1
    return Flow(choice, price, gain, rank, weight, total, bound, rounds)


def weighed(net: Network, value: Ints, rank: Ints, weight: int) -> Ints:
    """(P,) value of each pair with the weight of its request."""
    worth, most = np.array(value), rank * weight
    for rows in blocks(len(worth)):
        worth[rows] += most[net.request[rows]]
    return worth


def spread(net: Network, value: Ints) -> int:
    """More than this the values of two plans never differ."""
    return int(np.maximum(_most(net.first, value), 0).sum() + np.maximum(_most(net.first, -value), 0).sum())


def _most(first: Ints, values: Ints) -> Ints:
    """The greatest value of each request; far below 0 when it has no pairs."""
    most = np.full(len(first) - 1, -UNKNOWN)
    some = np.flatnonzero(first[1:] > first[:-1])
    if len(some):
        most[some] = np.maximum.reduceat(values, first[some])
    return most


def _best(net: Network, worth: Ints, requests: Ints, count: int) -> Bools:
    """Marks the `count` best pairs of each of these requests."""
    use = np.zeros(len(worth), np.bool_)
    for begin, end in zip(net.first[requests].tolist(), net.first[requests + 1].tolist(), strict=True):
        if end - begin <= count:
            use[begin:end] = True
        else:
            use[begin + np.argpartition(worth[begin:end], end - begin - count)[-count:]] = True
    return use


def _better(net: Network, use: Bools, paid: Ints, choice: Ints, gain: Ints) -> Bools:
    """Pairs that would bring a request more than it has now, the best few of each. `paid` is used up."""
    now = np.where(choice >= 0, paid[choice], 0)
    more = np.flatnonzero(gain > now)
    paid[use] = -UNKNOWN
    return _best(net, paid, more, MORE)


def _solve(net: Network, thin: Ints, worth: Ints, price: Ints, gain: Ints, most: int) -> Ints:
    """The plan over the pairs `thin` that loses least against the bound of these prices; no loss counts over `most`."""
    requests, nodes = len(net.first) - 1, len(net.room)
    sink = requests + nodes
    some = np.unique(net.request[thin])
    choice = np.full(requests, -1)
    if not len(some):
        return choice
    itself = np.maximum(price - np.where(net.parent >= 0, price[net.parent], 0), 0)
    below = gain[net.request[thin]] - (worth[thin] - price[net.leaf[thin]])
    solver = SimpleMinCostFlow()
    tails = np.concatenate((net.request[thin], some, requests + np.arange(nodes)))
    heads = np.concatenate(
        (requests + net.leaf[thin], np.full(len(some), sink), np.where(net.parent < 0, sink, requests + net.parent))
    )
    room = np.concatenate((np.ones(len(thin) + len(some), np.int64), np.minimum(net.room, requests)))
    cost = np.minimum(np.concatenate((below, gain[some], itself)), most)
    cost[len(cost) - nodes :] *= -1  # a bed that is taken does not lose its price
    arcs = solver.add_arcs_with_capacity_and_unit_cost(tails.astype(np.int32), heads.astype(np.int32), room, cost)
    solver.set_nodes_supplies(some.astype(np.int32), np.ones(len(some), np.int64))
    solver.set_node_supply(sink, -len(some))
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise RuntimeError(f"minimum cost flow: {status}")
    taken = thin[solver.flows(arcs[: len(thin)]) > 0]
    choice[net.request[taken]] = taken
    return choice


def _prices(net: Network, thin: Ints, choice: Ints, worth: Ints) -> Ints:
    """The least that is lost by taking one bed at each node: shortest paths in what the flow leaves (Bellman–Ford).

    A bed that is free costs what stands above it costs. A full one costs the least that one of those there loses by
    going elsewhere, or away.
    """
    placed = choice >= 0
    own = net.leaf[choice[placed]]
    has = worth[choice[placed]]
    load = net.load(own)
    free, used = load < net.room, np.flatnonzero((load > 0) & (net.parent >= 0))
    # the other candidates of those who are placed
    number = np.full(len(placed), -1)
    number[placed] = np.arange(len(own))
    other = thin[placed[net.request[thin]] & (choice[net.request[thin]] != thin)]
    who = number[net.request[other]]
    starts = np.flatnonzero(np.diff(who, prepend=-1))
    owner, leaf, brings = who[starts], net.leaf[other], worth[other]
    price = np.full(len(net.room), UNKNOWN)
    while True:
        before = price.copy()
        for _ in range(net.depth):
            np.minimum.at(price, net.parent[used], price[used])
            above = np.where(net.parent >= 0, price[net.parent], 0)
            price[free] = np.minimum(price[free], above[free])
        elsewhere = np.zeros(len(own), np.int64)
        if len(starts):
            elsewhere[owner] = np.maximum(np.maximum.reduceat(brings - price[leaf], starts), 0)
        np.minimum.at(price, own, has - elsewhere)
        if np.array_equal(price, before):
            # nobody is there and nobody could be: no room above
            return np.where(price >= UNKNOWN, 0, price)


def _rent(net: Network, price: Ints) -> int:
    """Room × price of each node itself."""
    above = np.where(net.parent >= 0, price[net.parent], 0)
    itself = np.maximum(price - above, 0)
    return int(sum(a * b for a, b in zip(net.room[itself > 0].tolist(), itself[itself > 0].tolist(), strict=True)))


def strict(problem: Pairs, net: Network, relaxed: Flow, stop: Callable[[], bool] = lambda: False) -> Network:
    """The pairs, the requests and the full nodes of exactly those plans that place as many of each class as the flow.

    Complementary slackness with the prices of a flow in which only ranks count: such a plan is optimal there, so it
    uses no pair that loses, places whoever gains, and leaves no bed that has a price. No counts are left to keep.
    """
    rank = ranks(problem)
    # what a bed is worth in ranks only: nearly always exact, and then there is nothing left to solve
    price = (relaxed.price + relaxed.weight // 2) // relaxed.weight
    nothing = np.broadcast_to(np.int64(0), len(net.request))
    top = flow(net, rank, nothing, stop, (price, relaxed.choice))
    if top.total != top.bound:
        return net
    itself = top.price - np.where(net.parent >= 0, top.price[net.parent], 0)
    paid = (rank * top.weight)[net.request]
    paid -= top.price[net.leaf]
    kept, must = paid == top.gain[net.request], top.gain > 0
    del paid  # before what is kept is copied
    return structs.replace(net if kept.all() else net.keep(kept), must=must, full=itself > 0)
