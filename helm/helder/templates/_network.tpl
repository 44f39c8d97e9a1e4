{{/* Rules of network policies. */}}

{{/* To a port outside this chart; takes one of networkPolicy.database and so on: {port, to}. */}}
{{- define "helder.outside" -}}
- ports:
    - { port: {{ .port | int64 }}, protocol: TCP }
  {{- with .to }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "helder.dns" -}}
- ports:
    - { port: {{ .Values.networkPolicy.dns.port | int64 }}, protocol: UDP }
    - { port: {{ .Values.networkPolicy.dns.port | int64 }}, protocol: TCP }
  {{- with .Values.networkPolicy.dns.to }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* Pods of a program as a peer; takes (dict "root" "name"). */}}
{{- define "helder.peer" -}}
- podSelector:
    matchLabels: {{- include "helder.selector" . | nindent 6 }}
{{- end -}}

{{/* Where a program may go; takes (dict "root" "name" "called" list). */}}
{{- define "helder.egress" -}}
{{- $policy := .root.Values.networkPolicy -}}
{{ include "helder.dns" .root }}
{{- range .called }}
- to: {{- include "helder.peer" (dict "root" $.root "name" .) | nindent 4 }}
  ports:
    - { port: http, protocol: TCP }
{{- end }}
{{- if eq .name "gateway" }}
{{- $asked := false }}
{{- range .root.Values.gateway.issuers }}
{{- $asked = or $asked (not (hasKey . "jwks")) }}
{{- end }}
{{- if $asked }}
# The issuers, for their keys.
{{ include "helder.outside" $policy.issuer }}
{{- end }}
{{- else }}
# The database and the object store.
{{ include "helder.outside" $policy.database }}
{{ include "helder.outside" $policy.objectStore }}
{{- end }}
{{- if .root.Values.telemetry.otlpEndpoint }}
# The collector.
{{ include "helder.outside" $policy.collector }}
{{- end }}
{{- end -}}
