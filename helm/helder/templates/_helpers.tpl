{{/* Labels of one program; takes (dict "root" $ "name" "registry"). */}}
{{- define "helder.labels" -}}
app.kubernetes.io/name: helder
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end -}}

{{/* Telemetry section of every configuration. */}}
{{- define "helder.telemetry" -}}
[telemetry]
filter = {{ .Values.telemetry.filter | quote }}
json = true
{{- with .Values.telemetry.otlpEndpoint }}
otlp_endpoint = {{ . | quote }}
{{- end }}
{{- end -}}

{{/* Configuration of the gateway. */}}
{{- define "helder.gateway-toml" -}}
listen = "0.0.0.0:8080"

[upstreams]
{{- range $name, $_ := .Values.services }}
{{ $name }} = "http://{{ $.Release.Name }}-{{ $name }}:8080"
{{- end }}

{{ dict "gateway" (dict "hosts" .Values.gateway.hosts "issuers" .Values.gateway.issuers) | toToml }}
{{ include "helder.telemetry" . }}
{{- end -}}

{{/* Configuration of a service; takes (dict "root" $ "service" its values). */}}
{{- define "helder.service-toml" -}}
listen = "0.0.0.0:8080"

[objects]
url = {{ .root.Values.objects | quote }}

[keyring]
shelf = {{ .root.Values.keyShelf | quote }}

[identity.trusted]
{{- range .service.callers }}
{{ . }} = {{ index $.root.Values.publicKeys . | quote }}
{{- end }}

[peers]
{{- range .service.peers }}
{{ . }} = "http://{{ $.root.Release.Name }}-{{ . }}:8080"
{{- end }}

{{ include "helder.telemetry" .root }}
{{- end -}}

{{/* ConfigMap, Deployment and Service of one program; takes (dict "root" "name" "settings" "config"). */}}
{{- define "helder.program" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .root.Release.Name }}-{{ .name }}
  labels: {{- include "helder.labels" . | nindent 4 }}
data:
  helder.toml: |
    {{- .config | nindent 4 }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .root.Release.Name }}-{{ .name }}
  labels: {{- include "helder.labels" . | nindent 4 }}
spec:
  replicas: {{ .settings.replicas }}
  selector:
    matchLabels: {{- include "helder.labels" . | nindent 6 }}
  template:
    metadata:
      labels: {{- include "helder.labels" . | nindent 8 }}
      annotations:
        checksum/config: {{ .config | sha256sum }}
    spec:
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 30
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        seccompProfile: { type: RuntimeDefault }
      containers:
        - name: {{ .name }}
          image: "{{ .root.Values.image.repository }}-{{ .name }}:{{ .root.Values.image.tag }}"
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          args: [/etc/helder/helder.toml]
          envFrom:
            - secretRef: { name: "{{ .root.Release.Name }}-{{ .name }}" }
          env:
            - { name: TMPDIR, value: /scratch }
          ports:
            - { name: http, containerPort: 8080 }
          livenessProbe:
            httpGet: { path: /health/live, port: http }
          readinessProbe:
            httpGet: { path: /health/ready, port: http }
            periodSeconds: 2
          resources: {{- toYaml .settings.resources | nindent 12 }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: { drop: [ALL] }
          volumeMounts:
            - { name: config, mountPath: /etc/helder, readOnly: true }
            - { name: scratch, mountPath: /scratch }
      volumes:
        - name: config
          configMap: { name: "{{ .root.Release.Name }}-{{ .name }}" }
        - name: scratch
          emptyDir: {}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .root.Release.Name }}-{{ .name }}
  labels: {{- include "helder.labels" . | nindent 4 }}
spec:
  selector: {{- include "helder.labels" . | nindent 4 }}
  ports:
    - { name: http, port: 8080, targetPort: http }
{{- end -}}

{{/* Where a program may go: names, its peers, and what lies outside the cluster's own programs; takes (dict "root" $ "peers" list). */}}
{{- define "helder.egress" -}}
- ports:
    - { port: 53, protocol: UDP }
    - { port: 53, protocol: TCP }
{{- range .peers }}
- to:
    - podSelector:
        matchLabels: {{- include "helder.labels" (dict "root" $.root "name" .) | nindent 10 }}
  ports:
    - { port: http, protocol: TCP }
{{- end }}
{{- with .root.Values.networkPolicy.outside }}
{{ toYaml . }}
{{- end }}
{{- end -}}
