"""The beds as a tree: pairs enter at a leaf, every node has room for so many, and the root's children end it.

A slot with beds held by opties or kept for crisis is a chain of up to three nodes (everybody ⊃ who holds no optie ⊃ who
is not in crisis either), above it stands its voorziening. Both the flow (each node a node) and the linear model (each
node a row) are made of this; `clean` also takes away what can never be used, so that bounds are sharper.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np
from msgspec import Struct

from matcher.pairs import CRISIS, NOBODY, Bools, Ints, Pairs


class Network(Struct, frozen=True, eq=False):
    """N nodes, P pairs in order of request. Columns of pairs may be of 32 bits, as with many these take the memory."""

    room: Ints
    """(N,)"""
    parent: Ints
    """(N,) a higher number, or NOBODY."""
    request: Ints
    slot: Ints
    value: Ints
    leaf: Ints
    """(P,) the node where the pair enters."""
    first: Ints
    """(R + 1,)"""
    depth: int
    must: Bools
    """(R,) placed in every plan that is looked at …"""
    full: Bools
    """(N,) … and nodes that are full in it."""

    def above(self, node: Ints) -> list[Ints]:
        """For each pair (or whatever enters at `node`) its node, the node above, and so on; NOBODY past the top."""
        chain = [node]
        for _ in range(self.depth - 1):
            chain.append(np.where(chain[-1] >= 0, self.parent[chain[-1]], NOBODY))
        return chain

    def load(self, node: Ints) -> Ints:
        """(N,) how many are in each node when one enters at each of `node`."""
        load = np.zeros(len(self.room), np.int64)
        for step in self.above(node):
            load += np.bincount(step[step >= 0], minlength=len(self.room))
        return load

    def keep(self, pairs: Bools) -> Network:
        """With fewer pairs."""
        request = _short(self.request[pairs])
        first = np.searchsorted(request, _short(np.arange(len(self.first))))
        return Network(
            self.room,
            self.parent,
            request,
            _short(self.slot[pairs]),
            self.value[pairs],
            _short(self.leaf[pairs]),
            first,
            self.depth,
            self.must,
            self.full,
        )


def _short(column: Ints) -> Ints:
    """In half the memory: rows, slots and nodes fit in 32 bits. What is multiplied by them must be of 64."""
    return cast(Ints, column.astype(np.int32, copy=False))


BLOCK = 100_000


def blocks(count: int) -> Iterator[slice]:
    """Pairs that are looked at together, where one more column for all of them would be too large."""
    return (slice(first, first + BLOCK) for first in range(0, count, BLOCK))


def distinct(values: Ints) -> Ints:
    """In order, each once; for many values much faster than np.unique."""
    ordered = np.sort(values)
    once: Ints = ordered[np.diff(ordered, prepend=ordered[:1] - 1) != 0]
    return once


def network(problem: Pairs) -> Network:
    """The tree of a problem, with the pairs that some plan can use."""
    slots, held, kept = problem.slots, problem.opties, problem.voor_crisis
    optie = np.bincount(held[:, 1], minlength=slots)
    holder, width = np.zeros(len(problem.request), np.bool_), max(slots, 1)
    if len(held):
        holder = np.isin(problem.request * width + problem.slot, held[:, 0] * width + held[:, 1])
    calm = problem.urgentie[problem.request] != CRISIS
    leaf, room, parent = problem.slot, [problem.capaciteit], np.full(slots, NOBODY)
    nodes = slots
    # Children get lower numbers than parents at the end: numbers are turned round there.
    parents = [parent]
    top = np.arange(slots)
    for has, who, less in ((optie > 0, ~holder, optie), (kept > 0, ~holder & calm, optie + kept)):
        at = np.flatnonzero(has)
        if len(at):
            below = top.copy()
            below[at] = nodes + np.arange(len(at))
            room.append((problem.capaciteit - less)[at])
            parents.append(top[at])
            nodes += len(at)
            enters = who & has[problem.slot]
            leaf = leaf.copy()
            leaf[enters] = below[problem.slot[enters]]
            top = below
    beds = np.bincount(problem.voorziening, weights=problem.capaciteit, minlength=len(problem.ruimte))
    tight = np.flatnonzero(problem.ruimte < beds)
    unit = np.full(len(problem.ruimte), NOBODY)
    unit[tight] = nodes + np.arange(len(tight))
    parents[0] = unit[problem.voorziening] if slots else parents[0]
    room.append(problem.ruimte[tight])
    parents.append(np.full(len(tight), NOBODY))
    # slot nodes come before the nodes below them; sort so that a parent has the higher number
    order = np.concatenate((np.arange(slots, nodes)[::-1], np.arange(slots), nodes + np.arange(len(tight))))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    above = np.concatenate(parents)
    above = np.where(above >= 0, rank[above], NOBODY)
    return _clean(
        problem,
        Network(
            room=np.concatenate(room)[order],
            parent=above[order],
            request=problem.request,
            slot=problem.slot,
            value=problem.value,
            leaf=_short(rank)[leaf],
            first=problem.first,
            depth=max(1, sum(len(level) > 0 for level in parents)),
            must=np.zeros(problem.requests, np.bool_),
            full=np.zeros(len(order), np.bool_),
        ),
    )


def _clean(problem: Pairs, net: Network) -> Network:
    """Without the pairs that no plan can use: no room, another place is fixed, or too small for the whole group."""
    use = np.ones(len(net.request), np.bool_)
    for node in net.above(net.leaf):
        use &= (node < 0) | (net.room[node] > 0)
    if len(problem.vast):
        fixed = np.full(problem.requests, NOBODY)
        fixed[problem.vast[:, 0]] = problem.vast[:, 1]
        use &= (fixed[net.request] < 0) | (fixed[net.request] == net.slot)
    bound = np.append(~problem.splitsbaar, False)[problem.groep]  # (R,) the last is that of NOBODY
    at = np.flatnonzero(bound[net.request] & use)
    if len(at):
        place = problem.locatie[problem.voorziening[net.slot[at]]]
        ok = complete(problem, net, at, place)
        use[at[~ok]] = False
    return net if use.all() else net.keep(use)


def complete(problem: Pairs, net: Network, at: Ints, place: Ints) -> Bools:
    """Which of the pairs `at` of members of groups are at a `place` that has a pair for every member, and room."""
    group = problem.groep[net.request[at]]
    sizes = np.bincount(problem.groep[problem.groep >= 0], minlength=len(problem.splitsbaar))
    _, place = np.unique(place, return_inverse=True)
    width = int(place.max(initial=0)) + 1
    key = group * width + place
    member = distinct(key * problem.requests + net.request[at]) // max(problem.requests, 1)
    found, members = np.unique(member, return_counts=True)
    top = net.above(net.leaf[at])[0]
    for node in net.above(net.leaf[at])[1:]:
        top = np.where(node >= 0, node, top)
    nodes = distinct(key * len(net.room) + top)
    room = np.bincount(
        np.searchsorted(found, nodes // len(net.room)), weights=net.room[nodes % len(net.room)], minlength=len(found)
    )
    good = (members == sizes[found // width]) & (room >= sizes[found // width])
    ok: Bools = good[np.searchsorted(found, key)]
    return ok
