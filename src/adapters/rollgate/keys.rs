//! The keys of our own documents: what may stand where, and what must.
//!
//! The reader and the published schemas are held against these tables by a test, so that neither can drift.

/// The keys of one kind of mapping.
#[derive(Debug)]
pub(super) struct Keys {
    /// The type in `schema.rs` that documents it.
    #[cfg(test)]
    pub(super) name: &'static str,
    /// What a message calls it, with its article.
    pub(super) what: &'static str,
    /// Every key.
    pub(super) all: &'static [&'static str],
    /// Those that must be there.
    pub(super) required: &'static [&'static str],
}

macro_rules! keys {
    ($($(#[doc = $doc:literal])+ $table:ident = $name:literal, $what:literal: [$($key:literal),+], required [$($must:literal),*];)+) => {
        $($(#[doc = $doc])+
        pub(super) const $table: Keys = Keys { #[cfg(test)] name: $name, what: $what, all: &[$($key),+], required: &[$($must),*] };)+
        /// Every table.
        #[cfg(test)]
        pub(super) const TABLES: &[&Keys] = &[$(&$table),+];
    };
}

keys! {
    /// A `RolloutPlan`. `strategy` and `stages` depend on each other and are asked for by the reader.
    PLAN = "RolloutPlan", "a RolloutPlan": [
        "apiVersion", "kind", "metadata", "change", "strategy", "flag", "tenancy", "traffic", "detect", "offline-eval",
        "shadow", "stages", "monitors", "rollback", "schedule", "on-call", "governs"
    ], required ["apiVersion", "kind", "metadata"];
    /// `metadata` of a plan.
    PLAN_METADATA = "PlanMetadata", "a plan's metadata": ["name", "service", "environment", "labels"], required ["name"];
    /// `change`.
    CHANGE = "Change", "a change": ["kind", "risk", "summary", "payload"], required ["kind"];
    /// `flag`.
    FLAG = "Flag", "a flag": ["system", "key", "unit"], required ["key"];
    /// `detect`.
    DETECT = "Detect", "what is to be detected": ["metric", "baseline", "regression"], required ["metric", "baseline", "regression"];
    /// `offline-eval`.
    OFFLINE_EVAL = "OfflineEval", "an offline evaluation": ["suite", "result"], required [];
    /// `shadow`.
    SHADOW = "Shadow", "a shadow": ["duration", "share", "compare"], required ["duration"];
    /// `shadow.compare`.
    COMPARE = "Compare", "a comparison": ["against", "metrics"], required ["metrics"];
    /// An item of `stages`.
    STAGE = "Stage", "a stage": ["name", "exposure", "audience", "size", "tenants", "hold", "approval"], required [];
    /// `rollback`.
    ROLLBACK = "Rollback", "a rollback plan": ["criteria", "automatic", "method", "keep-old-for"], required [];
    /// An item of `rollback.criteria`, when it is no line of text.
    CRITERION = "Criterion", "a criterion": ["metric", "above", "below", "rise", "drop", "window", "tolerate", "action"], required ["metric"];
    /// `schedule`.
    SCHEDULE = "Schedule", "a schedule": ["start"], required ["start"];
    /// An item of `governs`.
    GOVERNED = "Governed", "a governed object": ["system", "kind", "name", "namespace"], required ["name"];
    /// A `RollbackDrill`.
    DRILL = "RollbackDrill", "a RollbackDrill": [
        "apiVersion", "kind", "metadata", "performed", "method", "outcome", "time-to-rollback", "by", "evidence", "notes"
    ], required ["apiVersion", "kind", "metadata", "performed", "outcome"];
    /// `metadata` of a drill.
    DRILL_METADATA = "DrillMetadata", "a drill's metadata": ["service", "environment"], required ["service"];
    /// A `Waivers` document.
    WAIVERS = "Waivers", "a Waivers document": ["apiVersion", "kind", "waivers"], required ["apiVersion", "kind", "waivers"];
    /// An item of `waivers`.
    WAIVER = "Waiver", "a waiver": [
        "rule", "rollout", "path", "reason", "ticket", "owner", "approved-by", "expires"
    ], required ["rule", "reason", "expires"];
}

/// The keys of which an item of `change.payload` holds one.
pub(super) const PAYLOAD: [&str; 2] = ["model", "file"];
/// The keys of which an item of `evidence` holds one.
pub(super) const EVIDENCE: [&str; 2] = ["commit", "tag"];
