"""Parts of a plan to look at again by themselves: who wants a place, who has it, where these could go, and so on.

With everybody else where they are such a part is a small mixed integer program over all tiers at once. One part after
another finds what the program over everybody would take too long for.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from matcher.layers.network import Network
from matcher.pairs import NOBODY, Bools, Ints, Pairs


def parts(problem: Pairs, net: Network, near: Bools, seeds: Ints, plan: Ints, size: int) -> Iterator[Bools]:
    """(R,) who is in the part of about `size` children around each of the groups `seeds`, unless it was in one before.

    `near` marks the pairs that matter.
    """
    seen = np.zeros(problem.requests, np.bool_)
    request, slot = net.request[near], net.slot[near]
    for seed in seeds.tolist():
        free = problem.groep == seed
        if seen[free].all():
            continue
        while True:
            wanted = np.zeros(problem.slots + 1, np.bool_)
            wanted[slot[free[request]]] = True
            wanted[NOBODY] = False
            add = wanted[plan]
            waits = plan[request] == NOBODY
            add[request[waits & wanted[slot]]] = True
            more = np.flatnonzero(_with_mates(problem, add) & ~free)
            room = size - np.count_nonzero(free)
            if not len(more) or room <= 0:
                break
            chosen = np.zeros(problem.requests, np.bool_)
            chosen[more[:room]] = True
            free |= _with_mates(problem, chosen)
        seen |= free
        yield free


def around(problem: Pairs, net: Network, near: Bools, taken: Bools, free: Bools, rings: int) -> Bools:
    """(R,) who is `free`, who by `taken` has a place where these could go by `near`, and so on `rings` times."""
    at = np.flatnonzero(near)
    request, slot, has = net.request[at], net.slot[at], taken[at]
    for _ in range(rings):
        wanted = np.zeros(problem.slots, np.bool_)
        wanted[slot[free[request]]] = True
        more = free.copy()
        more[request[has & wanted[slot]]] = True
        free = _with_mates(problem, more)
    return free


def _with_mates(problem: Pairs, who: Bools) -> Bools:
    """And whoever is in a group with them."""
    groups = np.zeros(len(problem.splitsbaar) + 1, np.bool_)
    groups[problem.groep[who]] = True
    groups[NOBODY] = False
    both: Bools = who | groups[problem.groep]
    return both


def room_beside(net: Network, plan: Ints, free: Bools) -> Ints:
    """(N,) the room that is left by those who are not in the part."""
    fixed = np.flatnonzero((plan[net.request] == net.slot) & ~free[net.request])
    room: Ints = net.room - net.load(net.leaf[fixed])
    return room
