"""Laws of solids that flow, each a pure function of numbers, arrays and, where it says so, UFL."""
