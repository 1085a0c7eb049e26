"""What a jeugdregio chose: code lists, settings, terms, working days."""
