#!/bin/sh
# Makes the repository of docs/guide/adopting.md in the current folder: a small shop that has shipped for a year without a gate.
# It fixes its authors and dates, so its commits have the same names everywhere.
set -eu

export GIT_AUTHOR_NAME='Ada Park' GIT_AUTHOR_EMAIL=ada@example.com
export GIT_COMMITTER_NAME='Ada Park' GIT_COMMITTER_EMAIL=ada@example.com

# commit DATE MESSAGE: everything, at ten in the morning of that day
commit() {
    git add --all
    GIT_AUTHOR_DATE="$1T10:00:00Z" GIT_COMMITTER_DATE="$1T10:00:00Z" git commit --quiet --message "$2"
}

git init --quiet --initial-branch main .
git remote add origin https://github.com/example/shop.git
mkdir -p deploy/prod deploy/staging prompts/support

# An Argo Rollout without analysis, whose first step is large.
cat >deploy/prod/web.yaml <<'END'
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: web
  namespace: shop-prod
  labels: {app.kubernetes.io/name: storefront}
spec:
  replicas: 20
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "registry.example.com/web:1.4.0"}]
  strategy:
    canary:
      steps:
        - setWeight: 20
        - pause: {duration: 1h}
        - setWeight: 50
        - pause: {duration: 1h}
END
sed 's/shop-prod/shop-staging/; s/replicas: 20/replicas: 2/' deploy/prod/web.yaml >deploy/staging/web.yaml
commit 2025-12-02 'web: a canary'

# A Flagger Canary that is watched.
cat >deploy/prod/checkout.yaml <<'END'
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {name: checkout, namespace: shop-prod}
spec:
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: checkout}
  service: {port: 80}
  analysis:
    interval: 1m
    threshold: 5
    maxWeight: 50
    stepWeight: 5
    metrics:
      - {name: request-success-rate, interval: 1m, thresholdRange: {min: 99}}
      - {name: request-duration, interval: 1m, thresholdRange: {max: 500}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout, namespace: shop-prod}
spec:
  replicas: 6
  selector: {matchLabels: {app: checkout}}
  template:
    metadata: {labels: {app: checkout}}
    spec:
      containers: [{name: checkout, image: "registry.example.com/checkout:3.2.1"}]
END
commit 2026-03-17 'checkout: flagger'

# A batch job's workload, and a prompt that ships with the next deploy.
cat >deploy/prod/batch.yaml <<'END'
apiVersion: apps/v1
kind: Deployment
metadata: {name: invoices, namespace: shop-prod}
spec:
  replicas: 2
  selector: {matchLabels: {app: invoices}}
  template:
    metadata: {labels: {app: invoices}}
    spec:
      containers: [{name: invoices, image: "registry.example.com/invoices:0.9.0"}]
END
printf 'You answer questions about orders.\n' >prompts/support/system.md
commit 2026-06-09 'invoices and the assistant'
