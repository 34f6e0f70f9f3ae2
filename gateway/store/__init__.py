"""The store: tables, migrations, the database, and one module of verbs per subject. SQL stands here and nowhere else."""
