"""The pages with which people log in and out. service/app.py takes `route_handlers`."""

from service.web.inloggen.demo import demo_inloggen
from service.web.inloggen.keuze import inloggen
from service.web.inloggen.uitloggen import uitloggen

__all__ = ["route_handlers"]

route_handlers = [inloggen, demo_inloggen, uitloggen]
