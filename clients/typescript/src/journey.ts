// From a file to an explained prediction, as the software of a municipality would do it. Run by scripts/clients.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { clientCredentials, finished, helder, Refused, taken } from './helder.js';

const environment = (name: string): string => {
  const value = process.env[name];
  assert.ok(value, `${name} is not set`);
  return value;
};
const gateway = environment('HELDER_GATEWAY');
const as = (role: string) => helder(gateway, async () => environment(`HELDER_TOKEN_${role}`));
const [owner, steward, analyst, officer] = [as('MODEL_OWNER'), as('DATA_STEWARD'), as('ANALYST'), as('PRIVACY_OFFICER')];
const application = helder(
  gateway,
  clientCredentials(environment('OIDC_TOKEN_ADDRESS'), environment('OIDC_CLIENT_ID'), environment('OIDC_CLIENT_SECRET')),
);
const model = 'credit-typescript';

// A project says why. A repeat with the same key makes no second one.
const header = { 'Idempotency-Key': randomUUID() };
const newProject = {
  name: 'Proef vanuit TypeScript',
  challenge: 'Een kredietbank wil weten welke kredieten niet worden terugbetaald.',
  question: 'Welke kenmerken hangen samen met een slecht krediet?',
  doelbinding: 'Proef met open gegevens om de keten van bestand tot uitleg te tonen.',
  grondslag: { article: 'AVG, artikel 6 lid 1 onder e', title: 'Taak van algemeen belang' },
  verwerkingsactiviteit: 'urn:helder:proef:typescript',
  bewaartermijn: 'P1Y',
  until: '2099-12-31',
  phase: 'pilot' as const,
  steps: ['ingest', 'training', 'prediction'] as ('ingest' | 'training' | 'prediction')[],
};
const make = () => owner.registry.POST('/projects', { params: { header }, body: newProject });
const made = await make();
const { id: projectId } = await taken(Promise.resolve(made));
assert.equal(made.response.headers.get('Location'), `/registry/v1/projects/${projectId}`);
assert.equal((await taken(make())).id, projectId, 'one key, one project');
const other = owner.registry.POST('/projects', { params: { header }, body: { ...newProject, name: 'Een andere' } });
await assert.rejects(taken(other), (refused) => refused instanceof Refused && refused.problem.status === 409);

// All faults of a request come at once, each with its place.
const wrong = owner.registry.POST('/projects', { body: { ...newProject, name: '', until: 'gisteren' } });
await assert.rejects(taken(wrong), (refused) => {
  assert.ok(refused instanceof Refused);
  assert.equal(refused.code, 'invalid-input');
  assert.deepEqual(refused.problem.errors?.map((fault) => fault.pointer).sort(), ['/name', '/until']);
  return true;
});

// The file becomes a version in which every row is accounted for.
const { id: datasetId } = await taken(steward.ingest.POST('/datasets', { body: { projectId, name: 'credit' } }));
const upload = await taken(steward.ingest.POST('/datasets/{id}/dataset-versions', {
  params: { path: { id: datasetId }, header: { 'Idempotency-Key': randomUUID() } },
  headers: { 'Content-Type': 'text/csv' },
  body: await readFile(environment('HELDER_CSV'), 'utf8'),
  bodySerializer: (text) => text,
}));
const versionId = await finished(() => steward.ingest.GET('/jobs/{id}', { params: { path: { id: upload.id } } }));
const version = await taken(steward.ingest.GET('/dataset-versions/{id}', { params: { path: { id: versionId } } }));
assert.equal(version.rowsIn, 1000);
assert.equal(version.rowsAccepted + version.rowsQuarantined, version.rowsIn);

