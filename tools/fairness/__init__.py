"""What one customer does to the others in the relay's queues: a simulation."""
