// What the generated types do not know: where tokens come from, what a refusal is, when a job is done.
import createClient, { type Client, type Middleware } from 'openapi-fetch';
import type { components as Ingest, paths as IngestPaths } from './generated/ingest.js';
import type { paths as LinkagePaths } from './generated/linkage.js';
import type { paths as PredictionPaths } from './generated/prediction.js';
import type { paths as RegistryPaths } from './generated/registry.js';
import type { paths as TrainingPaths } from './generated/training.js';

export type Problem = Ingest['schemas']['ProblemDetails'];
export type Job = Ingest['schemas']['Job'];

/** Gives a token that is valid now. */
export type Tokens = () => Promise<string>;

/** Every service, typed, as one caller. */
export interface Helder {
  ingest: Client<IngestPaths>;
  linkage: Client<LinkagePaths>;
  training: Client<TrainingPaths>;
  registry: Client<RegistryPaths>;
  prediction: Client<PredictionPaths>;
}

/** The services behind the gateway at `address`; without tokens only what is open to everybody answers. */
export function helder(address: string, tokens?: Tokens): Helder {
  const gateway = address.replace(/\/+$/, '');
  const authorize: Middleware = {
    async onRequest({ request }) {
      if (tokens) request.headers.set('Authorization', `Bearer ${await tokens()}`);
      return request;
    },
  };
  const service = <Paths extends object>(name: string): Client<Paths> => {
    // A redirect would carry the token elsewhere.
    const client = createClient<Paths>({ baseUrl: `${gateway}/${name}/v1`, redirect: 'error' });
    client.use(authorize);
    return client;
  };
  return {
    ingest: service('ingest'),
    linkage: service('linkage'),
    training: service('training'),
    registry: service('registry'),
    prediction: service('prediction'),
  };
}

/** Tokens of an OAuth 2.0 server by client credentials, kept until half a minute before they end. */
export function clientCredentials(tokenAddress: string, clientId: string, secret: string): Tokens {
  const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`).toString('base64');
  let kept = { token: '', until: 0 };
  return async () => {
    if (Date.now() < kept.until) return kept.token;
    const response = await fetch(tokenAddress, {
      method: 'POST',
      redirect: 'error',
      headers: { Authorization: `Basic ${basic}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    if (!response.ok) throw new Error(`no token: the issuer answered ${response.status}`);
    const answer = (await response.json()) as { access_token: string; expires_in: number };
    kept = { token: answer.access_token, until: Date.now() + (answer.expires_in - 30) * 1000 };
    return kept.token;
  };
}

/** A refusal of Helder (`application/problem+json`). Decide on `code` and on `problem.errors`; show `message` to a person. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.title} (${problem.status}): ${problem.detail}`);
  }

  /** The last part of `type`, for instance `invalid-input`; stays the same over versions. */
  get code(): string {
    return this.problem.type.split(':').at(-1) ?? '';
  }
}

/** The body of an answer, or `Refused`. */
export async function taken<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await answer;
  if (response.ok) return data as T;
  throw refusal(error) ?? new Error(`status ${response.status} from ${response.url} without an explanation`);
}

function refusal(error: unknown): Refused | undefined {
  const isProblem = typeof error === 'object' && error !== null && 'type' in error && 'status' in error;
  return isProblem ? new Refused(error as Problem) : undefined;
}

/** Reads a job until it ends; gives the identifier of what it made, or throws what went wrong. */
export async function finished(read: () => Promise<{ data?: Job; error?: unknown; response: Response }>): Promise<string> {
  for (;;) {
    const job = await taken(read());
    if (job.state === 'succeeded') return job.result?.split('/').at(-1) ?? '';
    if (job.state !== 'queued' && job.state !== 'running') {
      throw job.problem ? new Refused(job.problem) : new Error(`job ${job.id}: ${job.state}`);
    }
    await new Promise((wake) => setTimeout(wake, 200));
  }
}
