"""What receivers recorded, alone or beside what is predicted there."""
