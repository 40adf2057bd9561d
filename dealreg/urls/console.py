from django.urls import path

from dealreg.views import approvals, batches, console, customers, disputes, intakes, moves, pipeline, reports

app_name = "dealreg_console"

urlpatterns = [
    path("deals/", console.Deals.as_view(), name="list"),
    path("deals/approvals/", approvals.approvals, name="approvals"),
    path("deals/approvals/new/", approvals.add, name="approval_new"),
    path("deals/approvals/<uuid:pk>/", approvals.change, name="approval"),
    path("deals/approvals/<uuid:pk>/move", approvals.move, name="approval_move"),
    path("deals/approvals/<uuid:pk>/remove", approvals.remove, name="approval_remove"),
    path("deals/pipeline/", pipeline.forecast, name="pipeline"),
    path("deals/pipeline/board/", pipeline.board, name="pipeline_board"),
    path("deals/pipeline/deals/", pipeline.Deals.as_view(), name="pipeline_deals"),
    path("reports/deals/", reports.outcomes, name="outcomes"),
    path("reports/deals/ageing/", reports.AgeingView.as_view(), name="ageing"),
    path("reports/deals/lapsing/", reports.LapsingView.as_view(), name="lapsing"),
    path("reports/deals/list/", reports.ReportedView.as_view(), name="report_deals"),
    path("deals/batches/<uuid:pk>/", batches.batch, name="batch"),
    path("deals/batches/<uuid:pk>/undo", batches.undo, name="undo_batch"),
    path("deals/<uuid:pk>/", console.deal, name="deal"),
    path("deals/<uuid:pk>/cam", console.assign_cam, name="assign_cam"),
    path("deals/<uuid:pk>/reassign", moves.reassign, name="reassign"),
    path("deals/<uuid:pk>/split", moves.split, name="split"),
    path("deals/<uuid:pk>/comments", console.comment, name="comment"),
    path("deals/<uuid:pk>/files", console.attach, name="attach"),
    path("deals/<uuid:pk>/files/<uuid:file_id>", console.file, name="file"),
    path("disputes/", disputes.DisputesView.as_view(), name="disputes"),
    path("disputes/<uuid:pk>/", disputes.dispute, name="dispute"),
    path("intakes/", intakes.Mails.as_view(), name="intakes"),
    path("intakes/links", intakes.links, name="intake_links"),
    path("intakes/links/<uuid:pk>/revoke", intakes.revoke, name="intake_link_revoke"),
    path("intakes/read", intakes.read_now, name="intake_read"),
    path("intakes/mails/<uuid:pk>/", intakes.mail, name="intake_mail"),
    path("intakes/mails/<uuid:pk>/assign", intakes.assign, name="intake_assign"),
    path("intakes/mails/<uuid:pk>/dismiss", intakes.dismiss, name="intake_dismiss"),
    path("customers/", customers.CustomersView.as_view(), name="customers"),
    path("customers/new/", customers.create, name="customer_new"),
    path("customers/<uuid:pk>/", customers.customer, name="customer"),
    path("customers/<uuid:pk>/edit/", customers.edit, name="customer_edit"),
    path("customers/<uuid:pk>/aliases", customers.alias, name="customer_alias"),
]
