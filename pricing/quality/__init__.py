"""How good models are, by a measure, on a day, with bounds."""
