"""What people read: tables, figures, documents."""
