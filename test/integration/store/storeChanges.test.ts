import { startDynalite } from '../../support/engine.ts';
import { describeStoreChanges } from './storeContract.ts';

describeStoreChanges('dynalite', startDynalite);
