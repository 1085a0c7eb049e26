"""The joint plan of all open aanvragen: asked, made, read, explained, changed by hand."""
