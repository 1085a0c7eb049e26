"""Who saw or changed what of which child, sealed; who came in."""
