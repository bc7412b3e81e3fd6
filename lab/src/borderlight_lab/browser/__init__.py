"""A virtual traveller: a browser whose camera sees a simulated head in the light that the page really shows."""
