"""The rest of a payload: key paths that no shipped metric reads, as the product names them.

Families of names rather than a list, because the product builds them the same way. A family has
the versions that send it, so keys appear and disappear with upgrades.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from sample.metrics import PATHS
from sample.model import Version

ALWAYS: Version = (0, 0)
NEVER: Version = (99, 0)


@dataclass(frozen=True)
class Family:
    """Names under one prefix. `kind`: total (all-time), recent (28 or 7 days), flag, deprecated."""

    prefix: str
    names: str
    kind: str = "recent"
    since: Version = ALWAYS
    until: Version = NEVER
    endings: tuple[str, ...] = ("",)

    def paths(self) -> list[str]:
        """Every key path of the family that no shipped metric has."""
        found = [f"{self.prefix}{n}{e}" for n in self.names.split() for e in self.endings]
        return [path for path in found if path not in PATHS]


@dataclass(frozen=True)
class Filler:
    """One key of the vocabulary; `index` is its place in an instance's list of levels."""

    index: int
    path: str
    kind: str
    since: Version
    until: Version


BOTH = ("_weekly", "_monthly")
STAGES = ("usage_activity_by_stage.", "usage_activity_by_stage_monthly.")
HLL = "redis_hll_counters."

INTEGRATIONS = """asana assembla bugzilla buildkite campfire confluence custom_issue_tracker
datadog discord drone_ci emails_on_push ewm external_wiki github hangouts_chat irker jenkins
jira mattermost mattermost_slash_commands microsoft_teams packagist pipelines_email
pivotaltracker prometheus pushover redmine slack slack_slash_commands teamcity unify_circuit
webex_teams youtrack bamboo"""

NEW_INTEGRATIONS: dict[Version, str] = {
    (14, 9): "harbor",
    (15, 3): "pumble",
    (15, 10): "squash_tm google_play",
    (16, 1): "telegram clickup",
    (16, 9): "git_guardian beyond_identity",
    (17, 3): "matrix",
}

QUICK_ACTIONS = """approve assign_single assign_multiple assign_self assign_reviewer award
board_move child_epic clear_weight clone close confidential copy_metadata_issue
copy_metadata_merge_request create_merge_request done draft due duplicate epic estimate
iteration label lock merge milestone move parent_epic promote publish reassign reassign_reviewer
rebase relabel relate remove_child_epic remove_due_date remove_epic remove_estimate
remove_iteration remove_milestone remove_parent_epic remove_time_spent remove_zoom reopen shrug
spend_subtract spend_add submit_review subscribe tableflip tag target_branch title todo
unassign_specific unassign_all unassign_reviewer unlabel_specific unlabel_all unlock unsubscribe
weight wip zoom"""

PACKAGE_TYPES = """composer conan container debian generic golang maven npm nuget pypi tag helm
rubygems terraform_module"""

ISSUE_EDITS = """assignee_changed description_changed title_changed made_confidential
made_visible label_changed milestone_changed closed reopened created cross_referenced moved
related unrelated marked_as_duplicate locked unlocked weight_changed iteration_changed
added_to_epic removed_from_epic changed_epic due_date_changed time_estimate_changed
time_spent_changed comment_added comment_edited comment_removed cloned designs_added
designs_modified designs_removed health_status_changed"""

EPIC_ACTIONS = """epic_created epic_closed epic_reopened epic_destroyed epic_cross_referenced
epic_issue_added epic_issue_removed epic_issue_moved_from_project epic_users_changing_labels
issue_promoted_to_epic users_awarding_epic_emoji users_creating_epic_notes
users_destroying_epic_notes users_removing_epic_emoji users_setting_epic_confidential
users_setting_epic_visible users_setting_epic_due_date_as_fixed
users_setting_epic_due_date_as_inherited users_setting_epic_start_date_as_fixed
users_setting_epic_start_date_as_inherited users_updating_epic_descriptions
users_updating_epic_notes users_updating_epic_parent users_updating_epic_titles"""

INCIDENT_ACTIONS = """alert_assigned alert_status_changed alert_todo incident_assigned
incident_change_confidential incident_closed incident_comment incident_created
incident_published incident_relate incident_reopened incident_todo incident_unrelate
incident_zoom_meeting"""

ECOSYSTEM_EVENTS = """jira_service_close_issue jira_service_create_issue
jira_service_cross_reference jira_service_list_issues slack_service_issue_notification
slack_service_confidential_issue_notification slack_service_deployment_notification
slack_service_merge_request_notification slack_service_note_notification
slack_service_push_notification slack_service_tag_push_notification
slack_service_wiki_page_notification"""

