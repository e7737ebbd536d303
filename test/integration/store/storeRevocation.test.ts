import { startDynalite } from '../../support/engine.ts';
import { describeRevocation } from './revocationContract.ts';
import { describeOn } from './storeContract.ts';

describeOn('dynalite', startDynalite, describeRevocation);
