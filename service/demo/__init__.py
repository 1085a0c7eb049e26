"""A fictional but lifelike region, made from a seed: same seed, same data, byte for byte.

    generate(seed=…, today=…, size=…, scarcity=…) → Rows     (pure; no database, no clock)
    load(owner_conn, today=…, …)                             (COPY)

One file per noun: regions, codes, names, aanbod (supply), vraag (demand, with aanvraag, papers and verwijzers),
personen (who works with the loket), scarcity (which beds are free in time, and what that means), history (the two
years before `today`), loading; and levend: what goes on now, done by the functions that people use.
"""

from service.demo.generate import Size, generate
from service.demo.levend import leef
from service.demo.loading import is_loaded, load
from service.demo.scarcity import Scarcity

__all__ = ["Scarcity", "Size", "generate", "is_loaded", "leef", "load"]
