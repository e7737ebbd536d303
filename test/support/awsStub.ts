import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { closeNow, listenOnLoopback } from '../../local/loopback.ts';

/** The responses of the stub. */
export interface AwsAnswers {
  /** The caller's ARN that STS returns. STS rejects the token if it is absent. */
  readonly arn?: string;
  /** The outputs of CloudFormation's stacks, by stack. */
  readonly stacks?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The code of an error that CloudFormation always returns. */
  readonly stackError?: string;
}

/** A running stub of STS and CloudFormation. */
export interface AwsStub {
  /** Variables that point the SDK to the stub. */
  readonly env: Readonly<Record<string, string>>;
  /** The action and the credential scope (`ACCESS_KEY/DATE/REGION/SERVICE/…`) of each request so far. */
  readonly asked: { readonly action: string; readonly credential: string }[];
  readonly stop: () => Promise<void>;
}

/** The account of the stubbed AWS. */
export const ACCOUNT_ID = '111122223333';

/** Starts a stub of STS and CloudFormation on the loopback interface. Both use the AWS query protocol. */
export async function startAwsStub(answers: AwsAnswers): Promise<AwsStub> {
  const asked: { action: string; credential: string }[] = [];
  const server = createServer((message, response) => {
    void serve(message, response);
  });
  async function serve(message: IncomingMessage, response: ServerResponse) {
    const form = new URLSearchParams(await readText(message));
    asked.push({ action: form.get('Action') ?? '', credential: credentialOf(message) });
    const { status, xml } = answerTo(form, answers);
    response.writeHead(status, { 'content-type': 'text/xml' }).end(xml);
  }
  const endpoint = `http://127.0.0.1:${await listenOnLoopback(server, 0, 'the AWS stub')}`;
  return {
    env: { AWS_ENDPOINT_URL_STS: endpoint, AWS_ENDPOINT_URL_CLOUDFORMATION: endpoint },
    asked,
    stop: () => closeNow(server),
  };
}

function answerTo(
  form: URLSearchParams,
  { arn, stacks = {}, stackError }: AwsAnswers,
): { status: number; xml: string } {
  if (form.get('Action') === 'GetCallerIdentity') {
    if (arn === undefined)
      return fault('InvalidClientTokenId', 'The security token included in the request is invalid');
    const result = `<Arn>${arn}</Arn><UserId>AIDA</UserId><Account>${ACCOUNT_ID}</Account>`;
    return answer('GetCallerIdentity', 'https://sts.amazonaws.com/doc/2011-06-15/', result);
  }
  const name = form.get('StackName') ?? '';
  const outputs = stacks[name];
  if (stackError !== undefined) return fault(stackError, `User: arn:aws:iam::${ACCOUNT_ID}:user/x is not authorized`);
  if (outputs === undefined) return fault('ValidationError', `Stack with id ${name} does not exist`);
  const members = Object.entries(outputs).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  return answer(
    'DescribeStacks',
    'http://cloudformation.amazonaws.com/doc/2010-05-15/',
    `<Stacks><member><StackName>${name}</StackName><StackId>arn:aws:cloudformation:us-east-1:${ACCOUNT_ID}:stack/${name}/0</StackId><Outputs>${members.join('')}</Outputs></member></Stacks>`,
  );
}

function answer(action: string, namespace: string, result: string): { status: number; xml: string } {
  return {
    status: 200,
    xml: `<${action}Response xmlns="${namespace}"><${action}Result>${result}</${action}Result></${action}Response>`,
  };
}

function fault(code: string, message: string): { status: number; xml: string } {
  const xml = `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
  return { status: 400, xml };
}

function credentialOf({ headers }: IncomingMessage): string {
  return /Credential=([^,]+)/.exec(headers.authorization ?? '')?.[1] ?? '';
}
