{{/* What the schema cannot say: values without a default, and sums. Tells all faults at once. */}}
{{- define "helder.check" -}}
{{- $faults := list -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" .Release.Name) -}}
{{- $faults = append $faults "the name of the release: lower-case letters, digits and hyphens, beginning with a letter, as names of Services" -}}
{{- end -}}
{{- if gt (len .Release.Name) 44 -}}
{{- $faults = append $faults "the name of the release: at most 44 characters, so that <release>-migrate-prediction is a name" -}}
{{- end -}}
{{- range $key, $value := .Values.publicKeys -}}
{{- if not $value -}}
{{- $faults = append $faults (printf "publicKeys.%s: give the public half of the signing key of %s" $key $key) -}}
{{- end -}}
{{- end -}}
{{- range $key := list "objects" "keys" -}}
{{- if not (index $.Values.objectStore $key) -}}
{{- $faults = append $faults (printf "objectStore.%s: say where, as s3://bucket/prefix" $key) -}}
{{- end -}}
{{- end -}}
{{- if not .Values.gateway.hosts -}}
{{- $faults = append $faults "gateway.hosts: name the host under which clients address the gateway" -}}
{{- end -}}
{{- if not .Values.gateway.issuers -}}
{{- $faults = append $faults "gateway.issuers: name the issuer of your tokens" -}}
{{- end -}}
{{- range $place, $issuer := .Values.gateway.issuers -}}
{{- if and $issuer.organisation $issuer.organisations -}}
{{- $faults = append $faults (printf "gateway.issuers[%d]: set organisation or organisations, not both" $place) -}}
{{- end -}}
{{- end -}}
{{- if eq .Values.image.tag "latest" -}}
{{- $faults = append $faults "image.tag: latest is another image tomorrow, and cannot be rolled back: name a version" -}}
{{- end -}}
{{- if and .Values.monitoring.enabled .Values.networkPolicy.enabled (not .Values.monitoring.readers) -}}
{{- $faults = append $faults "monitoring.readers: name the pods of Prometheus, which read the numbers of the services" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.tlsSecret) -}}
{{- $faults = append $faults "ingress.tlsSecret: name the Secret with the certificate; there is no ingress without TLS" -}}
{{- end -}}
{{- range $name, $settings := merge (dict "gateway" .Values.gateway) .Values.services -}}
{{- with $settings.autoscaling -}}
{{- if gt (int .min) (int .max) -}}
{{- $faults = append $faults (printf "%s.autoscaling: min is more than max" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.objectStore.endpoint (hasPrefix "http://" .Values.objectStore.endpoint) (not .Values.objectStore.allowHttp) -}}
{{- $faults = append $faults "objectStore.endpoint: http is only for a store that objectStore.allowHttp says is safe to reach without TLS" -}}
{{- end -}}
{{- if $faults -}}
{{- fail (printf "these values are missing or do not go together:\n  %s" (join "\n  " $faults)) -}}
{{- end -}}
{{- end -}}
