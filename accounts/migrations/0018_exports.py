import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0017_listings"),
    ]

    operations = [
        migrations.CreateModel(
            name="Export",
            fields=[
                ("saga", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                (
                    "began_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("collected", models.PositiveBigIntegerField(db_default=0, default=0)),
                ("size", models.PositiveBigIntegerField(blank=True, null=True)),
                ("ready_at", models.DateTimeField(blank=True, null=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="exports",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="ExportPiece",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "export_id",
                        "kind",
                        "position",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "kind",
                    models.CharField(choices=[("rows", "Rows"), ("file", "File")], max_length=10),
                ),
                ("position", models.PositiveIntegerField()),
                ("sealed", models.BinaryField()),
                (
                    "export",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pieces",
                        to="accounts.export",
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
            },
        ),
        migrations.AddIndex(
            model_name="export",
            index=models.Index(
                condition=models.Q(("expires_at__isnull", False)),
                fields=["expires_at"],
                name="accounts_export_expires",
            ),
        ),
        migrations.AddConstraint(
            model_name="export",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("expires_at__isnull", False),
                        ("ready_at__isnull", False),
                        ("size__isnull", False),
                    ),
                    models.Q(("expires_at", None), ("ready_at", None), ("size", None)),
                    _connector="OR",
                ),
                name="accounts_export_is_ready_as_a_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="export",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ready_at__isnull", False)),
                fields=("user",),
                name="accounts_export_one_is_kept",
            ),
        ),
        migrations.AddConstraint(
            model_name="export",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ready_at", None)),
                fields=("user",),
                name="accounts_export_one_is_made",
            ),
        ),
        migrations.AddConstraint(
            model_name="exportpiece",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["rows", "file"])),
                name="accounts_exportpiece_kind_is_known",
            ),
        ),
    ]
