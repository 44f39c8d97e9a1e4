{{/* The settings file of each program, without anything secret: that comes from Secrets, as variables (_pod.tpl). */}}

{{- define "helder.telemetry" -}}
[telemetry]
filter = {{ .Values.telemetry.filter | quote }}
json = true
sample_percent = {{ .Values.telemetry.samplePercent | int64 }}
metrics_interval_s = {{ .Values.telemetry.metricsIntervalSeconds | int64 }}
{{- with .Values.telemetry.otlpEndpoint }}
otlp_endpoint = {{ . | quote }}
{{- end }}
{{- end -}}

{{/* Keys of a section that are whole numbers; takes the map. */}}
{{- define "helder.numbers" -}}
{{- range $key, $value := . }}
{{ $key }} = {{ $value | int64 }}
{{- end }}
{{- end -}}

{{/*
The gateway's own section. Helm makes a fraction of every number in values, and toToml would write 60.0: whole numbers are
made whole here.
*/}}
{{- define "helder.gateway-section" -}}
{{- $section := dict "hosts" .Values.gateway.hosts "stop_s" (.Values.shutdown.stopSeconds | int64) -}}
{{- range $key, $value := .Values.gateway.settings -}}
{{- $_ := set $section $key ($value | int64) -}}
{{- end -}}
{{- with .Values.gateway.fsc -}}
{{- $_ := set $section "fsc" . -}}
{{- end -}}
{{- $issuers := list -}}
{{- range .Values.gateway.issuers -}}
{{- $issuer := deepCopy . -}}
{{- range $key := list "refresh_s" "refetch_s" "keep_s" -}}
{{- if hasKey $issuer $key -}}
{{- $_ := set $issuer $key (index $issuer $key | int64) -}}
{{- end -}}
{{- end -}}
{{- $issuers = append $issuers $issuer -}}
{{- end -}}
{{- dict "gateway" (set $section "issuers" $issuers) | toToml -}}
{{- end -}}

{{- define "helder.gateway-toml" -}}
listen = "0.0.0.0:8080"
drain_s = {{ .Values.shutdown.drainSeconds | int64 }}

[upstreams]
{{- range $name, $_ := include "helder.calls" . | fromYaml }}
{{ $name }} = "http://{{ $.Release.Name }}-{{ $name }}:8080"
{{- end }}

{{ include "helder.gateway-section" . }}
{{ include "helder.telemetry" . }}
{{- end -}}

{{/* What records of processing say of this installation. */}}
{{- define "helder.logboek" -}}
{{- $said := .Values.logboek -}}
{{- $address := $said.publicUrl | default (printf "https://%s" (first (append .Values.gateway.hosts "localhost"))) -}}
{{- $section := dict "public_url" $address "set_extensions" $said.setExtensions "applications" $said.applications "keep_days" (int64 $said.keepDays) "keep_jobs_days" (int64 $said.keepJobsDays) -}}
{{- $terms := dict -}}
{{- range $whose, $days := $said.keepDaysOf -}}
{{- $_ := set $terms $whose (int64 $days) -}}
{{- end -}}
{{- $_ := set $section "keep_days_of" $terms -}}
{{- with $said.algorithmId -}}
{{- $_ := set $section "algorithm_id" . -}}
{{- end -}}
{{- dict "logboek" $section | toToml -}}
{{- end -}}

{{/* Takes (dict "root" $ "name" "registry" "settings" its values). */}}
{{- define "helder.service-toml" -}}
{{- $root := .root -}}
{{- $name := .name -}}
{{- $calls := include "helder.calls" $root | fromYaml -}}
listen = "0.0.0.0:8080"
drain_s = {{ $root.Values.shutdown.drainSeconds | int64 }}
{{- include "helder.numbers" (omit .settings.settings "limits") }}

[objects]
url = {{ $root.Values.objectStore.objects | quote }}

# The rest comes as AWS_… variables (_pod.tpl).
[objects.bucket]
budget_s = {{ $root.Values.objectStore.budgetSeconds | int64 }}

[keyring]
shelf = {{ $root.Values.objectStore.keys | quote }}

[identity.trusted]
gateway = {{ $root.Values.publicKeys.gateway | toJson }}
{{- range $caller, $called := $calls }}
{{- if has $name $called }}
{{ $caller }} = {{ index $root.Values.publicKeys $caller | toJson }}
{{- end }}
{{- end }}

[peers]
{{- range index $calls $name }}
{{ . }} = "http://{{ $root.Release.Name }}-{{ . }}:8080"
{{- end }}

[limits]
stop_s = {{ $root.Values.shutdown.stopSeconds | int64 }}
{{- include "helder.numbers" .settings.settings.limits }}

{{ include "helder.logboek" $root }}
{{ include "helder.telemetry" $root }}
{{- end -}}
