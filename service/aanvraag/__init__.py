"""Demand: an aanvraag, its parts, its steps and terms, and what happened to it."""
