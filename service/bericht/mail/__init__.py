"""Mail: what a letter of the loket looks like (brief.py), and how it gets to a mail server (smtp.py)."""
