//! App Engine: traffic that Terraform splits between versions.

use super::infra::Field;
use super::split::{self, Arm};
use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::SubjectKind;

declare_adapter! {
    /// ## What is read
    ///
    /// `google_app_engine_service_split_traffic` of Terraform and its plans: one moment of a split, whose history is the
    /// plan. `app.yaml` has no field for traffic.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `split.allocations.<version>`: a fraction | share of requests | – |
    ///
    /// ## What bites
    ///
    /// - Allocations are fractions that add up to 1: 0.05 is 5 %. A 5 is a percentage by mistake, and refused.
    /// - `migrate_traffic` warms up one version and is no canary.
    /// - By IP the split is exact to 1 %, by cookie to 0.1 %.
    ///
    /// Sources: hashicorp/terraform-provider-google: `website/docs/r/app_engine_service_split_traffic.html.markdown`.
    ///
    /// ## What it cannot see
    ///
    /// Splits that `gcloud app services set-traffic` makes, and a deploy without `--no-promote`, which takes everybody
    /// over at once. There are no holds, criteria or mirrors.
    pub GcpAppEngine {
        id: "gcp-app-engine",
        title: "App Engine",
        summary: "traffic splits of Terraform",
        kinds: [("terraform", "google_app_engine_service_split_traffic")],
    }
}

/// A whole, in millionths.
const WHOLE: f64 = 1_000_000.0;

impl Adapter for GcpAppEngine {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let Some(table) = object.body().and_then(|body| body.path(&["split", "allocations"])) else { return };
        let service = object.body().and_then(|b| b.get("service")?.text()).unwrap_or(object.name()).to_owned();
        let mut arms = Vec::new();
        for (version, share) in table.entries() {
            let fraction = |f: &Field<'_>| f.number().filter(|n| (0.0..=1.0).contains(n));
            let known = cx.take_field(&share, "allocations", "a fraction from 0 to 1", fraction);
            let version = version.text().map(str::to_owned);
            let weight = known.known().map(|n| millionths(*n));
            arms.push(Arm { service: service.clone(), version, weight, span: share.span() });
        }
        let sum = split::total(&arms);
        if let Some(sum) = sum.filter(|sum| sum.abs_diff(millionths(1.0)) > 1000) {
            let sum = percent(sum);
            let message = format!("the allocations add up to {sum} %, and App Engine takes exactly 100");
            cx.invalid(table.anchor(), message, "make the fractions add up to 1").found =
                Some(format!("{sum}%").into());
        }
        split::hand_in(cx.blank(object, SubjectKind::Workload), &arms, |_| false, cx);
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a fraction from 0 to 1")]
fn millionths(fraction: f64) -> u64 {
    (fraction * WHOLE).round() as u64
}

/// Percent of so many millionths.
fn percent(millionths: u64) -> String {
    format!("{}", millionths / 10_000)
}

#[cfg(test)]
mod tests {
    use crate::adapters::testing::lower;
    use crate::model::{Rollout, Share};

    fn split(allocations: &str) -> Vec<Rollout> {
        lower(&format!(
            "resource \"google_app_engine_service_split_traffic\" \"web\" {{\n  service = \"web\"\n  split {{\n    shard_by = \"COOKIE\"\n    allocations = {{ {allocations} }}\n  }}\n}}\n"
        ))
    }

    #[test]
    fn allocations_are_fractions() {
        let found = split("v8 = 0.97, v9 = 0.03");
        assert_eq!(found[0].stages()[0].share(), Some(Share::from_percent(3.0)));
        assert!(split("v9 = 1").is_empty());
        assert_eq!(split("v8 = 95, v9 = 5")[0].remarks.len(), 2);
        assert_eq!(split("v8 = 0.5, v9 = 0.4")[0].remarks.len(), 1);
        assert!(split("v8 = 0.9, v9 = var.share")[0].exposure_is_dynamic());
    }
}
