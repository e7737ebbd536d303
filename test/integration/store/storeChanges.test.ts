import { startDynalite } from '../../support/engine.ts';
import { describeChanges } from './changesContract.ts';
import { describeOn } from './storeContract.ts';

describeOn('dynalite', startDynalite, describeChanges);
