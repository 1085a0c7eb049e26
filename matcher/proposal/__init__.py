"""From aanvragen and plekken to the pairs of a joint plan, and back: see docs/plan.md, "From aanvragen to pairs".

family.py       what is asked together, and what brothers and sisters share
slots.py        equal beds as one; what people and opties say of beds
fits.py         where one child can go
fixed.py        what a person fixed, and why it cannot be
candidates.py   all of it as pairs
company.py      who cannot come together in one voorziening
propose.py      the plan → a plek and a first day per child
"""
