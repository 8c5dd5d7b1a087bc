//! Which share of pods a weight comes to where no router splits requests.

use crate::model::Share;

/// The whole-pod split that the controller settles on for a weight in percent.
///
/// It takes the split nearest to the weight, out of the pods asked for or, if it may surge, one more. It never leaves a
/// version with a weight between 0 and 100 without a pod while there is room for one
/// (argoproj/argo-rollouts: `utils/replicaset/canary.go`). `None` without pods.
pub(super) fn served(replicas: u64, weight: u64, may_surge: bool) -> Option<Share> {
    // Replicas are 32 bits wide, which also keeps the products below in range.
    let replicas = u64::from(u32::try_from(replicas).ok().filter(|r| *r > 0)?);
    if weight > 100 {
        return None;
    }
    let (down, up) = (replicas * weight / 100, (replicas * weight).div_ceil(100));
    let nobody_allowed = weight == 0 || weight == 100 || (replicas == 1 && !may_surge);
    let mut splits = Vec::new();
    if up < replicas || nobody_allowed {
        splits.push((up, replicas));
    }
    if !tied(replicas, weight) && (down > 0 || nobody_allowed) {
        splits.push((down, replicas));
    }
    if may_surge {
        splits.push((up, replicas + 1));
        if !tied(replicas + 1, weight) && (down > 0 || nobody_allowed) {
            splits.push((down, replicas + 1));
        }
    }
    let distance = |&(pods, all): &(u64, u64)| (u128::from((100 * pods).abs_diff(weight * all)), u128::from(all));
    let nearest = splits.into_iter().reduce(|best, next| {
        let ((best_off, best_all), (next_off, next_all)) = (distance(&best), distance(&next));
        if next_off * best_all < best_off * next_all { next } else { best }
    });
    nearest.map(|(pods, all)| Share::of(pods, all)).or(Some(Share::NONE))
}

/// Does the weight fall halfway between two whole numbers of pods?
const fn tied(pods: u64, weight: u64) -> bool {
    pods * weight % 100 == 50
}

/// The fewest replicas that serve `weight` percent exactly.
pub(super) fn least_replicas(weight: u64, may_surge: bool) -> u64 {
    let exact = |n: &u64| served(*n, weight, may_surge) == Some(Share::of(weight, 100));
    (1..100).find(exact).unwrap_or(100)
}

/// Do so many more people meet the version than was written, or nobody where somebody should, that it is worth saying?
/// Rounding to the nearest pod within a quarter of the weight is not.
pub(super) fn is_unreachable(weight: u64, served: Share) -> bool {
    let written = Share::of(weight, 100);
    if !written.is_limited() {
        return false;
    }
    let (written, served) = (u64::from(written.ppm()), u64::from(served.ppm()));
    served == 0 || 4 * served > 5 * written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_pods_are_served() {
        let percent = |n, w, surge| served(n, w, surge).map(|s| s.to_string());
        assert_eq!(percent(5, 1, true).as_deref(), Some("16.6667%"));
        assert_eq!(percent(5, 1, false).as_deref(), Some("20%"));
        assert_eq!(percent(1, 10, true).as_deref(), Some("50%"));
        assert_eq!(percent(1, 30, false).as_deref(), Some("0%"));
        assert_eq!(percent(4, 20, true).as_deref(), Some("20%"));
        assert_eq!(percent(3, 50, false).as_deref(), Some("66.6667%"));
        assert_eq!(percent(10, 0, true).as_deref(), Some("0%"));
        assert_eq!(percent(10, 100, true).as_deref(), Some("100%"));
        assert_eq!(percent(0, 10, true), None);
    }

    #[test]
    fn only_a_share_far_off_is_unreachable() {
        let bent = |n, w| served(n, w, true).is_some_and(|s| is_unreachable(w, s));
        assert!(bent(5, 1) && bent(10, 5) && bent(1, 20));
        assert!(!bent(3, 20) && !bent(10, 25) && !bent(10, 95));
        assert_eq!(least_replicas(1, true), 99);
        assert_eq!(least_replicas(20, true), 4);
    }
}
