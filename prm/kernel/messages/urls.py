from django.urls import path

from prm.kernel.messages import views

app_name = "prm_messages"

urlpatterns = [
    path("portal/notifications/", views.InboxView.as_view(), name="portal_inbox"),
    path("portal/notifications/read", views.read_all, name="portal_read"),
    path("portal/notifications/badge", views.badge, name="portal_badge"),
    path("console/notifications/", views.InboxView.as_view(), name="console_inbox"),
    path("console/notifications/read", views.read_all, name="console_read"),
    path("console/notifications/badge", views.badge, name="console_badge"),
    path("console/messages/", views.LogView.as_view(), name="log"),
    path("console/messages/wordings/", views.wordings, name="wordings"),
    path("console/messages/wordings/<str:key>/<slug:language>/", views.wording, name="wording"),
    path("console/messages/wordings/<str:key>/<slug:language>/restore", views.restore, name="restore"),
    path("demo/mail/", views.demo_mails, name="demo_mails"),
    path("demo/mail/<str:key>/", views.demo_mails, name="demo_mail"),
]
