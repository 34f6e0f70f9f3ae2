"""The store: tables, migrations, the database, one module of verbs per subject. SQL stands here, nowhere else."""
