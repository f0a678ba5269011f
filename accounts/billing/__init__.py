"""What a couple pays, and what Stripe says of it."""
