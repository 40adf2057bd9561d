"""The permission matrix: which role may open which address, written down beside the views that enforce it.

A view asks for roles itself (`require_roles`); this table says it a second time, in one place that a
person can read. The test of the matrix tries every role on every address of the URL map: it fails when
the two disagree, and for an address that has no row here. `GET` stands for reading, `POST` for changing;
a row without a method is for both.
"""

from prm.kernel.identity.actors import PARTNER_ROLES, VENDOR_ROLES

PUBLIC = frozenset({"public"})  # also for strangers
SIGNED_IN = frozenset({"signed in"})  # a person's own pages, on the identity plane
HALFWAY = frozenset({"half signed in"})  # between the password and the second factor
VENDOR = frozenset(VENDOR_ROLES)
WRITERS = VENDOR - {"auditor"}
PARTNER = frozenset(PARTNER_ROLES)
ALL = VENDOR | PARTNER
ALL_WRITERS = WRITERS | PARTNER


def _only(*roles: str) -> frozenset[str]:
    return frozenset(roles)


SELLERS = _only("seller", "partner_admin")
KEEPERS = _only("admin", "ops", "cam")
RUNNERS = _only("admin", "ops")

MATRIX: dict[str, frozenset[str]] = {
    # --- sign-in and a person's own pages -----------------------------------------------------
    "account_login": PUBLIC,
    "account_signup": PUBLIC,  # it only says that sign-up is closed
    "account_inactive": PUBLIC,
    "account_logout": SIGNED_IN,
    "identity:sign_out": SIGNED_IN,
    "account_reset_password*": PUBLIC,
    "account_confirm_email": PUBLIC,
    "account_email_verification_sent": PUBLIC,
    "account_confirm_login_code": HALFWAY,
    "mfa_authenticate": HALFWAY,
    "identity:accept": PUBLIC,
    "identity:join": PUBLIC,
    "identity:healthz": PUBLIC,
    "identity:readyz": PUBLIC,
    "identity:metrics": PUBLIC,  # behind a token of its own
    "ui:branding": PUBLIC,
    "ui:language": PUBLIC,
    "api_schema": PUBLIC,  # gated by PRM_API_DOCS_OPEN
    "api_docs": PUBLIC,
    "prm_messages:demo_mail*": PUBLIC,  # the demo only; elsewhere there is no such page
    "ui:styleguide": PUBLIC,  # likewise, and for people who signed in
    "account_reauthenticate": SIGNED_IN,
    "account_email": SIGNED_IN,
    "account_change_password": SIGNED_IN,
    "account_set_password": SIGNED_IN,
    "mfa_*": SIGNED_IN,
    "usersessions_list": SIGNED_IN,
    "identity:root": SIGNED_IN,
    "identity:choose": SIGNED_IN,
    "identity:organisations": SIGNED_IN,
    "identity:second_factor": SIGNED_IN,
    "identity:security": SIGNED_IN,
    "identity:preferences": SIGNED_IN,
    "identity:stop_impersonating": SIGNED_IN,
    # --- people and keys --------------------------------------------------------------------------
    "identity:console_people": KEEPERS | {"auditor"},
    "identity:console_person": KEEPERS | {"auditor"},
    "identity:console_invite": KEEPERS,
    "identity:console_revoke": KEEPERS,
    "identity:console_roles": KEEPERS,
    "identity:console_end": KEEPERS,
    "identity:console_absence": RUNNERS,
    "identity:console_tokens": _only("admin"),
    "identity:console_revoke_token": _only("admin"),
    "identity:view_as": RUNNERS,
    "identity:portal_*": _only("partner_admin"),
    # --- the frame ------------------------------------------------------------------------------------
    "ui:portal_logo": PARTNER,
    "ui:console_logo": VENDOR,
    "ui:portal_search": PARTNER,
    "ui:console_search": VENDOR,
    "ui:portal_export*": PARTNER,
    "ui:console_export*": VENDOR,  # whoever sees a table may take it along; the page's own roles are asked again
    "ui:console_branding": _only("admin"),
    "ui:branding_preview": VENDOR,  # shows a colour, keeps nothing
    "conditions:*": RUNNERS,
    "admin:*": _only("admin", "auditor"),
    # --- messages and events ----------------------------------------------------------------------
    "prm_messages:portal_inbox": PARTNER,
    "prm_messages:portal_badge": PARTNER,
    "prm_messages:portal_read": PARTNER,
    "prm_messages:console_inbox": VENDOR,
    "prm_messages:console_badge": VENDOR,
    "prm_messages:console_read": WRITERS,
    "prm_messages:log": RUNNERS | {"auditor"},
    "prm_messages:wordings": RUNNERS | {"auditor"},
    "prm_messages:wording": _only("admin"),
    "prm_messages:restore": _only("admin"),
    "events:deliver*": RUNNERS | {"auditor"},
    "audit:entries": RUNNERS | {"auditor"},
    "audit:entry": RUNNERS | {"auditor"},
    "audit:as_of": RUNNERS | {"auditor"},
    "events:retry": RUNNERS,
    "events:skip": RUNNERS,
    # --- partners -----------------------------------------------------------------------------------
    "partners_console:list": VENDOR,
    "partners_console:partner": VENDOR,
    "partners_console:tiers": VENDOR,
    "partners_console:setup": RUNNERS | {"auditor"},
    "partners_console:import*": RUNNERS,
    "partners_console:tier": RUNNERS,
    "partners_console:cam": RUNNERS,
    "partners_console:suspend": RUNNERS,
    "partners_console:reactivate": RUNNERS,
    "partners_console:terminate": RUNNERS,
    "partners_console:new": KEEPERS,
    "partners_console:edit": KEEPERS,
    "partners_console:enrol": KEEPERS,
    "partners_console:watch": KEEPERS,
    "partners_portal:*": PARTNER,
    # --- deals --------------------------------------------------------------------------------------
    "dealreg_console:list": VENDOR,
    "dealreg_console:deal": VENDOR,
    "dealreg_console:file": VENDOR,
    "dealreg_console:pipeline*": VENDOR,
    "dealreg_console:outcomes": VENDOR,
    "dealreg_console:ageing": VENDOR,
    "dealreg_console:lapsing": VENDOR,
    "dealreg_console:report_deals": VENDOR,
    "dealreg_console:customers": VENDOR,
    "dealreg_console:customer": VENDOR,
    "dealreg_console:approvals": VENDOR,
    "dealreg_console:approval*": _only("admin"),
    "dealreg_console:assign_cam": KEEPERS,
    "dealreg_console:comment": KEEPERS | {"approver", "legal", "sales"},
    "dealreg_console:attach": KEEPERS | {"approver", "legal", "sales"},
    "dealreg_console:customer_*": RUNNERS | {"sales"},
    "dealreg_portal:pipeline*": PARTNER,
    "dealreg_console:batch": VENDOR,
    "dealreg_console:undo_batch": KEEPERS | {"approver"},
    "dealreg_console:disputes": VENDOR,
    "dealreg_console:dispute": VENDOR,
    "dealreg_console:reassign": RUNNERS | {"approver"},
    "dealreg_console:split": RUNNERS | {"approver"},
    "dealreg_portal:home": PARTNER,
    "dealreg_portal:list": PARTNER,
    "dealreg_portal:through": PARTNER,
    "dealreg_portal:prices": PARTNER,
    "dealreg_portal:deal": PARTNER,
    "dealreg_portal:file": PARTNER,
    "dealreg_portal:comment": PARTNER,
    "dealreg_portal:dispute": PARTNER,
    "dealreg_portal:*": SELLERS,
    # --- the queue and workflows ----------------------------------------------------------------
    "workflows:today": VENDOR,
    "workflows:queue": VENDOR,
    "workflows:task": VENDOR,
    "workflows:undo": WRITERS,
    "workflows:bulk_*": WRITERS,
    "workflows:decide": WRITERS,
    "workflows:claim": WRITERS,
    "workflows:release": WRITERS,
    "workflows:snooze": WRITERS,
    "workflows:assign": RUNNERS,
    "workflows:list": VENDOR,
    "workflows:schema": VENDOR,
    "workflows:run*": VENDOR,
    "workflows:incident*": VENDOR,
    "workflows:analytics": VENDOR,
    "workflows:analytics_overview": VENDOR,
    "workflows:analytics_minutes": _only("admin"),
    "workflows:event_log": RUNNERS | {"auditor"},
    "workflows:log_file": RUNNERS | {"auditor"},
    "workflows:workflow": VENDOR,
    "workflows:version": VENDOR,
    "workflows:download": VENDOR,
    "workflows:compared": VENDOR,
    "workflows:covered": VENDOR,
    "workflows:gallery": VENDOR,
    "workflows:template": VENDOR,
    "workflows:workload": RUNNERS | {"auditor"},
    "workflows:move": RUNNERS,
    "workflows:save_view": WRITERS,
    "workflows:resolve": RUNNERS,
    "workflows:start": RUNNERS,
    "workflows:webhooks": RUNNERS | {"auditor"},
    "workflows:webhook_key": _only("admin"),
    "workflows:webhook_again": RUNNERS,
    "workflows:upload": _only("admin"),
    "workflows:parameters": _only("admin"),
    "workflows:use_template": _only("admin"),
    "workflows:retire": _only("admin"),
    "workflows:publish": _only("admin"),
    "workflows:replay*": VENDOR,
    "workflows:replay_ask_*": RUNNERS,
    "workflows:proposal*": VENDOR,
    "workflows:proposal_find": RUNNERS,
    "workflows:proposal_take_up": _only("admin"),
    "workflows:proposal_dismiss": RUNNERS,
    "workflows:new": _only("admin"),
    "workflows:design": VENDOR,
    "workflows:design_*": _only("admin"),
    "workflows:migrate*": _only("admin"),
    # --- the API: tokens hold roles as people do -----------------------------------------------------
    "api:people-*": ALL,
    "api:decisions-*": ALL,
    "api:partners-*": ALL,
    "api:approval-rules-*": VENDOR,
    "api:prices-*": ALL,
    "api:exports-*": ALL,
    "api:reports-forecast": ALL,
    "api:reports-*": VENDOR,
    "api:deals-list GET": ALL,
    "api:deals-detail": ALL,
    "api:deals-comments": ALL_WRITERS,
    "api:deals-timeline": ALL,
    "api:deals-reassign": RUNNERS | {"approver"},
    "api:deals-split": RUNNERS | {"approver"},
    "api:deals-*": SELLERS,
    "api:disputes-withdraw": SELLERS,
    "api:disputes-*": ALL,
    "api:former-deals-*": ALL,
    "api:tasks-*": VENDOR,
    "api:tasks-decide": WRITERS,
    "api:workflows-*": VENDOR,
    "api:workflows-start": RUNNERS,
    "api_not_found": ALL,
}
