"""The service: what runs, from the database to the screen."""

import os

# openpyxl takes lxml when it happens to be installed, past defusedxml: an upload would be read by a parser that nobody
# chose. It looks once, when it is first imported.
os.environ["OPENPYXL_LXML"] = "False"
