"""Read a request: its parts, its route, and its body in the format that the route names."""
