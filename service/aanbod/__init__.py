"""Supply: aanbieders, their locaties, voorzieningen and plekken, what is taken and what is closed."""