REVIEW_ACTIONS = """mr_diffs user_single_file_diffs mr_single_file_diffs user_close_mr
user_reopen_mr user_merge_mr user_unapprove_mr user_resolve_thread user_unresolve_thread
edit_mr_title edit_mr_desc user_create_mr_comment user_edit_mr_comment user_remove_mr_comment
user_create_review_note user_publish_review user_create_multiline_mr_comment
user_edit_multiline_mr_comment user_remove_multiline_mr_comment user_add_suggestion
user_apply_suggestion user_assigned user_review_requested user_approval_rule_added
user_approval_rule_edited user_approval_rule_deleted user_marked_as_draft user_unmarked_as_draft
user_vs_code_api_request user_create_mr_from_issue user_mr_discussion_locked
user_mr_discussion_unlocked user_time_estimate_changed user_time_spent_changed
user_assignees_changed user_reviewers_changed user_milestone_changed user_labels_changed
user_load_conflict_ui user_resolve_conflict user_searches_diff"""

ANALYTICS = """g_analytics_contribution g_analytics_insights g_analytics_issues
g_analytics_productivity g_analytics_valuestream p_analytics_pipelines p_analytics_code_reviews
p_analytics_valuestream p_analytics_insights p_analytics_issues p_analytics_repo
i_analytics_cohorts i_analytics_dev_ops_score g_analytics_merge_request
p_analytics_merge_request i_analytics_instance_statistics"""

CI_TEMPLATES = """auto_devops aws_cloudformation_deploy_ec2 aws_deploy_ecs auto_devops_build
auto_devops_deploy auto_devops_deploy_latest security_sast security_secret_detection
security_dast security_api_fuzzing security_container_scanning security_dependency_scanning
security_license_scanning terraform_base terraform_base_latest android bash crystal django
docker dotnet elixir go gradle grails julia laravel latex maven mono nodejs npm openshift packer
php python ruby rust scala swift terraform_latest code_quality jobs_build jobs_deploy jobs_test
jobs_sast jobs_sast_iac jobs_secret_detection jobs_dependency_scanning
jobs_browser_performance_testing jobs_load_performance_testing jobs_helm_2to3
workflows_branch_pipelines workflows_mergerequest_pipelines pages_hugo pages_jekyll pages_gatsby
pages_hexo pages_html pages_jigsaw pages_lektor pages_metalsmith pages_middleman pages_nanoc
pages_octopress pages_pelican pages_brunch pages_doxygen verify_accessibility verify_failfast
chef clojure composer cplusplus dart flutter getting_started"""

TOTALS = """boards issues notes groups labels milestones snippets keys todos uploads web_hooks
releases deployments successful_deployments failed_deployments environments ci_triggers
ci_pipeline_schedules ci_pipeline_config_repository ci_pipeline_config_auto_devops
auto_devops_enabled auto_devops_disabled deploy_keys clusters clusters_enabled clusters_disabled
group_clusters_enabled instance_clusters_enabled kubernetes_agents in_review_folder label_lists
lfs_objects milestone_lists packages pages_domains pool_repositories assignee_lists suggestions
protected_branches protected_branches_except_default remote_mirrors personal_snippets
project_snippets terraform_reports terraform_states incident_issues epics epic_issues
feature_flags geo_nodes geo_event_log_max_id ldap_group_links ldap_keys ldap_users
confidential_epics issues_with_health_status template_repositories requirements_created
sast_jobs secret_detection_jobs coverage_fuzzing_jobs api_fuzzing_jobs license_management_jobs
projects_with_packages projects_creating_incidents projects_imported_from_github
projects_with_repositories_enabled projects_with_error_tracking_enabled
projects_with_terraform_reports projects_with_terraform_states projects_with_alerts_created
service_desk_enabled_projects service_desk_issues projects_mirrored_with_pipelines_enabled
projects_reporting_ci_cd_back_to_github status_page_projects status_page_issues
epics_deepest_relationship_level kubernetes_agents_with_token jira_imports_projects_count
jira_imports_total_imported_count jira_imports_total_imported_issues_count cycle_analytics_views
productivity_analytics_views navbar_searches all_searches commit_comment merge_request_comment
merge_request_create wiki_pages_create wiki_pages_update wiki_pages_delete
design_management_designs_create design_management_designs_update
design_management_designs_delete web_ide_commits web_ide_views web_ide_merge_requests
web_ide_previews web_ide_terminals source_code_pushes snippet_create snippet_update
snippet_comment static_site_editor_views static_site_editor_commits"""

