import { startDynalite } from '../../support/engine.ts';
import { describeOwnerKeys } from './ownerKeysContract.ts';

describeOwnerKeys('dynalite', startDynalite);
