"""What hostile people try, whole lists of it: everything that a route or a page lets in is named, or the test fails."""
