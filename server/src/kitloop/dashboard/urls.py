"""The dashboard's address book."""

from django.urls import path

from kitloop.dashboard import account, projects, samples, signing_in, webhooks

app_name = "dashboard"
urlpatterns = [
    path("", projects.front, name="front"),
    path("login", signing_in.LogIn.as_view(), name="login"),
    path("logout", signing_in.LogOut.as_view(), name="logout"),
    path("password-reset", signing_in.PasswordReset.as_view(), name="password-reset"),
    path("password-reset/sent", signing_in.PasswordResetSent.as_view(), name="password-reset-sent"),
    path("password-reset/complete", signing_in.PasswordResetComplete.as_view(), name="password-reset-complete"),
    path("password-reset/<uidb64>/<token>", signing_in.PasswordResetConfirm.as_view(), name="password-reset-confirm"),
    path("account", account.profile, name="account"),
    path("account/password", account.password, name="password"),
    path("account/api-keys", account.api_keys, name="api-keys"),
    path("account/api-keys/new", account.new_api_key, name="api-key-new"),
    path("account/api-keys/<uuid:key_id>/created", account.api_key_created, name="api-key-created"),
    path("account/api-keys/<uuid:key_id>/revoke", account.revoke_key, name="api-key-revoke"),
    path("projects", projects.projects, name="projects"),
    path("projects/<uuid:project_id>", projects.project, name="project"),
    path("samples/<uuid:sample_id>", samples.sample, name="sample"),
    path("samples/<uuid:sample_id>/recipient", samples.recipient, name="recipient"),
    path("files/<uuid:file_id>", samples.download, name="download"),
    path("webhooks", webhooks.webhooks, name="webhooks"),
    path("projects/<uuid:project_id>/webhooks", webhooks.project_webhooks, name="project-webhooks"),
    path("projects/<uuid:project_id>/webhooks/new", webhooks.new_subscription, name="subscription-new"),
    path("webhooks/<uuid:subscription_id>", webhooks.subscription, name="subscription"),
    path("webhooks/<uuid:subscription_id>/secret", webhooks.new_secret, name="secret-new"),
    path("webhooks/<uuid:subscription_id>/secret/created", webhooks.secret_created, name="secret-created"),
    path("webhooks/<uuid:subscription_id>/test", webhooks.test, name="subscription-test"),
    path("webhooks/<uuid:subscription_id>/enable", webhooks.enable, name="subscription-enable"),
    path("webhooks/<uuid:subscription_id>/delete", webhooks.delete, name="subscription-delete"),
    path("deliveries/<uuid:delivery_id>", webhooks.delivery, name="delivery"),
]
