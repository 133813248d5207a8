"""The user's own prices over the book: contracts, discounts, exchange rates, GPUs."""