EXPIRATION = """disabled enabled enabled_with_keep_n_set_to_1 enabled_with_keep_n_set_to_5
enabled_with_keep_n_set_to_10 enabled_with_keep_n_set_to_25 enabled_with_keep_n_set_to_50
enabled_with_keep_n_set_to_100 enabled_with_keep_n_unset enabled_with_older_than_unset
enabled_with_older_than_set_to_7d enabled_with_older_than_set_to_14d
enabled_with_older_than_set_to_30d enabled_with_older_than_set_to_90d
enabled_with_cadence_set_to_1d enabled_with_cadence_set_to_7d enabled_with_cadence_set_to_14d
enabled_with_cadence_set_to_1month enabled_with_cadence_set_to_3month"""

CLUSTER_APPS = """helm ingress cert_managers crossplane prometheus runner knative elastic_stack
jupyter cilium"""

STAGE_KEYS = {
    "configure": "clusters_management_project clusters_disabled clusters_enabled "
    "clusters_platforms_gke clusters_platforms_eks clusters_platforms_user "
    "instance_clusters_disabled instance_clusters_enabled group_clusters_disabled "
    "group_clusters_enabled project_clusters_disabled projects_slack_notifications_active",
    "create": "deploy_keys keys remote_mirrors snippets suggestions protected_branches "
    "users_using_path_locks users_using_lfs_locks total_number_of_path_locks "
    "total_number_of_locked_files approval_project_rules merge_requests_with_added_rules "
    "projects_enforcing_code_owner_approval projects_with_sectional_code_owner_rules "
    "merge_requests_with_optional_codeowners merge_requests_with_required_codeowners",
    "manage": "groups users_created ldap_keys ldap_users ldap_servers unique_users_all_imports "
    "value_stream_management_customized_group_stages "
    "bulk_imports.gitlab_v1 project_imports.gitlab_project project_imports.github "
    "project_imports.bitbucket project_imports.gitea project_imports.git issue_imports.jira "
    "issue_imports.csv group_imports.group_import group_imports.gitlab_migration",
    "monitor": "clusters operations_dashboard_default_dashboard projects_with_incidents "
    "projects_with_error_tracking_enabled projects_with_alert_incidents "
    "operations_dashboard_users_with_projects_added projects_incident_sla_enabled",
    "package": "projects_with_packages",
    "plan": "notes projects todos service_desk_enabled_projects service_desk_issues "
    "projects_jira_active assignee_lists label_lists milestone_lists",
    "release": "failed_deployments successful_deployments projects_mirrored_with_pipelines_enabled",
    "secure": "user_container_scanning_jobs user_dast_jobs user_dependency_scanning_jobs "
    "user_license_management_jobs user_sast_jobs user_secret_detection_jobs "
    "user_coverage_fuzzing_jobs user_api_fuzzing_jobs "
    "user_preferences_group_overview_security_dashboard",
    "verify": "ci_builds ci_external_pipelines ci_internal_pipelines ci_pipeline_schedules "
    "ci_pipeline_config_auto_devops ci_pipeline_config_repository ci_triggers",
}

SETTINGS = """dependency_proxy_enabled gravatar_enabled ldap_enabled mattermost_enabled
omniauth_enabled prometheus_metrics_enabled signup_enabled grafana_link_enabled gitpod_enabled
elasticsearch_enabled geo_enabled"""

