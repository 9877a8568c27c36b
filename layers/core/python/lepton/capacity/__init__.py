"""From a forecast to a capacity plan in dollars and risk: prices, concurrency, the schedule, its alternatives."""
