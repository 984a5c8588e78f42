"""A simulator of the relay on AWS: bursts and outages that no laptop can hold, from measured times and AWS's rules."""
