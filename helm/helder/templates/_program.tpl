{{/* ConfigMap, Deployment and Service of one program; takes (dict "root" $ "name" "settings" "config"). */}}
{{- define "helder.program" -}}
{{- $root := .root -}}
{{- $called := printf "%s-%s" $root.Release.Name .name -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ $called }}
  labels: {{- include "helder.labels" . | nindent 4 }}
data:
  helder.toml: |
    {{- .config | nindent 4 }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $called }}
  labels: {{- include "helder.labels" . | nindent 4 }}
spec:
  {{- if not .settings.autoscaling }}
  replicas: {{ .settings.replicas | int64 }}
  {{- end }}
  revisionHistoryLimit: 5
  # The former version serves until the new one is ready.
  strategy:
    type: RollingUpdate
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 }
  selector:
    matchLabels: {{- include "helder.selector" . | nindent 6 }}
  template:
    metadata:
      labels: {{- include "helder.selector" . | nindent 8 }}
      annotations:
        # Changed settings roll out; changed Secrets do not: see helm/README.md.
        checksum/config: {{ .config | sha256sum }}
    spec:
      {{- include "helder.pod-security" $root | nindent 6 }}
      topologySpreadConstraints: {{- include "helder.spread" . | nindent 8 }}
      # The drain, then the requests and jobs under way, and 5 s to end.
      terminationGracePeriodSeconds: {{ add $root.Values.shutdown.drainSeconds $root.Values.shutdown.stopSeconds 5 }}
      containers:
        - name: {{ .name }}
          image: {{ include "helder.image" . | quote }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          args: [/etc/helder/config/helder.toml]
          env:
            {{- include "helder.secret-env" . | nindent 12 }}
            {{- if ne .name "gateway" }}
            {{- include "helder.service-env" $root | nindent 12 }}
            {{- end }}
            {{- include "helder.trust-env" $root | nindent 12 }}
          ports:
            - { name: http, containerPort: 8080, protocol: TCP }
          # Two minutes to come up, as when the database comes back at the same time.
          startupProbe:
            httpGet: { path: /health/live, port: http }
            periodSeconds: 2
            timeoutSeconds: 2
            failureThreshold: 60
          livenessProbe:
            httpGet: { path: /health/live, port: http }
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 3
          readinessProbe:
            # Not /health/ready: a store, database or service that is away is away for every replica. Without pods behind its
            # Service a program could neither answer from memory nor say what is wrong.
            httpGet: { path: /health/accepting, port: http }
            periodSeconds: 2
            timeoutSeconds: 3
            failureThreshold: 2
          resources: {{- toYaml .settings.resources | nindent 12 }}
          securityContext: {{- include "helder.container-security" . | nindent 12 }}
          volumeMounts:
            - { name: config, mountPath: /etc/helder/config, readOnly: true }
            {{- if ne .name "gateway" }}
            - { name: scratch, mountPath: /scratch }
            {{- end }}
            {{- include "helder.trust-mount" $root | nindent 12 }}
      volumes:
        - name: config
          configMap: { name: {{ $called }}, defaultMode: 0444 }
        {{- if ne .name "gateway" }}
        - name: scratch
          emptyDir: { sizeLimit: {{ .settings.scratch }} }
        {{- end }}
        {{- include "helder.trust-volume" $root | nindent 8 }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $called }}
  labels: {{- include "helder.labels" . | nindent 4 }}
spec:
  type: ClusterIP
  selector: {{- include "helder.selector" . | nindent 4 }}
  ports:
    - { name: http, port: 8080, targetPort: http, protocol: TCP, appProtocol: http }
{{- end -}}
