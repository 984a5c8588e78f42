"""A rehearsal of AWS's validation of a partner, with real calls to a deployed relay; docs/how-to/rehearse.md."""
