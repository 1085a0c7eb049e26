"""The plan follows a change: an aanvraag or a plek comes, goes or changes, without a full solve.

follower = Follower(problem, plan.slots, plan.levels)
request, = follower.come([Child(urgentie, wachtdagen, slots, values)])
follower.beds(slot, 2); follower.go(request); follower.slots, follower.standing()

demand.py     who asks, and where each can be
worth.py      what a plan is worth, and what is proven of it
blocks.py     samenplaatsingen and children in a group mix: laid together, each where the plan becomes best
relaxed.py    everybody alone: no plan is better
follower.py   the changes, and the price of a pair where there are groups
"""

from matcher.follow.demand import Child
from matcher.follow.follower import Between, Follower
from matcher.follow.worth import WORTH, Standing, Worth

__all__ = ["WORTH", "Between", "Child", "Follower", "Standing", "Worth"]
