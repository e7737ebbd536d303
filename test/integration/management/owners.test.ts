import { startDynalite } from '../../support/engine.ts';
import { type Identity, openManagement } from '../../support/managementUnderTest.ts';
import { type CallerName, describeOwners } from './ownersContract.ts';

const IDENTITIES: Readonly<Record<CallerName, Identity>> = {
  ann: { claims: { sub: 'ann', iss: 'https://issuer.example.com', exp: '1907000000' } },
  bob: { claims: { sub: 'bob', iss: 'https://issuer.example.com', exp: '1907000000' } },
  operator: { arn: 'arn:aws:sts::111122223333:assumed-role/back-office/i-0abc' },
};

describeOwners('the function', async () => {
  const engine = await startDynalite();
  const management = { owners: { maxKeysPerOwner: 200 } };
  const { call } = await openManagement(engine, { management });
  return { call: (as, request) => call(IDENTITIES[as], request), close: () => engine.stop() };
});
