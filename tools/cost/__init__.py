"""What the relay costs the partner: prices, measured figures, and the page that they make."""
