{{/*
Names, labels, and who calls whom. Programs are `gateway` and the services; a program's objects are called
<release>-<program>.
*/}}

{{/* Which services each service calls, as docs/architecture.md has it; a test compares. The gateway calls all of them. */}}
{{- define "helder.calls" -}}
registry: []
ingest: [registry]
linkage: [ingest, registry]
training: [ingest, linkage, registry]
prediction: [ingest, registry]
{{- end -}}

{{/* Labels by which pods of one program are found; takes (dict "root" $ "name" "registry"). */}}
{{- define "helder.selector" -}}
app.kubernetes.io/name: helder
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end -}}

{{/* All labels of an object of one program; takes the same. */}}
{{- define "helder.labels" -}}
{{ include "helder.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: helder
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* Image of one program; takes the same. A digest goes before the tag. */}}
{{- define "helder.image" -}}
{{- $image := .root.Values.image -}}
{{- with index $image.digests .name -}}
{{ $image.repository }}-{{ $.name }}@{{ . }}
{{- else -}}
{{ $image.repository }}-{{ .name }}:{{ $image.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* Name of the Secret with the secrets of a program; takes (dict "root" "name" "settings"). */}}
{{- define "helder.secret" -}}
{{ .settings.existingSecret | default (printf "%s-%s" .root.Release.Name .name) }}
{{- end -}}