// One row per credit, then a model that can be explained.
const analystJob = (id: string) => () => analyst.training.GET('/jobs/{id}', { params: { path: { id } } });
const frameJob = await taken(analyst.training.POST('/frames', {
  body: {
    projectId,
    name: 'credit',
    unit: 'credit',
    tables: [{ alias: 'credit', datasetVersionId: versionId }],
    sql: "SELECT c.*, CASE WHEN age < 26 THEN 'jonger dan 26' ELSE '26 en ouder' END AS age_group FROM credit c",
  },
}));
const frameId = await finished(analystJob(frameJob.id));
const feature = (name: string, nl: string, en: string) => ({
  name, meaning: { nl, en }, justification: 'Staat in het oorspronkelijke scoreformulier; geen gevoelig kenmerk.',
});
const trainingJob = await taken(analyst.training.POST('/training-runs', {
  body: {
    projectId,
    frameId,
    model: {
      name: model,
      title: { nl: 'Slecht krediet', en: 'Bad credit' },
      meaning: { nl: 'kans dat het krediet niet wordt terugbetaald', en: 'probability that the credit is not paid back' },
    },
    algorithm: 'logistic-regression',
    target: 'bad',
    features: [
      feature('duration', 'looptijd in maanden', 'duration in months'),
      feature('amount', 'bedrag van het krediet', 'amount of the credit'),
      feature('status', 'stand van de betaalrekening', 'status of the current account'),
      feature('savings', 'spaargeld', 'savings'),
    ],
    sensitiveFeatures: ['age_group'],
    split: { rule: 'random', testShare: 0.3 },
    capacity: 60,
    seed: 1,
  },
}));
const runId = await finished(analystJob(trainingJob.id));
const run = await taken(analyst.training.GET('/training-runs/{id}', { params: { path: { id: runId } } }));
assert.ok(run.outcome);
const id = run.outcome.modelVersionId;

// One person reviews, another lets it answer, in that order.
const activate = () => taken(owner.registry.POST('/model-versions/{id}/_activate', { params: { path: { id } } }));
await assert.rejects(activate(), (refused) => refused instanceof Refused && refused.problem.status === 409);
await taken(officer.registry.POST('/model-versions/{id}/reviews', {
  params: { path: { id } },
  body: {
    verdict: 'approve',
    remarks: 'Proef met open gegevens.',
    // No column was given to compare groups by: the fairness report has no verdict, and somebody answers for that.
    fairnessConclusion: {
      text: 'Proef met open gegevens; niemand ondervindt iets van dit model.',
      acceptedRisks: ['Verschillen tussen groepen zijn niet gemeten.'],
    },
  },
}));
assert.equal((await activate()).state, 'active');

// The application of the municipality asks, with a token of its own issuer. A version answers within seconds.
const ask = () => taken(application.prediction.POST('/models/{model}/predictions', {
  params: { path: { model }, header: { 'Idempotency-Key': randomUUID() } },
  body: { subjects: [{ id: 'aanvraag-1', values: { duration: 36, amount: 5000, status: 'A11', savings: 'A61' } }] },
}));
const patience = Date.now() + 10_000;
const isTooSoon = (refused: unknown) =>
  refused instanceof Refused && [404, 503].includes(refused.problem.status) && Date.now() < patience;
let answer: Awaited<ReturnType<typeof ask>> | undefined;
while (!answer) {
  answer = await ask().catch(async (refused: unknown) => {
    if (!isTooSoon(refused)) throw refused;
    await new Promise((wake) => setTimeout(wake, 100));
    return undefined;
  });
}
assert.equal(answer.advice, true);
assert.equal(answer.modelVersionId, id);
const [prediction] = answer.predictions;
assert.ok(prediction?.probability);
const sum = prediction.contributions.reduce((total, part) => total + part.contribution, prediction.baseScore);
assert.ok(Math.abs(sum - prediction.score) < 1e-9, 'the contributions are the score');
assert.equal(prediction.contributions.length, 4);
assert.ok(prediction.contributions.every((part) => part.reason.nl.length > 0));

// Everybody can read about the very file that answered.
const entry = await taken(helder(gateway).registry.GET('/catalogue-entries/{digest}', {
  params: { path: { digest: answer.modelDigest } },
}));
assert.ok(typeof entry === 'object', 'JSON unless a page is asked');
assert.equal(entry.digest, answer.modelDigest);

const [first] = prediction.contributions;
console.log(`TypeScript: probability ${prediction.probability.toFixed(3)}; ${first?.reason.nl}`);
