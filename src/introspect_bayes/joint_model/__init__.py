"""The joint model of choices and reports: how accurate introspection is, noise taken out."""
