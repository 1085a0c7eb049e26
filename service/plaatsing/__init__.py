"""From a match to a child that lives there: opties, voorstellen, plaatsingen, crisis, and their ends."""
