"""The event catalog as the command line keeps it: inferred, compared, and shown as a page."""
