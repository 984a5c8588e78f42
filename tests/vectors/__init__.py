"""Vectors of the senders, agreed on by their official libraries or published in their documentation."""
