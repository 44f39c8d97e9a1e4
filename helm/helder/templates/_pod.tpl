{{/* What every pod has, so that it passes the restricted Pod Security Standard. */}}

{{- define "helder.pod-security" -}}
automountServiceAccountToken: false
# Variables of other Services would begin with the name of the release, and be read as settings when that is "helder".
enableServiceLinks: false
{{- with .Values.pods.serviceAccountName }}
serviceAccountName: {{ . }}
{{- end }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  {{- with .Values.pods.user }}
  runAsUser: {{ . | int64 }}
  runAsGroup: {{ . | int64 }}
  fsGroup: {{ . | int64 }}
  {{- end }}
  seccompProfile: { type: RuntimeDefault }
{{- with .Values.pods.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.pods.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pods.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "helder.container-security" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{/* Certificates of your own, as a file that OpenSSL's and rustls' variable names; takes the root. */}}
{{- define "helder.trust-env" -}}
{{- if .Values.trust.configMap -}}
- { name: SSL_CERT_FILE, value: /etc/helder/trust/ca.crt }
{{- end -}}
{{- end -}}

{{- define "helder.trust-mount" -}}
{{- if .Values.trust.configMap -}}
- { name: trust, mountPath: /etc/helder/trust, readOnly: true }
{{- end -}}
{{- end -}}

{{- define "helder.trust-volume" -}}
{{- with .Values.trust.configMap -}}
- name: trust
  configMap: { name: {{ . }}, defaultMode: 0444, items: [{ key: {{ $.Values.trust.key }}, path: ca.crt }] }
{{- end -}}
{{- end -}}

{{/*
Variables of a program from its Secret; takes (dict "root" "name" "settings"). Not files: those belong to root in a pod, and
a program refuses master keys that others than itself can read.
*/}}
{{- define "helder.secret-env" -}}
{{- $variables := dict "HELDER_SIGNING_KEY" "signing-key" -}}
{{- if ne .name "gateway" -}}
{{- $variables = dict
  "HELDER_IDENTITY__SIGNING_KEY" "signing-key"
  "HELDER_KEYRING__MASTER_KEYS" "master-keys"
  "HELDER_STORE__URL" "store-url"
  "AWS_ACCESS_KEY_ID" "access-key-id"
  "AWS_SECRET_ACCESS_KEY" "secret-access-key" -}}
{{- end -}}
{{- range $variable, $key := $variables }}
- name: {{ $variable }}
  valueFrom: { secretKeyRef: { name: {{ include "helder.secret" $ }}, key: {{ $key }} } }
{{- end }}
{{- end -}}

{{/* Other variables of a service; takes the root. */}}
{{- define "helder.service-env" -}}
- { name: TMPDIR, value: /scratch }
{{- $store := .Values.objectStore -}}
{{- with $store.endpoint }}
- { name: AWS_ENDPOINT, value: {{ . | quote }} }
{{- end }}
{{- with $store.region }}
- { name: AWS_REGION, value: {{ . | quote }} }
{{- end }}
{{- if $store.allowHttp }}
- { name: AWS_ALLOW_HTTP, value: "true" }
{{- end }}
{{- if $store.virtualHosted }}
- { name: AWS_VIRTUAL_HOSTED_STYLE_REQUEST, value: "true" }
{{- end }}
{{- end -}}

{{/* Replicas apart from each other, as far as the cluster can; takes (dict "root" "name"). */}}
{{- define "helder.spread" -}}
{{- range $topology, $otherwise := dict "topology.kubernetes.io/zone" .root.Values.pods.spread.zones "kubernetes.io/hostname" .root.Values.pods.spread.nodes }}
- topologyKey: {{ $topology }}
  maxSkew: 1
  whenUnsatisfiable: {{ $otherwise }}
  # Only pods of the same version count, so that a rollout spreads as well.
  matchLabelKeys: [pod-template-hash]
  labelSelector:
    matchLabels: {{- include "helder.selector" $ | nindent 6 }}
{{- end }}
{{- end -}}
