"""What a competitor would ship, written by us as small and honest as it gets; each has `handler(event, context)`."""
