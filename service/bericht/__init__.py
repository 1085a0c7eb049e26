"""Who is told what: mails, hooks, the live stream, alarms, and the question whether a plek is still free."""
