"""What the gateways before us got wrong, as their users reported it: one test each."""
