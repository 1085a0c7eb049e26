"""The parts of plan.py: beds as a tree, the flow, groups, bounds, a first plan, the solvers. See docs/plan.md."""
