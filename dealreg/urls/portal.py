from django.urls import path

from dealreg.views import batches, disputes, intake, pipeline, portal, prices, register

app_name = "dealreg_portal"

urlpatterns = [
    path("", portal.home, name="home"),
    path("deals/", portal.Deals.as_view(), name="list"),
    path("deals/new/", register.register, name="register"),
    path("deals/terms", register.terms, name="terms"),
    path("deals/draft", register.save_draft, name="save_draft"),
    path("deals/through/", portal.ThroughDistributor.as_view(), name="through"),
    path("prices/", prices.prices, name="prices"),
    path("pipeline/", pipeline.forecast, name="pipeline"),
    path("pipeline/board/", pipeline.board, name="pipeline_board"),
    path("pipeline/deals/", pipeline.Deals.as_view(), name="pipeline_deals"),
    path("deals/known", register.known, name="known"),
    path("deals/links/", intake.links, name="links"),
    path("deals/links/<uuid:pk>/revoke", intake.revoke, name="link_revoke"),
    path("deals/files/", intake.FilesView.as_view(), name="files"),
    path("deals/files/sample", intake.sample, name="files_sample"),
    path("deals/files/<uuid:pk>/", intake.one_file, name="files_one"),
    path("deals/files/<uuid:pk>/progress", intake.progress, name="files_progress"),
    path("deals/files/<uuid:pk>/problems", intake.problems, name="files_problems"),
    path("deals/batches/<uuid:pk>/", batches.batch, name="batch"),
    path("deals/batches/<uuid:pk>/undo", batches.undo, name="undo_batch"),
    path("deals/<uuid:pk>/", portal.deal, name="deal"),
    path("deals/<uuid:pk>/edit/", register.edit, name="edit"),
    path("deals/<uuid:pk>/answer/", register.answer, name="answer"),
    path("deals/<uuid:pk>/discard", register.discard, name="discard"),
    path("deals/<uuid:pk>/withdraw", portal.withdraw, name="withdraw"),
    path("deals/<uuid:pk>/extend", portal.extend, name="extend"),
    path("deals/<uuid:pk>/stage", portal.stage, name="stage"),
    path("deals/<uuid:pk>/won", portal.won, name="won"),
    path("deals/<uuid:pk>/lost", portal.lost, name="lost"),
    path("deals/<uuid:pk>/contest", disputes.contest, name="contest"),
    path("deals/<uuid:pk>/evidence", disputes.evidence, name="evidence"),
    path("disputes/<uuid:pk>/", disputes.mine, name="dispute"),
    path("disputes/<uuid:pk>/withdraw", disputes.withdraw, name="withdraw_dispute"),
    path("deals/<uuid:pk>/comments", portal.comment, name="comment"),
    path("deals/<uuid:pk>/files", portal.attach, name="attach"),
    path("deals/<uuid:pk>/files/<uuid:file_id>", portal.file, name="file"),
]