FAMILIES: tuple[Family, ...] = (
    Family("counts.", TOTALS, "total"),
    Family("counts.ci_", "builds", "total", until=(17, 5)),
    Family("counts.projects_", INTEGRATIONS, "total", endings=("_active",)),
    Family("counts.", "count_total_create_ci_build", "total", since=(16, 9)),
    *(
        Family(f"{tree}{stage}.", names, "total" if tree == STAGES[0] else "recent")
        for stage, names in STAGE_KEYS.items()
        for tree in STAGES
    ),
    Family(
        f"{STAGES[0]}manage.user_auth_by_provider.",
        "two-factor two-factor-via-u2f-device two-factor-via-webauthn-device standard google_oauth2",
        "total",
    ),
    Family("", SETTINGS, "flag"),
    Family("", "web_ide_clientside_preview_enabled", "flag", until=(15, 11)),
    Family("settings.", "ldap_encrypted_secrets_enabled", "flag"),
    Family("counts_monthly.", "personal_snippets project_snippets snippets"),
    Family(f"{HLL}quickactions.i_quickactions_", QUICK_ACTIONS, endings=BOTH),
    Family(f"{HLL}code_review.i_code_review_", REVIEW_ACTIONS, endings=BOTH),
    Family(f"{HLL}issues_edit.g_project_management_issue_", ISSUE_EDITS, endings=BOTH),
    Family(f"{HLL}epics_usage.g_project_management_", EPIC_ACTIONS, since=(13, 11), endings=BOTH),
    Family(f"{HLL}incident_management.incident_management_", INCIDENT_ACTIONS, endings=BOTH),
    Family(f"{HLL}ecosystem.i_ecosystem_", ECOSYSTEM_EVENTS, endings=BOTH),
    Family(f"{HLL}search.i_search_", "total advanced paid", endings=BOTH),
    Family(f"{HLL}ide_edit.g_edit_by_", "web_ide sfe snippet_ide", endings=BOTH),
    Family(
        f"{HLL}compliance.",
        "g_compliance_dashboard g_compliance_audit_events i_compliance_audit_events "
        "i_compliance_credential_inventory a_compliance_audit_events_api",
        endings=BOTH,
    ),
    Family(
        f"{HLL}work_items.users_",
        "creating_work_items updating_work_item_title updating_work_item_dates",
        since=(15, 3),
        endings=BOTH,
    ),
    Family(f"{HLL}ci_templates.p_ci_templates_", CI_TEMPLATES, since=(14, 0), endings=BOTH),
    Family(f"{HLL}analytics.", ANALYTICS, endings=BOTH),
    Family("analytics_unique_visits.", ANALYTICS, until=(15, 0)),
    Family(f"{HLL}user_packages.i_package_", PACKAGE_TYPES, endings=("_user_weekly", "_user_monthly")),
    Family(
        f"{HLL}deploy_token_packages.i_package_",
        PACKAGE_TYPES,
        endings=("_deploy_token_weekly", "_deploy_token_monthly"),
    ),
    Family("counts.projects_with_expiration_policy_", EXPIRATION, "total"),
    Family("counts.clusters_applications_", CLUSTER_APPS, "total", until=(14, 4)),
    Family("counts.ingress_modsecurity_", "logging blocking disabled", "deprecated", until=(14, 0)),
    Family(
        "usage_activity_by_stage.manage.projects_imported.",
        "total gitlab_project gitlab github bitbucket bitbucket_server gitea git manifest",
        "deprecated",
        until=(14, 4),
    ),
    Family(
        "usage_activity_by_stage_monthly.manage.issues_imported.",
        "jira fogbugz phabricator csv",
        "deprecated",
        until=(14, 4),
    ),
    Family(
        "counts.package_events_i_package_",
        PACKAGE_TYPES,
        "total",
        endings=("_push_package", "_pull_package", "_delete_package"),
    ),
    Family("counts.groups_", INTEGRATIONS, "total", endings=("_active",)),
    Family("counts.instances_", INTEGRATIONS, "total", endings=("_active",)),
    Family("counts.projects_inheriting_", INTEGRATIONS, "total", endings=("_active",)),
    Family("counts.groups_inheriting_", INTEGRATIONS, "total", endings=("_active",)),
    *(
        Family(f"counts.{owner}_", names, "total", since=since, endings=("_active",))
        for owner in ("projects", "groups", "instances")
        for since, names in NEW_INTEGRATIONS.items()
    ),
    Family("counts.templates_", INTEGRATIONS, "total", until=(16, 10), endings=("_active",)),
    Family(
        "object_store.",
        "artifacts external_diffs lfs uploads packages",
        "flag",
        endings=(".enabled",),
    ),
)


@lru_cache(maxsize=1)
def vocabulary() -> tuple[Filler, ...]:
    """All keys; those with short names first, so that a small payload stays small."""
    placed = [(path, family) for family in FAMILIES for path in family.paths()]
    placed.sort(key=lambda item: (len(item[0].rpartition(".")[2]), item[0]))
    return tuple(
        Filler(index, path, family.kind, family.since, family.until) for index, (path, family) in enumerate(placed)
    )


@lru_cache(maxsize=1024)
def fillers(version: Version, limit: int) -> tuple[Filler, ...]:
    """The first `limit` keys of the vocabulary that a version sends."""
    sent = [f for f in vocabulary() if f.since <= version < f.until]
    return tuple(sent[: max(limit, 0)])
